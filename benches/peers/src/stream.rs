//! What comes from a client, written by the most obvious code, and what is sent.

use std::fmt::Write as _;

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::tally::Tally;
use crate::transport::READ;
use crate::workload::{Form, Receive};

#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    Binary,
}

/// A stream that is being written, by the most obvious code.
#[derive(Default)]
pub struct Stream {
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
    pub fn of(kind: Kind, payload: &[u8]) -> Self {
        let count = (256 * 1024 / payload.len()).max(1);
        let mut stream = Self { bytes: Vec::with_capacity(count * (payload.len() + 14)), ..Self::default() };
        for _ in 0..count {
            stream.message(kind, payload);
        }
        stream
    }

    /// Each message compressed at level 1 (RFC 7692 §7.2.1). A cycle refers to nothing before it, so that it can come again.
    pub fn compressed(messages: &[String], takeover: bool) -> Self {
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
    pub fn pings() -> Self {
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
    pub fn mixed() -> Self {
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
    pub fn fragments() -> Self {
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

    pub fn finish(self, max_read: usize, form: Form) -> Receive {
        let per_cycle = if self.of_pings { self.pings } else { self.holds.messages };
        let (holds, pings, pong_len) = (self.holds, self.pings, self.pong_len);
        Receive { stream: self.bytes.leak(), max_read, holds, per_cycle, pings, pong_len, form }
    }
}

/// `pattern` over and over, cut at a border of characters and filled up with spaces.
pub fn text(pattern: &str, len: usize) -> Vec<u8> {
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
pub fn documents(len: usize) -> Vec<String> {
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

pub fn noise(len: usize) -> Vec<u8> {
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
