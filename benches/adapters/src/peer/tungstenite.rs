//! tokio-tungstenite.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, protocol::Role};

use super::{Io, Peer, check};

pub struct Tungstenite;

impl Peer for Tungstenite {
    type Client<T: Io> = WebSocketStream<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }

    fn client<T: Io>(io: T) -> WebSocketStream<T> {
        // It is ready at once: a constructor that is asynchronous by its signature.
        let made = WebSocketStream::from_raw_socket(io, Role::Client, None);
        futures_util::FutureExt::now_or_never(made).expect("no reason to wait")
    }

    async fn ask<T: Io>(client: &mut WebSocketStream<T>, payload: &Bytes, messages: usize) {
        for _ in 0..messages {
            client.feed(Message::Binary(payload.clone())).await.expect("an open connection");
        }
        client.flush().await.expect("an open connection");
        for _ in 0..messages {
            check(&client.next().await.expect("a message").expect("a message").into_data(), payload);
        }
    }
}
