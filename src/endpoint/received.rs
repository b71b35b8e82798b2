//! Input in a buffer of the owner's.

use super::replies::Replies;
use super::{Endpoint, Sender};
use crate::wire::Redacted;
use crate::{Incoming, Moment, OwnedMessage, Role};
use core::fmt;

/// Bytes that an [`Endpoint`] takes from a buffer that is not its own; made by [`Endpoint::receive`].
///
/// ```
/// use std::time::Instant;
/// use websocket_proto::endpoint::{Config, Endpoint};
/// use websocket_proto::{Incoming, Negotiated, Server};
///
/// let mut endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &Config::default(), b"", Instant::now());
/// let mut shared = *b"\x81\x82\0\0\0\0Hi"; // masked with the key 0; one buffer serves all connections
/// let mut received = endpoint.receive(&mut shared);
/// assert!(matches!(received.next(), Some((Incoming::Text("Hi"), _))));
/// assert!(received.next().is_none());
/// ```
#[must_use = "messages come from `next`"]
pub struct Received<'e, 'i, R: Role, I, D> {
    endpoint: &'e mut Endpoint<R, I, D>,
    rest: &'i mut [u8],
}

impl<R: Role, I: Moment<D>, D: Copy> Endpoint<R, I, D> {
    /// The place where the rest of a large frame stays, while it is missing: for an owner that otherwise reads into a buffer of its own
    /// and uses [`receive`](Self::receive). What was read is reported with [`filled`](Self::filled).
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use websocket_proto::endpoint::Endpoint;
    /// use websocket_proto::{Role, Server};
    ///
    /// /// Reads once; `shared` may serve all connections of a thread.
    /// fn read(socket: &mut impl Read, endpoint: &mut Endpoint<Server, std::time::Instant>, shared: &mut [u8]) -> io::Result<()> {
    ///     if let Some(space) = endpoint.space() {
    ///         let n = socket.read(space)?;
    ///         endpoint.filled(n);
    ///     } else {
    ///         match socket.read(shared)? {
    ///             0 => endpoint.filled(0),
    ///             n => drop(endpoint.receive(&mut shared[..n])),
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn space(&mut self) -> Option<&mut [u8]> {
        self.lent = false;
        let space = if self.drained { self.messages.space(&self.connection) } else { None };
        self.lent = space.is_some();
        space
    }

    /// As [`advance`](Self::advance), but control frames and [`Progress`](Incoming::Progress) are passed over: for an owner that reads
    /// while it is writing, and lends only messages.
    pub fn advance_to_message(&mut self) -> bool {
        while self.advance() {
            if !self.messages.holds_no_message() {
                return true;
            }
            self.next();
        }
        false
    }

    /// How many bytes were read and not taken yet, to bound them where an owner reads while a message waits to be taken.
    pub fn unread_len(&self) -> usize {
        self.input.unread().len()
    }

    /// Gives back the buffer that [`room`](Self::room) lends and [`receive`](Self::receive) keeps a rest in, unless something lies in it.
    ///
    /// To be called when there is nothing to read: then a connection at rest holds no read buffer, while the window of its compressor
    /// and the buffer of its messages stay, other than after [`hibernate`](Self::hibernate).
    pub fn release_input(&mut self) {
        self.input.hibernate();
    }
}

impl<'e, 'i, R: Role, I: Moment<D>, D: Copy> Received<'e, 'i, R, I, D> {
    #[inline]
    pub(super) fn new(endpoint: &'e mut Endpoint<R, I, D>, mut rest: &'i mut [u8]) -> Self {
        if !endpoint.input.is_empty() {
            // What came earlier is taken first.
            endpoint.input.extend(rest);
            rest = &mut [];
        }
        endpoint.drained = false;
        Self { endpoint, rest }
    }

    /// The next message or control frame, and the way to answer it, as [`Endpoint::next`].
    #[inline]
    pub fn next(&mut self) -> Option<(Incoming<'_>, Sender<'_, R>)> {
        if !self.endpoint.input.is_empty() {
            return self.endpoint.next();
        }
        let Endpoint { messages, connection, outgoing, drained, eof, .. } = &mut *self.endpoint;
        let found = messages.next(connection, &mut self.rest, &mut Replies(&mut outgoing.queue));
        Sender { connection, outgoing }.lent_with(found, drained, *eof)
    }

    /// The next message, owned: without a copy if it was put together from pieces. Control frames before it are passed over; they are
    /// answered already.
    pub fn take(&mut self) -> Option<OwnedMessage> {
        while !self.endpoint.input.is_empty() {
            if !self.endpoint.advance() {
                return None;
            }
            if let Some(message) = self.endpoint.take() {
                return Some(message);
            }
        }
        loop {
            let Endpoint { messages, connection, outgoing, drained, .. } = &mut *self.endpoint;
            let mut input = core::mem::take(&mut self.rest);
            let found = messages.advance(connection, &mut input, &mut Replies(&mut outgoing.queue));
            self.rest = input;
            outgoing.found(found);
            if !found {
                *drained = true;
                return None;
            }
            let message = match messages.take() {
                None => OwnedMessage::try_from(self.next()?.0).ok(),
                message => message,
            };
            if message.is_some() {
                // What the connection has still to write, the next look at the empty input writes.
                self.endpoint.drained = self.rest.is_empty() && !self.endpoint.connection.wants_write();
                return message;
            }
        }
    }
}

/// What was not taken is kept for [`Endpoint::next`].
impl<R: Role, I, D> Drop for Received<'_, '_, R, I, D> {
    #[inline]
    fn drop(&mut self) {
        if !self.rest.is_empty() {
            self.endpoint.input.extend(self.rest);
        }
    }
}

impl<R: Role, I, D> fmt::Debug for Received<'_, '_, R, I, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("rest", &Redacted(self.rest.len())).finish_non_exhaustive()
    }
}
