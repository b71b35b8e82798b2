//! sockudo-ws, by its ready handshakes, which offer no permessage-deflate.

use futures_util::{SinkExt, StreamExt};
use sockudo_ws::client::WebSocketClient;
use sockudo_ws::protocol::Message;
use sockudo_ws::server::WebSocketServer;
use sockudo_ws::{Config, Http1, Stream, WebSocketStream};
use subjects::{LIMIT, Role, connect, role, serve, walk};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() {
    match role() {
        Role::Server(address) => serve(&address, server).await,
        Role::Client(authority, agent) => {
            walk(&agent, async |target: &str| {
                let client = WebSocketClient::<Http1>::new(config());
                let stream = connect(&authority).await?;
                let (socket, _) = client.connect(stream, &authority, target, None).await.ok()?;
                echo(socket).await
            })
            .await;
        }
    }
}

fn config() -> Config {
    Config::builder().max_message_size(LIMIT).max_frame_size(LIMIT).build()
}

async fn server(stream: TcpStream) {
    if let Ok((socket, _)) = WebSocketServer::<Http1>::new(config()).accept(stream).await {
        echo(socket).await;
    }
}

async fn echo(mut socket: WebSocketStream<Stream<Http1>>) -> Option<String> {
    let mut first = None;
    while let Some(next) = socket.next().await {
        match next {
            Ok(Message::Text(text)) => {
                if first.is_none() {
                    first = String::from_utf8(text.to_vec()).ok();
                }
                let _ = socket.send(Message::Text(text)).await;
            }
            Ok(Message::Binary(data)) => drop(socket.send(Message::Binary(data)).await),
            Ok(_) | Err(_) => {}
        }
    }
    first
}
