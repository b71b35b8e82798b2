//! What is found in a capture, in the order of time: what the reports are made of.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use websocket_proto::frame::SeenHeader;

use crate::finding::Finding;
use crate::flv::Item;

/// Which way bytes went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    ToServer,
    ToClient,
}

impl Way {
    pub const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    pub fn back(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }

    /// An index for what is kept for both.
    pub fn index(self) -> usize {
        match self {
            Self::ToServer => 0,
            Self::ToClient => 1,
        }
    }

    /// Who sent it.
    pub fn sender(self) -> &'static str {
        match self {
            Self::ToServer => "client",
            Self::ToClient => "server",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToServer => "→",
            Self::ToClient => "←",
        })
    }
}

/// A WebSocket connection and its number, from 0, in the order in which they began.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    pub number: usize,
    pub client: SocketAddr,
    pub server: SocketAddr,
    /// The version of TLS that was taken off, if it is encrypted.
    pub tls: Option<&'static str>,
    /// The number of its stream, if it is one of an HTTP/2 connection (RFC 8441).
    pub http2: Option<u32>,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.client, self.server)?;
        self.tls.map_or(Ok(()), |version| write!(f, ", {version}"))?;
        self.http2.map_or(Ok(()), |number| write!(f, ", HTTP/2 stream {number}"))
    }
}

/// A payload, of which a bounded part is kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub bytes: Vec<u8>,
    pub len: u64,
}

impl Kept {
    const MAX: usize = 1 << 20;

    pub fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(Self::MAX - self.bytes.len())]);
    }

    pub fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.len
    }
}

#[derive(Debug)]
pub enum Event {
    /// The first head of a connection, a request, begins it; or its first byte, where the capture has no head.
    Began,
    /// A request or a response that is not, or not yet, WebSocket.
    Head { way: Way, lines: Vec<String>, findings: Vec<Finding> },
    /// The opening handshake is complete: what was agreed on. `accept` says whether Sec-WebSocket-Accept fits the key, if there is a key.
    Opened { accept: Option<bool>, extensions: Vec<String>, subprotocol: Option<String>, findings: Vec<Finding> },
    /// A whole frame; `offset` is where it begins in this direction's bytes.
    Frame { way: Way, header: SeenHeader, offset: u64, payload: Kept, findings: Vec<Finding> },
    /// A message with all its fragments; `wire_len` is its length as sent, `len` in `payload` the one as read.
    Message {
        way: Way,
        text: bool,
        frames: u32,
        compressed: bool,
        wire_len: u64,
        /// Bytes of it, as sent, that the capture lacks.
        missing: u64,
        payload: Kept,
        /// What of a live video is in it.
        flv: Vec<Item>,
        findings: Vec<Finding>,
    },
    /// Bytes that the capture lacks.
    Gap { way: Way, len: u64, in_step: bool },
    /// A frame, or a message, whose end did not come.
    Cut { way: Way, what: String },
    /// A connection that ended, or that the capture left.
    Ended(Box<Summary>),
}

/// A connection in numbers.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub frames: [u64; 2],
    pub messages: [u64; 2],
    /// Payload bytes of messages, as read.
    pub payload: [u64; 2],
    /// The same as sent, compressed or not.
    pub wire: [u64; 2],
    pub gaps: [u64; 2],
    pub findings: u64,
    /// From a Ping to its Pong.
    pub round_trips: RoundTrips,
    /// The first few Close frames, in order: who, with which code.
    pub closes: Vec<(Way, Option<u16>, String)>,
    /// How the transport ended: who did what, or that the capture has no end.
    pub end: String,
    pub lasted: Duration,
}

/// How long answers to Pings took.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundTrips {
    pub count: u32,
    pub least: Duration,
    pub most: Duration,
    pub total: Duration,
}

impl RoundTrips {
    pub fn add(&mut self, time: Duration) {
        self.least = if self.count == 0 { time } else { self.least.min(time) };
        self.most = self.most.max(time);
        self.total = self.total.saturating_add(time);
        self.count = self.count.saturating_add(1);
    }

    /// The mean, if there is any.
    pub fn mean(&self) -> Option<Duration> {
        self.total.checked_div(self.count)
    }
}
