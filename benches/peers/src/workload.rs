//! What is received and sent.

use crate::tally::Tally;
use crate::transport::READ;

/// A workload of the table, and what is to be seen of it.
pub struct Workload {
    pub name: &'static str,
    pub unit: Unit,
    pub task: Task,
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
    Handshake,
}

/// A masked stream for a server, which comes again and again.
#[derive(Clone, Copy)]
pub struct Receive {
    pub stream: &'static [u8],
    pub max_read: usize,
    /// What one cycle of the stream holds.
    pub holds: Tally,
    pub pings: u64,
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
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        let mut receive = |name, unit, stream: Stream, max_read, form| {
            all.push(Self { name, unit, task: Task::Receive(stream.finish(max_read, form)) });
        };
        use Unit::{Microseconds, Milliseconds, Nanoseconds};
        let ascii = |len| vec![b'a'; len];
        receive("receive 20 B text", Nanoseconds, Stream::of(Kind::Text, &ascii(20)), READ, Form::Any);
        receive("receive 16 B binary", Nanoseconds, Stream::of(Kind::Binary, &noise(16)), READ, Form::Any);
        receive("receive 125 B binary", Nanoseconds, Stream::of(Kind::Binary, &noise(125)), READ, Form::Any);
        receive("receive 1 KiB binary", Nanoseconds, Stream::of(Kind::Binary, &noise(1024)), READ, Form::Any);
        let mostly_ascii = text("The quick brown fox jumps over the lazy dog, and the höher hangende Trauben. ", 16384);
        receive(
            "receive 16 KiB text, mostly ASCII",
            Nanoseconds,
            Stream::of(Kind::Text, &mostly_ascii),
            READ,
            Form::Any,
        );
        let cjk = |len| text("漢字仮名交じり文と平仮名", len);
        receive("receive 16 KiB text, CJK", Nanoseconds, Stream::of(Kind::Text, &cjk(16383)), READ, Form::Any);
        let umlaut = "zwanzig Byte, grün!".as_bytes();
        receive("receive 20 B text with an umlaut", Nanoseconds, Stream::of(Kind::Text, umlaut), READ, Form::Any);
        receive("receive 60 B text, CJK", Nanoseconds, Stream::of(Kind::Text, &cjk(60)), READ, Form::Any);
        receive("receive mixed sizes and Pings", Nanoseconds, Stream::mixed(), READ, Form::Any);
        receive("receive 20 B text, a frame per read", Nanoseconds, Stream::of(Kind::Text, &ascii(20)), 26, Form::Any);
        receive(
            "receive 1 MiB binary, whole",
            Microseconds,
            Stream::of(Kind::Binary, &noise(1 << 20)),
            READ,
            Form::Frame,
        );
        receive("receive 64 MiB text in frames, whole", Milliseconds, Stream::fragments(), READ, Form::Message);
        receive("receive 64 MiB text in frames, pieces", Milliseconds, Stream::fragments(), READ, Form::Pieces);
        let mut send = |name, unit, role, len, batch| {
            all.push(Self { name, unit, task: Task::Send(Send { role, payload: noise(len).leak(), batch }) });
        };
        send("send 20 B, server", Nanoseconds, Sender::Server, 20, 256);
        send("send 125 B, server", Nanoseconds, Sender::Server, 125, 64);
        send("send 1 KiB, server", Nanoseconds, Sender::Server, 1024, 16);
        send("send 16 KiB, server, slices", Nanoseconds, Sender::ServerSlices, 16384, 1);
        send("send 1 MiB, server, slices", Microseconds, Sender::ServerSlices, 1 << 20, 1);
        send("send 20 B, client", Nanoseconds, Sender::Client, 20, 256);
        send("send 125 B, client", Nanoseconds, Sender::Client, 125, 64);
        send("send 1 KiB, client", Nanoseconds, Sender::Client, 1024, 16);
        all.push(Self { name: "server handshake, 683 B request", unit: Nanoseconds, task: Task::Handshake });
        all
    }

    /// Messages (or handshakes) in one cycle.
    pub fn messages_per_cycle(&self) -> u64 {
        match self.task {
            Task::Receive(receive) => receive.holds.messages,
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
    random: Random,
}

impl Stream {
    /// The same message again and again: once, or as often as 256 KiB hold it.
    fn of(kind: Kind, payload: &[u8]) -> Self {
        let mut stream = Self::default();
        for _ in 0..(256 * 1024 / payload.len()).max(1) {
            stream.message(kind, payload);
        }
        stream
    }

    /// Sizes as they come: most of them short, few of them long, one Ping for 16 of them.
    fn mixed() -> Self {
        let mut stream = Self::default();
        for i in 0..320 {
            if i % 16 == 15 {
                stream.frame(0x89, b"are you there?");
                stream.pings += 1;
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
        Receive { stream: self.bytes.leak(), max_read, holds: self.holds, pings: self.pings, form }
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
