//! Prefix codes (RFC 1951 §3.2.2): tables in which the next bits of the input are looked up.

use super::bits::mask;

/// The code for literals, lengths and the end of a block. Codes of up to 10 bits, nearly all, are found with one lookup.
pub(super) type Literals = Code<1024, 288>;
/// The code for distances, and before it the one for code lengths.
pub(super) type Distances = Code<256, 32>;

/// A prefix code.
#[derive(Clone, Debug)]
pub(super) struct Code<const ENTRIES: usize, const SYMBOLS: usize> {
    alphabet: Alphabet,
    /// By the next bits of the input; invalid, and 0 bits long, where these begin a longer code, or none.
    entries: [Entry; ENTRIES],
    /// How many codes there are of each length.
    counts: [u16; MAX_BITS + 1],
    /// The symbols in the order of their codes.
    symbols: [u16; SYMBOLS],
}

impl<const ENTRIES: usize, const SYMBOLS: usize> Code<ENTRIES, SYMBOLS> {
    const fn with_entries(alphabet: Alphabet, entries: [Entry; ENTRIES]) -> Self {
        Self { alphabet, entries, counts: [0; MAX_BITS + 1], symbols: [0; SYMBOLS] }
    }

    /// The longest code that one lookup finds.
    pub(super) const MAX_SHORT: u32 = ENTRIES.ilog2();
    /// A code without symbols.
    pub(super) const EMPTY: Self = Self::with_entries(Alphabet::CodeLengths, [Entry::INVALID; ENTRIES]);

    /// Becomes the code in which symbol `n` has `lengths[n]` bits; none where that is 0.
    ///
    /// # Errors
    ///
    /// If there are more codes than bits tell apart, or fewer. Of literals and distances a single code may stand alone, with one bit;
    /// and distances may have none at all: "it means that there are no distance codes used at all" (RFC 1951 §3.2.7).
    pub(super) fn rebuild(&mut self, alphabet: Alphabet, lengths: &[u8]) -> Result<(), InvalidCode> {
        self.alphabet = alphabet;
        self.entries = [Entry::INVALID; ENTRIES];
        self.counts = [0; MAX_BITS + 1];
        for &len in lengths {
            if let (1.., Some(count)) = (len, self.counts.get_mut(usize::from(len))) {
                *count += 1;
            }
        }
        self.expect_complete()?;
        self.sort(lengths);

        // §3.2.2: codes of one length are consecutive, and shorter ones come before longer ones.
        let (mut code, mut behind) = (0_u16, self.symbols.iter());
        for (len, &count) in (0_u8..).zip(&self.counts) {
            code <<= 1;
            for &symbol in behind.by_ref().take(usize::from(count)) {
                let first = usize::from(code.reverse_bits() >> (16 - u32::from(len)));
                let entry = alphabet.entry(symbol).with_len(len);
                // A code that is longer than the index has its place nowhere.
                let places = if 1_usize << len <= ENTRIES { self.entries.get_mut(first..) } else { None };
                for place in places.unwrap_or_default().iter_mut().step_by(1 << len) {
                    *place = entry;
                }
                code += 1;
            }
        }
        Ok(())
    }

    fn expect_complete(&self) -> Result<(), InvalidCode> {
        let (mut left, mut longest) = (1_i32, 0);
        for (len, &count) in self.counts.iter().enumerate().skip(1) {
            left = (left << 1) - i32::from(count);
            if left < 0 {
                return Err(InvalidCode);
            }
            if count > 0 {
                longest = len;
            }
        }
        match (self.alphabet, longest) {
            _ if left == 0 => Ok(()),
            (Alphabet::Literals | Alphabet::Distances, 1) | (Alphabet::Distances, 0) => Ok(()),
            (Alphabet::CodeLengths | Alphabet::Literals | Alphabet::Distances, _) => Err(InvalidCode),
        }
    }

    /// Puts the symbols in the order of their codes.
    fn sort(&mut self, lengths: &[u8]) {
        let (mut next, mut places) = (0, [0_u16; MAX_BITS + 1]);
        for (place, count) in places.iter_mut().zip(&self.counts) {
            *place = next;
            next += count;
        }
        for (symbol, &len) in (0_u16..).zip(lengths) {
            if let (1.., Some(place)) = (len, places.get_mut(usize::from(len))) {
                if let Some(slot) = self.symbols.get_mut(usize::from(*place)) {
                    *slot = symbol;
                }
                *place += 1;
            }
        }
    }

    /// What the next bits stand for, `available` of which are there.
    ///
    /// If the entry is longer than what is available, more is needed; whatever else it says is meaningless then.
    #[inline]
    pub(super) fn look_up(&self, bits: u64, available: u32) -> Entry {
        let entry = self.look_up_short(bits);
        if entry.len() != 0 { entry } else { self.look_up_long(bits, available) }
    }

    /// What the next bits stand for, [`MAX_SHORT`](Self::MAX_SHORT) of which are there; invalid where they begin a longer code.
    #[inline]
    pub(super) fn look_up_short(&self, bits: u64) -> Entry {
        let index = usize::try_from(bits & (ENTRIES as u64 - 1)).unwrap_or(0);
        self.entries.get(index).copied().unwrap_or(Entry::INVALID)
    }

    /// The same for codes that the table has no place for, or that don't exist: bit by bit, as the codes are defined.
    #[cold]
    #[inline(never)]
    fn look_up_long(&self, mut bits: u64, available: u32) -> Entry {
        let (mut code, mut first, mut index, mut left) = (0_u16, 0_u16, 0_u16, self.symbol_count());
        for (len, &count) in (0_u8..).zip(&self.counts).skip(1) {
            if left == 0 {
                return Entry::INVALID;
            }
            if u32::from(len) > available {
                return Entry::INVALID.with_len(len);
            }
            code |= u16::from(bits & 1 == 1);
            bits >>= 1;
            if let Some(behind) = code.checked_sub(first) {
                if behind < count {
                    let symbol = self.symbols.get(usize::from(index + behind));
                    return symbol.map_or(Entry::INVALID, |&symbol| self.alphabet.entry(symbol).with_len(len));
                }
            }
            left -= count;
            index += count;
            (first, code) = ((first + count) << 1, code << 1);
        }
        Entry::INVALID
    }

    fn symbol_count(&self) -> u16 {
        self.counts.iter().sum()
    }
}

/// More codes than bits tell apart, or fewer.
#[derive(Clone, Copy, Debug)]
pub(super) struct InvalidCode;

/// What the symbols of a code mean.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Alphabet {
    /// RFC 1951 §3.2.7: lengths of other codes.
    CodeLengths,
    /// RFC 1951 §3.2.5: "literal/length alphabet (0..285)".
    Literals,
    /// RFC 1951 §3.2.5: distances.
    Distances,
}

impl Alphabet {
    const fn entry(self, symbol: u16) -> Entry {
        match (self, symbol) {
            (Self::CodeLengths, _) | (Self::Literals, 0..=255) => Entry::new(Kind::Literal, symbol, 0),
            (Self::Literals, 256) => Entry::new(Kind::End, 0, 0),
            (Self::Literals, 257..=264) => Entry::new(Kind::Copy, symbol - 254, 0),
            // Four lengths to each number of extra bits, each range behind the one before.
            (Self::Literals, 265..=284) => {
                let extra = (symbol - 261) / 4;
                Entry::new(Kind::Copy, 3 + ((4 + (symbol - 261) % 4) << extra), extra)
            }
            (Self::Literals, 285) => Entry::new(Kind::Copy, 258, 0),
            (Self::Distances, 0..=3) => Entry::new(Kind::Copy, 1 + symbol, 0),
            // Two distances to each number of extra bits.
            (Self::Distances, 4..=29) => {
                let extra = symbol / 2 - 1;
                Entry::new(Kind::Copy, 1 + ((2 + symbol % 2) << extra), extra)
            }
            // §3.2.6: these "will never actually occur in the compressed data".
            (Self::Literals, 286..) | (Self::Distances, 30..) => Entry::INVALID,
        }
    }
}

/// What a code stands for and how many bits it has, in one word: length, number of extra bits, kind, base.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry(u32);

/// What to do at a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Literal = 0,
    Copy = 1,
    End = 2,
    Invalid = 3,
}

impl Entry {
    const INVALID: Self = Self::new(Kind::Invalid, 0, 0);

    const fn new(kind: Kind, base: u16, extra: u16) -> Self {
        Self((extra as u32) << 4 | (kind as u32) << 8 | (base as u32) << 16)
    }

    const fn with_len(self, len: u8) -> Self {
        Self(self.0 & !0xf | len as u32)
    }

    /// How many bits the code has.
    #[inline]
    pub(super) const fn len(self) -> u32 {
        self.0 & 0xf
    }

    /// How many bits behind the code are added to the base.
    #[inline]
    pub(super) const fn extra(self) -> u32 {
        self.0 >> 4 & 0xf
    }

    #[inline]
    pub(super) const fn kind(self) -> Kind {
        match self.0 >> 8 & 3 {
            0 => Kind::Literal,
            1 => Kind::Copy,
            2 => Kind::End,
            _ => Kind::Invalid,
        }
    }

    /// A literal, or a code length.
    #[inline]
    pub(super) const fn literal(self) -> u8 {
        let [_, _, literal, _] = self.0.to_le_bytes();
        literal
    }

    /// A length or a distance, whose extra bits are the first of `bits`.
    #[inline]
    pub(super) fn value(self, bits: u64) -> usize {
        let extra = usize::try_from(bits & mask(self.extra())).unwrap_or(0);
        usize::try_from(self.0 >> 16).unwrap_or(0) + extra
    }
}

/// RFC 1951 §3.2.7: "code lengths of 0 - 15".
const MAX_BITS: usize = 15;

/// §3.2.6: the code for literals and lengths of blocks "with fixed Huffman codes".
#[allow(clippy::indexing_slicing)] // The compiler evaluates it.
pub(super) static FIXED_LITERALS: Literals = {
    let (mut entries, mut bits) = ([Entry::INVALID; 1024], 0_u16);
    while bits < 1024 {
        // The first 7, 8 and 9 bits, the first one on top.
        let (seven, eight, nine) = (bits.reverse_bits() >> 9, bits.reverse_bits() >> 8, bits.reverse_bits() >> 7);
        let (symbol, len) = match (seven, eight) {
            (0..=0b001_0111, _) => (256 + seven, 7),
            (_, 0b0011_0000..=0b1011_1111) => (eight - 0b0011_0000, 8),
            (_, 0b1100_0000..=0b1100_0111) => (280 + (eight - 0b1100_0000), 8),
            _ => (144 + (nine - 0b1_1001_0000), 9),
        };
        entries[bits as usize] = Alphabet::Literals.entry(symbol).with_len(len);
        bits += 1;
    }
    Literals::with_entries(Alphabet::Literals, entries)
};

/// §3.2.6: "Distance codes 0-31 are represented by (fixed-length) 5-bit codes".
#[allow(clippy::indexing_slicing)] // The compiler evaluates it.
pub(super) static FIXED_DISTANCES: Distances = {
    let (mut entries, mut bits) = ([Entry::INVALID; 256], 0_u16);
    while bits < 256 {
        entries[bits as usize] = Alphabet::Distances.entry(bits.reverse_bits() >> 11).with_len(5);
        bits += 1;
    }
    Distances::with_entries(Alphabet::Distances, entries)
};
