//! fastwebsockets, as its own example of an echo has it.

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};

use super::{Io, Peer, check};

pub struct FastWebsockets;

impl Peer for FastWebsockets {
    type Client<T: Io> = FragmentCollector<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = FragmentCollector::new(WebSocket::after_handshake(io, Role::Server));
        while let Ok(frame) = socket.read_frame().await {
            match frame.opcode {
                OpCode::Text | OpCode::Binary => {
                    if socket.write_frame(frame).await.is_err() {
                        break;
                    }
                }
                OpCode::Close => break,
                OpCode::Ping | OpCode::Pong | OpCode::Continuation => {}
            }
        }
    }

    fn client<T: Io>(io: T) -> FragmentCollector<T> {
        FragmentCollector::new(WebSocket::after_handshake(io, Role::Client))
    }

    async fn ask<T: Io>(client: &mut FragmentCollector<T>, payload: &Bytes, messages: usize) {
        for _ in 0..messages {
            client.write_frame(Frame::binary(Payload::Borrowed(payload))).await.expect("an open connection");
        }
        for _ in 0..messages {
            check(&client.read_frame().await.expect("a message").payload, payload);
        }
    }
}
