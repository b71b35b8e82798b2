//! axum 0.8 with the extractor of `adapters/axum`, beside a page; its handshake and its session are not those of the other modules.

use std::io;

use axum::Router;
use axum::response::Html;
use axum::routing::{any, get};
use tokio::net::TcpListener;
use websocket_proto_axum::{DeflateConfig, WebSocket, WebSocketUpgrade};

/// Serves every connection of the listener.
///
/// # Errors
///
/// Those of accepting a connection.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let chat =
        async |upgrade: WebSocketUpgrade| upgrade.protocols(["chat"]).deflate(DeflateConfig::DEFAULT).on_upgrade(echo);
    axum::serve(listener, Router::new().route("/", get(Html(crate::PAGE))).route("/chat", any(chat))).await
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.next().await {
        if socket.send(&message).await.is_err() {
            break;
        }
    }
}
