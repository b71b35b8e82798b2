//! sockudo-ws, with masking keys of `rand`, and without its timers.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::{Config, Message, Role, WebSocketStream, handshake};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer = Peer {
    name: "sockudo-ws",
    delivers: Delivers::Messages,
    receive: Some(receive),
    send: Some(send),
    accept: Some(accept),
};

fn config() -> Config {
    let config = Config::builder().max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
    config.auto_ping(false).idle_timeout(0).build()
}

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut socket = WebSocketStream::server(transport, config());
    let mut tally = Tally::default();
    block_on(async {
        while tally.messages < messages {
            match socket.next().await.ok_or("closed")?? {
                Message::Text(bytes) | Message::Binary(bytes) => tally.whole(&bytes),
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Err("closed".into()),
            }
        }
        socket.flush().await?;
        Ok(tally)
    })
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let role = if send.role == Sender::Client { Role::Client } else { Role::Server };
    let mut socket = WebSocketStream::from_raw(transport, role, config());
    block_on(async {
        for _ in 0..batches {
            for _ in 0..send.batch {
                socket.feed(Message::Binary(Bytes::from_static(send.payload))).await?;
            }
            socket.flush().await?;
        }
        Ok(())
    })
}

fn accept(transport: &mut Transport, requests: u64) -> Result<(), Failure> {
    block_on(async {
        for _ in 0..requests {
            drop(handshake::server_handshake(&mut *transport).await?);
        }
        Ok(())
    })
}
