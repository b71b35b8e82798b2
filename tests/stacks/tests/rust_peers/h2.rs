//! Both sides on h2: what is refused on the wire and how, a page beside, and the client against yawc on hyper.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use stacks::{PAGE, Server};
use tokio::net::TcpStream;

use crate::support::{start, yawc_server};

/// Sends one request to the server on h2, the stream left open.
async fn send(address: SocketAddr, request: Request<()>) -> (ResponseFuture, SendStream<Bytes>) {
    let socket = TcpStream::connect(address).await.unwrap();
    let (send, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let mut send = send.ready().await.unwrap();
    while !send.is_extended_connect_protocol_enabled() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    send.send_request(request, false).unwrap()
}

async fn answer(server: Server, request: Request<()>) -> (Response<()>, Vec<u8>) {
    let (response, mut send) = send(start(server), request).await;
    let (head, body) = response.await.unwrap().into_parts();
    // A refused stream is over for the server; that it is for us, too, may come too late to be said.
    let _late = send.send_data(Bytes::new(), true);
    (Response::from_parts(head, ()), read(body).await)
}

async fn read(mut body: RecvStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.unwrap());
    }
    bytes
}

/// The request of RFC 8441 §5.1.
fn connect(protocol: &'static str, version: &str) -> Request<()> {
    Request::connect("http://server.example.com/chat")
        .extension(Protocol::from_static(protocol))
        .header("sec-websocket-protocol", "superchat, chat")
        .header("sec-websocket-extensions", "permessage-deflate")
        .header("sec-websocket-version", version)
        .header("origin", "http://www.example.com")
        .body(())
        .unwrap()
}

#[tokio::test]
async fn page_beside_is_served() {
    for server in Server::HTTP_2 {
        let request = Request::get("http://server.example.com/").body(()).unwrap();
        let (response, body) = answer(server, request).await;
        assert_eq!((response.status().as_u16(), &body[..]), (200, PAGE.as_bytes()), "{server:?}");
    }
}

#[tokio::test]
async fn other_version_is_told_the_right_one() {
    for server in Server::HTTP_2 {
        let (response, body) = answer(server, connect("websocket", "12")).await;
        // RFC 6455 §4.4; there is no 426 for CONNECT: RFC 9110 §15.5.22 speaks of the Upgrade field, which HTTP/2 does not have.
        assert_eq!(response.status(), 400, "{server:?}");
        assert_eq!(response.headers()["sec-websocket-version"], "13", "{server:?}");
        assert!(response.headers().get("upgrade").is_none() && response.headers().get("connection").is_none());
        assert!(!body.is_empty(), "{server:?}: a refusal says why");
    }
}

#[tokio::test]
async fn other_protocol_is_not_implemented() {
    // RFC 9220 §3: "a server that does not support the protocol [...] SHOULD respond with a 501 (Not Implemented)"
    for server in Server::HTTP_2 {
        assert_eq!(answer(server, connect("connect-udp", "13")).await.0.status(), 501, "{server:?}");
    }
}

#[tokio::test]
async fn subprotocol_and_compression_are_agreed_on_and_the_end_of_the_stream_is_clean() {
    let (response, mut send) = send(start(Server::H2), connect("websocket", "13")).await;
    // §5.7: "A single-frame masked text message", then a Close with 1000; they need not wait for the response.
    let frames = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    send.send_data(Bytes::copy_from_slice(&frames), false).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    assert!(response.headers()["sec-websocket-extensions"].as_bytes().starts_with(b"permessage-deflate"));
    assert!(response.headers().get("sec-websocket-accept").is_none());
    // `read` returns at END_STREAM.
    assert_eq!(read(response.into_body()).await, b"\x81\x05Hello\x88\x02\x03\xe8");
}

#[tokio::test]
async fn yawc_on_hyper_as_server() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let socket = TokioIo::new(listener.accept().await.unwrap().0);
        let mut builder = http2::Builder::new(TokioExecutor::new());
        let _gone = builder.enable_connect_protocol().serve_connection(socket, service_fn(yawc_server)).await;
    });
    let (socket, host) = (TcpStream::connect(address).await.unwrap(), address.to_string());
    let talk = tokio::time::timeout(Duration::from_secs(20), stacks::h2_client::run(socket, &host));
    assert!(talk.await.unwrap().unwrap().deflate().is_some(), "compression is agreed on");
}
