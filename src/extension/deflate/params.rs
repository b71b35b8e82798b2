//! What two endpoints agree on.

use core::num::NonZeroU8;

use super::WindowBits;
use crate::wire::{Rsv, setters};

/// How one endpoint compresses what it sends (RFC 7692 §7.1), and so what the other needs in order to read it.
///
/// ```
/// use websocket_proto::extension::deflate::{Compression, WindowBits};
///
/// let small = Compression::new(WindowBits::W10, false);
/// assert_ne!(small, Compression::DEFAULT);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Compression {
    /// How far back it refers, at most.
    pub window_bits: WindowBits,
    /// Whether a message may refer to earlier ones. Similar messages shrink much further then, and both sides keep memory for it.
    pub context_takeover: bool,
}

impl Compression {
    /// What holds where nothing else was agreed on: the largest window, with context takeover.
    pub const DEFAULT: Self = Self { window_bits: WindowBits::MAX, context_takeover: true };

    /// With a window of this size, and with or without context takeover.
    pub const fn new(window_bits: WindowBits, context_takeover: bool) -> Self {
        Self { window_bits, context_takeover }
    }

    /// The same, but no more than parameters of the negotiation allow: a window, where they name one, and whether there is to be
    /// no context takeover.
    pub(super) fn within(self, window: Option<WindowBits>, no_takeover: bool) -> Self {
        Self {
            window_bits: self.window_bits.min(window.unwrap_or(WindowBits::MAX)),
            context_takeover: self.context_takeover && !no_takeover,
        }
    }

    /// Whether a peer that is ready to read this can read `other`.
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

setters! { Compression:
    /// The same with a window of this size.
    with_window_bits(window_bits: WindowBits),
    /// The same with or without context takeover.
    with_context_takeover(context_takeover: bool),
}

/// A [`Compression`] in a byte, with reserved bits of the caller's choice, and with a value left over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedCompression(NonZeroU8);

impl PackedCompression {
    /// The same with these reserved bits.
    pub(crate) fn with_rsv(self, rsv: Rsv) -> Self {
        Self(self.0 | rsv.encode() << 1)
    }

    pub(crate) fn rsv(self) -> Rsv {
        Rsv::decode(self.0.get() >> 1)
    }

    pub(crate) fn unpack(self) -> Compression {
        let window_bits = WindowBits::new(self.0.get() % TAKEOVER).unwrap_or_default();
        Compression { window_bits, context_takeover: self.0.get() & TAKEOVER != 0 }
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
/// let server = Compression::DEFAULT.with_window_bits(WindowBits::W10);
/// let params = DeflateParams::new(server, Compression::DEFAULT);
/// let negotiated = Negotiated::elsewhere().with_deflate(params);
/// assert_eq!(negotiated.deflate(), Some(params));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct DeflateParams {
    /// What the server sends.
    pub server: Compression,
    /// What the client sends.
    pub client: Compression,
}

impl DeflateParams {
    /// What each side sends.
    pub const fn new(server: Compression, client: Compression) -> Self {
        Self { server, client }
    }
}

setters! { DeflateParams:
    /// The same with another compression of what the server sends.
    with_server(server: Compression),
    /// The same with another compression of what the client sends.
    with_client(client: Compression),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compression_fits_in_a_byte() {
        for window_bits in (8..=15).filter_map(WindowBits::new) {
            for context_takeover in [true, false] {
                let compression = Compression { window_bits, context_takeover };
                for rsv in [Rsv::NONE, Rsv::RSV1, Rsv::RSV2, Rsv::RSV2 | Rsv::RSV3] {
                    let packed = compression.pack().with_rsv(rsv);
                    assert_eq!((packed.unpack(), packed.rsv()), (compression, rsv));
                }
            }
        }
        assert_eq!(size_of::<Option<PackedCompression>>(), 1);
    }
}
