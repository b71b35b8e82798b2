//! Messages to be sent.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
use crate::wire::{Header, LengthTooLarge};
use crate::wire::{MessageKind, widened};

/// A message to be sent, or a fragment of one: text or bytes, borrowed.
///
/// `&str`, `&String`, `&[u8]`, `&[u8; N]` and `&Vec<u8>` are messages by `Into`.
///
/// ```
/// use websocket_proto::{Message, MessageKind};
///
/// assert_eq!(Message::from("text").kind(), MessageKind::Text);
/// assert_eq!(Message::from(&[1, 2, 3]).payload(), [1, 2, 3]);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Message<'m> {
    /// A text message.
    Text(&'m str),
    /// A binary message.
    Binary(&'m [u8]),
}

impl<'m> Message<'m> {
    /// Whether it is text or binary.
    #[inline]
    pub const fn kind(self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// Its bytes.
    #[inline]
    pub const fn payload(self) -> &'m [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// How many bytes it has.
    #[inline]
    pub fn payload_len(self) -> u64 {
        widened(self.payload().len())
    }
}

impl<'m> From<&'m str> for Message<'m> {
    #[inline]
    fn from(text: &'m str) -> Self {
        Self::Text(text)
    }
}

impl<'m> From<&'m [u8]> for Message<'m> {
    #[inline]
    fn from(bytes: &'m [u8]) -> Self {
        Self::Binary(bytes)
    }
}

impl<'m, const N: usize> From<&'m [u8; N]> for Message<'m> {
    #[inline]
    fn from(bytes: &'m [u8; N]) -> Self {
        Self::Binary(bytes)
    }
}

#[cfg(feature = "alloc")]
impl<'m> From<&'m alloc::string::String> for Message<'m> {
    #[inline]
    fn from(text: &'m alloc::string::String) -> Self {
        Self::Text(text)
    }
}

#[cfg(feature = "alloc")]
impl<'m> From<&'m Vec<u8>> for Message<'m> {
    #[inline]
    fn from(bytes: &'m Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

/// A message that a server has framed once in order to send it to many: a broadcast.
///
/// What goes over the wire is the same for every client, since a server does not mask.
///
/// ```
/// use websocket_proto::{Connection, Limits, Negotiated, Prepared, Server};
///
/// let news = Prepared::new("the same for all").unwrap();
/// let mut connections = [0; 3].map(|_| Connection::new(Negotiated::elsewhere(), Server, &Limits::default()));
/// for connection in &mut connections {
///     let bytes: &[u8] = connection.send_prepared(&news).unwrap();
///     assert_eq!(bytes, b"\x81\x10the same for all"); // write them, or queue a reference to them
/// }
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Prepared {
    bytes: Vec<u8>,
}

#[cfg(feature = "alloc")]
impl Prepared {
    /// Frames a message as a server sends it.
    ///
    /// # Errors
    ///
    /// [`LengthTooLarge`] for 2⁶³ bytes and more, which no machine of today holds.
    pub fn new<'m>(message: impl Into<Message<'m>>) -> Result<Self, LengthTooLarge> {
        let message = message.into();
        let header = Header::data(message.kind().into(), true, message.payload_len())?.encode();
        let mut bytes = Vec::with_capacity(header.len() + message.payload().len());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(message.payload());
        Ok(Self { bytes })
    }

    /// The frame's bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
