//! Every bound of the crate, with its default.

/// Makes a struct whose fields, their defaults and what sets them stand in one row each.
macro_rules! limits {
    (
        $(#[$attribute:meta])*
        pub struct $struct:ident {
            $( $(#[$limit_attribute:meta])* $limit:ident: $type:ty = $default:expr, $setter:ident; )+
        }
    ) => {
        $(#[$attribute])*
        pub struct $struct {
            $( $(#[$limit_attribute])* pub $limit: $type, )+
        }

        impl $struct {
            /// The defaults, as a constant.
            pub const DEFAULT: Self = Self { $( $limit: $default, )+ };

            /// No bounds at all: for tools that trust their peer, or bound what they read by other means.
            pub const UNLIMITED: Self = Self { $( $limit: <$type>::MAX, )+ };
        }

        $crate::wire::setters! { $struct:
            $(
                #[doc = concat!("Sets [`", stringify!($limit), "`](Self::", stringify!($limit), ").")]
                $setter($limit: $type),
            )+
        }
    };
}

limits! {
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
        max_head_len: usize = 16 * 1024, with_max_head_len;
        /// Fields in a head; protects from the time that looking them up takes. Default: 100.
        /// Beyond it: 431, or the client's handshake fails.
        max_head_fields: usize = 100, with_max_head_fields;
        /// Interim (1xx) responses before the final one; protects a client from waiting for ever. Default: 8.
        /// Beyond it: the client's handshake fails.
        max_interim_responses: u32 = 8, with_max_interim_responses;
        /// Payload bytes of one frame; with streamed pieces, the only bound on what a peer may announce. Default: 16 MiB, as for a message.
        /// Beyond it: 1009.
        max_frame_len: u64 = 16 * 1024 * 1024, with_max_frame_len;
        /// Payload bytes of a whole message, after decompression; protects the memory that assembles it. Default: 16 MiB.
        /// Beyond it: 1009.
        max_message_len: u64 = 16 * 1024 * 1024, with_max_message_len;
        /// Frames of one message, empty ones included; protects from a message that never ends. Default: 65,536.
        /// Beyond it: 1009.
        max_fragments: u32 = 65_536, with_max_fragments;
        /// Bytes in the output from which on replies to Pings wait, the newest in place of those before it; protects the memory of the output
        /// from a peer that sends Pings and does not read. Default: 64 KiB; 0 counts as 1. Beyond it nothing fails; see
        /// [`Connection::write_control`](crate::Connection::write_control).
        high_water_mark: usize = 64 * 1024, with_high_water_mark;
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
