//! soketto.

use soketto::connection::{Builder, Mode};
use soketto::handshake::server::{Response, Server};
use soketto::{Data, Incoming};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{Transport, block_on};
use crate::workload::{Send, Sender};

pub const PEER: Peer = Peer {
    name: "soketto",
    delivers: Delivers::Messages,
    receive: Some(receive),
    send: Some(send),
    accept: Some(accept),
};

fn receive(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut builder = Builder::new(transport, Mode::Server);
    builder.set_max_message_size(MAX_MESSAGE);
    let (_sender, mut receiver) = builder.finish();
    let (mut tally, mut message) = (Tally::default(), Vec::new());
    block_on(async {
        while tally.messages < messages {
            message.clear();
            match receiver.receive(&mut message).await? {
                Incoming::Data(Data::Text(_) | Data::Binary(_)) => tally.whole(&message),
                Incoming::Pong(_) => {}
                Incoming::Closed(_) => return Err("closed".into()),
            }
        }
        Ok(tally)
    })
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let mode = if send.role == Sender::Client { Mode::Client } else { Mode::Server };
    let (mut sender, _receiver) = Builder::new(transport, mode).finish();
    block_on(async {
        for _ in 0..batches {
            for _ in 0..send.batch {
                sender.send_binary(send.payload).await?;
            }
            sender.flush().await?;
        }
        Ok(())
    })
}

fn accept(transport: &mut Transport, requests: u64) -> Result<(), Failure> {
    block_on(async {
        for _ in 0..requests {
            let mut server = Server::new(&mut *transport);
            let key = server.receive_request().await?.key();
            server.send_response(&Response::Accept { key, protocol: None }).await?;
            drop(server.into_builder().finish());
        }
        Ok(())
    })
}
