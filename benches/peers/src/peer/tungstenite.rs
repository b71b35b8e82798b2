//! tungstenite, which reads and writes by itself, without a runtime.

use bytes::Bytes;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{HandshakeError, Message, WebSocket};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::Transport;
use crate::workload::{Send, Sender};

pub const PEER: Peer = Peer {
    name: "tungstenite",
    delivers: Delivers::Messages,
    receive: Some(receive),
    send: Some(send),
    accept: Some(accept),
};

fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE))
}

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut socket = WebSocket::from_raw_socket(transport, Role::Server, Some(config()));
    let mut tally = Tally::default();
    while tally.messages < messages {
        match socket.read()? {
            Message::Text(text) => tally.whole(text.as_str().as_bytes()),
            Message::Binary(bytes) => tally.whole(&bytes),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(_) | Message::Frame(_) => return Err("closed".into()),
        }
    }
    socket.flush()?;
    Ok(tally)
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let role = if send.role == Sender::Client { Role::Client } else { Role::Server };
    let mut socket = WebSocket::from_raw_socket(transport, role, Some(config()));
    for _ in 0..batches {
        for _ in 0..send.batch {
            socket.write(Message::Binary(Bytes::from_static(send.payload)))?;
        }
        socket.flush()?;
    }
    Ok(())
}

fn accept(transport: &mut Transport, requests: u64) -> Result<(), Failure> {
    for _ in 0..requests {
        match tungstenite::accept(&mut *transport) {
            Ok(socket) => drop(socket),
            Err(HandshakeError::Failure(error)) => return Err(error.into()),
            Err(HandshakeError::Interrupted(_)) => return Err("interrupted".into()),
        }
    }
    Ok(())
}
