//! What is handed out.

use core::fmt;

use crate::connection::Message;
use crate::wire::{CloseFrame, ControlPayload, MessageKind, Redacted};

/// What [`Messages::next`](super::Messages::next) found: a message as a whole, or a control frame.
///
/// ```
/// use websocket_proto::Incoming;
///
/// fn describe(incoming: Incoming<'_>) -> String {
///     match incoming {
///         Incoming::Text(text) => format!("text of {} bytes", text.len()),
///         Incoming::Binary(bytes) => format!("{} bytes", bytes.len()),
///         Incoming::Ping(payload) | Incoming::Pong(payload) => format!("control frame with {payload:?}"),
///         Incoming::Close(frame) => format!("Close with {:?}", frame.code()),
///         other => format!("{other:?}"), // what a later version may add
///     }
/// }
/// assert_eq!(describe(Incoming::Text("Hello")), "text of 5 bytes");
/// ```
#[derive(Eq, PartialEq)]
#[non_exhaustive]
pub enum Incoming<'m> {
    /// A text message.
    Text(&'m str),
    /// A binary message.
    Binary(&'m mut [u8]),
    /// A Ping; while the connection is [open](crate::State::Open), it is answered already, or its Pong waits for room in the output. After
    /// a Close of this side there is no answer, deliberately: peers take a frame after a Close for an error, see
    /// [`State`](crate::State).
    Ping(&'m [u8]),
    /// A Pong.
    Pong(&'m [u8]),
    /// The peer's Close; the answer, if one is due, is in the output already, or waits for room in it. Nothing follows it.
    Close(&'m CloseFrame),
    /// Nothing yet: a message that an extension has transformed has not ended, and undoing 16 KiB of it is as much as one call does. The
    /// next call goes on, and needs no more input for that. Between the two a caller may give other connections their turn; to pass over
    /// it is right, too.
    Progress,
}

/// Without the payload: it may be secret, and large.
impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&Redacted(text.len())).finish(),
            Self::Binary(bytes) => f.debug_tuple("Binary").field(&Redacted(bytes.len())).finish(),
            Self::Ping(payload) => f.debug_tuple("Ping").field(&Redacted(payload.len())).finish(),
            Self::Pong(payload) => f.debug_tuple("Pong").field(&Redacted(payload.len())).finish(),
            Self::Close(frame) => f.debug_tuple("Close").field(frame).finish(),
            Self::Progress => f.write_str("Progress"),
        }
    }
}

/// A message to be sent on, for an echo or a broadcast. A control frame is given back: it is no message.
impl<'m> TryFrom<Incoming<'m>> for Message<'m> {
    type Error = Incoming<'m>;

    fn try_from(incoming: Incoming<'m>) -> Result<Self, Incoming<'m>> {
        match incoming {
            Incoming::Text(text) => Ok(Self::Text(text)),
            Incoming::Binary(bytes) => Ok(Self::Binary(bytes)),
            Incoming::Ping(_) | Incoming::Pong(_) | Incoming::Close(_) | Incoming::Progress => Err(incoming),
        }
    }
}

/// What a [`Messages`](super::Messages) holds between two calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    /// Nothing, or the beginning of a message.
    Nothing,
    /// The message that was handed out, whose memory is free again.
    HandedOut,
    /// What was found, and waits to be handed out.
    Ready(Ready),
}

impl Held {
    #[inline]
    pub(super) const fn is_nothing(self) -> bool {
        matches!(self, Self::Nothing)
    }

    #[inline]
    pub(super) const fn is_ready(self) -> bool {
        matches!(self, Self::Ready(_))
    }
}

/// What lies in [`Messages`](super::Messages), ready to be handed out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ready {
    /// An assembled message.
    Message(MessageKind),
    /// The last control frame.
    Control,
    /// Nothing but the beginning of a message, after much work.
    Progress,
}

/// The last control frame that was not lent from the input.
#[derive(Clone, Copy, Debug)]
pub(super) enum LastControl {
    Ping(ControlPayload),
    Pong(ControlPayload),
    Close(CloseFrame),
}
