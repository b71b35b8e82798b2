//! Futures that are dropped at every await, over transports that move every number of bytes: each message arrives once, whole, in order.

mod support;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use support::{Choppy, configs, in_time, pair};
use tokio::io::{AsyncRead, AsyncWrite};
use websocket_proto_tokio::{Config, Error, Incoming, OwnedMessage, Role, WebSocketStream};

/// Polls a future this many times; dropped after that, it yields `None`.
async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

fn message(i: usize) -> String {
    format!("{i} ").repeat([1, 100, 3, 60, 0, 5][i % 6])
}

const MESSAGES: usize = 24;

/// Every operation is dropped after one poll, two polls and so on, and called again until it is done.
async fn send_all<T, R>(socket: &mut WebSocketStream<T, R>)
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    let mut times = 0;
    for i in 0..MESSAGES {
        let text = message(i);
        while {
            times = times % 5 + 1;
            polled(times, socket.feed(&text)).await.transpose().unwrap().is_none()
        } {
            tokio::task::yield_now().await;
        }
        if i % 3 == 0 {
            while polled(times, socket.flush()).await.transpose().unwrap().is_none() {
                tokio::task::yield_now().await;
            }
        }
    }
    while polled(1, socket.flush()).await.transpose().unwrap().is_none() {
        tokio::task::yield_now().await;
    }
}

async fn receive_all<T, R>(socket: &mut WebSocketStream<T, R>, lent: bool) -> Vec<String>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    let (mut heard, mut times) = (Vec::new(), 0);
    while heard.len() < MESSAGES {
        times = times % 4 + 1;
        let next = async {
            match lent {
                true => Ok(match socket.read().await? {
                    Some(Incoming::Text(text)) => text.to_owned(),
                    other => panic!("{other:?}"),
                }),
                false => match socket.next().await.unwrap()? {
                    OwnedMessage::Text(text) => Ok::<_, Error>(text),
                    other => panic!("{other:?}"),
                },
            }
        };
        match polled(times, next).await {
            Some(text) => heard.push(text.unwrap()),
            None => tokio::task::yield_now().await,
        }
    }
    heard
}

fn small(mut config: Config) -> Config {
    config.limits.high_water_mark = 100;
    config.max_fragment_len = 50;
    config
}

#[tokio::test]
async fn each_message_arrives_once_whatever_future_is_dropped_and_however_little_is_written() {
    let expected: Vec<_> = (0..MESSAGES).map(message).collect();
    for config in configs().map(small) {
        for size in (1..=130).chain([500, 5000]) {
            let (server, client) = tokio::io::duplex(size);
            let (server, client) = (Choppy::new(server, &[size]), Choppy::new(client, &[size]));
            let (mut server, mut client) = in_time(pair(server, client, &config)).await;
            let (heard, ()) =
                in_time(async { tokio::join!(receive_all(&mut server, true), send_all(&mut client)) }).await;
            assert_eq!(heard, expected, "{size} bytes at a time, to the server");
            let (heard, ()) =
                in_time(async { tokio::join!(receive_all(&mut client, false), send_all(&mut server)) }).await;
            assert_eq!(heard, expected, "{size} bytes at a time, to the client");
            // A close that is dropped goes on when it is called again.
            let close = async {
                loop {
                    match polled(2, client.close(websocket_proto_tokio::CloseCode::NORMAL)).await {
                        Some(closed) => return closed.unwrap(),
                        None => tokio::task::yield_now().await,
                    }
                }
            };
            let (code, end) = in_time(async { tokio::join!(close, server.next()) }).await;
            assert!(end.is_none() && code.map(|code| code.get()) == Some(1000));
        }
    }
}

/// A message of `send` that is dropped goes out whole or not at all, never twice, and those after it are not harmed.
#[tokio::test]
async fn a_send_that_is_dropped_is_never_cut_or_repeated() {
    for config in configs().map(small) {
        for times in 1..40 {
            let (server, client) = tokio::io::duplex(40);
            let (server, client) = (Choppy::new(server, &[7, 1]), Choppy::new(client, &[3, 40, 1]));
            let (mut server, mut client) = in_time(pair(server, client, &config)).await;
            let sending = async {
                let mut done = Vec::new();
                for i in 0..MESSAGES {
                    done.push(polled(times, client.send(&message(i))).await.transpose().unwrap().is_some());
                }
                client.close(websocket_proto_tokio::CloseCode::NORMAL).await.unwrap();
                done
            };
            let receiving = async {
                let mut heard = Vec::new();
                while let Some(message) = server.next().await {
                    heard.push(String::from_utf8(message.unwrap().into_payload()).unwrap());
                }
                heard
            };
            let (done, heard) = in_time(async { tokio::join!(sending, receiving) }).await;
            let mut rest = heard.iter();
            for (i, done) in done.into_iter().enumerate() {
                let ahead = rest.clone().next() == Some(&message(i));
                assert!(ahead || !done, "message {i} was sent, and did not arrive");
                if ahead {
                    rest.next();
                }
            }
            assert_eq!(rest.next(), None, "dropped after {times} polls");
        }
    }
}

/// A long message is framed piece by piece, so that some of it may have gone out.
#[tokio::test]
async fn a_long_send_that_is_dropped_goes_out_whole_or_not_at_all() {
    let text = "sixteen bytes ..".repeat(20_000);
    for config in configs() {
        for times in 1..20 {
            let (server, client) = tokio::io::duplex(30_000);
            let (mut server, mut client) = in_time(pair(server, client, &config)).await;
            let sending = async {
                let sent = polled(times, client.send(&text)).await.transpose().unwrap().is_some();
                client.send("after").await.unwrap();
                client.close(websocket_proto_tokio::CloseCode::NORMAL).await.unwrap();
                sent
            };
            let receiving = async {
                let mut heard = Vec::new();
                while let Some(message) = server.next().await {
                    heard.push(message.unwrap());
                }
                heard
            };
            let (sent, heard) = in_time(async { tokio::join!(sending, receiving) }).await;
            let [long @ .., after] = &heard[..] else { panic!("nothing came") };
            assert_eq!(after.payload(), b"after");
            match long {
                [long] => assert!(long.payload() == text.as_bytes()),
                _ => assert!(long.is_empty() && !sent, "{} messages", long.len()),
            }
        }
    }
}
