//! Messages to be sent.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
use crate::wire::{Header, LengthTooLarge};
use crate::wire::{MessageKind, widened};
#[cfg(feature = "deflate")]
use crate::{
    extension::deflate::{Compression, Deflater},
    wire::Rsv,
};

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
    /// The same frame with its payload compressed, and what it takes to read it.
    #[cfg(feature = "deflate")]
    compressed: Option<(Compression, Vec<u8>)>,
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
        let header = Header::data(message.kind().into(), true, message.payload_len())?;
        Ok(Self {
            bytes: framed(header, message.payload()),
            #[cfg(feature = "deflate")]
            compressed: None,
        })
    }

    /// Frames a message both as it is and compressed: each connection takes what it has agreed on.
    ///
    /// The compressor forgets its history before and after, so that everybody can read the message. A connection whose own compressor
    /// works with context takeover goes on without the history from before; where broadcasts come often, agree on no context takeover.
    ///
    /// ```
    /// use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort};
    /// use websocket_proto::{Connection, Limits, Negotiated, Prepared, Server};
    ///
    /// // Readable by whoever has agreed on any context takeover and the largest window, which is what most do.
    /// let mut deflater = Deflater::new(Compression { context_takeover: false, ..Compression::DEFAULT }, Effort::SMALL);
    /// let news = Prepared::compressed(&"the same for all, ".repeat(100), &mut deflater).unwrap();
    ///
    /// let with = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    /// let [with, without] = [with, Negotiated::elsewhere()]
    ///     .map(|negotiated| Connection::new(negotiated, Server, &Limits::default()).send_prepared(&news).unwrap().len());
    /// assert!(with < 60 && without == 4 + 18 * 100);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(feature = "deflate")]
    pub fn compressed<'m>(message: impl Into<Message<'m>>, deflater: &mut Deflater) -> Result<Self, LengthTooLarge> {
        let message = message.into();
        let mut prepared = Self::new(message)?;
        let compression = Compression { context_takeover: false, ..deflater.compression() };
        deflater.forget();
        let payload = deflater.deflate(message.payload(), true);
        let header = Header::data(message.kind().into(), true, widened(payload.len()))?.with_rsv(Rsv::RSV1);
        prepared.compressed = Some((compression, framed(header, payload)));
        deflater.forget();
        deflater.trim();
        Ok(prepared)
    }

    /// The frame with its payload compressed, if there is one: what [`send_prepared`](crate::Connection::send_prepared) admits to
    /// a connection that has agreed on enough.
    #[cfg(feature = "deflate")]
    pub fn compressed_bytes(&self) -> Option<&[u8]> {
        self.compressed.as_ref().map(|(_, frame)| &frame[..])
    }

    /// The same, and what it takes to read it.
    #[cfg(feature = "deflate")]
    pub(super) fn compressed_frame(&self) -> Option<(Compression, &[u8])> {
        self.compressed.as_ref().map(|(compression, frame)| (*compression, &frame[..]))
    }

    /// The frame with its payload as it is: what [`send_prepared`](crate::Connection::send_prepared) admits to every other connection.
    ///
    /// Who queues a reference to the message, rather than the bytes, finds them again here.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(feature = "alloc")]
fn framed(header: Header, payload: &[u8]) -> Vec<u8> {
    let header = header.encode();
    let mut bytes = Vec::with_capacity(header.len() + payload.len());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(payload);
    bytes
}
