//! One whole end of a connection, still without I/O: the buffers, the output, the compressor, the time-outs, and how it ended.
//!
//! The owner of a transport, which is the program that reads and writes the socket, has four duties, in any order, on any runtime:
//!
//! 1. read into [`room`](Endpoint::room), and report it with [`filled`](Endpoint::filled);
//! 2. take what [`next`](Endpoint::next) finds, until it finds nothing; it lends a message and a way to answer it;
//! 3. write what [`output`](Endpoint::output) holds, and report it with [`written`](Endpoint::written);
//! 4. look at the clock with [`tick`](Endpoint::tick), now and again at the instant that it returns.
//!
//! [`status`](Endpoint::status) says what to do with the transport, [`end`](Endpoint::end) how the connection ended. A future that is
//! dropped between two of these calls loses nothing and repeats nothing.
//!
//! ```
//! use std::io::{self, Read, Write};
//! use std::time::Instant;
//! use websocket_proto::endpoint::{Endpoint, Status};
//! use websocket_proto::{Incoming, Server};
//!
//! /// Sends each message back, over a transport that blocks.
//! fn echo(mut socket: impl Read + Write, mut endpoint: Endpoint<Server, Instant>) -> io::Result<()> {
//!     while endpoint.status() != Status::Close {
//!         while let Some((incoming, mut sender)) = endpoint.next() {
//!             match incoming {
//!                 Incoming::Text(text) => sender.send(text),
//!                 Incoming::Binary(bytes) => sender.send(&*bytes),
//!                 _ => Ok(()), // Pings and the peer's Close are answered already
//!             }
//!             .map_err(io::Error::other)?;
//!         }
//!         endpoint.tick(Instant::now());
//!         while !endpoint.output().is_empty() {
//!             let n = socket.write(endpoint.output())?;
//!             endpoint.written(n);
//!         }
//!         match endpoint.status() {
//!             Status::HalfClose => endpoint.half_closed(), // after `TcpStream::shutdown(Shutdown::Write)`
//!             status if status.reads() => {
//!                 let n = socket.read(endpoint.room())?;
//!                 endpoint.filled(n);
//!             }
//!             _ => {}
//!         }
//!     }
//!     endpoint.end().map(drop).map_err(io::Error::other)
//! }
//! ```
//!
//! # Back-pressure
//!
//! ```text
//!              the peer reads slowly                                      the application takes slowly
//!
//!  transport ◀── output() ◀──┬── answers ◀───────────────────────────────────── what next() lent
//!                            ├── Pongs: at most the mark and one more                 ▲
//!                            └── own messages, Pings: as many as are sent             │
//!                                                                                     │
//!                                                                                   next()
//!                                                                                     │
//!  transport ──▶ room() ─────────────────────────────────────────────────────▶ input, one message
//!       ▲
//!       └── not read: while answers above the mark wait (Status::Flush), or while the owner takes nothing
//! ```
//!
//! *A peer that reads slowly* makes the output grow. Whatever is sent after [`next`](Endpoint::next) has lent a message, and before it finds
//! none, counts as an answer, by whichever call it is sent. While answers above the mark wait ([`Limits::high_water_mark`](crate::Limits),
//! 64 KiB by default), the status is [`Status::Flush`]: the owner reads no further, so the peer can't send on and make the output grow.
//! Pongs are bounded on their own, and wait for no data frame: they go out at the next border between frames, and a new one replaces the
//! old above the mark (§5.5.3).
//!
//! What the application sends of its own accord, between two turns or from another task, never stops the reading. If it did, two ends that
//! both send much at once would wait for each other. The application bounds it by [`queued_len`](Sender::queued_len), as it is the only one
//! that knows whether to wait, to drop, or to close.
//!
//! Two ends that both *answer* with more than the mark, each at the same time, do wait for each other; the time-out for writing ends
//! it. Where a protocol does that, raise the mark above what is answered to one message, or keep the messages with
//! [`take`](Endpoint::take) and answer them after the turn, bounded by `queued_len`.
//!
//! *An application that takes slowly* reads slowly: an owner that does not read while a message waits holds the bytes of one read, and one
//! message. The transport's own flow control stops the peer.
#![forbid(unsafe_code)]
#![expect(clippy::should_implement_trait, reason = "`next` lends, which an iterator can't")]

mod accepting;
mod asking;
mod compressor;
mod config;
mod duties;
mod ending;
mod framer;
mod input;
mod lane;
mod observing;
mod opening;
mod opening_error;
mod outgoing;
mod queue;
mod received;
mod replies;
mod sender;
mod shared;
mod status;
mod waiting;

use core::time::Duration;

pub use accepting::{Accepting, IntoResponse, Responder};
pub use asking::Asking;
pub use config::Config;
pub use duties::Duties;
pub use framer::Framer;
pub use opening::Opening;
pub use opening_error::OpeningError;
pub use received::Received;
pub use sender::Sender;
pub use status::{End, Failure, Status};

use crate::extension::Decode;
use crate::{
    CloseFrame, Connection, Incoming, Message, Messages, Moment, Negotiated, OwnedMessage, Role, SendError, State,
    Timeout, Timers,
};
use input::Input;
use lane::Lane;
use outgoing::Outgoing;
use queue::Queue;
use replies::Replies;

/// One end of a WebSocket connection; see the [module](self).
///
/// `I` is an instant and `D` a span, as for [`Timers`]: `std::time::Instant` and `Duration`, or what the machine has.
///
/// It is about 1.2 KiB, and holds no other memory before the first bytes are read. [`hibernate`](Self::hibernate) gives back what was taken
/// since; [`tick`](Self::tick) calls it when the peer has been silent for as long as [`Timeouts::idle`](crate::Timeouts::idle), and again
/// when the peer has answered the Ping.
#[derive(Debug)]
pub struct Endpoint<R: Role, I, D = Duration> {
    connection: Connection<R>,
    messages: Messages,
    input: Input,
    outgoing: Outgoing,
    timers: Timers<I, D>,
    read_len: usize,
    /// Whether the last bytes to be reported were read into the place of a message, not into `input`.
    lent: bool,
    /// All that was read was taken, so that the place of a message may be lent.
    drained: bool,
    /// Something came since the last look at the clock.
    heard: bool,
    /// Something was written since then.
    moved: bool,
    /// The peer was silent and was sent a Ping, and nothing came since.
    asked: bool,
    eof: bool,
    half_closed: bool,
    timed_out: Option<Timeout>,
}

impl<R: Role, I: Moment<D>, D: Copy> Endpoint<R, I, D> {
    /// Begins where a handshake ended; `first_input` is what came after its head, which are frames already.
    pub fn new(negotiated: Negotiated, role: R, config: &Config<D>, first_input: &[u8], now: I) -> Self {
        let mut input = Input::default();
        input.extend(first_input);
        Self::open(negotiated, role, config, (input, false), Lane::default(), (Timers::new(config.timeouts, now), now))
    }

    /// Goes on with what an opening has read, whether that was all, what it has still to write, and its time.
    fn open(
        negotiated: Negotiated,
        role: R,
        config: &Config<D>,
        (input, eof): (Input, bool),
        head: Lane,
        (mut timers, now): (Timers<I, D>, I),
    ) -> Self {
        timers.opened(now);
        Self {
            connection: Connection::new(negotiated, role, &config.limits),
            messages: Messages::new(),
            input,
            outgoing: Outgoing::new(Queue::after_head(head), config),
            timers,
            read_len: config.read_len.max(1),
            lent: false,
            drained: false,
            heard: false,
            moved: false,
            asked: false,
            eof,
            half_closed: false,
            timed_out: None,
        }
    }

    /// The place to read into; never empty. What was read is reported with [`filled`](Self::filled); reading nothing, and asking again
    /// later, is fine.
    ///
    /// While the rest of a large frame is missing, this is the place where it stays: no byte of it is copied.
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        self.lent = false;
        if self.drained {
            if let Some(space) = self.messages.space(&self.connection) {
                self.lent = true;
                return space;
            }
        }
        self.input.room(self.read_len)
    }

    /// `n` bytes were read into [`room`](Self::room); 0 is the end of input, as `read` says it.
    pub fn filled(&mut self, n: usize) {
        match (n, self.lent) {
            (0, _) => {
                self.eof = true;
                self.finish();
            }
            (n, true) => {
                let queue = &mut self.outgoing.queue;
                self.drained = !self.messages.advance_filled(&mut self.connection, n, &mut Replies(queue));
            }
            (n, false) => {
                self.input.filled(n);
                self.drained = false;
            }
        }
        self.heard |= n > 0;
        self.lent = false;
    }

    /// Takes bytes that were read into a buffer of the owner's, which many connections may share; in place of
    /// [`room`](Self::room) and [`filled`](Self::filled).
    ///
    /// Messages that lie in `read` whole are lent from there. What is not taken when the result is dropped is kept.
    pub fn receive<'e, 'i>(&'e mut self, read: &'i mut [u8]) -> Received<'e, 'i, R, I, D> {
        self.heard |= !read.is_empty();
        Received::new(self, read)
    }

    /// The next message or control frame, and the way to answer it; `None` if more has to be read.
    ///
    /// Pings and the peer's Close are answered already. A violation is no message: it is told by [`end`](Self::end), and the Close
    /// that answers it is in the output.
    #[inline]
    pub fn next(&mut self) -> Option<(Incoming<'_>, Sender<'_, R>)> {
        let (mut input, taken) = self.input.split();
        let found = self.messages.next(&mut self.connection, &mut input, &mut Replies(&mut self.outgoing.queue));
        taken.keep(input.len());
        let sender = Sender { connection: &mut self.connection, outgoing: &mut self.outgoing };
        sender.lent_with(found, &mut self.drained, self.eof)
    }

    /// Takes input until there is something for [`message`](Self::message) to lend, and says whether there is: [`next`](Self::next) in
    /// two steps, for a wrapper that reads more in a loop and then returns what it borrows.
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use std::time::Instant;
    /// use websocket_proto::endpoint::{Endpoint, Status};
    /// use websocket_proto::{Incoming, Server};
    ///
    /// struct Socket<T> {
    ///     transport: T,
    ///     endpoint: Endpoint<Server, Instant>,
    /// }
    ///
    /// impl<T: Read> Socket<T> {
    ///     fn read(&mut self) -> io::Result<Option<Incoming<'_>>> {
    ///         while !self.endpoint.advance() {
    ///             if !self.endpoint.status().reads() {
    ///                 return Ok(None); // time for the other duties
    ///             }
    ///             let n = self.transport.read(self.endpoint.room())?;
    ///             self.endpoint.filled(n);
    ///         }
    ///         Ok(self.endpoint.message())
    ///     }
    /// }
    /// # use websocket_proto::{endpoint::Config, Negotiated};
    /// # let endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &Config::default(), b"", Instant::now());
    /// # let mut socket = Socket { transport: &b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"[..], endpoint };
    /// # assert_eq!(socket.read().unwrap(), Some(Incoming::Text("Hello")));
    /// # assert_eq!(socket.read().unwrap(), None);
    /// ```
    #[inline]
    pub fn advance(&mut self) -> bool {
        if self.drained && !self.eof {
            // Nothing was read since.
            self.outgoing.found(false);
            return false;
        }
        self.advance_input()
    }

    fn advance_input(&mut self) -> bool {
        let (mut input, taken) = self.input.split();
        let found = self.messages.advance(&mut self.connection, &mut input, &mut Replies(&mut self.outgoing.queue));
        taken.keep(input.len());
        let found = found && self.connection.failure().is_none();
        self.outgoing.found(found);
        if !found {
            self.drained = true;
            self.finish();
        }
        found
    }

    /// Lends what [`advance`](Self::advance) found.
    pub fn message(&mut self) -> Option<Incoming<'_>> {
        self.next().map(|(incoming, _)| incoming)
    }

    /// Takes what [`advance`](Self::advance) found, if it is a message: without a copy if it was put together from pieces.
    pub fn take(&mut self) -> Option<OwnedMessage> {
        self.messages.take().or_else(|| self.message().and_then(|incoming| OwnedMessage::try_from(incoming).ok()))
    }

    /// Installs what undoes the transformation of an extension of the application's own that was negotiated: see
    /// [`Messages::add_decoder`]. What this endpoint sends goes out without that extension, as its bit on each message says; an
    /// application that wants its own messages transformed has a [`Connection`] and [`Connection::send_encoded`].
    pub fn add_decoder(&mut self, decoder: impl Decode + 'static) {
        self.messages.add_decoder(decoder);
    }

    /// The way to send while no message is held.
    pub fn sender(&mut self) -> Sender<'_, R> {
        Sender { connection: &mut self.connection, outgoing: &mut self.outgoing }
    }

    /// Sends a message; see [`Sender::send`].
    ///
    /// # Errors
    ///
    /// [`SendError`].
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.sender().send(message)
    }

    /// Sends a Close after all that was sent before; see [`Sender::close`].
    ///
    /// # Errors
    ///
    /// [`SendError`].
    pub fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), SendError> {
        self.sender().close(frame)
    }

    /// What is to be written next; empty if nothing is. What was written is reported with [`written`](Self::written).
    #[inline]
    pub fn output(&mut self) -> &[u8] {
        self.outgoing.queue.output()
    }

    /// As [`output`](Self::output), in several slices, for a vectored write: large shared frames are slices of their own.
    pub fn output_slices(&mut self) -> impl Iterator<Item = &[u8]> {
        self.outgoing.queue.slices()
    }

    /// The first `n` bytes of [`output`](Self::output), or of [`output_slices`](Self::output_slices), were written.
    #[inline]
    pub fn written(&mut self, n: usize) {
        self.moved |= n > 0;
        self.outgoing.written(&mut self.connection, n);
        self.finish();
    }

    /// Ends the connection once its input has ended and all of it was taken. A peer that has closed its writing half only still gets what
    /// was sent to it before.
    #[inline]
    fn finish(&mut self) {
        if self.eof && self.drained && self.outgoing.is_empty() {
            self.connection.receive_eof();
        }
    }

    /// Gives back the memory that a connection at rest does not need. What was read into [`room`](Self::room) has to be reported before.
    pub fn hibernate(&mut self) {
        self.input.hibernate();
        self.messages.hibernate();
        self.outgoing.hibernate();
    }

    /// Where the connection stands between open and closed.
    pub fn state(&self) -> State {
        self.connection.state()
    }
}
