//! Every bound of the crate, with its default.

/// The bounds that protect an endpoint from its peer.
///
/// Each limit is inclusive: a value equal to it passes. The largest value of a field's type means "unlimited" and is safe: lengths
/// are compared as 64-bit numbers before anything is narrowed, and no memory is ever sized by a declared length.
///
/// ```
/// use websocket_proto::wire::Limits;
///
/// let limits = Limits::DEFAULT.with_max_message_len(64 * 1024);
/// assert_eq!(limits.max_fragments, 65_536);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in a request or response head, its empty line included; protects the caller's read buffer.
    /// Default: 16 KiB. Beyond it: 431, or the client's handshake fails.
    pub max_head_len: usize,
    /// Fields in a head; protects from the time that looking them up takes. Default: 100.
    /// Beyond it: 431, or the client's handshake fails.
    pub max_head_fields: usize,
    /// Interim (1xx) responses before the final one; protects a client from waiting for ever. Default: 8.
    /// Beyond it: the client's handshake fails.
    pub max_interim_responses: u32,
    /// Payload bytes of one frame; with streamed pieces, the only bound on what a peer may announce. Default: as the message.
    /// Beyond it: 1009.
    pub max_frame_len: u64,
    /// Payload bytes of a whole message, after decompression; protects the memory that assembles it. Default: 16 MiB.
    /// Beyond it: 1009.
    pub max_message_len: u64,
    /// Frames of one message, empty ones included; protects from a message that never ends. Default: 65,536.
    /// Beyond it: 1009.
    pub max_fragments: u32,
    /// Bytes in the output from which on replies to Pings wait, the newest in place of those before it; protects the memory of the output
    /// from a peer that sends Pings and does not read. Default: 64 KiB. Beyond it nothing fails; see
    /// [`Connection::write_control`](crate::Connection::write_control).
    pub high_water_mark: usize,
}

impl Limits {
    /// The defaults, as a constant.
    pub const DEFAULT: Self = Self {
        max_head_len: 16 * 1024,
        max_head_fields: 100,
        max_interim_responses: 8,
        max_frame_len: 16 * 1024 * 1024,
        max_message_len: 16 * 1024 * 1024,
        max_fragments: 65_536,
        high_water_mark: 64 * 1024,
    };

    /// No bounds at all: for tools that trust their peer, or bound what they read by other means.
    pub const UNLIMITED: Self = Self {
        max_head_len: usize::MAX,
        max_head_fields: usize::MAX,
        max_interim_responses: u32::MAX,
        max_frame_len: u64::MAX,
        max_message_len: u64::MAX,
        max_fragments: u32::MAX,
        high_water_mark: usize::MAX,
    };

    /// Sets [`max_head_len`](Self::max_head_len).
    #[must_use]
    pub const fn with_max_head_len(mut self, max_head_len: usize) -> Self {
        self.max_head_len = max_head_len;
        self
    }

    /// Sets [`max_head_fields`](Self::max_head_fields).
    #[must_use]
    pub const fn with_max_head_fields(mut self, max_head_fields: usize) -> Self {
        self.max_head_fields = max_head_fields;
        self
    }

    /// Sets [`max_interim_responses`](Self::max_interim_responses).
    #[must_use]
    pub const fn with_max_interim_responses(mut self, max_interim_responses: u32) -> Self {
        self.max_interim_responses = max_interim_responses;
        self
    }

    /// Sets [`max_frame_len`](Self::max_frame_len).
    #[must_use]
    pub const fn with_max_frame_len(mut self, max_frame_len: u64) -> Self {
        self.max_frame_len = max_frame_len;
        self
    }

    /// Sets [`max_message_len`](Self::max_message_len).
    #[must_use]
    pub const fn with_max_message_len(mut self, max_message_len: u64) -> Self {
        self.max_message_len = max_message_len;
        self
    }

    /// Sets [`max_fragments`](Self::max_fragments).
    #[must_use]
    pub const fn with_max_fragments(mut self, max_fragments: u32) -> Self {
        self.max_fragments = max_fragments;
        self
    }

    /// Sets [`high_water_mark`](Self::high_water_mark).
    #[must_use]
    pub const fn with_high_water_mark(mut self, high_water_mark: usize) -> Self {
        self.high_water_mark = high_water_mark;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let Limits { max_head_len, max_head_fields, max_interim_responses, .. } = Limits::default();
        assert_eq!((max_head_len, max_head_fields, max_interim_responses), (16_384, 100, 8));
        let Limits { max_frame_len, max_message_len, max_fragments, .. } = Limits::default();
        assert_eq!((max_frame_len, max_message_len, max_fragments), (16_777_216, 16_777_216, 65_536));
        assert_eq!(Limits::default().high_water_mark, 65_536);
    }
}
