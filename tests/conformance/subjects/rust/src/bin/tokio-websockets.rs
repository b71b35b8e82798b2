//! tokio-websockets. After an error it is polled on, so that the Close that it has queued goes out.

use futures_util::{SinkExt, StreamExt};
use subjects::{LIMIT, Role, connect, role, serve, walk};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Limits, ServerBuilder, WebSocketStream};

#[tokio::main]
async fn main() {
    match role() {
        Role::Server(address) => serve(&address, server).await,
        Role::Client(authority, agent) => {
            walk(&agent, async |target: &str| {
                let url = format!("ws://{authority}{target}");
                let builder = ClientBuilder::new().uri(&url).ok()?.limits(limits());
                let (socket, _) = builder.connect_on(connect(&authority).await?).await.ok()?;
                echo(socket).await
            })
            .await;
        }
    }
}

async fn server(stream: TcpStream) {
    if let Ok((_, socket)) = ServerBuilder::new().limits(limits()).accept(stream).await {
        echo(socket).await;
    }
}

fn limits() -> Limits {
    Limits::default().max_payload_len(Some(LIMIT))
}

async fn echo(mut socket: WebSocketStream<TcpStream>) -> Option<String> {
    let mut first = None;
    while let Some(next) = socket.next().await {
        let Ok(message) = next else { continue };
        if first.is_none() {
            first = message.as_text().map(str::to_owned);
        }
        if message.is_text() || message.is_binary() {
            let _ = socket.send(message).await;
        }
    }
    first
}
