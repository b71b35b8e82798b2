//! fastwebsockets. Its handshake is hyper's, so it takes no part in that.

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer = Peer {
    name: "fastwebsockets",
    delivers: Delivers::Messages,
    receive: Some(receive),
    send: Some(send),
    accept: None,
};

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut socket = WebSocket::after_handshake(transport, Role::Server);
    socket.set_max_message_size(MAX_MESSAGE);
    let mut socket = FragmentCollector::new(socket);
    let mut tally = Tally::default();
    block_on(async {
        while tally.messages < messages {
            let frame = socket.read_frame().await?;
            match frame.opcode {
                OpCode::Text | OpCode::Binary => tally.whole(&frame.payload),
                OpCode::Ping | OpCode::Pong => {}
                OpCode::Close | OpCode::Continuation => return Err("closed".into()),
            }
        }
        Ok(tally)
    })
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let role = if send.role == Sender::Client { Role::Client } else { Role::Server };
    let mut socket = WebSocket::after_handshake(transport, role);
    block_on(async {
        for _ in 0..batches {
            for _ in 0..send.batch {
                socket.write_frame(Frame::binary(Payload::Borrowed(send.payload))).await?;
            }
            socket.flush().await?;
        }
        Ok(())
    })
}
