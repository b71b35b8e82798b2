//! This crate: pieces by `Connection`, messages by `Messages` and `Endpoint`; with the loop's body in the loop, and behind a call that is not inlined.

use std::hint::black_box;
use std::io::{IoSlice, Read, Write};

use websocket_proto::endpoint::{Config, Endpoint, Opening};
use websocket_proto::handshake::{Received, ServerHandshake};
use websocket_proto::{
    Client, Connection, Event, Incoming, Limits, Message, Messages, Negotiated, Output, Part, RandomKeys, Role, Server,
    Timeouts,
};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::{ReadBuffer, Transport};
use crate::workload::{Send, Sender};

pub const PEERS: [Peer; 7] = [
    Peer {
        name: "Connection",
        delivers: Delivers::Pieces,
        receive: Some(receive_pieces),
        send: Some(send),
        accept: Some(accept),
    },
    Peer {
        name: "Connection, called",
        delivers: Delivers::Pieces,
        receive: Some(receive_pieces_called),
        send: Some(send_called),
        accept: None,
    },
    Peer {
        name: "Connection, five call sites",
        delivers: Delivers::Pieces,
        receive: None,
        send: Some(send_from_five),
        accept: None,
    },
    Peer { name: "Messages", delivers: Delivers::Messages, receive: Some(receive_messages), send: None, accept: None },
    Peer {
        name: "Messages, called",
        delivers: Delivers::Messages,
        receive: Some(receive_messages_called),
        send: None,
        accept: None,
    },
    Peer {
        name: "Messages, memory kept (tuned)",
        delivers: Delivers::Messages,
        receive: Some(receive_messages_kept),
        send: None,
        accept: None,
    },
    Peer {
        name: "Endpoint",
        delivers: Delivers::Messages,
        receive: Some(receive_endpoint),
        send: Some(send_endpoint),
        accept: Some(accept_endpoint),
    },
];

pub(super) const LIMITS: Limits =
    Limits::DEFAULT.with_max_frame_len(MAX_MESSAGE as u64).with_max_message_len(MAX_MESSAGE as u64);

fn receive_pieces(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    each_piece(transport, messages, false)
}

fn receive_pieces_called(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    each_piece(transport, messages, true)
}

/// Both of the above in one loop: an application has one call of `receive`, too, which is what lets the compiler inline it.
fn each_piece(transport: &mut Transport, goal: u64, called: bool) -> Result<Tally, Failure> {
    let mut connection = Connection::new(Negotiated::elsewhere(), Server, &LIMITS);
    let (mut tally, mut read, mut out) = (Tally::default(), ReadBuffer::new(), Vec::new());
    while tally.messages < goal {
        let n = transport.read(&mut read.0)?;
        if n == 0 {
            return Err(connection.receive_eof().into());
        }
        let mut input = &mut read.0[..n];
        while let Some(event) = connection.receive(&mut input)? {
            // The event is matched where it is received, and its parts are passed on.
            match event {
                Event::Text(text, part) if called => take_piece(&mut tally, text.as_bytes(), part),
                Event::Binary(bytes, part) if called => take_piece(&mut tally, bytes, part),
                Event::Text(text, part) => piece(&mut tally, text.as_bytes(), part),
                Event::Binary(bytes, part) => piece(&mut tally, bytes, part),
                Event::Char(char, part) => piece(&mut tally, char.encode_utf8(&mut [0; 4]).as_bytes(), part),
                Event::Ping | Event::Close => connection.write_control(&mut out)?,
                _ => {}
            }
        }
        if !out.is_empty() {
            transport.write_all(&out)?;
            out.clear();
        }
    }
    Ok(tally)
}

#[inline(never)]
fn take_piece(tally: &mut Tally, bytes: &[u8], part: Part) {
    piece(tally, bytes, part);
}

#[inline]
fn piece(tally: &mut Tally, bytes: &[u8], part: Part) {
    match part {
        Part::Whole => tally.whole(bytes),
        Part::First | Part::Middle | Part::Last => tally.piece(bytes, part.is_first(), part.is_last()),
    }
}

fn receive_messages(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    each_message(transport, messages, Messages::new(), false)
}

fn receive_messages_called(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    each_message(transport, messages, Messages::new(), true)
}

fn receive_messages_kept(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    each_message(transport, messages, Messages::new().with_kept_capacity(MAX_MESSAGE), false)
}

/// All of the above in one loop, for the same reason.
#[inline(never)]
fn each_message(transport: &mut Transport, goal: u64, mut messages: Messages, called: bool) -> Result<Tally, Failure> {
    let mut connection = Connection::new(Negotiated::elsewhere(), Server, &LIMITS);
    let (mut tally, mut read, mut out) = (Tally::default(), ReadBuffer::new(), Vec::new());
    while tally.messages < goal {
        // Of a large frame, the rest is read to where it stays.
        if let Some(space) = messages.space(&connection) {
            let n = transport.read(space)?;
            if n == 0 {
                return Err(connection.receive_eof().into());
            }
            match messages.filled(&mut connection, n, &mut out)? {
                Some(Incoming::Text(text)) => tally.whole(text.as_bytes()),
                Some(Incoming::Binary(bytes)) => tally.whole(bytes),
                _ => {}
            }
            continue;
        }
        let n = transport.read(&mut read.0)?;
        if n == 0 {
            return Err(connection.receive_eof().into());
        }
        let mut input = &mut read.0[..n];
        while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out)? {
            match incoming {
                Incoming::Text(text) if called => take_message(&mut tally, text.as_bytes()),
                Incoming::Binary(bytes) if called => take_message(&mut tally, bytes),
                Incoming::Text(text) => tally.whole(text.as_bytes()),
                Incoming::Binary(bytes) => tally.whole(bytes),
                _ => {}
            }
        }
        if !out.is_empty() {
            transport.write_all(&out)?;
            out.clear();
        }
    }
    Ok(tally)
}

#[inline(never)]
fn take_message(tally: &mut Tally, message: &[u8]) {
    tally.whole(message);
}

fn send(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    match send.role {
        Sender::Server => send_batches(transport, server(), send, batches, |connection, payload, out| {
            Ok(connection.send(payload, out)?)
        }),
        Sender::Client => send_batches(transport, client()?, send, batches, |connection, payload, out| {
            Ok(connection.send(payload, out)?)
        }),
        Sender::ServerSlices => send_slices(transport, send, batches),
    }
}

fn send_called(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    match send.role {
        Sender::Server => send_batches(transport, server(), send, batches, send_one),
        Sender::Client => send_batches(transport, client()?, send, batches, send_one),
        Sender::ServerSlices => send_slices(transport, send, batches),
    }
}

/// As in a program that sends in several places: each call is one that the compiler may or may not inline.
fn send_from_five(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    match send.role {
        Sender::Server => from_five(transport, server(), send, batches),
        Sender::Client => from_five(transport, client()?, send, batches),
        Sender::ServerSlices => Err("it is the same as from one".into()),
    }
}

#[inline(never)]
fn from_five<R: Role>(
    transport: &mut Transport,
    mut connection: Connection<R>,
    send: &Send,
    batches: u64,
) -> Result<(), Failure> {
    let mut out = Vec::new();
    for _ in 0..batches {
        for i in 0..send.batch {
            let payload = black_box(send.payload);
            match black_box(i) % 5 {
                0 => connection.send(payload, &mut out)?,
                1 => connection.send(Message::Binary(payload), &mut out).map_err(|error| Failure(error.to_string()))?,
                2 => drop(black_box(connection.send(payload, &mut out))),
                3 => connection.send(black_box(payload), &mut out).unwrap_or_default(),
                _ => {
                    if connection.send(payload, &mut out).is_err() {
                        return Err("not sent".into());
                    }
                }
            }
        }
        transport.write_all(&out)?;
        out.clear();
    }
    Ok(())
}

#[inline(never)]
fn send_one<R: Role>(connection: &mut Connection<R>, payload: &[u8], out: &mut impl Output) -> Result<(), Failure> {
    Ok(connection.send(payload, out)?)
}

#[inline(always)]
fn send_batches<R: Role>(
    transport: &mut Transport,
    mut connection: Connection<R>,
    send: &Send,
    batches: u64,
    one: impl Fn(&mut Connection<R>, &[u8], &mut Vec<u8>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut out = Vec::new();
    for _ in 0..batches {
        for _ in 0..send.batch {
            one(&mut connection, black_box(send.payload), &mut out)?;
        }
        transport.write_all(&out)?;
        out.clear();
    }
    Ok(())
}

fn send_slices(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let mut connection = server();
    for _ in 0..batches {
        let payload = black_box(send.payload);
        let header = connection.send_header(payload, Part::Whole)?;
        let written = transport.write_vectored(&[IoSlice::new(&header), IoSlice::new(payload)])?;
        assert_eq!(written, header.len() + payload.len());
    }
    Ok(())
}

fn accept(transport: &mut Transport, requests: u64) -> Result<(), Failure> {
    let (mut read, mut out) = (ReadBuffer::new(), Vec::new());
    for _ in 0..requests {
        let n = transport.read(&mut read.0)?;
        let mut handshake = ServerHandshake::new(&LIMITS);
        match handshake.receive(&read.0[..n])? {
            Some(Received::Upgrade(request)) => {
                let negotiated = request.accept().write_to(&mut out)?;
                transport.write_all(&out)?;
                out.clear();
                black_box(Connection::new(negotiated, Server, &LIMITS));
            }
            Some(Received::Http(_)) | None => return Err("no upgrade".into()),
        }
    }
    Ok(())
}

/// All four duties, with a clock that does not run.
pub(super) type Ours<R> = Endpoint<R, u64, u64>;

fn config() -> Config<u64> {
    let timeouts = Timeouts::none().with_handshake(10_000).with_idle(30_000).with_pong(20_000);
    let mut config = Config::with_timeouts(timeouts.with_close(5_000).with_write(30_000));
    config.limits = LIMITS;
    config
}

pub(super) fn endpoint<R: Role>(role: R, negotiated: Negotiated) -> Ours<R> {
    Endpoint::new(negotiated, role, &config(), b"", 0)
}

fn receive_endpoint(transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    receive_by(transport, endpoint(Server, Negotiated::elsewhere()), messages)
}

pub(super) fn receive_by(
    transport: &mut Transport,
    mut endpoint: Ours<Server>,
    messages: u64,
) -> Result<Tally, Failure> {
    let (mut tally, mut read) = (Tally::default(), ReadBuffer::new());
    while tally.messages < messages {
        if let Some(space) = endpoint.space() {
            let n = transport.read(space)?;
            endpoint.filled(n);
            while let Some((incoming, _)) = endpoint.next() {
                take_incoming(&mut tally, incoming);
            }
        } else {
            let n = transport.read(&mut read.0)?;
            if n == 0 {
                return Err("the stream has ended".into());
            }
            let mut received = endpoint.receive(&mut read.0[..n]);
            while let Some((incoming, _)) = received.next() {
                take_incoming(&mut tally, incoming);
            }
        }
        write_endpoint(transport, &mut endpoint)?;
        black_box(endpoint.status());
    }
    Ok(tally)
}

#[inline]
fn take_incoming(tally: &mut Tally, incoming: Incoming<'_>) {
    match incoming {
        Incoming::Text(text) => tally.whole(text.as_bytes()),
        Incoming::Binary(bytes) => tally.whole(bytes),
        _ => {}
    }
}

pub(super) fn write_endpoint<R: Role>(transport: &mut Transport, endpoint: &mut Ours<R>) -> Result<(), Failure> {
    black_box(endpoint.tick(black_box(1)));
    while !endpoint.output().is_empty() {
        let n = transport.write(endpoint.output())?;
        endpoint.written(n);
    }
    Ok(())
}

fn send_endpoint(transport: &mut Transport, send: &Send, batches: u64) -> Result<(), Failure> {
    let negotiated = Negotiated::elsewhere();
    match send.role {
        Sender::Server | Sender::ServerSlices => send_by(transport, endpoint(Server, negotiated), send, batches),
        Sender::Client => send_by(transport, endpoint(Client::new(RandomKeys::from_os()?), negotiated), send, batches),
    }
}

fn send_by<R: Role>(
    transport: &mut Transport,
    mut endpoint: Ours<R>,
    send: &Send,
    batches: u64,
) -> Result<(), Failure> {
    for _ in 0..batches {
        for _ in 0..send.batch {
            endpoint.send(black_box(send.payload))?;
        }
        write_endpoint(transport, &mut endpoint)?;
    }
    Ok(())
}

fn accept_endpoint(transport: &mut Transport, requests: u64) -> Result<(), Failure> {
    for _ in 0..requests {
        let mut opening = Opening::server(&config(), 0);
        let n = transport.read(opening.room())?;
        opening.filled(n);
        let mut endpoint: Ours<Server> = opening.next().ok_or("no upgrade")?;
        write_endpoint(transport, &mut endpoint)?;
        black_box(endpoint);
    }
    Ok(())
}

fn server() -> Connection<Server> {
    Connection::new(Negotiated::elsewhere(), Server, &LIMITS)
}

fn client() -> Result<Connection<Client<RandomKeys>>, Failure> {
    Ok(Connection::new(Negotiated::elsewhere(), Client::new(RandomKeys::from_os()?), &LIMITS))
}
