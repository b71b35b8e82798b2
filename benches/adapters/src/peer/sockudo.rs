//! sockudo-ws, without its timers, and told to take more than the mebibyte with header that it takes by default.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::{Config, Message, WebSocketStream};

use super::{Io, Peer, check};

pub struct Sockudo;

/// What this project's adapter takes by default.
const MAX_MESSAGE: usize = 16 << 20;

fn config() -> Config {
    let config = Config::builder().max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
    config.auto_ping(false).idle_timeout(0).build()
}

impl Peer for Sockudo {
    type Client<T: Io> = WebSocketStream<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = WebSocketStream::server(io, config());
        while let Some(Ok(message)) = socket.next().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }

    fn client<T: Io>(io: T) -> WebSocketStream<T> {
        WebSocketStream::client(io, config())
    }

    async fn ask<T: Io>(client: &mut WebSocketStream<T>, payload: &Bytes, messages: usize) {
        for _ in 0..messages {
            client.feed(Message::Binary(payload.clone())).await.expect("an open connection");
        }
        client.flush().await.expect("an open connection");
        for _ in 0..messages {
            match client.next().await {
                Some(Ok(Message::Binary(bytes))) => check(&bytes, payload),
                other => panic!("expected a message, found {other:?}"),
            }
        }
    }
}
