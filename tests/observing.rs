//! Each frame that a connection receives or sends is seen once (§5.2), on whichever path it goes.
#![cfg(feature = "alloc")]

use std::cell::RefCell;
use std::mem::take;
use std::rc::Rc;

use testkit::bytes::{PEER_KEY, frame};
use testkit::reference::Side;
use websocket_proto::connection::{Direction, Observed, Observer, ServerRole};
use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::wire::{DataOpcode, FixedOutput, Header, MaskingKey, Opcode};
use websocket_proto::{
    Client, CloseCode, Connection, Limits, MessageKind, Messages, Negotiated, Part, Prepared, ProtocolError, Role,
    Server, Timeouts,
};

/// What was seen, a header in a line.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn observer(&self) -> impl Observer + use<> {
        let log = self.clone();
        move |direction: Direction, header: &Header| {
            log.0.borrow_mut().push(line(direction, header.encode()[0], header.payload_len(), header.masking_key()));
        }
    }

    fn of<R: Role>(&self, role: R) -> Observed<R, impl Observer + use<R>> {
        Observed::new(role, self.observer())
    }

    fn server(&self) -> Connection<impl Role + use<>> {
        Connection::new(Negotiated::elsewhere(), self.of(Server), &Limits::default())
    }

    fn take(&self) -> Vec<String> {
        take(&mut self.0.borrow_mut())
    }
}

fn line(direction: Direction, first: u8, len: u64, key: Option<MaskingKey>) -> String {
    format!("{direction:?} {first:02x} {len} {:?}", key.map(MaskingKey::to_bytes))
}

/// The first byte and the payload of each frame, with the lines that receiving them should give.
fn frames() -> (Vec<u8>, Vec<String>) {
    let long = vec![b'x'; 70_000];
    let frames: [(u8, &[u8]); 11] = [
        (0x81, b"short"),
        (0x81, "gr\u{fc}n".as_bytes()),
        (0x82, &[0xff; 200]),
        (0x89, b"ping"),
        (0x8a, b""),
        (0x01, b"cut \xc3"),
        (0x89, b"between"),
        (0x00, b""),
        (0x80, b"\xbc"),
        (0x82, &long),
        (0x88, b"\x03\xe8bye"),
    ];
    let bytes = frames.iter().flat_map(|&(first, payload)| frame(Side::Server, first, payload)).collect();
    let key = Some(MaskingKey::new(PEER_KEY));
    (bytes, frames.map(|(first, payload)| line(Direction::Received, first, payload.len() as u64, key)).to_vec())
}

/// At most some hundred places, among them each of the first and last.
fn cuts(len: usize) -> impl Iterator<Item = usize> {
    (0..=len).filter(move |&at| at < 350 || at % 997 == 0 || at + 60 > len)
}

fn halves(bytes: &mut [u8], cut: usize) -> [&mut [u8]; 2] {
    let (first, second) = bytes.split_at_mut(cut);
    [first, second]
}

#[test]
fn each_received_frame_is_seen_once_however_the_bytes_are_cut() {
    let (bytes, expected) = frames();
    for cut in cuts(bytes.len()) {
        let log = Log::default();
        let mut connection = log.server();
        for mut input in halves(&mut bytes.clone(), cut) {
            while connection.receive(&mut input).unwrap().is_some() {}
        }
        assert_eq!(log.take(), expected, "receive, cut at {cut}");

        let (mut connection, mut messages) = (log.server(), Messages::new());
        // Without room, no reply is sent.
        let mut full = FixedOutput::new(&mut []);
        for mut input in halves(&mut bytes.clone(), cut) {
            while messages.next(&mut connection, &mut input, &mut full).unwrap().is_some() {}
        }
        assert_eq!(log.take(), expected, "next, cut at {cut}");

        let (mut connection, mut messages) = (log.server(), Messages::new());
        for mut input in halves(&mut bytes.clone(), cut) {
            while messages.advance(&mut connection, &mut input, &mut full) {
                if messages.take().is_none() {
                    messages.next(&mut connection, &mut input, &mut full).unwrap().unwrap();
                }
            }
        }
        assert_eq!(log.take(), expected, "advance, cut at {cut}");

        let mut endpoint = endpoint(&log);
        for read in halves(&mut bytes.clone(), cut) {
            let mut read = &*read;
            while !read.is_empty() {
                let room = endpoint.room();
                let len = room.len().min(read.len());
                room[..len].copy_from_slice(&read[..len]);
                endpoint.filled(len);
                read = &read[len..];
                while endpoint.next().is_some() {}
            }
        }
        let mut seen = log.take();
        seen.retain(|line| line.starts_with("Received"));
        assert_eq!(seen, expected, "endpoint, cut at {cut}");
    }
}

fn endpoint(log: &Log) -> Endpoint<impl ServerRole + use<>, u64, u64> {
    let config = Config::with_timeouts(Timeouts::none());
    let endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
    endpoint.observed(log.observer())
}

#[test]
fn an_observed_endpoint_shows_all_that_it_sends() {
    let log = Log::default();
    let mut endpoint = endpoint(&log);
    endpoint.send("text").unwrap();
    endpoint.sender().send_prepared(&Prepared::new("news").unwrap()).unwrap();
    endpoint.sender().ping(b"?").unwrap();
    endpoint.send(&[1; 70_000]).unwrap();
    endpoint.close(CloseCode::NORMAL).unwrap();
    let sent = ["81 4", "81 4", "89 1", "02 65536", "80 4464", "88 2"];
    assert_eq!(log.take(), sent.map(|frame| format!("Sent {frame} None")));
}

#[test]
fn a_frame_is_seen_when_its_header_is_complete_and_allowed() {
    let log = Log::default();
    let mut connection = log.server();
    let bytes = frame(Side::Server, 0x82, b"payload");
    for (read, byte) in bytes.into_iter().enumerate() {
        assert_eq!(log.0.borrow().len(), usize::from(read >= 6), "after {read} bytes");
        let _ = connection.receive(&mut &mut [byte][..]).unwrap();
    }
    assert_eq!(log.take().len(), 1);
    let mut reserved = frame(Side::Server, 0xc2, b"");
    let error = connection.receive(&mut &mut reserved[..]);
    assert!(matches!(error, Err(ProtocolError::ReservedBits { .. })));
    assert_eq!(log.take(), [] as [String; 0], "a header that breaks a rule");
}

#[test]
fn each_sent_frame_is_seen_when_it_goes_out_and_not_when_it_does_not() {
    let log = Log::default();
    let mut connection = log.server();
    let (mut out, mut full) = (Vec::new(), FixedOutput::new(&mut []));
    assert!(connection.send("none", &mut full).is_err());
    assert!(connection.ping(b"none", &mut full).is_err());
    assert!(connection.send_bytes(MessageKind::Text, b"\xff", Part::Whole, &mut out).is_err());
    assert_eq!(log.take(), [] as [String; 0]);

    connection.send("abc", &mut out).unwrap();
    connection.send_part(&[1], Part::First, &mut out).unwrap();
    connection.ping(b"?", &mut out).unwrap();
    connection.pong(b"", &mut out).unwrap();
    connection.send_bytes(MessageKind::Binary, &[2; 300], Part::Last, &mut out).unwrap();
    let _ = connection.send_in_place(MessageKind::Text, &mut [b'a'; 4], Part::Whole).unwrap();
    assert_eq!(
        log.take(),
        ["Sent 81 3 None", "Sent 02 1 None", "Sent 89 1 None", "Sent 8a 0 None", "Sent 80 300 None", "Sent 81 4 None"]
    );

    let mut ping = frame(Side::Server, 0x89, b"1234");
    let key = Some(MaskingKey::new(PEER_KEY));
    connection.receive(&mut &mut ping.clone()[..]).unwrap();
    assert!(connection.write_control(&mut full).is_err());
    assert_eq!(log.take(), [line(Direction::Received, 0x89, 4, key)], "the Pong waits");
    connection.write_control(&mut out).unwrap();
    assert_eq!(log.take(), ["Sent 8a 4 None"]);
    Messages::new().next(&mut connection, &mut &mut ping[..], &mut out).unwrap();
    assert_eq!(log.take(), [line(Direction::Received, 0x89, 4, key), "Sent 8a 4 None".to_owned()]);
    connection.close(CloseCode::NORMAL).unwrap();
    assert_eq!(log.take(), [] as [String; 0]);
    let _ = connection.take_control().unwrap();
    assert_eq!(log.take(), ["Sent 88 2 None"]);
}

#[test]
fn an_observed_server_sends_headers_and_broadcasts_and_an_observed_client_masks() {
    let log = Log::default();
    let mut server = Connection::new(Negotiated::elsewhere(), log.of(Server), &Limits::default());
    let _ = server.send_header("abcde", Part::Whole).unwrap();
    let _ = server.send_prepared(&Prepared::new("news").unwrap()).unwrap();
    assert_eq!(log.take(), ["Sent 81 5 None", "Sent 81 4 None"]);

    let role = log.of(Client::from_fn(|| [1, 2, 3, 4]));
    let mut client = Connection::new(Negotiated::elsewhere(), role, &Limits::default());
    let mut out = Vec::new();
    client.send(&[7], &mut out).unwrap();
    assert_eq!(out, [0x82, 0x81, 1, 2, 3, 4, 7 ^ 1]);
    assert_eq!(log.take(), ["Sent 82 1 Some([1, 2, 3, 4])"]);
    client.receive(&mut &mut frame(Side::Client, 0x82, b"ab")[..]).unwrap();
    assert_eq!(log.take(), ["Received 82 2 None"]);
}

#[test]
fn what_is_seen_of_a_header_is_what_it_says() {
    let mut seen = Vec::new();
    let observer = |direction: Direction, header: &Header| seen.push((direction, *header));
    let role = Observed::new(Server, observer);
    let mut connection = Connection::new(Negotiated::elsewhere(), role, &Limits::default());
    connection.receive(&mut &mut frame(Side::Server, 0x01, b"ab")[..]).unwrap();
    connection.send_part("cde", Part::First, &mut Vec::new()).unwrap();
    let _ = connection;
    let header = |len| Header::data(DataOpcode::Text, false, len).unwrap();
    let masked = header(2).with_masking_key(Some(MaskingKey::new(PEER_KEY)));
    assert_eq!(seen, [(Direction::Received, masked), (Direction::Sent, header(3))]);
    assert_eq!(seen[0].1.opcode(), Opcode::Data(DataOpcode::Text));
}
