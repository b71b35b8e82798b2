//! What is received and sent.

use std::cell::OnceCell;
use std::fmt::Write as _;

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::tally::Tally;
use crate::transport::READ;

/// A workload of the table, and what is to be seen of it.
pub struct Workload {
    pub name: String,
    pub unit: Unit,
    /// Whether each peer runs in a process of its own: what others have left in the allocator decides how it treats large blocks.
    pub own_process: bool,
    plan: Box<dyn Fn() -> Task>,
    /// Made when it is first asked for: a process of its own holds no stream but that which it needs.
    task: OnceCell<Task>,
}

/// How times are written.
#[derive(Clone, Copy)]
pub enum Unit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
}

#[derive(Clone, Copy)]
pub enum Task {
    Receive(Receive),
    Send(Send),
    /// A stream of compressed messages, with context takeover or without.
    Inflate(Receive, bool),
    Deflate(Packed),
    Handshake,
}

/// Messages that a server sends compressed.
#[derive(Clone, Copy)]
pub struct Packed {
    pub messages: &'static [String],
    pub takeover: bool,
}

/// A masked stream for a server, which comes again and again.
#[derive(Clone, Copy)]
pub struct Receive {
    pub stream: &'static [u8],
    pub max_read: usize,
    /// What one cycle of the stream holds.
    pub holds: Tally,
    /// What the time is divided by: messages, or Pings where those are what is measured.
    pub per_cycle: u64,
    pub pings: u64,
    /// The length of the Pong to each Ping.
    pub pong_len: u64,
    pub form: Form,
}

/// In which form messages are to be handed out: each peer takes part where it can.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Form {
    /// Messages, or what comes of them with a read.
    Any,
    /// The payload of a frame as a whole.
    Frame,
    /// A message as a whole, however many frames it has.
    Message,
    /// Less than a message.
    Pieces,
}

#[derive(Clone, Copy)]
pub struct Send {
    pub role: Sender,
    pub payload: &'static [u8],
    /// Messages between two flushes.
    pub batch: u64,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Sender {
    Server,
    /// A server that hands header and payload to the transport as two slices, where it can.
    ServerSlices,
    Client,
}

impl Workload {
    fn new(name: impl Into<String>, unit: Unit, plan: impl Fn() -> Task + 'static) -> Self {
        Self { name: name.into(), unit, own_process: false, plan: Box::new(plan), task: OnceCell::new() }
    }

    /// Something received, in reads of up to 64 KiB.
    fn receive(name: &str, unit: Unit, form: Form, stream: impl Fn() -> Stream + 'static) -> Self {
        Self::new(name, unit, move || Task::Receive(stream().finish(READ, form)))
    }

    fn send(name: &str, unit: Unit, role: Sender, len: usize, batch: u64) -> Self {
        Self::new(name, unit, move || Task::Send(Send { role, payload: noise(len).leak(), batch }))
    }

    /// For the sweep: 256 KiB of messages of so many bytes.
    pub fn receive_of(size: usize, name: String) -> Self {
        Self::receive(&name, Unit::Nanoseconds, Form::Any, move || Stream::of(Kind::Binary, &noise(size)))
    }

    /// For the sweep: batches of about 8 KiB.
    pub fn send_of(size: usize, role: Sender, name: String) -> Self {
        Self::send(&name, Unit::Nanoseconds, role, size, (8192 / size as u64).max(1))
    }

    pub fn task(&self) -> Task {
        *self.task.get_or_init(|| (self.plan)())
    }

    pub fn all() -> Vec<Self> {
        use Unit::{Microseconds, Milliseconds, Nanoseconds};
        let ascii = |len| vec![b'a'; len];
        let mostly_ascii =
            || text("The quick brown fox jumps over the lazy dog, and the höher hangende Trauben. ", 16384);
        let cjk = |len| text("漢字仮名交じり文と平仮名", len);
        let mut all = vec![
            Self::receive("receive 20 B text", Nanoseconds, Form::Any, move || Stream::of(Kind::Text, &ascii(20))),
            Self::receive("receive 16 B binary", Nanoseconds, Form::Any, || Stream::of(Kind::Binary, &noise(16))),
            Self::receive("receive 125 B binary", Nanoseconds, Form::Any, || Stream::of(Kind::Binary, &noise(125))),
            Self::receive("receive 1 KiB binary", Nanoseconds, Form::Any, || Stream::of(Kind::Binary, &noise(1024))),
            Self::receive("receive 16 KiB text, mostly ASCII", Nanoseconds, Form::Any, move || {
                Stream::of(Kind::Text, &mostly_ascii())
            }),
            Self::receive("receive 16 KiB text, CJK", Nanoseconds, Form::Any, move || {
                Stream::of(Kind::Text, &cjk(16383))
            }),
            Self::receive("receive 20 B text with an umlaut", Nanoseconds, Form::Any, || {
                Stream::of(Kind::Text, "zwanzig Byte, grün!".as_bytes())
            }),
            Self::receive("receive 60 B text, CJK", Nanoseconds, Form::Any, move || Stream::of(Kind::Text, &cjk(60))),
            Self::receive("receive mixed sizes and Pings", Nanoseconds, Form::Any, Stream::mixed),
            Self::new("receive 20 B text, a frame per read", Nanoseconds, move || {
                Task::Receive(Stream::of(Kind::Text, &ascii(20)).finish(26, Form::Any))
            }),
            Self::receive("receive a Ping of 4 B, and answer", Nanoseconds, Form::Any, Stream::pings),
        ];
        for (name, len) in [("100 KiB", 100 << 10), ("256 KiB", 256 << 10), ("1 MiB", 1 << 20), ("8 MiB", 8 << 20)] {
            let name = format!("receive {name} binary, whole, own process");
            let row =
                Self::receive(&name, Microseconds, Form::Frame, move || Stream::of(Kind::Binary, noise(len).leak()));
            all.push(Self { own_process: true, ..row });
        }
        all.extend([
            Self::receive("receive 1 MiB binary, whole", Microseconds, Form::Frame, || {
                Stream::of(Kind::Binary, &noise(1 << 20))
            }),
            Self::receive("receive 64 MiB text in frames, whole", Milliseconds, Form::Message, Stream::fragments),
            Self::receive("receive 64 MiB text in frames, pieces", Milliseconds, Form::Pieces, Stream::fragments),
            Self::send("send 20 B, server", Nanoseconds, Sender::Server, 20, 256),
            Self::send("send 125 B, server", Nanoseconds, Sender::Server, 125, 64),
            Self::send("send 1 KiB, server", Nanoseconds, Sender::Server, 1024, 16),
            Self::send("send 16 KiB, server, slices", Nanoseconds, Sender::ServerSlices, 16384, 1),
            Self::send("send 1 MiB, server, slices", Microseconds, Sender::ServerSlices, 1 << 20, 1),
            Self::send("send 20 B, client", Nanoseconds, Sender::Client, 20, 256),
            Self::send("send 125 B, client", Nanoseconds, Sender::Client, 125, 64),
            Self::send("send 1 KiB, client", Nanoseconds, Sender::Client, 1024, 16),
            Self::send("send 16 KiB, client", Nanoseconds, Sender::Client, 16384, 1),
            Self::send("send 1 MiB, client", Microseconds, Sender::Client, 1 << 20, 1),
        ]);
        for takeover in [true, false] {
            let form = if takeover { "" } else { ", no takeover" };
            for (len, size, unit) in [
                (60, "60 B", Nanoseconds),
                (180, "180 B", Nanoseconds),
                (1 << 10, "1 KiB", Nanoseconds),
                (16 << 10, "16 KiB", Microseconds),
                (64 << 10, "64 KiB", Microseconds),
            ] {
                all.push(Self::new(format!("receive {size} JSON compressed{form}"), unit, move || {
                    Task::Inflate(Stream::compressed(&documents(len), takeover).finish(READ, Form::Any), takeover)
                }));
                all.push(Self::new(format!("send {size} JSON compressed{form}, server"), unit, move || {
                    Task::Deflate(Packed { messages: documents(len).leak(), takeover })
                }));
            }
        }
        all.extend([Self::new("server handshake, 683 B request", Nanoseconds, || Task::Handshake)]);
        all
    }

    /// Messages (or handshakes) in one cycle.
    pub fn messages_per_cycle(&self) -> u64 {
        match self.task() {
            Task::Receive(receive) | Task::Inflate(receive, _) => receive.per_cycle,
            Task::Deflate(packed) => packed.messages.len() as u64,
            Task::Send(send) => send.batch,
            Task::Handshake => 1,
        }
    }
}

impl Send {
    /// The length of each frame on the wire.
    pub fn frame_len(&self) -> u64 {
        let key = if self.role == Sender::Client { 4 } else { 0 };
        self.payload.len() as u64
            + key
            + [2, 4, 10][(self.payload.len() > 125) as usize + (self.payload.len() > 65535) as usize]
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Binary,
}

/// A stream that is being written, by the most obvious code.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    holds: Tally,
    pings: u64,
    pong_len: u64,
    /// Whether the Pings are what is measured.
    of_pings: bool,
    random: Random,
}

impl Stream {
    /// The same message again and again: once, or as often as 256 KiB hold it.
    fn of(kind: Kind, payload: &[u8]) -> Self {
        let count = (256 * 1024 / payload.len()).max(1);
        let mut stream = Self { bytes: Vec::with_capacity(count * (payload.len() + 14)), ..Self::default() };
        for _ in 0..count {
            stream.message(kind, payload);
        }
        stream
    }

    /// Each message compressed at level 1 (RFC 7692 §7.2.1). A cycle refers to nothing before it, so that it can come again.
    fn compressed(messages: &[String], takeover: bool) -> Self {
        let mut stream = Self::default();
        let mut deflate = Compress::new(Compression::new(1), false);
        for message in messages {
            let mut bytes = Vec::with_capacity(message.len() + 64);
            let status = deflate.compress_vec(message.as_bytes(), &mut bytes, FlushCompress::Sync);
            assert!(matches!(status, Ok(Status::Ok)) && bytes.ends_with(TRAILER));
            bytes.truncate(bytes.len() - TRAILER.len());
            stream.frame(0xc1, &bytes);
            stream.holds.whole(message.as_bytes());
            if !takeover {
                deflate.reset();
            }
        }
        stream
    }

    /// Pings, and after 63 of them a short message, by which the peer is seen to go on.
    fn pings() -> Self {
        let mut stream = Self { of_pings: true, ..Self::default() };
        for _ in 0..64 {
            for _ in 0..63 {
                stream.ping(b"ping");
            }
            stream.message(Kind::Binary, b"on");
        }
        stream
    }

    fn ping(&mut self, payload: &[u8]) {
        self.frame(0x89, payload);
        self.pings += 1;
        self.pong_len = 2 + payload.len() as u64;
    }

    /// Sizes as they come: most of them short, few of them long, one Ping for 16 of them.
    fn mixed() -> Self {
        let mut stream = Self::default();
        for i in 0..320 {
            if i % 16 == 15 {
                stream.ping(b"are you there?");
            }
            let len = match stream.random.below(100) {
                0..70 => stream.random.below(126),
                70..95 => 126 + stream.random.below(3_900),
                _ => 4_026 + stream.random.below(12_000),
            };
            if stream.random.below(2) == 0 {
                stream.message(Kind::Text, &vec![b'a'; len]);
            } else {
                stream.message(Kind::Binary, &noise(len));
            }
        }
        stream
    }

    /// One text of 64 MiB in frames of 64 KiB.
    fn fragments() -> Self {
        let mut stream = Self::default();
        let payload = text("The quick brown fox jumps over the lazy dog. ", 64 << 20);
        let count = payload.len() / READ;
        for (i, fragment) in payload.chunks(READ).enumerate() {
            let first = if i == 0 { 0x01 } else { 0x00 } | if i + 1 == count { 0x80 } else { 0 };
            stream.frame(first, fragment);
        }
        stream.holds.whole(&payload);
        stream
    }

    fn message(&mut self, kind: Kind, payload: &[u8]) {
        self.frame(
            match kind {
                Kind::Text => 0x81,
                Kind::Binary => 0x82,
            },
            payload,
        );
        self.holds.whole(payload);
    }

    /// §5.2.
    fn frame(&mut self, first: u8, payload: &[u8]) {
        let key = (self.random.below(1 << 32) as u32).to_ne_bytes();
        self.bytes.push(first);
        match payload.len() {
            len @ 0..=125 => self.bytes.push(0x80 | len as u8),
            len @ 126..=65535 => {
                self.bytes.push(0x80 | 126);
                self.bytes.extend_from_slice(&(len as u16).to_be_bytes());
            }
            len => {
                self.bytes.push(0x80 | 127);
                self.bytes.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        self.bytes.extend_from_slice(&key);
        self.bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }

    fn finish(self, max_read: usize, form: Form) -> Receive {
        let per_cycle = if self.of_pings { self.pings } else { self.holds.messages };
        let (holds, pings, pong_len) = (self.holds, self.pings, self.pong_len);
        Receive { stream: self.bytes.leak(), max_read, holds, per_cycle, pings, pong_len, form }
    }
}

/// `pattern` over and over, cut at a border of characters and filled up with spaces.
fn text(pattern: &str, len: usize) -> Vec<u8> {
    let mut text = String::with_capacity(len);
    for char in pattern.chars().cycle() {
        if text.len() + char.len_utf8() > len {
            break;
        }
        text.push(char);
    }
    let mut text = text.into_bytes();
    text.resize(len, b' ');
    text
}

/// What ends each flushed piece, and is not sent (RFC 7692 §7.2.1).
pub const TRAILER: &[u8] = b"\0\0\xff\xff";

/// JSON of so many bytes, no two alike: 64 KiB of them, but 8 at least.
fn documents(len: usize) -> Vec<String> {
    let mut random = Random::default();
    let document = |_| {
        let mut text = String::from("[");
        while text.len() < len {
            let _ = write!(
                text,
                r#"{{"id":{},"type":"trade","price":{}.{:02},"side":"{}","user":"u{:05}"}},"#,
                random.below(1_000_000),
                random.below(10_000),
                random.below(100),
                ["buy", "sell"][random.below(2)],
                random.below(100_000)
            );
        }
        text.truncate(len - 1);
        text + "]"
    };
    (0..(64 * 1024 / len).max(8)).map(document).collect()
}

fn noise(len: usize) -> Vec<u8> {
    let mut random = Random::default();
    (0..len).map(|_| random.below(256) as u8).collect()
}

/// SplitMix64, so that every run has the same bytes.
#[derive(Default)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
