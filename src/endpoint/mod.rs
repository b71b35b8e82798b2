//! One whole end of a connection, still without I/O: the buffers, the output, the compressor, the time and the verdict.
//!
//! The owner of a transport has four duties, in any order, on any runtime:
//!
//! 1. read into [`room`](Endpoint::room), and report it with [`filled`](Endpoint::filled);
//! 2. take what [`next`](Endpoint::next) finds, until it finds nothing; it lends a message and a way to answer it;
//! 3. write what [`output`](Endpoint::output) holds, and report it with [`written`](Endpoint::written);
//! 4. look at the clock with [`tick`](Endpoint::tick), now and again at the instant that it returns.
//!
//! [`status`](Endpoint::status) says what the transport has to do, [`end`](Endpoint::end) how it ended. A future that is dropped between
//! two of these calls loses nothing and repeats nothing.
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
#![forbid(unsafe_code)]
#![expect(clippy::should_implement_trait, reason = "`next` lends, which an iterator can't")]

mod accepting;
mod asking;
mod config;
mod duties;
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
mod status;

use core::ops::Add;
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

use crate::{
    CloseFrame, Connection, Ending, Incoming, Message, Messages, Negotiated, OwnedMessage, Role, SendError, State,
    Timeout, Timers, Transport,
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
/// It is about a kilobyte, and holds no other memory before the first bytes are read; [`hibernate`](Self::hibernate), which
/// [`tick`](Self::tick) calls when the peer has been silent for a while, gives back what was taken since.
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
    eof: bool,
    half_closed: bool,
    timed_out: Option<Timeout>,
}

impl<R: Role, I, D> Endpoint<R, I, D>
where
    I: Copy + Ord + Add<D, Output = I>,
    D: Copy,
{
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
            eof,
            half_closed: false,
            timed_out: None,
        }
    }

    /// The place to read into; never empty. What was read is reported with [`filled`](Self::filled); reading nothing, and asking again
    /// later, is fine.
    ///
    /// While the rest of a large frame is missing, this is the place where it stays: no byte of it is copied.
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

    /// So many bytes were read into [`room`](Self::room); 0 is the end of input, as `read` says it.
    pub fn filled(&mut self, n: usize) {
        match (n, self.lent) {
            (0, _) => self.eof = true,
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
        let found = {
            let (mut input, taken) = self.input.split();
            let found = self.messages.next(&mut self.connection, &mut input, &mut Replies(&mut self.outgoing.queue));
            taken.keep(input.len());
            found
        };
        if let Ok(Some(incoming)) = found {
            return Some((incoming, Sender { connection: &mut self.connection, outgoing: &mut self.outgoing }));
        }
        self.drained = true;
        if self.eof {
            self.connection.receive_eof();
        }
        None
    }

    /// Takes input until there is something for [`message`](Self::message) to lend, and says whether there is: [`next`](Self::next) in
    /// two steps, for a wrapper that reads more in a loop and then returns what it borrows.
    pub fn advance(&mut self) -> bool {
        let mut input = self.input.unread_mut();
        let found = self.messages.advance(&mut self.connection, &mut input, &mut Replies(&mut self.outgoing.queue));
        let left = input.len();
        self.input.keep(left);
        let found = found && self.connection.failure().is_none();
        if !found {
            self.drained = true;
            if self.eof {
                self.connection.receive_eof();
            }
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

    /// The same in several slices, for a vectored write: large shared frames are slices of their own.
    pub fn output_slices(&mut self) -> impl Iterator<Item = &[u8]> {
        self.outgoing.queue.slices()
    }

    /// The first `n` bytes of [`output`](Self::output), or of [`output_slices`](Self::output_slices), were written.
    #[inline]
    pub fn written(&mut self, n: usize) {
        self.moved |= n > 0;
        self.outgoing.queue.written(n);
        self.outgoing.write_control(&mut self.connection);
        self.outgoing.go_on(&mut self.connection);
    }

    /// Looks at the clock: queues the Ping that is due, or gives the peer up, and says when to call this again at the latest.
    ///
    /// To be called once in each turn of the owner's loop, after what was read has been reported.
    pub fn tick(&mut self, now: I) -> Option<I> {
        if core::mem::take(&mut self.heard) {
            self.timers.received(now);
        }
        self.timers.observe(self.connection.state(), now);
        match (self.outgoing.queue.len(), core::mem::take(&mut self.moved)) {
            (waiting, true) => self.timers.sent(waiting, now),
            (0, false) => {}
            (_, false) => self.timers.blocked(now),
        }
        match self.timers.expired(now) {
            None => {}
            Some(Timeout::Idle) => {
                self.hibernate();
                // There is nothing to keep alive if it is closing.
                let _ = self.sender().ping(b"");
            }
            Some(timeout) => self.timed_out = Some(timeout),
        }
        self.timers.deadline()
    }

    /// What the transport has to do.
    pub fn status(&self) -> Status {
        let empty = self.outgoing.is_empty();
        match self.connection.transport() {
            _ if self.timed_out.is_some() => Status::Close,
            Transport::KeepOpen if empty && self.eof && self.drained => Status::Close,
            Transport::KeepOpen if self.eof || self.outgoing.queue.len() > self.connection.high_water_mark() => {
                Status::Flush
            }
            Transport::KeepOpen => Status::Open,
            Transport::WriteOnly => Status::Flush,
            _ if !empty && self.eof => Status::Flush,
            _ if !empty => Status::Open,
            _ if self.eof => Status::Close,
            Transport::AwaitEof => Status::Drain,
            // §7.1.1: a server closes the writing half, and the transport once the peer has, so that nothing that was written is lost.
            Transport::HalfClose | Transport::Close if !self.half_closed => Status::HalfClose,
            Transport::HalfClose | Transport::Close => Status::Drain,
        }
    }

    /// The writing half of the transport was closed, as [`Status::HalfClose`] asked.
    pub fn half_closed(&mut self) {
        self.half_closed = true;
    }

    /// How the connection ended, once [`status`](Self::status) is [`Status::Close`], or the transport has failed.
    ///
    /// # Errors
    ///
    /// [`Failure`], if it did not end cleanly.
    pub fn end(&mut self) -> End {
        match (self.connection.failure(), self.connection.receive_eof(), self.timed_out) {
            (Some(error), ..) => Err(Failure::Protocol(error)),
            (None, Ending::Clean, _) => Ok(self.messages.close_code()),
            (None, Ending::Unclean, Some(timeout)) => Err(Failure::Timeout(timeout)),
            (None, Ending::Unclean, None) => Err(Failure::NoClose),
        }
    }

    /// Gives back the memory that a connection at rest does not need.
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
