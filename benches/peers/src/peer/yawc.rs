//! yawc, with its check of UTF-8, which is off unless asked for. Its handshake is hyper's, so it takes no part in that.

use std::future::poll_fn;

use bytes::Bytes;
use futures_util::SinkExt;
use yawc::{Frame, OpCode, Options, Role, WebSocket};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer =
    Peer { name: "yawc", delivers: Delivers::Messages, receive: Some(receive), send: Some(send), accept: None };

fn options() -> Options {
    Options::default().with_utf8().with_limits(MAX_MESSAGE, MAX_MESSAGE)
}

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut socket = WebSocket::from_stream(transport, Role::Server, options())?;
    let mut tally = Tally::default();
    block_on(async {
        while tally.messages < messages {
            let frame = socket.next_frame().await?;
            match frame.opcode() {
                OpCode::Text | OpCode::Binary => tally.whole(frame.payload()),
                // It answers when the transport has nothing to read, which this one always has.
                OpCode::Ping => poll_fn(|context| socket.poll_ready_unpin(context)).await?,
                OpCode::Pong => {}
                OpCode::Close | OpCode::Continuation => return Err("closed".into()),
            }
        }
        socket.flush().await?;
        Ok(tally)
    })
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let role = if send.role == Sender::Client { Role::Client } else { Role::Server };
    let mut socket = WebSocket::from_stream(transport, role, options())?;
    block_on(async {
        for _ in 0..batches {
            for _ in 0..send.batch {
                socket.feed(Frame::binary(Bytes::from_static(send.payload))).await?;
            }
            socket.flush().await?;
        }
        Ok(())
    })
}
