//! What can be wrong with compressed data.

use core::fmt;

/// Compressed data that is no DEFLATE stream (RFC 1951), or none that RFC 7692 allows at this place.
///
/// ```
/// use websocket_proto::wire::{CloseCode, InvalidDeflate, ProtocolError};
///
/// let error = ProtocolError::InvalidCompression(InvalidDeflate::Distance { distance: 300, history: 256 });
/// assert_eq!(error.close_code(), CloseCode::INVALID_PAYLOAD);
/// assert_eq!(error.to_string(), "compressed data refers 300 bytes back, where 256 may be referred to");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum InvalidDeflate {
    /// A block of the reserved type 3.
    BlockType,
    /// A stored block whose length and complement do not fit each other.
    StoredLength,
    /// Code lengths that make no code.
    CodeLengths,
    /// A code that stands for nothing.
    Code,
    /// A back-reference beyond the window that was agreed on, or beyond what came before.
    Distance {
        /// How many bytes it reaches back.
        distance: u16,
        /// How many bytes it may reach back.
        history: u16,
    },
    /// A message that does not end where a block does once `00 00 ff ff` was appended (RFC 7692 §7.2.2): it was cut off, or these
    /// four bytes were left on it.
    Unfinished,
}

impl fmt::Display for InvalidDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlockType => f.write_str("compressed data has a block of the reserved type"),
            Self::StoredLength => f.write_str("compressed data has a stored block whose length contradicts itself"),
            Self::CodeLengths => f.write_str("compressed data describes an impossible code"),
            Self::Code => f.write_str("compressed data has a code that stands for nothing"),
            Self::Distance { distance, history } => {
                write!(f, "compressed data refers {distance} bytes back, where {history} may be referred to")
            }
            Self::Unfinished => f.write_str("compressed message does not end where a block ends"),
        }
    }
}

impl core::error::Error for InvalidDeflate {}
