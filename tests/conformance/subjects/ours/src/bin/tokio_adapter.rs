//! The tokio adapter: `server ADDRESS` or `client URL AGENT`.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use websocket_proto_tokio::{Config, DeflateConfig, Error, Message, OwnedMessage, Role, WebSocketStream};

const LIMIT: u64 = 1 << 20;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [role, address] if role == "server" => {
            let listener = TcpListener::bind(address).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(async move {
                    if let Ok(socket) = websocket_proto_tokio::accept(stream, &config()).await {
                        echo(socket).await;
                    }
                });
            }
        }
        [role, url, agent] if role == "client" => {
            let count = client(&format!("{url}/getCaseCount")).await.and_then(|text| text.parse().ok()).unwrap_or(0);
            for case in 1..=count {
                client(&format!("{url}/runCase?case={case}&agent={agent}")).await;
            }
            client(&format!("{url}/updateReports?agent={agent}")).await;
            Ok(())
        }
        _ => Err(io::Error::other("expected `server ADDRESS` or `client URL AGENT`").into()),
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.limits = config.limits.with_max_message_len(LIMIT).with_max_frame_len(LIMIT);
    config.deflate = Some(DeflateConfig::DEFAULT);
    config
}

/// How a case ends is for the judge to say.
async fn client(url: &str) -> Option<String> {
    echo(websocket_proto_tokio::connect(url, &config()).await.ok()?).await
}

/// Until the connection is over; returns the first text.
async fn echo<T: AsyncRead + AsyncWrite + Unpin, R: Role + Unpin>(mut socket: WebSocketStream<T, R>) -> Option<String> {
    let mut first = None;
    while let Some(next) = socket.next().await {
        // An error comes once, at the end: what was queued before it has gone out, and the Close after it.
        let Ok(message) = next else { continue };
        if let (OwnedMessage::Text(text), None) = (&message, &first) {
            first = Some(text.clone());
        }
        let _ = socket.send(Message::from(&message)).await;
    }
    first
}
