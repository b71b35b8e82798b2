//! An echo server on axum. Its one argument is the address.

use std::error::Error;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::{Router, routing::any};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("expected an address, found no argument")?;
    let listener = TcpListener::bind(address).await?;
    let service = Router::new().fallback(any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)));
    Ok(axum::serve(listener, service).await?)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}
