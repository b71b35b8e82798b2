//! Messages that own their payload.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::Incoming;
use crate::connection::Message;
use crate::wire::MessageKind;

/// A message that owns its payload: to be queued, or handed to another task.
///
/// [`Messages::take`](super::Messages::take) hands over an assembled message without a copy; `OwnedMessage::try_from` copies what was
/// lent. To send one, borrow it: `connection.send(&message, &mut out)`.
///
/// ```
/// use websocket_proto::{Connection, Incoming, Limits, Negotiated, OwnedMessage, Server};
///
/// let message = OwnedMessage::try_from(Incoming::Text("Hello")).unwrap();
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// let mut out = Vec::new();
/// connection.send(&message, &mut out).unwrap();
/// assert_eq!(out, b"\x81\x05Hello");
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum OwnedMessage {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl OwnedMessage {
    /// Whether it is text or binary.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// Its bytes.
    pub fn payload(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Its bytes, without a copy.
    pub fn into_payload(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// Without the payload: it may be secret, and large.
impl fmt::Debug for OwnedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Message::from(self).fmt(f)
    }
}

impl From<String> for OwnedMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for OwnedMessage {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Message<'_>> for OwnedMessage {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
        }
    }
}

/// Copies the payload. A control frame is given back: it is no message.
impl<'m> TryFrom<Incoming<'m>> for OwnedMessage {
    type Error = Incoming<'m>;

    fn try_from(incoming: Incoming<'m>) -> Result<Self, Incoming<'m>> {
        Message::try_from(incoming).map(Self::from)
    }
}

impl<'m> From<&'m OwnedMessage> for Message<'m> {
    fn from(message: &'m OwnedMessage) -> Self {
        match message {
            OwnedMessage::Text(text) => Self::Text(text),
            OwnedMessage::Binary(bytes) => Self::Binary(bytes),
        }
    }
}
