//! web-socket, which does not buffer, so it gets a buffer of what a read hands out; it has no handshake.

use tokio::io::BufReader;
use web_socket::{DataType, Event, WebSocket};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{READ, Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer =
    Peer { name: "web-socket", delivers: Delivers::Frames, receive: Some(receive), send: Some(send), accept: None };

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut socket = WebSocket::server(BufReader::with_capacity(READ, transport));
    socket.max_payload_len = MAX_MESSAGE;
    let mut tally = Tally::default();
    block_on(async {
        while tally.messages < messages {
            match socket.recv().await? {
                Event::Data { ty: DataType::Complete(_), data } => tally.whole(&data),
                Event::Data { ty: DataType::Stream(part), data } => match part {
                    web_socket::Stream::Start(_) => tally.piece(&data, true, false),
                    web_socket::Stream::Next(_) => tally.piece(&data, false, false),
                    web_socket::Stream::End(_) => tally.piece(&data, false, true),
                },
                Event::Ping(payload) => socket.send_pong(payload).await?,
                Event::Pong(_) => {}
                Event::Error(error) => return Err(error.into()),
                Event::Close { .. } => return Err("closed".into()),
            }
        }
        Ok(tally)
    })
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let mut socket = match send.role {
        Sender::Client => WebSocket::client(transport),
        Sender::Server | Sender::ServerSlices => WebSocket::server(transport),
    };
    block_on(async {
        for _ in 0..batches {
            for _ in 0..send.batch {
                socket.send(send.payload).await?;
            }
            socket.flash().await?;
        }
        Ok(())
    })
}
