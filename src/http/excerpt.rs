//! The first bytes of what a peer sent, kept by value for an error.

use core::fmt;

/// The beginning of a value that was refused: up to 22 bytes, so that errors stay small and own nothing.
///
/// ```
/// use websocket_proto::handshake::{RequestError, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// let head = b"POST /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";
/// let error = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap_err();
/// let RequestError::Method { method } = error else { panic!("{error}") };
/// assert_eq!(method.as_bytes(), b"POST");
/// assert_eq!(method.to_string(), "'POST'");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Excerpt {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
    cut: bool,
}

impl Excerpt {
    /// The longest excerpt.
    pub const MAX_LEN: usize = 22;

    pub(crate) fn new(value: &[u8]) -> Self {
        Self::from_bytes(value.iter().copied())
    }

    pub(crate) fn from_bytes(mut value: impl Iterator<Item = u8>) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        let mut len = 0;
        for (to, from) in bytes.iter_mut().zip(value.by_ref()) {
            *to = from;
            len += 1;
        }
        Self { bytes, len, cut: value.next().is_some() }
    }

    /// The bytes that were kept.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether the value was longer.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

impl fmt::Display for Excerpt {
    /// In quotes; what is no visible ASCII is escaped, so that a log line stays one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}{}'", self.as_bytes().escape_ascii(), if self.cut { "..." } else { "" })
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
