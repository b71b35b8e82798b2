//! This project's adapter.

use bytes::Bytes;
use futures_util::SinkExt;
use websocket_proto_tokio::{Client, Config, Error, Incoming, Negotiated, RandomKeys, Server, WebSocketStream};

use super::{Io, Peer, check};

type Socket<T> = WebSocketStream<T, Client<RandomKeys>>;

/// With messages that are owned.
pub struct Ours;

impl Peer for Ours {
    type Client<T: Io> = Socket<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = WebSocketStream::new(io, Negotiated::elsewhere(), Server, &Config::default(), b"");
        while let Some(Ok(message)) = socket.next().await {
            // By value: the payload of a large message is then written from where it is.
            if SinkExt::send(&mut socket, message).await.is_err() {
                break;
            }
        }
    }

    fn client<T: Io>(io: T) -> Socket<T> {
        let role = Client::new(RandomKeys::from_os().expect("a seed"));
        WebSocketStream::new(io, Negotiated::elsewhere(), role, &Config::default(), b"")
    }

    async fn ask<T: Io>(client: &mut Socket<T>, payload: &Bytes, messages: usize) {
        for _ in 0..messages {
            client.feed(&payload[..]).await.expect("an open connection");
        }
        client.flush().await.expect("an open connection");
        for _ in 0..messages {
            let message = client.next().await.expect("a message").expect("a message");
            check(message.payload(), payload);
        }
    }
}

/// The same, with messages that are borrowed to be sent: a large one is framed and written piece by piece.
pub struct Borrowed;

impl Peer for Borrowed {
    type Client<T: Io> = Socket<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = WebSocketStream::new(io, Negotiated::elsewhere(), Server, &Config::default(), b"");
        while let Some(Ok(message)) = socket.next().await {
            if socket.send(&message).await.is_err() {
                break;
            }
        }
    }

    fn client<T: Io>(io: T) -> Socket<T> {
        Ours::client(io)
    }

    async fn ask<T: Io>(client: &mut Socket<T>, payload: &Bytes, messages: usize) {
        Ours::ask(client, payload, messages).await;
    }
}

/// With messages that are lent.
pub struct Lent;

impl Peer for Lent {
    type Client<T: Io> = Socket<T>;

    async fn serve<T: Io>(io: T) {
        let mut socket = WebSocketStream::new(io, Negotiated::elsewhere(), Server, &Config::default(), b"");
        let _: Result<(), Error> = async {
            while socket.advance().await? {
                if let Some((Incoming::Binary(bytes), mut sender)) = socket.message() {
                    sender.send(&*bytes)?;
                }
                socket.ready().await?;
            }
            Ok(())
        }
        .await;
    }

    fn client<T: Io>(io: T) -> Socket<T> {
        Ours::client(io)
    }

    async fn ask<T: Io>(client: &mut Socket<T>, payload: &Bytes, messages: usize) {
        for _ in 0..messages {
            client.feed(&payload[..]).await.expect("an open connection");
        }
        client.flush().await.expect("an open connection");
        for _ in 0..messages {
            match client.read().await {
                Ok(Some(Incoming::Binary(bytes))) => check(bytes, payload),
                other => panic!("expected a message, found {other:?}"),
            }
        }
    }
}
