//! tokio-websockets, with masking keys of `rand`.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Config, Limits, Message, ServerBuilder};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{READ, Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer = Peer {
    name: "tokio-websockets",
    delivers: Delivers::Messages,
    receive: Some(receive),
    send: Some(send),
    accept: Some(accept),
};

fn limits() -> Limits {
    Limits::default().max_payload_len(Some(MAX_MESSAGE))
}

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut socket = ServerBuilder::new().limits(limits()).serve(transport);
    let mut tally = Tally::default();
    block_on(async {
        while tally.messages < messages {
            let message = socket.next().await.ok_or("closed")??;
            if message.is_text() {
                tally.whole(message.as_text().ok_or("no text")?.as_bytes());
            } else if message.is_binary() {
                tally.whole(message.as_payload());
            } else if message.is_close() {
                return Err("closed".into());
            }
        }
        socket.flush().await?;
        Ok(tally)
    })
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    // As much as the others gather before they write.
    let config = Config::default().flush_threshold(READ);
    let mut socket = match send.role {
        Sender::Client => ClientBuilder::new().config(config).take_over(transport),
        Sender::Server | Sender::ServerSlices => ServerBuilder::new().config(config).serve(transport),
    };
    block_on(async {
        for _ in 0..batches {
            for _ in 0..send.batch {
                socket.feed(Message::binary(Bytes::from_static(send.payload))).await?;
            }
            socket.flush().await?;
        }
        Ok(())
    })
}

fn accept(transport: &mut Transport, requests: u64) -> Result<(), Failure> {
    block_on(async {
        for _ in 0..requests {
            drop(ServerBuilder::new().accept(&mut *transport).await?);
        }
        Ok(())
    })
}
