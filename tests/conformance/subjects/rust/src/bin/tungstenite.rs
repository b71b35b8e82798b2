//! tungstenite. An error other than a full buffer ends a connection, as its documentation says.

use std::net::{TcpListener, TcpStream};

use subjects::{LIMIT, Role, role};
use tungstenite::WebSocket;
use tungstenite::protocol::WebSocketConfig;

fn main() {
    match role() {
        Role::Server(address) => {
            let listener = TcpListener::bind(address).expect("an address that is free");
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let _ = stream.set_nodelay(true);
                    if let Ok(mut socket) = tungstenite::accept_with_config(stream, Some(config())) {
                        echo(&mut socket);
                    }
                });
            }
        }
        Role::Client(authority, agent) => {
            let session = |target: &str| -> Option<String> {
                let stream = TcpStream::connect(&authority).ok()?;
                stream.set_nodelay(true).ok()?;
                let url = format!("ws://{authority}{target}");
                let (mut socket, _) = tungstenite::client::client_with_config(url, stream, Some(config())).ok()?;
                echo(&mut socket)
            };
            let count = session("/getCaseCount").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
            for case in 1..=count {
                session(&format!("/runCase?case={case}&agent={agent}"));
            }
            session(&format!("/updateReports?agent={agent}"));
        }
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT))
}

fn echo(socket: &mut WebSocket<TcpStream>) -> Option<String> {
    let mut first = None;
    while let Ok(message) = socket.read() {
        if message.is_text() && first.is_none() {
            first = message.to_text().ok().map(str::to_owned);
        }
        if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
            break;
        }
    }
    first
}
