//! Whose history a compressor or a decompressor holds.

use crate::wire::widened;

/// What a connection and the compressor or decompressor that holds the history of its messages know of each other.
///
/// Both keep the number of their last meeting. It is mixed from all meetings before, and from what tells this one apart, so the two have
/// the same number only if neither has met another since, but for one case in 2^24.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Meeting([u8; 3]);

impl Meeting {
    /// None so far.
    pub(crate) const NONE: Self = Self([0; 3]);

    /// Whether both keep the same number, so that neither has met another since.
    pub(crate) fn is_that_of(self, other: Self) -> bool {
        self == other && self != Self::NONE
    }

    /// The next one, in which this payload was compressed or decompressed, by what has its memory there.
    pub(crate) fn next(self, payload: &[u8], memory: &[u8]) -> Self {
        let Self([a, b, c]) = self;
        let before = u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0]);
        let end = payload.last_chunk::<8>().map_or(0, |end| u64::from_le_bytes(*end));
        // An address tells apart what is there at the same time.
        let (len, address) = (widened(payload.len()), widened(memory.as_ptr().addr()));
        let mut number = before ^ len.rotate_left(24);
        for word in [end, address] {
            // A multiplication by an odd number loses nothing, and carries each bit into those above.
            number = (number ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            number ^= number >> 32;
        }
        let [.., a, b, c] = number.to_le_bytes();
        // 0 is none.
        Self([a.max(1), b, c])
    }
}
