//! The client on hyper against servers that others have written, and against answers byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stacks::wire::Wire;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use websocket_proto::Negotiated;

use crate::support::yawc_server;

/// Our client's talk with whatever listens there.
async fn talk(address: SocketAddr) -> std::io::Result<Negotiated> {
    let socket = TcpStream::connect(address).await.unwrap();
    let host = address.to_string();
    tokio::time::timeout(Duration::from_secs(20), stacks::hyper_client::run(socket, &host))
        .await
        .expect("20 s are enough")
}

#[tokio::test]
async fn tungstenite_as_server() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut socket = tokio_tungstenite::accept_async(listener.accept().await.unwrap().0).await.unwrap();
        while let Some(message) = socket.next().await {
            let message = message.unwrap();
            if message.is_text() || message.is_binary() {
                socket.send(message).await.unwrap();
            }
        }
    });
    assert!(talk(address).await.unwrap().deflate().is_none(), "tungstenite has no compression");
    server.await.unwrap();
}

#[tokio::test]
async fn yawc_as_server_compresses() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let socket = TokioIo::new(listener.accept().await.unwrap().0);
        http1::Builder::new().serve_connection(socket, service_fn(yawc_server)).with_upgrades().await.unwrap();
    });
    assert!(talk(address).await.unwrap().deflate().is_some(), "compression is agreed on");
}

/// A server that reads one head, answers with these bytes in one write, and reads to the end.
fn answers(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut socket = listener.accept().unwrap().0;
        let head = read_head(&mut socket);
        socket.write_all(answer.as_bytes()).unwrap();
        // The client may be gone already.
        let _gone = socket.read_to_end(&mut Vec::new());
        head
    });
    (address, server)
}

#[tokio::test]
async fn request_is_that_of_section_4_1() {
    let (address, server) = answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    talk(address).await.unwrap_err();
    // The client's connection ends only while its task can run.
    let head = tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
    let mut lines: Vec<String> = head.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    assert_eq!(lines.remove(0), "GET /chat HTTP/1.1");
    for line in [
        format!("host: {address}").as_str(),
        "upgrade: websocket",
        "connection: Upgrade",
        "sec-websocket-version: 13",
        "sec-websocket-protocol: chat",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line:?} in {lines:?}");
    }
    assert_eq!(lines.iter().filter(|line| line.starts_with("sec-websocket-key: ") && line.len() == 43).count(), 1);
    assert!(lines.iter().any(|line| line.starts_with("sec-websocket-extensions: permessage-deflate")), "{lines:?}");
}

#[tokio::test]
async fn refusal_is_told_with_its_status() {
    let (address, _server) = answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let error = talk(address).await.unwrap_err();
    assert!(error.to_string().contains("403"), "{error}");
}

#[tokio::test]
async fn accept_value_of_another_key_is_refused() {
    let (address, _server) = answers(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    let error = talk(address).await.unwrap_err();
    assert!(error.to_string().contains("Sec-WebSocket-Accept"), "{error}");
}

#[tokio::test]
async fn bytes_that_follow_the_answer_at_once_are_not_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut socket = listener.accept().unwrap().0;
        let head = read_head(&mut socket);
        let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap();
        let accept = derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        // §5.7: "A single-frame unmasked text message", in the same write.
        socket.write_all(&[answer.as_bytes(), b"\x81\x05Hello"].concat()).unwrap();
    });
    let socket = TcpStream::connect(address).await.unwrap();
    let (_, mut wire) = stacks::hyper_client::open(socket, &address.to_string()).await.unwrap();
    let mut read = Vec::new();
    while wire.read(&mut read).await.unwrap() > 0 {}
    assert_eq!(read, b"\x81\x05Hello");
    tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
}

fn read_head(socket: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}
