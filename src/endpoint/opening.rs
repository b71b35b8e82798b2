//! A handshake under way, which becomes an endpoint.

use core::time::Duration;

use super::input::Input;
use super::lane::Lane;
use super::opening_error::OpeningError;
use super::{Config, Endpoint, Status};
use crate::{Moment, Negotiated, Role, Timers};

/// An opening handshake, with its buffers and its time: the same four duties as for an [`Endpoint`].
///
/// `S` is the side: [`Accepting`](super::Accepting) at a server, [`Asking`](super::Asking) at a client. `next` answers what came, and
/// yields the [`Endpoint`], which takes over the bytes that came after the head and what is still to be written. `next` does not return a
/// handshake that fails, so that nothing is forgotten: its answer is in [`output`](Self::output), [`status`](Self::status) goes on to
/// [`Status::Close`], and [`end`](Self::end) says why.
///
/// ```
/// use std::time::Instant;
/// use websocket_proto::endpoint::{Config, Opening, OpeningError, Status};
///
/// let mut opening = Opening::server(&Config::default(), Instant::now());
/// let head = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"; // no upgrade
/// opening.room()[..head.len()].copy_from_slice(head);
/// opening.filled(head.len());
/// assert!(opening.next().is_none());
/// assert!(opening.output().starts_with(b"HTTP/1.1 426 "));
/// let n = opening.output().len();
/// opening.written(n);
/// assert_eq!((opening.status(), opening.end()), (Status::HalfClose, OpeningError::Answered { status: 426 }));
/// ```
#[derive(Debug)]
pub struct Opening<S, I, D = Duration> {
    pub(super) side: S,
    pub(super) config: Config<D>,
    pub(super) input: Input,
    pub(super) output: Lane,
    timers: Timers<I, D>,
    now: I,
    /// Whether input is read to its end after a failure, so that the answer is not lost: a server's way.
    drains: bool,
    /// `next` has seen all that was read.
    pub(super) seen: bool,
    eof: bool,
    half_closed: bool,
    pub(super) failed: Option<OpeningError>,
}

impl<S, I: Moment<D>, D: Copy> Opening<S, I, D> {
    pub(super) fn new(side: S, drains: bool, config: &Config<D>, output: Lane, now: I) -> Self {
        Self {
            side,
            config: *config,
            input: Input::default(),
            output,
            timers: Timers::new(config.timeouts, now),
            now,
            drains,
            seen: true,
            eof: false,
            half_closed: false,
            failed: None,
        }
    }

    /// The place to read into; never empty. What was read is reported with [`filled`](Self::filled).
    pub fn room(&mut self) -> &mut [u8] {
        self.input.room(self.config.read_len.max(1))
    }

    /// `n` bytes were read into [`room`](Self::room); 0 is the end of input.
    pub fn filled(&mut self, n: usize) {
        self.eof |= n == 0;
        // What comes after a refusal is dropped.
        if self.failed.is_none() {
            self.input.filled(n);
            self.seen &= n == 0;
        }
    }

    /// What is to be written next; empty if nothing is. What was written is reported with [`written`](Self::written).
    pub fn output(&mut self) -> &[u8] {
        self.output.until(self.output.bytes.len())
    }

    /// The same as slices, as [`Endpoint::output_slices`]: a head is one.
    pub fn output_slices(&mut self) -> impl Iterator<Item = &[u8]> {
        core::iter::once(self.output()).filter(|head| !head.is_empty())
    }

    /// The first `n` bytes of [`output`](Self::output) were written.
    pub fn written(&mut self, n: usize) {
        self.output.written = self.output.written.saturating_add(n).min(self.output.bytes.len());
    }

    /// Looks at the clock, gives the handshake up if it takes too long, and says when to call this again at the latest.
    pub fn tick(&mut self, now: I) -> Option<I> {
        self.now = now;
        if self.timers.expired(now).is_some() {
            self.failed.get_or_insert(OpeningError::Timeout);
            // Neither input nor output is waited for any longer.
            self.eof = true;
            self.written(usize::MAX);
        }
        self.timers.deadline()
    }

    /// What the transport has to do.
    pub fn status(&self) -> Status {
        match (&self.failed, self.output.is_empty(), self.eof) {
            (None, _, false) | (Some(_), false, false) => Status::Open,
            (None, true, true) if !self.seen => Status::Flush,
            (None, false, true) | (Some(_), false, true) => Status::Flush,
            (_, true, true) => Status::Close,
            (Some(_), true, false) if !self.drains => Status::Close,
            // RFC 9112 §9.6: a server "SHOULD half-close the connection" and read on, or the response may be lost.
            (Some(_), true, false) if !self.half_closed => Status::HalfClose,
            (Some(_), true, false) => Status::Drain,
        }
    }

    /// The writing half of the transport was closed, as [`Status::HalfClose`] asked.
    pub fn half_closed(&mut self) {
        self.half_closed = true;
    }

    /// Why there is no endpoint, once [`status`](Self::status) is [`Status::Close`], or the transport has failed.
    pub fn end(&self) -> OpeningError {
        self.failed.unwrap_or(OpeningError::Ended)
    }

    /// The endpoint after a head of `head_len` bytes.
    pub(super) fn open<R: Role>(&mut self, negotiated: Negotiated, role: R, head_len: usize) -> Endpoint<R, I, D> {
        let (mut input, output) = (core::mem::take(&mut self.input), core::mem::take(&mut self.output));
        input.skip(head_len);
        Endpoint::open(negotiated, role, &self.config, (input, self.eof), output, (self.timers, self.now))
    }
}
