//! wtx, without its handshake and without its private extension that leaves masks out. Its masking keys are xorshift's unless another
//! generator is given, as here: its ChaCha20.

use std::io::{IoSlice, Read, Write};

use wtx::collection::Vector;
use wtx::rng::ChaCha20;
use wtx::stream::{StreamReader, StreamWriter};
use wtx::web_socket::{Frame, OpCode, WebSocket, WebSocketBuffer, WebSocketPayloadOrigin};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer =
    Peer { name: "wtx", delivers: Delivers::Messages, receive: Some(receive), send: Some(send), accept: None };

type Socket<'t, const IS_CLIENT: bool> = WebSocket<(), ChaCha20, &'t mut Transport, WebSocketBuffer, IS_CLIENT>;

fn socket<const IS_CLIENT: bool>(transport: &mut Transport) -> Result<Socket<'_, IS_CLIENT>, Failure> {
    let mut key = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    let mut socket = WebSocket::new((), false, ChaCha20::from_key(key), transport, WebSocketBuffer::new());
    socket.set_max_payload_len(MAX_MESSAGE);
    Ok(socket)
}

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut socket = socket::<false>(transport)?;
    let (mut tally, mut buffer) = (Tally::default(), Vector::new());
    block_on(async {
        while tally.messages < messages {
            buffer.clear();
            // A Ping is answered while the next frame is read.
            let frame = socket.read_frame(&mut buffer, WebSocketPayloadOrigin::Adaptive).await?;
            match frame.op_code() {
                OpCode::Text | OpCode::Binary => tally.whole(frame.payload()),
                OpCode::Ping | OpCode::Pong => {}
                OpCode::Close | OpCode::Continuation => return Err("closed".into()),
            }
        }
        Ok(tally)
    })
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    match send.role {
        Sender::Client => each(socket::<true>(transport)?, send, batches),
        Sender::Server | Sender::ServerSlices => each(socket::<false>(transport)?, send, batches),
    }
}

fn each<const IS_CLIENT: bool>(mut socket: Socket<'_, IS_CLIENT>, send: &Send, batches: u64) -> Result<(), Failure> {
    let mut payload = send.payload.to_vec();
    block_on(async {
        for _ in 0..batches * send.batch {
            if IS_CLIENT {
                // It masks where the payload lies, so that an application which still needs that makes a copy.
                payload.copy_from_slice(send.payload);
            }
            socket.write_frame(&mut Frame::new_fin(OpCode::Binary, &mut payload[..])).await?;
        }
        Ok(())
    })
}

impl StreamReader for Transport {
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        Ok(Read::read(self, bytes)?)
    }
}

impl StreamWriter for Transport {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        Ok(Write::write_all(self, bytes)?)
    }

    async fn write_all_vectored(&mut self, bytes: &[&[u8]]) -> wtx::Result<()> {
        let mut slices = [IoSlice::new(&[]); 8];
        for (slice, bytes) in slices.iter_mut().zip(bytes) {
            *slice = IoSlice::new(bytes);
        }
        Write::write_vectored(self, &slices[..bytes.len()])?;
        Ok(())
    }
}
