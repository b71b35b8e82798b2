//! Two endpoints over a transport that takes and gives what it likes: every message arrives once and in order, and both ends agree.
#![cfg(feature = "alloc")]

use std::collections::VecDeque;

use proptest::prelude::*;
use websocket_proto::endpoint::{Config, Endpoint, Failure, Status};
use websocket_proto::{Client, CloseCode, Incoming, Negotiated, OwnedMessage, Role, Server, Timeouts};

const KEYS: fn() -> [u8; 4] = || [1, 2, 3, 4];

/// One direction of a transport.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    ended: bool,
}

/// What the owner of an endpoint does next, with at most so many bytes.
#[derive(Clone, Copy, Debug)]
enum Duty {
    Read(usize),
    ReadElsewhere(usize),
    /// Asks for the place and does not use it, as a read that is cancelled.
    CancelledRead,
    Next,
    Advance,
    Write(usize),
    /// Takes output, goes on with other duties, and reports the write at the next `Write`, as a completion port does.
    BeginWrite(usize),
    Tick,
    Hibernate,
}

fn duty() -> impl Strategy<Value = Duty> {
    prop_oneof![
        4 => (1..70_000_usize).prop_map(Duty::Read),
        2 => (1..70_000_usize).prop_map(Duty::ReadElsewhere),
        1 => Just(Duty::CancelledRead),
        4 => Just(Duty::Next),
        2 => Just(Duty::Advance),
        4 => (1..70_000_usize).prop_map(Duty::Write),
        1 => (1..70_000_usize).prop_map(Duty::BeginWrite),
        1 => Just(Duty::Tick),
        1 => Just(Duty::Hibernate),
    ]
}

struct End<R: Role> {
    endpoint: Endpoint<R, u64, u64>,
    to_send: VecDeque<OwnedMessage>,
    heard: Vec<OwnedMessage>,
    pings: usize,
    closes: bool,
    in_flight: Option<Vec<u8>>,
}

impl<R: Role> End<R> {
    fn new(role: R, negotiated: Negotiated, messages: &[OwnedMessage], closes: bool) -> Self {
        let endpoint = Endpoint::new(negotiated, role, &Config::with_timeouts(Timeouts::none()), b"", 0);
        Self {
            endpoint,
            to_send: messages.iter().cloned().collect(),
            heard: Vec::new(),
            pings: 0,
            closes,
            in_flight: None,
        }
    }

    fn hear(heard: &mut Vec<OwnedMessage>, pings: &mut usize, incoming: Incoming<'_>) {
        match incoming {
            Incoming::Ping(_) => *pings += 1,
            message => heard.extend(OwnedMessage::try_from(message)),
        }
    }

    /// Sends the next message in one of three ways, pings now and then, and closes after the last.
    fn say(&mut self) {
        if self.endpoint.status() != Status::Open {
            return;
        }
        match self.to_send.pop_front() {
            Some(message) if self.to_send.len() % 6 == 3 => self.endpoint.sender().send_vectored(message).unwrap(),
            Some(message) if self.to_send.len() % 3 == 0 => self.endpoint.sender().send_owned(message).unwrap(),
            Some(message) => {
                self.endpoint.send(&message).unwrap();
                if self.to_send.len() % 2 == 0 {
                    self.endpoint.sender().ping(b"?").unwrap();
                }
            }
            None if self.closes => {
                self.closes = false;
                self.endpoint.close(CloseCode::NORMAL).unwrap();
            }
            None => {}
        }
    }

    fn act(&mut self, duty: Duty, from: &mut Pipe, to: &mut Pipe) {
        let endpoint = &mut self.endpoint;
        match duty {
            Duty::Read(max) if endpoint.status().reads() && (from.ended || !from.bytes.is_empty()) => {
                let room = endpoint.room();
                assert!(!room.is_empty());
                let n = max.min(room.len()).min(from.bytes.len());
                room.iter_mut().zip(from.bytes.drain(..n)).for_each(|(place, byte)| *place = byte);
                endpoint.filled(n);
            }
            Duty::ReadElsewhere(max) if endpoint.status().reads() => {
                let n = max.min(from.bytes.len());
                let mut read: Vec<u8> = from.bytes.drain(..n).collect();
                let mut received = endpoint.receive(&mut read);
                for _ in 0..max % 4 {
                    let Some((incoming, _)) = received.next() else { break };
                    Self::hear(&mut self.heard, &mut self.pings, incoming);
                }
            }
            Duty::Read(_) | Duty::ReadElsewhere(_) => {}
            Duty::CancelledRead => drop(endpoint.room()),
            Duty::Next => {
                if let Some((incoming, _)) = endpoint.next() {
                    Self::hear(&mut self.heard, &mut self.pings, incoming);
                }
            }
            Duty::Advance => {
                if endpoint.advance() {
                    match endpoint.take() {
                        Some(message) => self.heard.push(message),
                        None => self.pings += 1,
                    }
                }
            }
            Duty::Write(max) => {
                let written = self.in_flight.take().unwrap_or_else(|| {
                    let output = endpoint.output();
                    output[..max.min(output.len())].to_vec()
                });
                to.bytes.extend(&written);
                endpoint.written(written.len());
            }
            Duty::BeginWrite(max) => {
                if self.in_flight.is_none() {
                    let output = endpoint.output();
                    self.in_flight = Some(output[..max.min(output.len())].to_vec());
                }
            }
            Duty::Tick => drop(endpoint.tick(0)),
            Duty::Hibernate => endpoint.hibernate(),
        }
        if endpoint.status() == Status::HalfClose {
            endpoint.half_closed();
            to.ended = true;
        }
        if endpoint.status() == Status::Close {
            to.ended = true;
        }
    }
}

fn message() -> impl Strategy<Value = OwnedMessage> {
    let len = prop_oneof![5 => 0..200_usize, 2 => 200..5_000_usize, 1 => 60_000..300_000_usize];
    prop_oneof![
        (len.clone(), any::<u8>())
            .prop_map(|(len, byte)| OwnedMessage::Binary((0..len).map(|i| byte.wrapping_add(i as u8)).collect())),
        len.prop_map(|len| OwnedMessage::Text("Grüße, 世界! ".chars().cycle().take(len).collect())),
    ]
}

fn negotiated(deflate: bool) -> Negotiated {
    #[cfg(feature = "deflate")]
    if deflate {
        return Negotiated::elsewhere().with_deflate(websocket_proto::extension::deflate::DeflateParams::default());
    }
    let _ = deflate;
    Negotiated::elsewhere()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_message_arrives_once_and_in_order_whatever_the_order_of_duties(
        duties in prop::collection::vec((any::<bool>(), duty()), 1..200),
        to_server in prop::collection::vec(message(), 0..8),
        to_client in prop::collection::vec(message(), 0..8),
        deflate in any::<bool>(),
    ) {
        let (mut up, mut down) = (Pipe::default(), Pipe::default());
        let mut client = End::new(Client::from_fn(KEYS), negotiated(deflate), &to_server, true);
        let mut server = End::new(Server, negotiated(deflate), &to_client, false);
        for (is_client, duty) in duties {
            if is_client {
                client.act(duty, &mut down, &mut up);
                if !client.to_send.is_empty() { client.say(); }
            } else {
                server.act(duty, &mut up, &mut down);
                server.say();
            }
        }
        // What is left is done in a plain order. The client closes when it has heard everything.
        for _ in 0..20_000 {
            if client.endpoint.status() == Status::Close && server.endpoint.status() == Status::Close { break }
            for duty in [Duty::Next, Duty::Write(9_000), Duty::Read(7_000)] {
                server.act(duty, &mut up, &mut down);
                server.say();
                client.act(duty, &mut down, &mut up);
                if !client.to_send.is_empty() || client.heard.len() == to_client.len() { client.say(); }
            }
        }
        prop_assert_eq!((client.endpoint.status(), server.endpoint.status()), (Status::Close, Status::Close));
        prop_assert_eq!(&client.heard, &to_client);
        prop_assert_eq!(&server.heard, &to_server);
        prop_assert_eq!(server.endpoint.end(), Ok(Some(CloseCode::NORMAL)));
        prop_assert_eq!(client.endpoint.end(), Ok(Some(CloseCode::NORMAL)));
    }
}

#[test]
fn end_of_input_without_a_close_is_a_failure() {
    let mut end = End::new(Server, Negotiated::elsewhere(), &[], false);
    end.endpoint.filled(0);
    assert!(end.endpoint.next().is_none());
    assert_eq!((end.endpoint.status(), end.endpoint.end()), (Status::Close, Err(Failure::NoClose)));
}
