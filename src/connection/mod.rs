//! What frames mean to an endpoint (§5 to §7).
//!
//! [`Connection`] is the protocol and nothing else. It holds no payload but that of a control frame, and never asks for memory.
#![forbid(unsafe_code)]

mod closing;
#[cfg(feature = "inflate")]
mod compressed;
#[cfg(feature = "deflate")]
mod compressing;
mod control;
mod event;
mod forward;
mod message;
mod observer;
#[cfg(feature = "alloc")]
mod prepared;
#[cfg(feature = "rand")]
mod random_keys;
mod receive;
mod role;
mod send;
mod send_error;
mod transformed;
mod whole;

use core::fmt;

use closing::Stage;
pub use closing::{Ending, State, Transport};
pub use event::{Event, Part};
pub use message::Message;
pub use observer::{Observed, Observer};
#[cfg(feature = "alloc")]
pub(crate) use prepared::Counted;
#[cfg(feature = "alloc")]
pub use prepared::{Prepared, PreparedForm};
#[cfg(feature = "rand")]
pub use random_keys::{RandomKeys, SeedUnavailable};
pub use role::{Client, Direction, FnKeys, MaskingKeys, Role, Server, ServerRole};
pub use send_error::SendError;

use crate::frame::{Masking, Reader, Sequence};
use crate::handshake::Negotiated;
use crate::kernel::Level;
use crate::wire::{Limits, ProtocolError, Rsv, Utf8Stream};
#[cfg(feature = "inflate")]
use compressed::Deflate;
use control::ControlQueue;

/// One WebSocket connection, from the end of its handshake to its end: bytes in, events out; messages in, bytes out.
///
/// It takes at most 512 bytes for a server, inline, and allocates nothing; a client's source of keys comes on top. The owner of the
/// transport drives it:
///
/// * what was read goes to [`receive`](Self::receive), until that returns `None`: **drain the input before you read again**;
/// * what [`send`](Self::send) and its siblings append to the output, and what [`take_control`](Self::take_control) or
///   [`write_control`](Self::write_control) hand out, is written, in this order;
/// * [`transport`](Self::transport) says when to close it.
///
/// For whole messages instead of pieces there is [`Messages`](crate::Messages), for time-outs [`Timers`](crate::Timers).
///
/// A task that reads and one that writes can share a connection and its output in a mutex that is locked for each call: events borrow
/// the input and not the connection, so no lock is held while one is handled.
///
/// ```
/// use websocket_proto::{Connection, Event, Limits, Negotiated, Server};
///
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// let mut read = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut out = Vec::new();
///
/// let mut input = &mut read[..];
/// while let Some(event) = connection.receive(&mut input)? {
///     match event {
///         Event::Text(text, part) => connection.send_part(text, part, &mut out).unwrap(),
///         Event::Char(char, part) => connection.send_part(&*char.encode_utf8(&mut [0; 4]), part, &mut out).unwrap(),
///         Event::Binary(bytes, part) => connection.send_part(&*bytes, part, &mut out).unwrap(),
///         Event::Ping | Event::Close => connection.write_control(&mut out).unwrap(),
///         _ => {} // a Pong; and compressed pieces come only where compression was negotiated
///     }
/// }
/// assert_eq!(out, b"\x81\x05Hello");
/// # Ok::<(), websocket_proto::ProtocolError>(())
/// ```
pub struct Connection<R> {
    /// Frames with a payload shorter than this may take the shortest path of `receive`: all of the fields below, condensed.
    short_len: u8,
    stage: Stage,
    inbound: Inbound,
    reader: Reader,
    /// Bytes of the current message that were handed out.
    delivered: u64,
    /// The current text as far as it was handed out.
    utf8: Utf8Stream,
    control: ControlQueue,
    /// With this many bytes in the output, a Pong waits; the largest number is no bound.
    high_water_mark: u32,
    /// Where the messages of this side stand.
    sending: Sequence,
    /// The reserved bits of the message that was begun.
    sending_rsv: Rsv,
    /// Where the text of that message stands.
    sending_utf8: Utf8Stream,
    #[cfg(feature = "inflate")]
    deflate: Option<Deflate>,
    role: R,
}

/// What happens to bytes from the peer.
#[derive(Clone, Copy, Debug)]
enum Inbound {
    /// They are read.
    Reading,
    /// What was valid before this violation was handed out, or is with this call; from the next one on every call fails.
    Violated(ProtocolError),
    /// The peer's Close has come, and what follows is ignored (§5.5.1).
    Closed,
    /// The input has ended without it.
    Ended,
}

impl<R: Role> Connection<R> {
    /// Begins where the handshake ended.
    ///
    /// The bytes after the handshake's head, if the same read brought any, are the first input.
    pub fn new(negotiated: Negotiated, role: R, limits: &Limits) -> Self {
        let reader = Reader::new(R::RECEIVES, limits).with_owned_rsv(negotiated.owned_rsv());
        let mut connection = Self {
            short_len: 0,
            stage: Stage::Before(State::Open),
            inbound: Inbound::Reading,
            reader,
            delivered: 0,
            utf8: Utf8Stream::EMPTY,
            control: ControlQueue::EMPTY,
            // With a mark of 0 nothing that waits would ever go out.
            high_water_mark: u32::try_from(limits.high_water_mark).unwrap_or(u32::MAX).max(1),
            sending: Sequence::Between,
            sending_rsv: Rsv::NONE,
            sending_utf8: Utf8Stream::EMPTY,
            #[cfg(feature = "inflate")]
            deflate: negotiated.deflate().map(|params| Deflate::new::<R>(params, negotiated.after_deflate())),
            role,
        };
        connection.settle();
        connection
    }

    /// Whether no message, and no frame, of the peer's has begun and is still to end. One that a Close, a violation or the end of input has cut
    /// short never ends.
    ///
    /// Then, once [`next`](crate::Messages::next) has handed out what was found and nothing [waits to be written](Self::wants_write), `Messages`
    /// holds nothing of this connection, except for the history of a decompressor: where compression was not agreed on, it may serve
    /// another one, so that connections at rest share their memory.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Messages, Negotiated, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let (mut messages, mut out) = (Messages::new(), Vec::new());
    /// // "Hel", a Ping, and "lo" (§5.4), masked with the key 0.
    /// let (mut first, mut last) = (*b"\x01\x83\0\0\0\0Hel\x89\x80\0\0\0\0", *b"\x80\x82\0\0\0\0lo");
    /// for (read, between) in [(&mut first[..], false), (&mut last[..], true)] {
    ///     let mut input = read;
    ///     while messages.next(&mut connection, &mut input, &mut out)?.is_some() {}
    ///     assert_eq!(connection.is_between_messages(), between);
    /// }
    /// # Ok::<(), websocket_proto::ProtocolError>(())
    /// ```
    pub const fn is_between_messages(&self) -> bool {
        self.reader.is_between_messages()
    }

    /// Where the connection stands between open and closed.
    #[inline]
    pub const fn state(&self) -> State {
        self.stage.state()
    }

    /// What the caller has to do with the transport.
    pub fn transport(&self) -> Transport {
        match (self.state(), self.inbound, R::RECEIVES) {
            _ if self.wants_write() && self.stage.ending().is_some() => Transport::WriteOnly,
            _ if self.wants_write() => Transport::KeepOpen,
            _ if self.stage.ending().is_some() => Transport::Close,
            (State::Open | State::CloseSent | State::CloseReceived, ..) => Transport::KeepOpen,
            (State::Closed, _, Masking::Forbidden) => Transport::AwaitEof,
            (State::Closed, Inbound::Violated(_), Masking::Required) => Transport::HalfClose,
            (State::Closed, Inbound::Reading | Inbound::Closed | Inbound::Ended, Masking::Required) => Transport::Close,
        }
    }

    #[inline]
    pub(crate) const fn level(&self) -> Level {
        self.reader.level()
    }

    /// The longest message that may come, as it is before extensions transform it.
    #[cfg(feature = "alloc")]
    pub(crate) const fn max_message_len(&self) -> u64 {
        self.reader.max_message_len()
    }

    /// The reserved bit of permessage-deflate where it is in use.
    pub(crate) const fn deflate_rsv(&self) -> Rsv {
        #[cfg(feature = "inflate")]
        if self.deflate.is_some() {
            return Rsv::RSV1;
        }
        Rsv::NONE
    }

    /// The violation for which the connection has failed.
    pub const fn failure(&self) -> Option<ProtocolError> {
        match (self.inbound, self.state()) {
            (Inbound::Violated(error), State::Closed) => Some(error),
            // It is told, and the connection fails, with the next call of `receive`.
            (Inbound::Violated(_), State::Open | State::CloseSent | State::CloseReceived) => None,
            (Inbound::Reading | Inbound::Closed | Inbound::Ended, _) => None,
        }
    }

    /// Bytes of the current frame's payload that have not come yet; 0 between frames.
    ///
    /// A caller that has its own place for a large payload can read exactly that many bytes into it and give them to
    /// [`receive`](Self::receive) as its input: they are unmasked where they lie.
    pub const fn payload_remaining(&self) -> u64 {
        self.reader.payload_remaining()
    }
}

impl<R: Role> fmt::Debug for Connection<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("state", &self.state())
            .field("inbound", &self.inbound)
            .field("payload_remaining", &self.payload_remaining())
            .field("pong", &self.control.pong)
            .field("close", &self.control.close)
            .field("sending", &self.sending)
            .finish_non_exhaustive()
    }
}

const _: () = assert!(core::mem::size_of::<Connection<Server>>() <= 512);
