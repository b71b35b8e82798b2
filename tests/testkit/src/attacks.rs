//! What an attacker sends, as bytes, and how it meets the crate. The tests count calls and memory, `benches/instructions`
//! instructions.

use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort};
use websocket_proto::handshake::{ClientRequest, ServerHandshake};
use websocket_proto::wire::FixedOutput;
use websocket_proto::{Client, Connection, Limits, Messages, Negotiated, ProtocolError, Role, Server};

pub struct Attack {
    pub name: &'static str,
    /// About so many bytes of it.
    pub bytes: fn(usize) -> Vec<u8>,
    /// How many bytes arrive at a time.
    pub read: usize,
    /// The limits in force, which let the attack go on.
    pub limits: Limits,
    pub victim: Victim,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Victim {
    /// A server that takes pieces.
    Connection,
    /// A client that takes pieces.
    Client,
    /// A server that takes whole messages.
    Messages,
    /// A server that takes whole messages, with permessage-deflate.
    Compressed,
    /// A new server for each header.
    Headers,
    ServerHandshake,
    ClientHandshake,
}

/// What it came to.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Work {
    /// Calls of the crate.
    pub calls: u64,
    /// What they gave back.
    pub events: u64,
    pub error: Option<ProtocolError>,
    /// Bytes of replies that wait in the output, for want of a peer that reads.
    pub waiting: usize,
}

const ALL: usize = 64 * 1024;

/// Nothing stops these before the bytes end, so that the work can be compared with their number.
const LENIENT: Limits = Limits::DEFAULT.with_max_fragments(u32::MAX);

pub const ATTACKS: &[Attack] = &[
    attack("ping-flood", |len| frames(len, 0x89, b""), ALL, Victim::Messages),
    attack("ping-flood-in-pieces", |len| frames(len, 0x89, b""), ALL, Victim::Connection),
    attack("ping-flood-at-a-client", |len| [0x89, 0x00].repeat(len / 2), ALL, Victim::Client),
    attack("long-ping-flood", |len| frames(len, 0x89, &[b'p'; 125]), ALL, Victim::Messages),
    attack("ping-drip", |len| frames(len, 0x89, &[b'p'; 125]), 1, Victim::Messages),
    attack("empty-message-flood", |len| frames(len, 0x81, b""), ALL, Victim::Messages),
    attack("empty-fragment-flood", |len| fragments(len, b""), ALL, Victim::Messages),
    attack("one-byte-fragments", |len| fragments(len, b"x"), ALL, Victim::Messages),
    attack("one-byte-fragments-in-pieces", |len| fragments(len, b"x"), ALL, Victim::Connection),
    attack("one-byte-fragment-drip", |len| fragments(len, b"x"), 1, Victim::Messages),
    attack("message-drip", |len| frame(0x82, &vec![b'm'; len]), 1, Victim::Messages),
    attack("text-of-cut-characters", |len| frame(0x81, "\u{1f600}".repeat(len / 4).as_bytes()), 1, Victim::Messages),
    attack("header-drip", |len| HUGE.repeat(len / HUGE.len()), 1, Victim::Headers),
    attack("huge-declared-lengths", |len| HUGE.repeat(len / HUGE.len()), HUGE.len(), Victim::Headers),
    attack("request-drip-one-field", |len| request(len, "X: ", 'x', ""), 1, Victim::ServerHandshake),
    attack("request-drip-many-fields", |len| request(len, "", 'X', ":\r\n"), 1, Victim::ServerHandshake),
    attack("request-drip-empty-lines", |len| b"\r\n".repeat(len / 2), 1, Victim::ServerHandshake),
    attack("response-drip-one-field", |len| response(len, "X: ", 'x', ""), 1, Victim::ClientHandshake),
    attack("response-drip-many-fields", |len| response(len, "", 'X', ":\r\n"), 1, Victim::ClientHandshake),
    attack("response-drip-interim", |len| b"HTTP/1.1 100 \r\n\r\n".repeat(len / 17), 1, Victim::ClientHandshake),
    attack("inflate-bomb", bomb, ALL, Victim::Compressed),
    attack("inflate-bomb-drip", bomb, 1, Victim::Compressed),
    attack("empty-blocks", |len| frame(0x42, &b"\x00\x00\x00\xff\xff".repeat(len / 5)), ALL, Victim::Compressed),
    attack("empty-fixed-blocks", |len| blocks(len, &[0x02, 0x08, 0x20, 0x80, 0x00]), ALL, Victim::Compressed),
    attack("final-fixed-blocks", |len| blocks(len, &[0x03, 0x00]), ALL, Victim::Compressed),
    attack("tiny-dynamic-blocks", |len| blocks(len, &TINY_BLOCKS), ALL, Victim::Compressed),
    attack("deepest-codes", |len| blocks(len, &DEEPEST_CODES), ALL, Victim::Compressed),
    attack("codes-for-all-symbols", |len| blocks(len, &ALL_SYMBOLS), ALL, Victim::Compressed),
    attack("compressed-one-byte-fragments", compressed_fragments, ALL, Victim::Compressed),
];

const fn attack(name: &'static str, bytes: fn(usize) -> Vec<u8>, read: usize, victim: Victim) -> Attack {
    let limits = match victim {
        Victim::Connection | Victim::Client | Victim::Messages => LENIENT,
        Victim::Compressed => LENIENT.with_max_message_len(u64::MAX),
        Victim::Headers | Victim::ServerHandshake | Victim::ClientHandshake => Limits::UNLIMITED,
    };
    Attack { name, bytes, read, limits, victim }
}

impl Attack {
    /// Named `measured_` because callgrind counts what runs inside.
    #[inline(never)]
    pub fn measured_run(&self, bytes: &mut [u8]) -> Work {
        match self.victim {
            Victim::Connection => in_pieces(self, bytes, Server),
            Victim::Client => in_pieces(self, bytes, Client::from_fn(|| KEY)),
            Victim::Messages => whole_messages(self, bytes, Negotiated::elsewhere()),
            Victim::Compressed => {
                whole_messages(self, bytes, Negotiated::elsewhere().with_deflate(DeflateParams::default()))
            }
            Victim::Headers => headers(self, bytes),
            Victim::ServerHandshake => server_handshake(self, bytes),
            Victim::ClientHandshake => client_handshake(self, bytes),
        }
    }
}

fn in_pieces(attack: &Attack, bytes: &mut [u8], role: impl Role) -> Work {
    let mut connection = Connection::new(Negotiated::elsewhere(), role, &attack.limits);
    let mut work = Work::default();
    for mut input in bytes.chunks_mut(attack.read) {
        loop {
            work.calls += 1;
            match connection.receive(&mut input) {
                Ok(Some(_)) => work.events += 1,
                Ok(None) => break,
                Err(error) => return Work { error: Some(error), ..work },
            }
        }
    }
    work
}

/// The attacker does not read: nothing can be written, and the output is a vector, which has room for everything.
fn whole_messages(attack: &Attack, bytes: &mut [u8], negotiated: Negotiated) -> Work {
    let mut connection = Connection::new(negotiated, Server, &attack.limits);
    let (mut messages, mut out, mut work) = (Messages::new(), Vec::new(), Work::default());
    for mut input in bytes.chunks_mut(attack.read) {
        loop {
            work.calls += 1;
            match messages.next(&mut connection, &mut input, &mut out) {
                Ok(Some(_)) => work.events += 1,
                Ok(None) => break,
                Err(error) => return Work { error: Some(error), ..work },
            }
        }
        work.waiting = out.len();
    }
    work
}

fn headers(attack: &Attack, bytes: &mut [u8]) -> Work {
    let mut work = Work::default();
    for header in bytes.chunks_mut(HUGE.len()) {
        let mut connection = Connection::new(Negotiated::elsewhere(), Server, &attack.limits);
        let (mut messages, mut full) = (Messages::new(), FixedOutput::new(&mut []));
        for mut input in header.chunks_mut(attack.read) {
            work.calls += 1;
            assert_eq!(messages.next(&mut connection, &mut input, &mut full), Ok(None));
        }
        assert_eq!(connection.payload_remaining(), (1 << 63) - 1);
    }
    work
}

fn server_handshake(attack: &Attack, bytes: &[u8]) -> Work {
    let (mut handshake, mut work) = (ServerHandshake::new(&attack.limits), Work::default());
    for read in 1..=bytes.len().div_ceil(attack.read) {
        work.calls += 1;
        match handshake.receive(&bytes[..bytes.len().min(read * attack.read)]) {
            Ok(None) => {}
            Ok(Some(_)) => return Work { events: 1, ..work },
            Err(_) => return work,
        }
    }
    work
}

fn client_handshake(attack: &Attack, bytes: &[u8]) -> Work {
    let (mut memory, mut work) = ([0; 512], Work::default());
    let mut out = FixedOutput::new(&mut memory);
    let mut handshake = ClientRequest::new("server.example.com", "/").start([7; 16], &attack.limits, &mut out).unwrap();
    for read in 1..=bytes.len().div_ceil(attack.read) {
        work.calls += 1;
        match handshake.receive(&bytes[..bytes.len().min(read * attack.read)]) {
            Ok(None) => {}
            Ok(Some(_)) => return Work { events: 1, ..work },
            Err(_) => return work,
        }
    }
    work
}

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// §5.2: a 64-bit length, "the most significant bit MUST be 0"; of text, which a server would assemble.
const HUGE: &[u8; 14] = &[0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x37, 0xfa, 0x21, 0x3d];

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | len as u8),
        len @ 126..65_536 => bytes.extend([&[0xfe][..], &(len as u16).to_be_bytes()].concat()),
        len => bytes.extend([&[0xff][..], &(len as u64).to_be_bytes()].concat()),
    }
    bytes.extend(KEY);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn frames(len: usize, first: u8, payload: &[u8]) -> Vec<u8> {
    let frame = frame(first, payload);
    frame.repeat(len / frame.len())
}

/// A message that does not end.
fn fragments(len: usize, payload: &[u8]) -> Vec<u8> {
    [frame(0x01, payload), frames(len, 0x00, payload)].concat()
}

/// A head that does not end.
fn request(len: usize, before: &str, repeated: char, line_end: &str) -> Vec<u8> {
    head("GET / HTTP/1.1\r\n", len, before, repeated, line_end)
}

fn response(len: usize, before: &str, repeated: char, line_end: &str) -> Vec<u8> {
    head("HTTP/1.1 101 Switching Protocols\r\n", len, before, repeated, line_end)
}

fn head(start_line: &str, len: usize, before: &str, repeated: char, line_end: &str) -> Vec<u8> {
    let unit = format!("{repeated}{line_end}");
    (start_line.to_owned() + before + &unit.repeat(len / unit.len())).into_bytes()
}

/// Zeros, a thousand for each byte on the wire; fewer bytes than asked for, since each costs so much.
fn bomb(len: usize) -> Vec<u8> {
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::new(9, 8));
    frame(0xc2, deflater.deflate(&vec![0; 1000 * (len / 16)], true))
}

/// Blocks of which little or nothing comes, in a message that does not end.
fn blocks(len: usize, unit: &[u8]) -> Vec<u8> {
    frame(0x42, &unit.repeat(len / unit.len()))
}

/// RFC 1951 §3.2.7: two blocks that bring one code, of one bit, for their end, and have no content.
const TINY_BLOCKS: [u8; 23] = [
    0x04, 0xc0, 0x81, 0x08, 0x00, 0x00, 0x00, 0x00, 0x20, 0x7f, 0xeb, 0x43, 0x00, 0x1c, 0x88, 0x00, 0x00, 0x00, 0x00,
    0x00, 0xf2, 0xb7, 0x3e,
];

/// Four blocks whose codes have 1 to 15 bits, literals and distances alike; the content is a literal of 15 bits, and so is the end.
const DEEPEST_CODES: [u8; 127] = [
    0x04, 0xef, 0x01, 0x82, 0x24, 0x49, 0x92, 0x24, 0x49, 0x02, 0x12, 0x8b, 0x9a, 0x47, 0x56, 0xcf, 0xde, 0xff, 0x9f,
    0x7b, 0x80, 0xc4, 0xa2, 0xe6, 0x91, 0xd5, 0xb3, 0x77, 0xff, 0xbf, 0xff, 0x3f, 0xc1, 0x7b, 0x80, 0x20, 0x49, 0x92,
    0x24, 0x49, 0x92, 0x80, 0xc4, 0xa2, 0xe6, 0x91, 0xd5, 0xb3, 0xf7, 0xff, 0xe7, 0x1e, 0x20, 0xb1, 0xa8, 0x79, 0x64,
    0xf5, 0xec, 0xdd, 0xff, 0xef, 0xff, 0x4f, 0xf0, 0x1e, 0x20, 0x48, 0x92, 0x24, 0x49, 0x92, 0x24, 0x20, 0xb1, 0xa8,
    0x79, 0x64, 0xf5, 0xec, 0xfd, 0xff, 0xb9, 0x07, 0x48, 0x2c, 0x6a, 0x1e, 0x59, 0x3d, 0x7b, 0xf7, 0xff, 0xfb, 0xff,
    0x13, 0xbc, 0x07, 0x08, 0x92, 0x24, 0x49, 0x92, 0x24, 0x09, 0x48, 0x2c, 0x6a, 0x1e, 0x59, 0x3d, 0x7b, 0xff, 0x7f,
    0xee, 0x01, 0x12, 0x8b, 0x9a, 0x47, 0x56, 0xcf, 0xde, 0xfd, 0xff, 0xfe, 0xff,
];

/// Blocks that bring a code for each of 286 literals and lengths and of 30 distances, for one literal.
const ALL_SYMBOLS: [u8; 61] = [
    0xec, 0x1d, 0x03, 0x80, 0x18, 0x40, 0xe8, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6,
    0x6d, 0xdb, 0x98, 0x6d, 0xdb, 0xb6, 0x59, 0x67, 0xdb, 0x00, 0x78, 0xc4, 0xde, 0x31, 0x00, 0x88, 0x01, 0x84, 0xde,
    0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x8d, 0xd9, 0xb6, 0x6d, 0x9b, 0x75,
    0xb6, 0x0d, 0x80, 0x47,
];

/// Stored blocks, in fragments of a byte.
fn compressed_fragments(len: usize) -> Vec<u8> {
    let mut bytes = frame(0x42, b"\x00");
    for i in 1..len / 7 {
        bytes.extend(frame(0x00, &b"\x00\x01\x00\xfe\xffx"[i % 6..][..1]));
    }
    bytes
}
