//! sockudo-ws, with masking keys of `rand`, and without its timers: its stream, and the protocol without I/O that lies below it.

use std::io::{Read, Write};

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::protocol::Protocol;
use sockudo_ws::{Config, Message, Role, WebSocketStream, handshake};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{READ, Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer = Peer {
    name: "sockudo-ws",
    delivers: Delivers::Messages,
    receive: Some(receive),
    send: Some(send),
    accept: Some(accept),
};

pub const SANS_IO: Peer = Peer {
    name: "sockudo-ws, sans-IO",
    delivers: Delivers::Messages,
    receive: Some(process),
    send: Some(encode),
    accept: None,
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

fn process(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut protocol = Protocol::new(Role::Server, MAX_MESSAGE, MAX_MESSAGE);
    let (mut read, mut found, mut out) = (BytesMut::with_capacity(READ), Vec::new(), BytesMut::new());
    let mut tally = Tally::default();
    while tally.messages < messages {
        // As its own stream reads: into what is free of a buffer of 64 KiB, or of what a larger message needs.
        if read.capacity() == read.len() {
            read.reserve(READ);
        }
        let len = read.len();
        read.resize(read.capacity(), 0);
        let n = transport.read(&mut read[len..])?;
        read.truncate(len + n);
        protocol.process_into(&mut read, &mut found)?;
        for message in found.drain(..) {
            match message {
                Message::Text(bytes) | Message::Binary(bytes) => tally.whole(&bytes),
                Message::Ping(payload) => protocol.encode_pong(&payload, &mut out),
                Message::Pong(_) => {}
                Message::Close(_) => return Err("closed".into()),
            }
        }
        if !out.is_empty() {
            transport.write_all(&out)?;
            out.clear();
        }
    }
    Ok(tally)
}

fn encode(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let role = if send.role == Sender::Client { Role::Client } else { Role::Server };
    let mut protocol = Protocol::new(role, MAX_MESSAGE, MAX_MESSAGE);
    let mut out = BytesMut::new();
    let message = Message::Binary(Bytes::from_static(send.payload));
    for _ in 0..batches {
        for _ in 0..send.batch {
            protocol.encode_message(std::hint::black_box(&message), &mut out)?;
        }
        transport.write_all(&out)?;
        out.clear();
    }
    Ok(())
}
