//! What everybody pays: the copy out of the socket, and into it.

use std::hint::black_box;
use std::io::{IoSlice, Read, Write};

use super::{Delivers, Failure, Peer};
use crate::tally::Tally;
use crate::transport::{ReadBuffer, Transport};
use crate::workload::{Send, Sender};

pub const PEER: Peer = Peer {
    name: "floor: the copies only",
    delivers: Delivers::Nothing,
    receive: Some(receive),
    send: Some(send),
    accept: None,
};

/// Reads everything there is.
fn receive(transport: &mut Transport, _: u64) -> Result<Tally, Failure> {
    let mut read = ReadBuffer::new();
    while transport.read(&mut read.0)? > 0 {
        black_box(&mut read);
    }
    Ok(Tally::default())
}

/// Writes frames that someone has made before.
fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let payload_len = send.payload.len();
    let header = vec![0; (send.frame_len() - payload_len as u64) as usize];
    let frames = vec![0; (send.frame_len() * send.batch) as usize];
    for _ in 0..batches {
        if send.role == Sender::ServerSlices {
            let _ = transport.write_vectored(&[IoSlice::new(black_box(&header)), IoSlice::new(send.payload)])?;
        } else {
            transport.write_all(black_box(&frames))?;
        }
    }
    Ok(())
}
