//! Compressors and decompressors that serve more than one connection: nothing of one reaches the peer of another, and no stream is
//! spoilt (RFC 7692 §7.1.1, §7.2).
#![cfg(feature = "deflate")]

use testkit::{bytes, reference::Side};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, WindowBits};
use websocket_proto::wire::{FixedOutput, InvalidDeflate};
use websocket_proto::{
    Client, Connection, FnKeys, Incoming, Limits, Messages, Negotiated, Part, ProtocolError, Role, SendError, Server,
};

type Keys = fn() -> [u8; 4];

const WITHOUT_TAKEOVER: Compression = Compression::DEFAULT.with_context_takeover(false);

/// What goes each way is compressed like this.
fn agreed(compression: Compression) -> Negotiated {
    Negotiated::elsewhere().with_deflate(DeflateParams::new(compression, compression))
}

fn server(compression: Compression) -> Connection<Server> {
    Connection::new(agreed(compression), Server, &Limits::DEFAULT)
}

fn client(compression: Compression) -> Connection<Client<FnKeys<Keys>>> {
    Connection::new(agreed(compression), Client::from_fn((|| [1, 2, 3, 4]) as Keys), &Limits::DEFAULT)
}

/// A compressed binary message in one frame, as the peer of a server sends it.
fn from_client(payload: &[u8]) -> Vec<u8> {
    bytes::frame(Side::Server, 0xc2, payload)
}

/// What comes of these bytes, if it is a binary message.
fn next<R: Role>(
    messages: &mut Messages,
    connection: &mut Connection<R>,
    bytes: &[u8],
) -> Result<Option<Vec<u8>>, ProtocolError> {
    let mut bytes = bytes.to_vec();
    let found = messages.next(connection, &mut &mut bytes[..], &mut Vec::new())?;
    Ok(found.map(|incoming| match incoming {
        Incoming::Binary(bytes) => bytes.to_vec(),
        other => panic!("{other:?}"),
    }))
}

fn deflated(message: &[u8]) -> Vec<u8> {
    Deflater::new(Compression::DEFAULT, Effort::FAST).deflate(message, true).to_vec()
}

/// RFC 1951 §3.2.6: a fixed block that copies 7 bytes from 7 bytes back, and nothing else.
const COPY_SEVEN: [u8; 4] = [0x82, 0x52, 0x00, 0x00];

const SECRET: &[u8] = b"the secret of alice: hunter2";
const CORRUPT: ProtocolError = ProtocolError::InvalidCompression(InvalidDeflate::Corrupt);

#[test]
fn history_that_the_test_asks_for_is_read_on_one_connection() {
    let (mut messages, mut connection) = (Messages::new(), server(Compression::DEFAULT));
    assert_eq!(next(&mut messages, &mut connection, &from_client(&deflated(SECRET))), Ok(Some(SECRET.to_vec())));
    messages.hibernate();
    assert_eq!(next(&mut messages, &mut connection, &from_client(&COPY_SEVEN)), Ok(Some(b"hunter2".to_vec())));
}

#[test]
fn peer_of_another_connection_can_not_refer_to_what_came_before() {
    for hibernate in [false, true] {
        let (mut messages, mut alice) = (Messages::new(), server(Compression::DEFAULT));
        assert_eq!(next(&mut messages, &mut alice, &from_client(&deflated(SECRET))), Ok(Some(SECRET.to_vec())));
        if hibernate {
            messages.hibernate();
        }
        let mut bob = server(Compression::DEFAULT);
        assert_eq!(next(&mut messages, &mut bob, &from_client(&COPY_SEVEN)), Err(CORRUPT));
    }
}

/// The connections take turns, so that none of them is at its first message any more.
#[test]
fn peer_of_a_connection_that_takes_turns_can_not_refer_to_what_came_between() {
    let (mut messages, mut alice, mut bob) =
        (Messages::new(), server(Compression::DEFAULT), server(Compression::DEFAULT));
    assert_eq!(next(&mut messages, &mut bob, &from_client(&deflated(b"bob"))), Ok(Some(b"bob".to_vec())));
    assert_eq!(next(&mut messages, &mut alice, &from_client(&deflated(SECRET))), Ok(Some(SECRET.to_vec())));
    assert_eq!(next(&mut messages, &mut bob, &from_client(&COPY_SEVEN)), Err(CORRUPT));
}

#[test]
fn fragments_are_not_decompressed_by_the_history_of_another_connection() {
    let (mut messages, mut alice, mut bob) =
        (Messages::new(), server(Compression::DEFAULT), server(Compression::DEFAULT));
    let begin = bytes::frame(Side::Server, 0x42, &[0x00, 0x00, 0x00, 0xff, 0xff]);
    assert_eq!(next(&mut messages, &mut bob, &begin), Ok(None));
    assert_eq!(next(&mut messages, &mut alice, &from_client(&deflated(SECRET))), Ok(Some(SECRET.to_vec())));
    let end = bytes::frame(Side::Server, 0x80, &COPY_SEVEN);
    assert_eq!(next(&mut messages, &mut bob, &end), Err(CORRUPT));
}

/// The window of the connection before was smaller, or ended with each message.
#[test]
fn decompressor_is_that_of_the_agreement_in_force() {
    let far = [&vec![b'x'; 5000][..], SECRET, &vec![b'y'; 5000], SECRET].concat();
    let mut messages = Messages::new();
    for before in [WITHOUT_TAKEOVER, Compression::DEFAULT.with_window_bits(WindowBits::W8)] {
        next(&mut messages, &mut server(before), &from_client(&[0x00])).unwrap();
        let (mut connection, mut deflater) =
            (server(Compression::DEFAULT), Deflater::new(Compression::DEFAULT, Effort::SMALL));
        for _ in 0..3 {
            let frame = from_client(deflater.deflate(&far, true));
            assert!(next(&mut messages, &mut connection, &frame) == Ok(Some(far.clone())));
        }
    }
    let small = Compression::DEFAULT.with_window_bits(WindowBits::W8);
    let beyond = from_client(Deflater::new(Compression::DEFAULT, Effort::SMALL).deflate(&far, true));
    assert_eq!(next(&mut messages, &mut server(small), &beyond), Err(CORRUPT));
}

/// What a pool does: few `Messages`, many connections, one after the other or taking turns at any message's end.
#[test]
fn pooled_messages_serve_a_thousand_connections_of_every_kind() {
    let kinds: Vec<Option<Compression>> = [8, 9, 12, 15]
        .into_iter()
        .flat_map(|bits| [true, false].map(|context_takeover| (bits, context_takeover)))
        .map(|(bits, context_takeover)| Some(Compression::new(WindowBits::new(bits).unwrap(), context_takeover)))
        .chain([None])
        .collect();
    let mut random = random(0x2545_f491_4f6c_dd1d);
    let mut pool: Vec<Messages> = (0..4).map(|_| Messages::new().with_kept_capacity(1024)).collect();
    let (mut failed, mut refused) = (0, 0);
    for n in 0..1000_usize {
        let kind = kinds[n % kinds.len()];
        let negotiated = || kind.map_or_else(Negotiated::elsewhere, agreed);
        let mut receiver = Connection::new(negotiated(), Server, &Limits::DEFAULT);
        let mut sender = Connection::new(negotiated(), Client::from_fn(|| [9, 8, 7, 6]), &Limits::DEFAULT);
        let mut deflater = Deflater::new(kind.unwrap_or_default(), Effort::SMALL).with_threshold(0);
        let messages = &mut pool[random(4)];
        for m in 0..random(6) {
            let text = format!("connection {n}, message {m}: {}", "the same again and again ".repeat(random(40)));
            let mut wire = Vec::new();
            if random(4) == 0 {
                sender.send(text.as_bytes(), &mut wire).unwrap();
            } else {
                let (first, last) = text.as_bytes().split_at(random(text.len()));
                sender.send_compressed_part(first, Part::First, &mut deflater, &mut wire).unwrap();
                sender.ping(b"", &mut wire).unwrap();
                sender.send_compressed_part(last, Part::Last, &mut deflater, &mut wire).unwrap();
            }
            let (mut found, mut at) = (Vec::new(), 0);
            while at < wire.len() {
                let end = (at + 1 + random(300)).min(wire.len());
                let mut input = &mut wire[at..end];
                at = end;
                while let Some(incoming) = messages.next(&mut receiver, &mut input, &mut Vec::new()).unwrap() {
                    if let Incoming::Binary(bytes) = incoming {
                        found.push(bytes.to_vec());
                    }
                }
            }
            assert_eq!(found, [text.as_bytes()], "connection {n} of kind {kind:?}, message {m}");
            if random(5) == 0 {
                messages.hibernate();
            }
        }
        // Some end in the middle of a message, or with an error.
        match (random(4), kind) {
            (0, Some(_)) => {
                let cut = bytes::frame(Side::Server, 0x42, &deflated(SECRET)[..9]);
                assert_eq!(next(messages, &mut receiver, &cut), Ok(None));
                failed += 1;
            }
            (1, Some(_)) => {
                assert_eq!(next(messages, &mut receiver, &from_client(&[0x06])), Err(CORRUPT));
                failed += 1;
            }
            (2, Some(compression)) => {
                // A newcomer who refers to what the pool has seen.
                let mut newcomer = server(compression);
                assert_eq!(next(messages, &mut newcomer, &from_client(&COPY_SEVEN)), Err(CORRUPT));
                refused += 1;
            }
            _ => {}
        }
    }
    assert!(failed > 100 && refused > 100, "{failed}, {refused}");
}

/// Both ends of a connection, and what the receiving one has read.
struct Pair {
    sender: Connection<Server>,
    receiver: Connection<Client<FnKeys<Keys>>>,
    messages: Messages,
}

impl Pair {
    fn new(compression: Compression) -> Self {
        Self { sender: server(compression), receiver: client(compression), messages: Messages::new() }
    }

    fn send(&mut self, message: &[u8], deflater: &mut Deflater) {
        self.send_part(message, Part::Whole, deflater);
    }

    /// Sends a part and reads it; what it adds up to is checked by whoever sends the last.
    fn send_part(&mut self, message: &[u8], part: Part, deflater: &mut Deflater) -> Option<Vec<u8>> {
        let mut wire = Vec::new();
        self.sender.send_compressed_part(message, part, deflater, &mut wire).unwrap();
        let found = next(&mut self.messages, &mut self.receiver, &wire).unwrap();
        if part == Part::Whole {
            assert_eq!(found.as_deref(), Some(message));
        }
        found
    }
}

const KINDS: [Compression; 2] = [Compression::DEFAULT, WITHOUT_TAKEOVER];
const TEXT: &[u8] = b"It is a truth universally acknowledged, that a single man in possession of a good fortune ...";

#[test]
fn one_compressor_on_two_connections_spoils_neither() {
    for kind in KINDS {
        let (mut one, mut other) = (Pair::new(kind), Pair::new(kind));
        let mut deflater = Deflater::new(kind, Effort::FAST);
        for n in 0..20_u8 {
            one.send(TEXT, &mut deflater);
            other.send(&[TEXT, &[n]].concat(), &mut deflater);
            if n % 3 == 0 {
                other.send(TEXT, &mut deflater);
            }
        }
    }
}

#[test]
fn two_compressors_on_one_connection_do_not_spoil_it() {
    for kind in KINDS {
        let mut pair = Pair::new(kind);
        let (mut fast, mut small) = (Deflater::new(kind, Effort::FAST), Deflater::new(kind, Effort::SMALL));
        for n in 0..20 {
            pair.send(TEXT, &mut fast);
            pair.send(&[TEXT, &SECRET[n..]].concat(), &mut small);
            pair.send(&[&SECRET[..n], TEXT].concat(), &mut small);
        }
    }
}

/// A message's fragments, too: from two compressors, and of two connections from one.
#[test]
fn compressors_may_change_between_fragments() {
    for kind in KINDS {
        let (mut one, mut other) = (Pair::new(kind), Pair::new(kind));
        let (mut fast, mut small) = (Deflater::new(kind, Effort::FAST), Deflater::new(kind, Effort::SMALL));
        for _ in 0..5 {
            assert_eq!(one.send_part(TEXT, Part::First, &mut fast), None);
            assert_eq!(other.send_part(TEXT, Part::First, &mut fast), None);
            assert_eq!(one.send_part(TEXT, Part::Middle, &mut fast), None);
            assert_eq!(one.send_part(TEXT, Part::Last, &mut small), Some(TEXT.repeat(3)));
            assert_eq!(other.send_part(TEXT, Part::Last, &mut fast), Some(TEXT.repeat(2)));
        }
    }
}

/// What a compressor has seen besides, its peer has not.
#[test]
fn compressor_that_was_used_by_itself_between_messages_spoils_nothing() {
    for kind in KINDS {
        let (mut pair, mut deflater) = (Pair::new(kind), Deflater::new(kind, Effort::FAST));
        for _ in 0..5 {
            pair.send(TEXT, &mut deflater);
            deflater.deflate(SECRET, true);
            pair.send(SECRET, &mut deflater);
            deflater.deflate(TEXT, false);
            pair.send(TEXT, &mut deflater);
        }
    }
}

#[test]
fn message_for_which_there_was_no_room_spoils_nothing() {
    for kind in KINDS {
        let (mut pair, mut deflater) = (Pair::new(kind), Deflater::new(kind, Effort::FAST));
        pair.send(b"before", &mut deflater);
        let full = pair.sender.send_compressed(SECRET, &mut deflater, &mut FixedOutput::new(&mut []));
        assert!(matches!(full, Err(SendError::OutputFull(_))), "{full:?}");
        pair.send(SECRET, &mut deflater);
    }
}

/// While nothing gets in its way, the context is kept: that is what it is for.
#[test]
fn context_is_kept_while_one_compressor_serves_one_connection() {
    let (mut connection, mut deflater) =
        (server(Compression::DEFAULT), Deflater::new(Compression::DEFAULT, Effort::FAST));
    let mut lens = Vec::new();
    for _ in 0..3 {
        let mut wire = Vec::new();
        connection.send_compressed(TEXT, &mut deflater, &mut wire).unwrap();
        connection.send(TEXT, &mut wire).unwrap();
        lens.push(wire.len() - TEXT.len());
    }
    assert!(lens[1] < 15 && lens[2] < 15 && lens[0] > 60, "{lens:?}");
}

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap() % below.max(1)
    }
}
