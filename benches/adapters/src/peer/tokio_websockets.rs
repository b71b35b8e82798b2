//! tokio-websockets, with masking keys of `rand`.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Message, ServerBuilder, WebSocketStream};

use super::{Io, Peer, check};

pub struct TokioWebsockets;

impl Peer for TokioWebsockets {
    type Client<T: Io> = WebSocketStream<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = ServerBuilder::new().serve(io);
        while let Some(Ok(message)) = socket.next().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }

    fn client<T: Io>(io: T) -> WebSocketStream<T> {
        ClientBuilder::new().take_over(io)
    }

    async fn ask<T: Io>(client: &mut WebSocketStream<T>, payload: &Bytes, messages: usize) {
        for _ in 0..messages {
            client.feed(Message::binary(payload.clone())).await.expect("an open connection");
        }
        client.flush().await.expect("an open connection");
        for _ in 0..messages {
            check(client.next().await.expect("a message").expect("a message").as_payload(), payload);
        }
    }
}
