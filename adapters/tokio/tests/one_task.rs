//! One task at each end that sends before it reads, and what is read ahead meanwhile.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures_util::SinkExt;
use support::{Choppy, configs, in_time, pair, piped};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use websocket_proto_tokio::{
    CloseCode, Config, Error, Incoming, Negotiated, OwnedMessage, Role, Server, WebSocketStream,
};

fn large(seed: usize) -> OwnedMessage {
    OwnedMessage::Binary((0..400_000).map(|i| (i * 31 + seed * 7 + (i >> 9)) as u8).collect())
}

async fn send_and_then_read<T, R>(socket: &mut WebSocketStream<T, R>, ours: usize, theirs: usize)
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    for round in 0..3 {
        match round {
            0 => socket.send(&large(ours)).await.unwrap(),
            1 => SinkExt::send(socket, large(ours)).await.unwrap(),
            _ => {
                socket.feed(&large(ours)).await.unwrap();
                socket.flush().await.unwrap();
            }
        }
        assert!(socket.next().await.unwrap().unwrap() == large(theirs), "round {round}");
    }
}

#[tokio::test]
async fn two_ends_that_send_large_messages_at_once_do_not_wait_for_each_other() {
    for config in configs() {
        let (mut server, mut client) = in_time(piped(1000, &config)).await;
        in_time(async {
            tokio::join!(send_and_then_read(&mut server, 1, 2), send_and_then_read(&mut client, 2, 1));
        })
        .await;
    }
}

async fn ping_send_and_then_read<T, R>(socket: &mut WebSocketStream<T, R>)
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    for round in 0..10 {
        for _ in 0..20 {
            // More than wait may be refused; that is no matter here.
            let _ = socket.sender().ping(b"a ping of some length");
        }
        socket.send(&*format!("message {round}")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().payload(), format!("message {round}").as_bytes());
    }
    // What the other end still has to write is read by this.
    let _ = tokio::time::timeout(Duration::from_millis(500), socket.next()).await;
}

#[tokio::test]
async fn nor_do_they_with_pings_and_pongs_on_the_way() {
    let (server, client) = tokio::io::duplex(60);
    let config = Config::default();
    let (mut server, mut client) =
        in_time(pair(Choppy::new(server, &[7, 1, 40]), Choppy::new(client, &[33, 2]), &config)).await;
    in_time(async {
        tokio::join!(ping_send_and_then_read(&mut server), ping_send_and_then_read(&mut client));
    })
    .await;
}

#[tokio::test]
async fn what_is_read_ahead_is_one_message_in_order_and_control_frames_where_they_are_lent() {
    let (mut server, mut client) = in_time(piped(100, &Config::default())).await;
    in_time(async {
        // From here on, the server's application sees control frames.
        let (sent, seen) = tokio::join!(client.send("first"), server.read());
        sent.unwrap();
        assert_eq!(seen.unwrap(), Some(Incoming::Text("first")));
        client.sender().ping(b"seen").unwrap();
        let long = "x".repeat(100_000);
        let (sent, sent_too, heard) = tokio::join!(
            async {
                client.send("second").await?;
                client.send("third").await?;
                Ok::<_, Error>(client.next().await)
            },
            server.send(&*long),
            async {}
        );
        sent_too.unwrap();
        assert_eq!(sent.unwrap().unwrap().unwrap().payload().len(), 100_000);
        let () = heard;
        assert_eq!(server.read().await.unwrap(), Some(Incoming::Ping(b"seen")));
        assert_eq!(server.read().await.unwrap(), Some(Incoming::Text("second")));
        assert_eq!(server.read().await.unwrap(), Some(Incoming::Text("third")));
    })
    .await;
}

/// A peer that sends and never reads costs one message, and as many bytes as the high-water mark.
#[tokio::test(start_paused = true)]
async fn what_is_read_ahead_is_bounded() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    let mut server = WebSocketStream::new(ours, Negotiated::elsewhere(), Server, &Config::default(), b"");
    // A text of 100 bytes, masked with the key 0.
    let frame = [&[0x81, 0x80 | 100, 0, 0, 0, 0][..], &[b'x'; 100]].concat();
    let (mut taken, long) = (0, "x".repeat(50_000));
    let flood = async {
        loop {
            theirs.write_all(&frame).await.unwrap();
            taken += frame.len();
        }
    };
    let sent = tokio::select! {
        () = flood => unreachable!(),
        sent = tokio::time::timeout(Duration::from_secs(10), server.send(&*long)) => sent,
    };
    assert!(sent.is_err(), "nobody reads it");
    assert!((50_000..100_000).contains(&taken), "{taken} bytes were taken from the peer");
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    (Arc::clone(&count), Waker::from(count))
}

/// Two tasks share the connection by a lock of their own: neither takes away the waker of the other, whichever polls last.
#[tokio::test]
async fn each_of_two_tasks_is_woken_whichever_polled_last() {
    for order in 0..2 {
        let (server, mut client) = in_time(piped(64, &Config::default())).await;
        let (mut sink, mut stream) = futures_util::StreamExt::split(server);
        let ((reads, reading), (sends, sending)) = (counted(), counted());
        let long = OwnedMessage::Text("x".repeat(10_000));
        let mut send = Box::pin(sink.send(long));
        let mut next = Box::pin(futures_util::StreamExt::next(&mut stream));
        for turn in 0..4 {
            if (turn + order) % 2 == 0 {
                assert!(send.as_mut().poll(&mut Context::from_waker(&sending)).is_pending());
            } else {
                assert!(next.as_mut().poll(&mut Context::from_waker(&reading)).is_pending());
            }
        }
        let (read, sent) = (reads.0.load(Ordering::Relaxed), sends.0.load(Ordering::Relaxed));
        // The peer reads: there is room, so the sending task is woken.
        assert!(tokio::time::timeout(Duration::from_millis(20), client.next()).await.is_err());
        assert!(sends.0.load(Ordering::Relaxed) > sent, "the task that sends was not woken, order {order}");
        // The peer sends: the reading task is woken, and finds the message.
        in_time(client.send("Hello")).await.unwrap();
        assert!(reads.0.load(Ordering::Relaxed) > read, "the task that reads was not woken, order {order}");
        let found = next.as_mut().poll(&mut Context::from_waker(&reading));
        let std::task::Poll::Ready(Some(Ok(found))) = found else { panic!("expected a message, found {found:?}") };
        assert_eq!(found.payload(), b"Hello");
    }
}

#[tokio::test]
async fn halves_are_reunited_and_compress_as_before() {
    for config in configs() {
        let (server, client) = in_time(piped(100, &config)).await;
        let ((from_client, mut to_client), (from_server, mut to_server)) =
            (server.into_split(&config), client.into_split(&config).unwrap());
        let (other, _) = in_time(piped(100, &config)).await;
        let (stranger, _kept) = other.into_split(&config);
        in_time(async {
            let (sent, mut from_client) = tokio::join!(to_server.send("before, before, before"), async {
                let mut from_client = from_client;
                assert_eq!(from_client.next().await.unwrap().unwrap().payload(), b"before, before, before");
                from_client
            });
            sent.unwrap();
            let (sent, _) = tokio::join!(to_client.send("to the client"), async {});
            sent.unwrap();
            let error = stranger.reunite(to_client).unwrap_err();
            assert_eq!(error.to_string(), "expected the halves of one connection, found those of two");
            to_client = error.1;
            let (mut server, mut client) =
                (from_client.reunite(to_client).unwrap(), from_server.reunite(to_server).unwrap());
            from_client = {
                assert_eq!(client.next().await.unwrap().unwrap().payload(), b"to the client");
                let (sent, heard) = tokio::join!(client.send("before, and after"), server.next());
                sent.unwrap();
                assert_eq!(heard.unwrap().unwrap().payload(), b"before, and after");
                server.into_split(&config).0
            };
            let (closed, end) = tokio::join!(client.close(CloseCode::NORMAL), from_client.next());
            assert!(closed.is_ok() && end.is_none());
        })
        .await;
    }
}
