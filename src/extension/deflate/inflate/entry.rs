//! What a code stands for (RFC 1951 §3.2.5), in one word.

use super::bits::mask;

/// What a code stands for and how many bits it has.
///
/// | bits | meaning |
/// |---|---|
/// | 0 to 7 | how many bits the code has with its extra bits |
/// | 8 to 11 | how many the code has |
/// | 13 to 15 | [`END`](Self::END), [`LONG`](Self::LONG), neither literal nor copy |
/// | 16 to 30 | the literal; or the least length or distance, to which the extra bits are added |
/// | 31 | a literal |
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry(u32);

const LITERAL: u32 = 1 << 31;
const SPECIAL: u32 = 1 << 15;

impl Entry {
    /// A code of more bits than the table is indexed by.
    pub(super) const LONG: Self = Self(SPECIAL | 1 << 14);
    /// The end of a block.
    const END: Self = Self(SPECIAL | 1 << 13);
    /// A symbol that "will never actually occur in the compressed data" (RFC 1951 §3.2.6).
    const INVALID: Self = Self(SPECIAL);
    /// No code begins like this, which is known as soon as there are as many bits as the longest code has.
    pub(super) const NO_CODE: Self = Self::INVALID.with_len(15);

    /// What a symbol of the literal/length alphabet means.
    pub(super) const fn of_literal(symbol: u32) -> Self {
        match symbol {
            0..=255 => Self::literal(symbol),
            256 => Self::END,
            257..=264 => Self::copy(symbol - 254, 0),
            // Four lengths to each number of extra bits, each range after the one before.
            265..=284 => Self::copy(3 + ((4 + (symbol - 261) % 4) << ((symbol - 261) / 4)), (symbol - 261) / 4),
            285 => Self::copy(258, 0),
            _ => Self::INVALID,
        }
    }

    /// What a symbol of the distance alphabet means.
    pub(super) const fn of_distance(symbol: u32) -> Self {
        match symbol {
            0..=3 => Self::copy(1 + symbol, 0),
            // Two distances to each number of extra bits.
            4..=29 => Self::copy(1 + ((2 + symbol % 2) << (symbol / 2 - 1)), symbol / 2 - 1),
            _ => Self::INVALID,
        }
    }

    const fn literal(byte: u32) -> Self {
        Self(LITERAL | byte << 16)
    }

    const fn copy(base: u32, extra: u32) -> Self {
        Self(base << 16 | extra)
    }

    /// The same for a code of so many bits.
    #[inline]
    pub(super) const fn with_len(self, len: u32) -> Self {
        Self(self.0 + len * 0x101)
    }

    /// How many bits code and extra bits have.
    #[inline]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 0xff
    }

    #[inline]
    pub(super) const fn is_literal(self) -> bool {
        self.0 & LITERAL != 0
    }

    /// The byte of a literal.
    #[inline]
    pub(super) const fn byte(self) -> u8 {
        let [_, _, byte, _] = self.0.to_le_bytes();
        byte
    }

    /// Whether it is neither a literal nor a copy.
    #[inline]
    pub(super) const fn is_special(self) -> bool {
        self.0 & SPECIAL != 0
    }

    #[inline]
    pub(super) const fn is_long(self) -> bool {
        self.0 & Self::LONG.0 == Self::LONG.0
    }

    #[inline]
    pub(super) const fn is_end(self) -> bool {
        self.0 & Self::END.0 == Self::END.0
    }

    /// The length or distance, with the extra bits from the input that begins with the code.
    #[inline]
    pub(super) fn value(self, input: u64) -> usize {
        let extra = (input & mask(self.bits())) >> (self.0 >> 8 & 15);
        usize::try_from(u64::from(self.0 >> 16) + extra).unwrap_or(0)
    }
}

/// The literals, the end of a block, and the lengths.
pub(super) static LITERALS: [Entry; 288] = {
    let mut entries = [Entry::INVALID; 288];
    let mut rest: &mut [Entry] = &mut entries;
    let mut symbol = 0;
    while let [entry, after @ ..] = rest {
        *entry = Entry::of_literal(symbol);
        (rest, symbol) = (after, symbol + 1);
    }
    entries
};

/// The distances.
pub(super) static DISTANCES: [Entry; 32] = {
    let mut entries = [Entry::INVALID; 32];
    let mut rest: &mut [Entry] = &mut entries;
    let mut symbol = 0;
    while let [entry, after @ ..] = rest {
        *entry = Entry::of_distance(symbol);
        (rest, symbol) = (after, symbol + 1);
    }
    entries
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of RFC 1951 §3.2.5.
    #[test]
    fn lengths_and_distances_are_those_of_the_standard() {
        let of = |entry: Entry| (entry.value(0), entry.bits());
        let lengths = [
            (257, 3, 0),
            (264, 10, 0),
            (265, 11, 1),
            (268, 17, 1),
            (269, 19, 2),
            (273, 35, 3),
            (284, 227, 5),
            (285, 258, 0),
        ];
        for (symbol, least, extra) in lengths {
            assert_eq!(of(LITERALS[symbol]), (least, extra), "{symbol}");
        }
        let distances =
            [(0, 1, 0), (3, 4, 0), (4, 5, 1), (5, 7, 1), (6, 9, 2), (16, 257, 7), (28, 16_385, 13), (29, 24_577, 13)];
        for (symbol, least, extra) in distances {
            assert_eq!(of(DISTANCES[symbol]), (least, extra), "{symbol}");
        }
        assert_eq!(LITERALS[284].with_len(7).value(0b11111 << 7), 258);
        assert_eq!(DISTANCES[29].with_len(5).value(u64::MAX), 32_768);
        assert!(LITERALS[256].is_end() && LITERALS[286].is_special() && !LITERALS[286].is_end());
        assert!(DISTANCES[30].is_special() && LITERALS[255].is_literal() && LITERALS[255].byte() == 255);
    }
}
