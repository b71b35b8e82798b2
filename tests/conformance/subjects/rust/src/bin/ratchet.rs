//! ratchet, with its deflate.

use bytes::BytesMut;
use ratchet_rs::deflate::{Deflate, DeflateExtProvider};
use ratchet_rs::{Message, PayloadType, SubprotocolRegistry, WebSocket, WebSocketConfig};
use subjects::{LIMIT, Role, connect, role, serve, walk};
use tokio::io::{BufReader, BufWriter};
use tokio::net::TcpStream;

type Stream = BufReader<BufWriter<TcpStream>>;

#[tokio::main]
async fn main() {
    match role() {
        Role::Server(address) => serve(&address, server).await,
        Role::Client(authority, agent) => {
            walk(&agent, async |target: &str| {
                let stream = BufReader::new(BufWriter::new(connect(&authority).await?));
                let (url, deflate) = (format!("ws://{authority}{target}"), DeflateExtProvider::default());
                let none = SubprotocolRegistry::default();
                let opened = ratchet_rs::subscribe_with(config(), stream, url, &deflate, none).await.ok()?;
                echo(opened.websocket).await
            })
            .await;
        }
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig { max_message_size: LIMIT }
}

async fn server(stream: TcpStream) {
    let stream = BufReader::new(BufWriter::new(stream));
    let (deflate, none) = (DeflateExtProvider::default(), SubprotocolRegistry::default());
    let Ok(upgrader) = ratchet_rs::accept_with(stream, config(), deflate, none).await else { return };
    if let Ok(opened) = upgrader.upgrade().await {
        echo(opened.websocket).await;
    }
}

async fn echo(mut socket: WebSocket<Stream, Deflate>) -> Option<String> {
    let (mut buffer, mut first) = (BytesMut::new(), None);
    loop {
        // A message whose first fragments came before a Ping stays in the buffer.
        let kind = match socket.read(&mut buffer).await {
            Ok(Message::Text) => {
                // The library leaves the check to its users.
                let Ok(text) = std::str::from_utf8(&buffer) else { return first };
                first.get_or_insert_with(|| text.to_owned());
                PayloadType::Text
            }
            Ok(Message::Binary) => PayloadType::Binary,
            Ok(Message::Ping(_) | Message::Pong(_)) => continue,
            Ok(Message::Close(_)) | Err(_) => return first,
        };
        if socket.write(&mut buffer, kind).await.is_err() || socket.flush().await.is_err() {
            return first;
        }
        buffer.clear();
    }
}
