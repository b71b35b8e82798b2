//! The way to answer, while a received message is held.

use super::outgoing::Outgoing;
use crate::connection::ServerRole;
use crate::{CloseFrame, Connection, Incoming, Message, OwnedMessage, Prepared, ProtocolError, Role, SendError};

/// The sending side of an [`Endpoint`](super::Endpoint), lent beside a received message.
///
/// Everything is appended to the endpoint's output, in the order of the calls; nothing is copied but into it.
///
/// ```
/// # use websocket_proto::endpoint::{Config, Endpoint};
/// # use websocket_proto::{Incoming, Negotiated, Server};
/// # let mut endpoint: Endpoint<Server, u64, u64> = Endpoint::new(Negotiated::elsewhere(), Server, &Config::with_timeouts(websocket_proto::Timeouts::none()), b"", 0);
/// while let Some((incoming, mut sender)) = endpoint.next() {
///     if let Incoming::Text(text) = incoming {
///         sender.send(text)?; // `text` still borrows what was received
///     }
/// }
/// # Ok::<(), websocket_proto::SendError>(())
/// ```
#[derive(Debug)]
pub struct Sender<'e, R: Role> {
    pub(super) connection: &'e mut Connection<R>,
    pub(super) outgoing: &'e mut Outgoing,
}

impl<R: Role> Sender<'_, R> {
    /// What was found in the input, with this way to answer it; nothing, if all input was taken.
    #[inline]
    pub(super) fn lent_with<'m>(
        self,
        found: Result<Option<Incoming<'m>>, ProtocolError>,
        drained: &mut bool,
        eof: bool,
    ) -> Option<(Incoming<'m>, Self)> {
        let incoming = found.ok().flatten();
        self.outgoing.found(incoming.is_some());
        if incoming.is_none() {
            *drained = true;
            if eof && self.outgoing.is_empty() {
                self.connection.receive_eof();
            }
        }
        incoming.map(|incoming| (incoming, self))
    }

    /// Sends a message: compressed where that was agreed on, in fragments where it is longer than
    /// [`Config::max_fragment_len`](super::Config::max_fragment_len).
    ///
    /// # Errors
    ///
    /// [`SendError::NotOpen`] after a Close, or a failure. [`SendError::OutOfSequence`] inside a message that
    /// [`send_piece`](Self::send_piece) has begun.
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.outgoing.send(self.connection, message.into())
    }

    /// The same for a message that need not be borrowed: it is framed, and compressed, piece by piece as the output is written, so
    /// that a long one takes neither the memory of its frames nor much time at once. What is not framed yet when the peer's Close is taken is
    /// dropped: nothing may be sent after the answer to it (§5.5.1).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_owned(&mut self, message: impl Into<OwnedMessage>) -> Result<(), SendError> {
        self.outgoing.send_owned(self.connection, message.into())
    }

    /// The same, for an owner that writes [`output_slices`](super::Endpoint::output_slices) at once: of a server's message that is not
    /// compressed, the payload is no copy, but a slice of its own after its header. A client's is masked, and so copied.
    ///
    /// ```
    /// # use websocket_proto::endpoint::{Config, Endpoint};
    /// # use websocket_proto::{Negotiated, Server};
    /// # let mut endpoint: Endpoint<Server, u64, u64> = Endpoint::new(Negotiated::elsewhere(), Server, &Config::with_timeouts(websocket_proto::Timeouts::none()), b"", 0);
    /// endpoint.sender().send_vectored(vec![7; 60_000])?;
    /// let slices: Vec<usize> = endpoint.output_slices().map(<[u8]>::len).collect();
    /// assert_eq!(slices, [4, 60_000]); // to be written by one `write_vectored`
    /// # Ok::<(), websocket_proto::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_vectored(&mut self, message: impl Into<OwnedMessage>) -> Result<(), SendError> {
        self.outgoing.send_vectored(self.connection, message.into())
    }

    /// Sends the fragment of a message that begins at the byte `start`, and says where the next one begins; `None` after the last. This
    /// is [`send`](Self::send) in steps, for a caller that writes the output between them: a long message that is only borrowed then takes
    /// the memory of one fragment.
    ///
    /// The next fragment has to follow before any other message; Pings and a Close may be sent between.
    ///
    /// ```
    /// # use websocket_proto::endpoint::{Config, Endpoint};
    /// # use websocket_proto::{Message, Negotiated, Server};
    /// let mut config = Config::with_timeouts(websocket_proto::Timeouts::none());
    /// config.max_fragment_len = 4;
    /// let mut endpoint: Endpoint<Server, u64, u64> = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
    /// let mut start = Some(0);
    /// while let Some(from) = start {
    ///     start = endpoint.sender().send_piece("Hello", from)?;
    ///     let output = endpoint.output(); // to be written to the socket
    ///     assert_eq!(output, if from == 0 { &b"\x01\x04Hell"[..] } else { b"\x80\x01o" });
    ///     let n = output.len();
    ///     endpoint.written(n);
    /// }
    /// # Ok::<(), websocket_proto::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`SendError::OutOfSequence`] in place of a fragment that had to follow.
    pub fn send_piece<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        start: usize,
    ) -> Result<Option<usize>, SendError> {
        self.outgoing.send_piece(self.connection, message.into(), start)
    }

    /// Sends a Ping with at most 125 bytes of payload (§5.5.2). It goes out at the next border between frames, and counts in
    /// [`queued_len`](Self::queued_len): as for messages, the caller bounds how many wait.
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] for a longer payload, [`SendError::NotOpen`] after a Close or a failure.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.outgoing.ping(self.connection, payload)
    }

    /// Sends a Close after all that was sent before (§7.1.2); nothing can be sent after it.
    ///
    /// # Errors
    ///
    /// [`SendError::NotOpen`] if a Close was sent before, or the connection has failed.
    pub fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), SendError> {
        self.outgoing.close(self.connection, frame.into())
    }

    /// How many bytes wait to be written, so that the caller can slow down where a peer is slow: nothing else bounds what the caller sends
    /// [of its own accord](super#back-pressure). A message that is not framed yet counts with 14 bytes for its header.
    pub fn queued_len(&self) -> usize {
        self.outgoing.len()
    }
}

impl<R: ServerRole> Sender<'_, R> {
    /// Sends a message that many connections get: what is queued is a reference to its frame.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_prepared(&mut self, message: &Prepared) -> Result<(), SendError> {
        self.outgoing.send_prepared(self.connection, message)
    }
}
