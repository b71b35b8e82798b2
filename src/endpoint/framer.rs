//! Sending from another task, without holding up the receiver.

use core::ops::Add;

use super::outgoing::Outgoing;
use super::queue::Queue;
use super::{Config, Endpoint};
use crate::{Connection, Limits, Message, Negotiated, Role, SendError};

/// Frames, masks and compresses messages on behalf of an [`Endpoint`], in another task or thread: made by
/// [`Endpoint::framer`].
///
/// The endpoint is shared in a mutex. The work on a long message is done here, without the lock; what is done under the lock, by
/// [`Endpoint::append`], is one copy at most. Pings, Pongs and the Close stay with the endpoint, so they go out between the messages
/// whichever task writes.
///
/// ```
/// use std::sync::Mutex;
/// use websocket_proto::endpoint::{Config, Endpoint};
/// use websocket_proto::{Negotiated, Server, Timeouts};
///
/// let config = Config::with_timeouts(Timeouts::none());
/// let mut endpoint: Endpoint<Server, u64, u64> = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
/// let mut framer = endpoint.framer(Server, &config);
/// let shared = Mutex::new(endpoint);
///
/// // In the sending task:
/// framer.frame("Hello")?; // however long it takes
/// shared.lock().unwrap().append(&mut framer)?;
///
/// // In the task that owns the transport:
/// assert_eq!(shared.lock().unwrap().output(), b"\x81\x05Hello");
/// # Ok::<(), websocket_proto::SendError>(())
/// ```
#[derive(Debug)]
pub struct Framer<R: Role> {
    /// It receives nothing.
    connection: Connection<R>,
    outgoing: Outgoing,
}

impl<R: Role> Framer<R> {
    /// Frames a message, compressed where that was agreed on, in fragments where it is long.
    ///
    /// # Errors
    ///
    /// [`SendError`].
    pub fn frame<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.outgoing.send(&mut self.connection, message.into())
    }
}

impl<R: Role, I, D> Endpoint<R, I, D>
where
    I: Copy + Ord + Add<D, Output = I>,
    D: Copy,
{
    /// Makes the means to frame messages in another task; `role` is one with masking keys of its own.
    ///
    /// What waits in the endpoint is framed now, whatever its length. From now on the endpoint sends its own messages uncompressed, since the
    /// compressed ones refer to each other (RFC 7692 §7.2.3.2); so does any further framer. [`Prepared`](crate::Prepared) messages go out
    /// uncompressed as well, unless no context takeover was agreed on for this side. A message that
    /// [`send_piece`](super::Sender::send_piece) has begun has to be complete before this is called.
    pub fn framer(&mut self, role: R, config: &Config<D>) -> Framer<R> {
        let negotiated = Negotiated::elsewhere();
        #[cfg(feature = "deflate")]
        let negotiated = match self.connection.deflate() {
            Some(params) => negotiated.with_deflate(params),
            None => negotiated,
        };
        // All of a message is framed at once.
        let mut limits = config.limits;
        limits.high_water_mark = Limits::UNLIMITED.high_water_mark;
        let mut outgoing = Outgoing::new(Queue::default(), config);
        self.outgoing.frame_all(&mut self.connection);
        self.outgoing.lend_compressor(&mut outgoing);
        Framer { connection: Connection::new(negotiated, role, &limits), outgoing }
    }

    /// Appends what a [`framer`](Self::framer) has framed to the output, after all that was sent before.
    ///
    /// # Errors
    ///
    /// [`SendError::NotOpen`] after a Close or a failure; then the frames are dropped. [`SendError::OutOfSequence`] inside a message that
    /// [`send_piece`](super::Sender::send_piece) has begun (§5.4); then the frames stay in `framer`, to be appended later.
    pub fn append(&mut self, framer: &mut Framer<R>) -> Result<(), SendError> {
        self.outgoing.append(&self.connection, &mut framer.outgoing)
    }

    /// Takes back what [`framer`](Self::framer) has made, with what it has framed: messages are compressed here again, if they were compressed
    /// there. What waits in the endpoint is framed before, whatever its length. A message that
    /// [`send_piece`](super::Sender::send_piece) has begun has to be complete before this is called.
    pub fn reunite(&mut self, mut framer: Framer<R>) {
        self.outgoing.frame_all(&mut self.connection);
        // After a Close nothing is sent, and nothing of the compressor needed.
        let _ = self.append(&mut framer);
        self.outgoing.take_compressor(framer.outgoing);
    }
}
