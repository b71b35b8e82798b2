//! yawc, told to take more than the mebibyte with header that it takes by default.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use yawc::{Frame, Options, Role, WebSocket};

use super::{Io, Peer, check};

pub struct Yawc;

/// What this project's adapter takes by default.
const MAX_MESSAGE: usize = 16 << 20;

fn socket<T: Io>(io: T, role: Role) -> WebSocket<T> {
    WebSocket::from_stream(io, role, Options::default().with_limits(MAX_MESSAGE, MAX_MESSAGE)).expect("valid options")
}

impl Peer for Yawc {
    type Client<T: Io> = WebSocket<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = socket(io, Role::Server);
        while let Some(frame) = socket.next().await {
            if socket.send(frame).await.is_err() {
                break;
            }
        }
    }

    fn client<T: Io>(io: T) -> WebSocket<T> {
        socket(io, Role::Client)
    }

    async fn ask<T: Io>(client: &mut WebSocket<T>, payload: &Bytes, messages: usize) {
        for _ in 0..messages {
            client.feed(Frame::binary(payload.clone())).await.expect("an open connection");
        }
        client.flush().await.expect("an open connection");
        for _ in 0..messages {
            check(client.next().await.expect("a message").payload(), payload);
        }
    }
}
