//! A viewer, on the crate's own client.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use websocket_proto::handshake::ClientRequest;
use websocket_proto_blocking::endpoint::{Config, Opening};
use websocket_proto_blocking::{Client, CloseCode, Incoming, MaskingKeys, Message, WebSocket};

use crate::server::Server;

/// What a viewer hears, but for the number of viewers.
#[derive(Debug, Eq, PartialEq)]
pub enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Close(u16, String),
}

impl Heard {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

pub struct Viewer<K: MaskingKeys> {
    socket: WebSocket<TcpStream, Client<K>>,
}

impl Viewer<websocket_proto::FnKeys<fn() -> [u8; 4]>> {
    pub fn join(server: &Server, channel: &str) -> Self {
        let (host, path) = (server.address.to_string(), format!("/watch/{channel}"));
        let keys = Client::from_fn((|| [1, 2, 3, 4]) as fn() -> [u8; 4]);
        let mut config = Config::default();
        config.timeouts.idle = Some(Duration::from_secs(10));
        let mut opening =
            Opening::client(ClientRequest::new(&host, &path), [7; 16], keys, &config, Instant::now()).unwrap();
        Self { socket: WebSocket::connect(TcpStream::connect(server.address).unwrap(), &mut opening).unwrap() }
    }

    pub fn say(&mut self, text: &str) {
        self.send(text);
    }

    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) {
        self.socket.send(message).unwrap();
    }

    pub fn next(&mut self) -> Heard {
        while let Some((incoming, _)) = self.socket.next().unwrap() {
            match incoming {
                Incoming::Text(text) if text.contains("\"viewers\"") => {}
                Incoming::Text(text) => return Heard::text(text),
                Incoming::Binary(bytes) => return Heard::Binary(bytes.to_vec()),
                Incoming::Close(frame) => {
                    return Heard::Close(frame.code().map_or(1005, CloseCode::get), frame.reason().to_owned());
                }
                _ => {}
            }
        }
        panic!("the connection has ended")
    }

    /// Code and reason of the server's Close.
    pub fn close(&mut self) -> (u16, String) {
        loop {
            if let Heard::Close(code, reason) = self.next() {
                return (code, reason);
            }
        }
    }
}
