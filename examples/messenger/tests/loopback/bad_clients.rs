//! Clients that mean no good: a clear line, and everybody else goes on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use messenger::signal::address_datagram;
use websocket_proto_tokio::{Config, OwnedMessage, WebSocketStream, connect};

use crate::programs::{Folder, hub};

type Socket =
    WebSocketStream<websocket_proto_tokio::MaybeTls, websocket_proto_tokio::Client<websocket_proto_tokio::RandomKeys>>;

const KEY: &str = "0123456789abcdef";

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), test).await.expect("in time") })
}

async fn open(address: &str) -> Socket {
    connect(&format!("ws://{address}/hub"), &Config::default()).await.unwrap()
}

async fn enter(address: &str, name: &str, key: &str) -> Socket {
    let mut socket = open(address).await;
    socket.send(format!(r#"{{"do":"enter","name":"{name}","key":"{key}"}}"#).as_str()).await.unwrap();
    socket
}

async fn text(socket: &mut Socket) -> String {
    match socket.next().await {
        Some(Ok(OwnedMessage::Text(text))) => text.to_string(),
        other => panic!("expected a text, found {other:?}"),
    }
}

#[test]
fn what_is_no_message_gets_a_line_and_a_close() {
    let (_hub, address) = hub();
    run(async {
        for first in [
            "garbage",
            "{}",
            r#"{"do":"signal","to":"bob","signal":1}"#,
            r#"{"do":"enter","name":"../x","key":"0123456789abcdef"}"#,
        ] {
            let mut socket = open(&address).await;
            socket.send(first).await.unwrap();
            let line = text(&mut socket).await;
            assert!(line.starts_with(r#"{"is":"refused","why":"expected "#), "{line}");
            assert!(socket.next().await.is_none(), "the connection is closed");
        }
        let mut socket = enter(&address, "ann", KEY).await;
        text(&mut socket).await;
        socket.send(&b"\x03bobplain text"[..]).await.unwrap();
        assert!(text(&mut socket).await.contains("expected a datagram of STUN or DTLS"));
        assert!(socket.next().await.is_none());
    });
}

#[test]
fn a_name_that_is_taken_stays_its_owners() {
    let (folder, (_hub, address)) = (Folder::new(), hub());
    let mut ann = folder.peer(&address, "ann", "bob", &["--stay"]);
    let mut bob = folder.peer(&address, "bob", "ann", &["--stay"]);
    ann.expect("* bob is there");
    run(async {
        let mut spoof = enter(&address, "bob", KEY).await;
        assert!(text(&mut spoof).await.contains("expected a name that is free, found that bob is taken"));
        // One who names somebody else as the sender is still who it is.
        let mut eve = enter(&address, "eve", KEY).await;
        text(&mut eve).await;
        eve.send(r#"{"do":"signal","to":"ann","from":"bob","signal":{"kind":"call"}}"#).await.unwrap();
        let ann = messenger::signal::Name::try_from("ann".to_owned()).unwrap();
        for first in [0, 22, 23, 63] {
            eve.send(&address_datagram(&ann, &[first; 100])[..]).await.unwrap();
        }
        for signal in [r#"{"kind":"offer","call":1,"sdp":"x"}"#, r#"{"kind":"nonsense"}"#, "7"] {
            eve.send(format!(r#"{{"do":"signal","to":"ann","signal":{signal}}}"#).as_str()).await.unwrap();
        }
        eve.send(r#"{"do":"signal","to":"nobody","signal":1}"#).await.unwrap();
        assert!(text(&mut eve).await.contains("expected the name of somebody who is here, found nobody"));
    });
    bob.write("all is well");
    ann.expect("bob: all is well");
    assert!(!ann.seen.iter().any(|line| line.contains("gone")), "{:?}", ann.seen);
}

#[test]
fn a_friend_whose_offers_are_garbage_is_told_of_and_waited_for() {
    let (folder, (_hub, address)) = (Folder::new(), hub());
    let mut bob = folder.peer(&address, "bob", "ann", &["--stay"]);
    run(async {
        let mut ann = enter(&address, "ann", KEY).await;
        let mut here = text(&mut ann).await;
        while !here.contains("bob") {
            here = text(&mut ann).await;
        }
        let long = "a=candidate:".repeat(1000);
        for sdp in ["", "garbage", "a=fingerprint:sha-256 00", "v=0\\r\\na=fingerprint:sha-256 00\\r\\n", &long] {
            ann.send(
                format!(r#"{{"do":"signal","to":"bob","signal":{{"kind":"offer","call":1,"sdp":"{sdp}"}}}}"#).as_str(),
            )
            .await
            .unwrap();
            bob.expect("* ann is gone: ");
        }
        ann.send(&address_datagram(&messenger::signal::Name::try_from("bob".to_owned()).unwrap(), &[22; 200])[..])
            .await
            .unwrap();
    });
}

#[test]
fn a_message_that_is_too_long_ends_its_own_connection_alone() {
    let (_hub, address) = hub();
    run(async {
        let mut other = enter(&address, "bob", KEY).await;
        text(&mut other).await;
        let mut socket = enter(&address, "ann", KEY).await;
        text(&mut socket).await;
        let _ = socket.send("x".repeat(17 * 1024).as_str()).await;
        assert!(matches!(socket.next().await, Some(Err(_)) | None));
        assert_eq!(text(&mut other).await, r#"{"is":"came","name":"ann"}"#);
        assert_eq!(text(&mut other).await, r#"{"is":"left","name":"ann"}"#);
    });
}

#[test]
fn bytes_that_are_no_http_are_answered_and_pages_are_served() {
    let (_hub, address) = hub();
    let ask = |request: &[u8]| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(request).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    assert!(ask(b"\x16\x03\x01\x02\x00garbage\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let page = ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("<title>Messenger</title>"), "{page}");
    assert!(ask(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let foreign = format!("GET /hub HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n{upgrade}\r\n");
    assert!(ask(foreign.as_bytes()).starts_with("HTTP/1.1 403 "), "a page of somebody else may not connect");
}
