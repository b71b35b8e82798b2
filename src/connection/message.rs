//! Messages to be sent.

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::wire::{MessageKind, Redacted, widened};

/// A message to be sent, or a fragment of one: text or bytes, borrowed.
///
/// `&str`, `&[u8]`, `&[u8; N]` and `&mut [u8]` are messages by `Into`; with feature `alloc` also `&String`, `&Vec<u8>` and
/// [`&OwnedMessage`](crate::OwnedMessage). What [`Incoming`](crate::Incoming) lends is one by `TryFrom`.
///
/// ```
/// use websocket_proto::{Message, MessageKind};
///
/// assert_eq!(Message::from("text").kind(), MessageKind::Text);
/// assert_eq!(Message::from(&[1, 2, 3]).payload(), [1, 2, 3]);
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
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

/// Without the payload: it may be secret, and large.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
        };
        f.debug_tuple(name).field(&Redacted(self.payload().len())).finish()
    }
}

/// Writes what converts into a message of one kind: one line for a type.
macro_rules! from {
    ($( $(#[$attribute:meta])* $kind:ident($payload:ty) $(for const $len:ident)?, )+) => {$(
        $(#[$attribute])*
        impl<'m $(, const $len: usize)?> From<$payload> for Message<'m> {
            #[inline]
            fn from(payload: $payload) -> Self {
                Self::$kind(payload)
            }
        }
    )+};
}

from! {
    Text(&'m str),
    Binary(&'m [u8]),
    /// What [`Event::Binary`](crate::Event::Binary) and [`Incoming::Binary`](crate::Incoming::Binary) lend, to be sent on.
    Binary(&'m mut [u8]),
    Binary(&'m [u8; N]) for const N,
    #[cfg(feature = "alloc")]
    Text(&'m String),
    #[cfg(feature = "alloc")]
    Binary(&'m Vec<u8>),
}
