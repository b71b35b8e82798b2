//! What two endpoints agree on.

use core::num::NonZeroU8;

use super::WindowBits;

/// How one endpoint compresses what it sends (RFC 7692 §7.1), and so what the other needs in order to read it.
///
/// ```
/// use websocket_proto::extension::deflate::{Compression, WindowBits};
///
/// let small = Compression { window_bits: WindowBits::W10, context_takeover: false };
/// assert_ne!(small, Compression::DEFAULT);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Compression {
    /// How far back it refers, at most.
    pub window_bits: WindowBits,
    /// Whether a message may refer to earlier ones. Similar messages shrink much further then, and both sides keep memory for it.
    pub context_takeover: bool,
}

impl Compression {
    /// What holds where nothing else was agreed on: the largest window, with context takeover.
    pub const DEFAULT: Self = Self { window_bits: WindowBits::MAX, context_takeover: true };

    /// Whether who is ready to read this can read `other`.
    #[cfg(feature = "deflate")]
    pub(crate) fn admits(self, other: Self) -> bool {
        other.window_bits <= self.window_bits && (self.context_takeover || !other.context_takeover)
    }

    /// The same in a byte.
    pub(crate) const fn pack(self) -> PackedCompression {
        // The window's bits are 8 to 15, so it is not 0.
        let takeover = if self.context_takeover { TAKEOVER } else { 0 };
        PackedCompression(NonZeroU8::MIN.saturating_add(self.window_bits.get() - 1).saturating_add(takeover))
    }
}

/// A [`Compression`] in a byte, one of whose values is left over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedCompression(NonZeroU8);

impl PackedCompression {
    pub(crate) fn unpack(self) -> Compression {
        let window_bits = WindowBits::new(self.0.get() % TAKEOVER).unwrap_or_default();
        Compression { window_bits, context_takeover: self.0.get() >= TAKEOVER }
    }
}

/// Above all window bits.
const TAKEOVER: u8 = 16;

impl Default for Compression {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The outcome of a negotiation (RFC 7692 §7.1).
///
/// ```
/// use websocket_proto::extension::deflate::{Compression, DeflateParams, WindowBits};
/// use websocket_proto::{Connection, Limits, Negotiated, Server};
///
/// // Another HTTP stack has answered `permessage-deflate; server_max_window_bits=10`.
/// let server = Compression { window_bits: WindowBits::W10, ..Compression::DEFAULT };
/// let params = DeflateParams { server, client: Compression::DEFAULT };
/// let negotiated = Negotiated::elsewhere().with_deflate(params);
/// assert_eq!(negotiated.deflate(), Some(params));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DeflateParams {
    /// What the server sends.
    pub server: Compression,
    /// What the client sends.
    pub client: Compression,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compression_fits_in_a_byte() {
        for window_bits in (8..=15).filter_map(WindowBits::new) {
            for context_takeover in [true, false] {
                let compression = Compression { window_bits, context_takeover };
                assert_eq!(compression.pack().unpack(), compression);
            }
        }
        assert_eq!(size_of::<Option<PackedCompression>>(), 1);
    }
}
