//! The reserved bits (§5.2).

use core::{fmt, ops::BitOr};

/// The three reserved bits of a header (§5.2).
///
/// ```
/// use websocket_proto::wire::Rsv;
///
/// assert_eq!((Rsv::RSV1 | Rsv::RSV3).to_string(), "RSV1+RSV3");
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Rsv(pub(super) u8);

impl Rsv {
    /// No bit is set.
    pub const NONE: Self = Self(0);
    /// The first reserved bit; permessage-deflate owns it where it was negotiated (RFC 7692 §6).
    pub const RSV1: Self = Self(0b100);
    /// The second reserved bit.
    pub const RSV2: Self = Self(0b010);
    /// The third reserved bit.
    pub const RSV3: Self = Self(0b001);

    /// The reserved bits of a frame's first byte.
    pub(crate) const fn decode(byte: u8) -> Self {
        Self((byte >> 4) & 0b111)
    }

    /// The same, in their place.
    pub(crate) const fn encode(self) -> u8 {
        self.0 << 4
    }

    /// The bits that are set here and not in `owned`.
    #[must_use]
    pub const fn without(self, owned: Self) -> Self {
        Self(self.0 & !owned.0)
    }

    /// Whether a bit is set both here and in `other`.
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every bit of `bits` is set here.
    pub const fn contains(self, bits: Self) -> bool {
        self.0 & bits.0 == bits.0
    }
}

impl BitOr for Rsv {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut joint = "";
        for (bit, name) in [(Self::RSV1, "RSV1"), (Self::RSV2, "RSV2"), (Self::RSV3, "RSV3")] {
            if self.contains(bit) {
                write!(f, "{joint}{name}")?;
                joint = "+";
            }
        }
        if joint.is_empty() { f.write_str("no reserved bit") } else { Ok(()) }
    }
}

impl fmt::Debug for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rsv({self})")
    }
}
