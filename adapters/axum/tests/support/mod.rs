//! A server on axum, and what to talk to it with.
#![allow(dead_code, reason = "each test uses its part")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use websocket_proto_axum::{WebSocket, WebSocketUpgrade};

pub async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// An echo at `/` and `/chat`, which knows a subprotocol and compresses.
pub fn echoes() -> Router {
    let upgrade = async |upgrade: WebSocketUpgrade| -> Response {
        upgrade.protocols(["chat"]).deflate(Default::default()).on_upgrade(echo)
    };
    Router::new().route("/", any(upgrade)).route("/chat", any(upgrade))
}

pub async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.next().await {
        if socket.send(&message).await.is_err() {
            break;
        }
    }
}

/// All that comes in answer to these bytes, until the server closes.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    in_time(async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut all = Vec::new();
        // A reset is an end, too: the server may not have read what a refused client went on to send.
        let _reset = socket.read_to_end(&mut all).await;
        all
    })
    .await
}

/// What waits for ever fails.
pub async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("expected the end in time, found none")
}
