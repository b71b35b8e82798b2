//! What is received and sent.

use std::cell::OnceCell;

use crate::stream::{Kind, Stream, documents, noise, text};
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
    Connect,
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
        all.extend([
            Self::new("server handshake, 683 B request", Nanoseconds, || Task::Handshake),
            Self::new("client handshake", Nanoseconds, || Task::Connect),
        ]);
        all
    }

    /// Messages (or handshakes) in one cycle.
    pub fn messages_per_cycle(&self) -> u64 {
        match self.task() {
            Task::Receive(receive) | Task::Inflate(receive, _) => receive.per_cycle,
            Task::Deflate(packed) => packed.messages.len() as u64,
            Task::Send(send) => send.batch,
            Task::Handshake | Task::Connect => 1,
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
