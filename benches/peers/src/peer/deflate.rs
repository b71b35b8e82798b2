//! permessage-deflate: who has it. (soketto's would put C's zlib under flate2 for all.) Those that can be told compress at level 1, as this crate does, and every message.

use std::hint::black_box;
use std::io::{Read, Write};

use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use sockudo_ws::{CompressedProtocol, DeflateConfig, Message};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Effort};
use websocket_proto::{Connection, Incoming, Messages, Negotiated, Server};
use yawc::{CompressionLevel, Frame, OpCode, Options, Role, WebSocket};

use super::ours::{LIMITS, endpoint, receive_by, write_endpoint};
use super::{Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{READ, ReadBuffer, Transport, block_on};
use crate::workload::Packed;

/// What a peer of this name does with compressed messages.
pub struct Deflating {
    peer: &'static str,
    /// Receives until so many messages were delivered, as a server, with context takeover or without.
    pub receive: Option<Receiving>,
    /// Sends all messages so many times, as a server.
    pub send: Option<Sending>,
}

type Receiving = fn(&mut Transport, u64, bool) -> Result<Tally, Failure>;
type Sending = fn(&mut Transport, &Packed, u64) -> Result<(), Failure>;

pub fn of(peer: &Peer) -> Option<&'static Deflating> {
    ALL.iter().find(|deflating| deflating.peer == peer.name)
}

static ALL: [Deflating; 5] = [
    Deflating { peer: "Messages", receive: Some(receive_messages), send: None },
    Deflating { peer: "Connection", receive: None, send: Some(send_connection) },
    Deflating { peer: "Endpoint", receive: Some(receive_endpoint), send: Some(send_endpoint) },
    Deflating { peer: "sockudo-ws, sans-IO", receive: Some(receive_sockudo), send: Some(send_sockudo) },
    Deflating { peer: "yawc", receive: Some(receive_yawc), send: Some(send_yawc) },
];

fn negotiated(takeover: bool) -> Negotiated {
    let compression = Compression::DEFAULT.with_context_takeover(takeover);
    Negotiated::elsewhere().with_deflate(DeflateParams::new(compression, compression))
}

fn connection(takeover: bool) -> Connection<Server> {
    Connection::new(negotiated(takeover), Server, &LIMITS)
}

fn receive_messages(transport: &mut Transport, goal: u64, takeover: bool) -> Result<Tally, Failure> {
    let (mut connection, mut messages) = (connection(takeover), Messages::new());
    let (mut tally, mut read, mut out) = (Tally::default(), ReadBuffer::new(), Vec::new());
    while tally.messages < goal {
        let n = transport.read(&mut read.0)?;
        if n == 0 {
            return Err("closed".into());
        }
        let mut input = &mut read.0[..n];
        while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out)? {
            match incoming {
                Incoming::Text(text) => tally.whole(text.as_bytes()),
                Incoming::Binary(bytes) => tally.whole(bytes),
                _ => {}
            }
        }
    }
    Ok(tally)
}

fn send_connection(transport: &mut Transport, packed: &Packed, cycles: u64) -> Result<(), Failure> {
    let mut connection = connection(packed.takeover);
    let mut deflater = connection.deflater(Effort::FAST).ok_or("no deflater")?.with_threshold(0);
    let mut out = Vec::new();
    for _ in 0..cycles {
        for message in packed.messages {
            connection.send_compressed(black_box(message.as_str()), &mut deflater, &mut out)?;
            if out.len() > READ / 4 {
                transport.write_all(&out)?;
                out.clear();
            }
        }
    }
    Ok(transport.write_all(&out)?)
}

fn receive_endpoint(transport: &mut Transport, goal: u64, takeover: bool) -> Result<Tally, Failure> {
    receive_by(transport, endpoint(Server, negotiated(takeover)), goal)
}

/// All of the workload's messages are longer than what an endpoint compresses.
fn send_endpoint(transport: &mut Transport, packed: &Packed, cycles: u64) -> Result<(), Failure> {
    let mut endpoint = endpoint(Server, negotiated(packed.takeover));
    for _ in 0..cycles {
        for message in packed.messages {
            endpoint.send(black_box(message.as_str()))?;
            if endpoint.output().len() > READ / 4 {
                write_endpoint(transport, &mut endpoint)?;
            }
        }
    }
    write_endpoint(transport, &mut endpoint)
}

fn sockudo(takeover: bool) -> CompressedProtocol {
    let config = DeflateConfig {
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        compression_level: 1,
        compression_threshold: 0,
        ..DeflateConfig::default()
    };
    CompressedProtocol::server(MAX_MESSAGE, MAX_MESSAGE, config)
}

fn receive_sockudo(transport: &mut Transport, messages: u64, takeover: bool) -> Result<Tally, Failure> {
    let (mut protocol, mut tally) = (sockudo(takeover), Tally::default());
    let (mut read, mut found) = (BytesMut::with_capacity(READ), Vec::new());
    while tally.messages < messages {
        if read.capacity() == read.len() {
            read.reserve(READ);
        }
        let len = read.len();
        read.resize(read.capacity(), 0);
        let n = transport.read(&mut read[len..])?;
        read.truncate(len + n);
        protocol.process_into(&mut read, &mut found)?;
        for message in found.drain(..) {
            match message {
                Message::Text(bytes) | Message::Binary(bytes) => tally.whole(&bytes),
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Err("closed".into()),
            }
        }
    }
    Ok(tally)
}

fn send_sockudo(transport: &mut Transport, packed: &Packed, cycles: u64) -> Result<(), Failure> {
    let (mut protocol, mut out) = (sockudo(packed.takeover), BytesMut::new());
    let messages: Vec<Message> =
        packed.messages.iter().map(|text| Message::Text(Bytes::from_static(text.as_bytes()))).collect();
    for _ in 0..cycles {
        for message in &messages {
            protocol.encode_message(black_box(message), &mut out)?;
            if out.len() > READ / 4 {
                transport.write_all(&out)?;
                out.clear();
            }
        }
    }
    Ok(transport.write_all(&out)?)
}

fn yawc(transport: &mut Transport, takeover: bool) -> Result<WebSocket<&mut Transport>, Failure> {
    let options = Options::default().with_utf8().with_limits(MAX_MESSAGE, MAX_MESSAGE);
    let options = options.with_compression_level(CompressionLevel::new(1)).with_compression_threshold(0);
    let (options, agreed) = match takeover {
        true => (options, "permessage-deflate"),
        false => (
            options.server_no_context_takeover().client_no_context_takeover(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
    };
    Ok(WebSocket::from_stream_with_extensions(transport, Role::Server, Some(agreed), options)?)
}

fn receive_yawc(transport: &mut Transport, messages: u64, takeover: bool) -> Result<Tally, Failure> {
    let (mut socket, mut tally) = (yawc(transport, takeover)?, Tally::default());
    block_on(async {
        while tally.messages < messages {
            let frame = socket.next_frame().await?;
            match frame.opcode() {
                OpCode::Text | OpCode::Binary => tally.whole(frame.payload()),
                OpCode::Ping | OpCode::Pong => {}
                OpCode::Close | OpCode::Continuation => return Err("closed".into()),
            }
        }
        Ok(tally)
    })
}

fn send_yawc(transport: &mut Transport, packed: &Packed, cycles: u64) -> Result<(), Failure> {
    let mut socket = yawc(transport, packed.takeover)?;
    block_on(async {
        for _ in 0..cycles {
            for message in packed.messages {
                socket.feed(Frame::text(Bytes::from_static(message.as_bytes()))).await?;
            }
            socket.flush().await?;
        }
        Ok(())
    })
}
