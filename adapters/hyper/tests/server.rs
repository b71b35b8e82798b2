//! The server's side on HTTP/1.1: peers that are not ours, and when the connection begins and ends.

mod support;

use std::convert::Infallible;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use support::{accept, exchange, in_time, serve};
use testkit::upgrades::{CLOSE, TEXT, request, split_answer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as TheirError, Message as Theirs};
use websocket_proto_hyper::{Body, Config, Upgrade, UpgradeError, upgrade};

#[tokio::test]
async fn a_tungstenite_client_gets_each_message_back_and_closes() {
    let address = serve(accept).await;
    in_time(async {
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "news, chat".parse().unwrap());
        let (mut client, response) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
        for message in [Theirs::text("Grüße"), Theirs::binary(vec![7; 1_000_000]), Theirs::text("")] {
            client.send(message.clone()).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), message);
        }
        client.close(None).await.unwrap();
        while let Some(message) = client.next().await {
            assert!(message.unwrap().is_close());
        }
    })
    .await;
}

#[tokio::test]
async fn frames_that_come_in_one_segment_with_the_head_are_not_lost() {
    let address = serve(accept).await;
    let answer = exchange(address, &[&request(&[])[..], TEXT, TEXT, CLOSE].concat()).await;
    assert_eq!(split_answer(&answer).2, b"\x81\x01a\x81\x01a\x88\x02\x03\xe8");
}

#[tokio::test]
async fn compression_is_agreed_on_and_used() {
    let address = serve(accept).await;
    let head = request(&[("", "Sec-WebSocket-Extensions: permessage-deflate")]);
    // RFC 7692 §7.2.3.1: "Hello", compressed. Then 126 letters, which come back compressed; so little as before is not worth it.
    let hello = [0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let long = [&[0x81, 0xfe, 0, 126, 0, 0, 0, 0][..], &[b'a'; 126]].concat();
    let answer = exchange(address, &[&head[..], &hello, &long, CLOSE].concat()).await;
    let (status, head, frames) = split_answer(&answer);
    assert_eq!(status, 101);
    assert!(head.contains("\r\nsec-websocket-extensions: permessage-deflate"), "{head}");
    let (echo, compressed) = frames.split_at(7);
    assert_eq!((echo, compressed[0]), (&b"\x81\x05Hello"[..], 0xc1));
    assert!(compressed.len() < 30 && compressed.ends_with(&[0x88, 0x02, 0x03, 0xe8]), "{compressed:02x?}");
}

#[tokio::test]
async fn pages_of_other_hosts_connect_where_they_are_named_or_all_are_allowed() {
    let named = serve(|request| {
        let upgrade = Upgrade::new(request)?.allow_origins(["https://app.example"]);
        assert_eq!(upgrade.head().uri().path(), "/");
        let (response, upgrading) = upgrade.accept(&Config::default())?;
        Ok((response, Some(upgrading)))
    });
    let any = serve(|request| {
        let upgrade = Upgrade::new(request)?.allow_any_origin();
        let (response, upgrading) = upgrade.accept(&Config::default())?;
        Ok((response, Some(upgrading)))
    });
    let (named, any) = tokio::join!(named, any);
    for (address, origin, expected) in [
        (named, "https://app.example", 101),
        (named, "https://example.com", 101),
        (named, "https://app.example.evil", 403),
        (any, "https://evil.example", 101),
    ] {
        let head = request(&[("", &format!("Origin: {origin}"))]);
        let answer = exchange(address, &[&head[..], CLOSE].concat()).await;
        assert_eq!(split_answer(&answer).0, expected, "{origin}");
    }
}

#[tokio::test]
async fn a_page_is_served_beside_the_websocket() {
    let address = serve(|request| match accept(request) {
        Err(refused) if refused.is_plain_http() => Ok((Response::new(Body::from("a page")), None)),
        answer => answer,
    })
    .await;
    let page = exchange(address, &request(&[("Upgrade", ""), ("Connection", "Connection: close")])).await;
    assert_eq!((split_answer(&page).0, split_answer(&page).2), (200, &b"a page"[..]));
    let refused = exchange(address, &request(&[("Host", "")])).await;
    assert_eq!(split_answer(&refused).0, 400, "a request for a WebSocket is no plain one");
    assert_eq!(split_answer(&exchange(address, &[&request(&[])[..], CLOSE].concat()).await).0, 101);
}

#[tokio::test]
async fn a_connection_whose_future_is_dropped_is_closed() {
    let address = serve(|request| {
        let (response, upgrading) = upgrade(request, &Config::default())?;
        drop(upgrading);
        Ok((response, None))
    })
    .await;
    let answer = exchange(address, &[&request(&[])[..], TEXT].concat()).await;
    let (status, _, after) = split_answer(&answer);
    assert_eq!((status, after), (101, &b""[..]), "and the client is not left waiting");
}

#[tokio::test]
async fn a_connection_that_is_dropped_while_messages_come_is_closed() {
    let address = serve(|request| {
        let (response, upgrading) = upgrade(request, &Config::default())?;
        tokio::spawn(async move {
            let mut socket = upgrading.await.unwrap();
            socket.next().await.unwrap().unwrap();
        });
        Ok((response, None))
    })
    .await;
    in_time(async {
        let (mut client, _) = tokio_tungstenite::connect_async(format!("ws://{address}/")).await.unwrap();
        client.send(Theirs::text("one")).await.unwrap();
        let ended = client.next().await;
        assert!(matches!(ended, None | Some(Err(TheirError::Protocol(_) | TheirError::Io(_)))), "{ended:?}");
    })
    .await;
}

type Answer = fn(&mut Request<Incoming>, mpsc::Sender<Result<(), UpgradeError>>) -> Response<Body>;

/// A server of one connection over a pipe: what its service tells of the connection, and what it answers.
async fn outcome(with_upgrades: bool, answer: Option<Answer>) -> (Option<Result<(), UpgradeError>>, Vec<u8>) {
    let (mut client, server) = tokio::io::duplex(10_000);
    let (sender, mut receiver) = mpsc::channel(1);
    let service = service_fn(move |mut request| {
        let sender = sender.clone();
        async move {
            let Some(answer) = answer else {
                let (response, upgrading) = upgrade(&mut request, &Config::default()).unwrap();
                sender.send(upgrading.await.map(drop)).await.unwrap();
                return Ok(response);
            };
            Ok::<_, Infallible>(answer(&mut request, sender))
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(server), service);
    if with_upgrades {
        tokio::spawn(connection.with_upgrades());
    } else {
        tokio::spawn(connection);
    }
    client.write_all(&request(&[])).await.unwrap();
    let outcome = in_time(receiver.recv()).await;
    // Plain HTTP keeps the connection open.
    let mut answer = vec![0; 10_000];
    let n = client.read(&mut answer).await.unwrap();
    answer.truncate(n);
    (outcome, answer)
}

fn spawning(request: &mut Request<Incoming>, told: mpsc::Sender<Result<(), UpgradeError>>) -> Response<Body> {
    let (response, upgrading) = upgrade(request, &Config::default()).unwrap();
    tokio::spawn(async move { told.send(upgrading.await.map(drop)).await });
    response
}

#[tokio::test(start_paused = true)]
async fn a_service_that_waits_for_the_connection_before_its_response_is_told_in_time() {
    let (outcome, answer) = outcome(true, None).await;
    assert!(matches!(outcome, Some(Err(UpgradeError::Timeout))), "{outcome:?}");
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
}

#[tokio::test]
async fn a_server_without_upgrades_is_told() {
    let (outcome, _) = outcome(false, Some(spawning)).await;
    assert!(matches!(outcome, Some(Err(UpgradeError::Hyper(_)))), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_exchanged_opens_nothing_and_that_is_told_in_time() {
    let exchanged: Answer = |request, told| {
        drop(spawning(request, told));
        let mut response = Response::new(Body::from("no"));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
    };
    let (outcome, answer) = outcome(true, Some(exchanged)).await;
    // hyper tells only when the connection ends, which may serve other requests for long.
    assert!(matches!(outcome, Some(Err(UpgradeError::Timeout))), "{outcome:?}");
    assert!(answer.starts_with(b"HTTP/1.1 503 "), "{}", answer.escape_ascii());
}

#[test]
fn a_request_that_no_server_has_read_cannot_be_upgraded() {
    let mut head = hyper::Request::get("/").header("host", "example.com").header("upgrade", "websocket");
    for (name, value) in
        [("connection", "upgrade"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-version", "13")]
    {
        head = head.header(name, value);
    }
    let refused = upgrade(&mut head.body(()).unwrap(), &Config::default()).unwrap_err();
    assert_eq!(refused.to_string(), "the connection can't be upgraded");
    let response = refused.into_response();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["connection"], "close", "frames after the head must not be read as a request");
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_read() {
    let address = serve(accept).await;
    in_time(async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        for byte in [&request(&[])[..], CLOSE].concat() {
            socket.write_all(&[byte]).await.unwrap();
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        let mut all = Vec::new();
        socket.read_to_end(&mut all).await.unwrap();
        assert!(all.starts_with(b"HTTP/1.1 101 ") && all.ends_with(&[0x88, 0x02, 0x03, 0xe8]));
    })
    .await;
}
