//! An echo server, whole: `cargo run -p websocket-proto-blocking --example echo`, and then open a WebSocket to `ws://127.0.0.1:9002`.
use std::{error::Error, net::TcpListener, thread};
use websocket_proto_blocking::{Config, Incoming, WebSocket};

fn main() -> Result<(), Box<dyn Error>> {
    for socket in TcpListener::bind("127.0.0.1:9002")?.incoming() {
        let socket = socket?;
        thread::spawn(move || -> Result<(), Box<dyn Error + Send + Sync>> {
            let mut websocket = WebSocket::accept(socket, &Config::default())?;
            while let Some((incoming, mut sender)) = websocket.next()? {
                match incoming {
                    Incoming::Text(text) => sender.send(text)?,
                    Incoming::Binary(bytes) => sender.send(bytes)?,
                    _ => {} // Pings and the Close are answered already
                }
            }
            Ok(())
        });
    }
    Ok(())
}
