//! Echo servers on tokio's runtime of one thread. Usage: `bench-servers NAME`; the first line says where it listens.
//!
//! Each echoes as its crate's own example does, but where messages can be fed and flushed apart, what has come with one read is fed before
//! it is flushed.

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What `reactor_server` takes by default.
const MAX_MESSAGE: usize = 16 << 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        match name.as_str() {
            "websocket-proto-tokio" => drop(tokio::spawn(ours(socket))),
            "tungstenite" => drop(tokio::spawn(tungstenite(socket))),
            "fastwebsockets" => drop(tokio::spawn(fastwebsockets(socket))),
            "tokio-websockets" => drop(tokio::spawn(tokio_websockets(socket))),
            "sockudo-ws" => drop(tokio::spawn(sockudo(socket))),
            "yawc" => drop(tokio::spawn(yawc(socket))),
            _ => return Err(io::Error::other(format!("unknown server `{name}`"))),
        }
    }
}

async fn ours(socket: TcpStream) {
    use websocket_proto_tokio::{Config, accept};
    if let Ok(socket) = accept(socket, &Config::default()).await {
        echo(socket).await;
    }
}

async fn tungstenite(mut socket: TcpStream) {
    use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};
    if open(&mut socket).await.is_ok() {
        echo(WebSocketStream::from_raw_socket(socket, Role::Server, None).await).await;
    }
}

async fn tokio_websockets(mut socket: TcpStream) {
    if open(&mut socket).await.is_ok() {
        echo(tokio_websockets::ServerBuilder::new().serve(socket)).await;
    }
}

async fn sockudo(mut socket: TcpStream) {
    use sockudo_ws::{Config, WebSocketStream};
    let config = Config::builder().max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
    if open(&mut socket).await.is_ok() {
        echo(WebSocketStream::server(socket, config.auto_ping(false).idle_timeout(0).build())).await;
    }
}

async fn yawc(mut socket: TcpStream) {
    use yawc::{Options, Role, WebSocket};
    let options = Options::default().with_utf8().with_limits(MAX_MESSAGE, MAX_MESSAGE);
    if open(&mut socket).await.is_ok() {
        let Ok(socket) = WebSocket::from_stream(socket, Role::Server, options) else { return };
        echo(socket.map(Ok::<_, ()>)).await;
    }
}

async fn fastwebsockets(mut socket: TcpStream) {
    use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket};
    if open(&mut socket).await.is_err() {
        return;
    }
    let mut socket = FragmentCollector::new(WebSocket::after_handshake(socket, Role::Server));
    while let Ok(frame) = socket.read_frame().await {
        match frame.opcode {
            OpCode::Text | OpCode::Binary => {
                if socket.write_frame(frame).await.is_err() {
                    return;
                }
            }
            OpCode::Close => return,
            OpCode::Ping | OpCode::Pong | OpCode::Continuation => {}
        }
    }
}

async fn echo<M, E>(mut socket: impl Stream<Item = Result<M, E>> + Sink<M> + Unpin) {
    while let Some(Ok(message)) = socket.next().await {
        if socket.feed(message).await.is_err() {
            return;
        }
        while let Some(Some(Ok(message))) = socket.next().now_or_never() {
            if socket.feed(message).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}

/// The handshake, which nobody measures, with a client that sends no frame before it has the response.
async fn open(socket: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if socket.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
    let digest = sha1_smol::Sha1::from(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")).digest().bytes();
    let accept = BASE64_STANDARD.encode(digest);
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    socket.write_all(response.as_bytes()).await
}
