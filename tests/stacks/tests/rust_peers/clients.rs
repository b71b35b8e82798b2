//! The servers of HTTP/1.1 against clients that others have written: tungstenite; and yawc, which offers compression, and has HTTP/2 by hyper.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::start;
use futures_util::{SinkExt, StreamExt};
use stacks::Server;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use yawc::{Frame, HttpRequestBuilder, OpCode, Options, WebSocket, http2};

/// A long text that compresses well.
fn long() -> String {
    "all work and no play ".repeat(5000)
}

#[tokio::test]
async fn tungstenite_gets_its_echoes_and_a_clean_end() {
    for server in Server::HTTP_1 {
        tokio::time::timeout(Duration::from_secs(20), tungstenite(start(server))).await.unwrap();
    }
}

async fn tungstenite(address: SocketAddr) {
    let mut request = format!("ws://{address}/chat").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "superchat, chat".parse().unwrap());
    let (mut socket, response) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    for message in [Message::text("Grüße"), Message::binary(vec![7; 300_000]), Message::text(long()), Message::text("")]
    {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.send(Message::Ping("still there?".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong("still there?".into()));
    socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "done".into() })).await.unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!("no Close") };
    assert_eq!(frame.code, CloseCode::Normal);
    // Its word for both Close frames and the end of the transport.
    assert!(matches!(socket.next().await, None | Some(Err(Error::ConnectionClosed))));
}

#[tokio::test]
async fn yawc_gets_its_echoes_and_a_close() {
    for server in Server::HTTP_1 {
        let address = start(server);
        let (url, socket) = (format!("ws://{address}/chat"), TcpStream::connect(address).await.unwrap());
        let socket = WebSocket::handshake(url.parse().unwrap(), socket, options()).await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), yawc(socket)).await.unwrap();
    }
}

#[tokio::test]
async fn yawc_gets_its_echoes_and_a_close_over_http_2() {
    for server in Server::HTTP_2 {
        let address = start(server);
        let (url, socket) = (format!("ws://{address}/chat"), TcpStream::connect(address).await.unwrap());
        let builder = HttpRequestBuilder::new();
        let socket = http2::handshake(url.parse().unwrap(), socket, options(), builder).await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), yawc(socket)).await.unwrap();
    }
}

fn options() -> Options {
    Options::default().with_balanced_compression().with_utf8()
}

async fn yawc(mut socket: WebSocket<impl AsyncRead + AsyncWrite + Unpin>) {
    for frame in [Frame::text("Grüße"), Frame::binary(vec![7; 300_000]), Frame::text(long()), Frame::text("")] {
        socket.send(frame.clone()).await.unwrap();
        let echo = socket.next_frame().await.unwrap();
        assert_eq!((echo.opcode(), echo.payload()), (frame.opcode(), frame.payload()));
    }
    socket.send(Frame::ping("still there?")).await.unwrap();
    let pong = socket.next_frame().await.unwrap();
    assert_eq!((pong.opcode(), &pong.payload()[..]), (OpCode::Pong, &b"still there?"[..]));
    socket.send(Frame::close(yawc::close::CloseCode::Normal, "done")).await.unwrap();
    let close = socket.next_frame().await.unwrap();
    assert_eq!((close.opcode(), close.close_code()), (OpCode::Close, Some(yawc::close::CloseCode::Normal)));
}
