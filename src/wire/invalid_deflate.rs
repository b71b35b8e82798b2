//! What can be wrong with compressed data.

use super::error_type;

error_type! {
    /// Compressed data that is no DEFLATE stream (RFC 1951), or none that RFC 7692 allows at this place.
    ///
    /// ```
    /// use websocket_proto::wire::{CloseCode, InvalidDeflate, ProtocolError};
    ///
    /// let error = ProtocolError::InvalidCompression(InvalidDeflate::Unfinished);
    /// assert_eq!(error.close_code(), CloseCode::INVALID_PAYLOAD);
    /// assert_eq!(error.to_string(), "compressed message does not end where a block ends");
    /// ```
    #[non_exhaustive]
    pub enum InvalidDeflate {
        /// A block that no compressor writes: an impossible header or code, or a back-reference beyond the window that was agreed on, or
        /// beyond what came before.
        Corrupt => "compressed data is corrupt, or refers back further than it may";
        /// A message that does not end where a block does once `00 00 ff ff` was appended (RFC 7692 §7.2.2): it was cut off, or these
        /// four bytes were left on it.
        Unfinished => "compressed message does not end where a block ends";
    }
}
