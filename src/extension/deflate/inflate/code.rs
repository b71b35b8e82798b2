//! Prefix codes (RFC 1951 §3.2.2): tables in which the next bits of the input are looked up.

use super::entry::Entry;

/// The code for literals, the end of a block, and lengths. Codes of up to 10 bits, nearly all, are found with one lookup once it is
/// [wide](Code::widen).
pub(super) type Literals = Code<1024, 288, { places_in_all(288) }>;
/// The code for distances, of which those of up to 8 bits are found with one lookup.
pub(super) type Distances = Code<256, 32, { places_in_all(32) }>;

/// A prefix code that a block has brought.
#[derive(Clone, Debug)]
pub(super) struct Code<const ENTRIES: usize, const SYMBOLS: usize, const PLACES: usize> {
    /// By the next bits of the input. Only as much is in use as the longest code needs, and less until it is [wide](Self::widen).
    entries: [Entry; ENTRIES],
    /// The longest code that has its place among the entries.
    longest_short: usize,
    /// The shortest code, and the longest.
    shortest: usize,
    longest: usize,
    /// Which of the next bits are an index.
    mask: u64,
    /// By length: the codes of so many bits and fewer are below it, if all are written with 15 bits.
    limits: ByLength,
    /// By length: what a code of so many bits has to be changed by to become an index into the symbols.
    shifts: ByLength,
    /// The lowest eight bits of the symbols with codes of one bit in ascending order, then those of two bits, and so on; each length has room
    /// for as many as there can be.
    symbols: [u8; PLACES],
    /// By length: where the next symbol goes.
    ends: ByLength,
    /// By length: where the symbols from 256 on begin.
    high: ByLength,
}

/// One number for each length of a code; nothing has length 0.
type ByLength = [u16; MAX_BITS + 1];

/// Where symbols are sorted by the lengths of their codes.
pub(super) struct Sorted<'c> {
    symbols: &'c mut [u8],
    ends: &'c mut ByLength,
}

impl Sorted<'_> {
    /// So many symbols in a row have codes of this length, at most seven; or none, if it is 0. They come in ascending order.
    #[inline(always)] // One of the two loops that a peer can make run at the highest cost; `benches/deflate.rs`.
    pub(super) fn push(&mut self, symbol: u16, times: u16, len: u8) {
        let Some(end) = self.ends.get_mut(usize::from(len) & MAX_BITS) else { return };
        // Eight at once, of which those that are too many are overwritten by others, or never looked at.
        if let Some(eight) = self.symbols.get_mut(usize::from(*end)..).and_then(<[u8]>::first_chunk_mut) {
            *eight = u64::to_le_bytes(
                u64::from(symbol).wrapping_mul(0x0101_0101_0101_0101).wrapping_add(0x0706_0504_0302_0100),
            );
        }
        *end += if len > 0 { times } else { 0 };
    }
}

impl<const ENTRIES: usize, const SYMBOLS: usize, const PLACES: usize> Code<ENTRIES, SYMBOLS, PLACES> {
    /// The longest code that one lookup can find.
    const MAX_SHORT: usize = ENTRIES.ilog2() as usize;
    /// By length: where its symbols begin.
    const BEGINS: ByLength = begins(SYMBOLS);
    /// A code without symbols.
    pub(super) const EMPTY: Self = Self {
        entries: [Entry::NO_CODE; ENTRIES],
        longest_short: 0,
        shortest: 0,
        longest: 0,
        mask: 0,
        limits: [0; MAX_BITS + 1],
        shifts: [0; MAX_BITS + 1],
        symbols: [0; PLACES],
        ends: Self::BEGINS,
        high: Self::BEGINS,
    };

    /// Forgets the symbols.
    pub(super) const fn begin(&mut self) {
        self.ends = Self::BEGINS;
    }

    /// The place for symbols.
    #[inline]
    pub(super) const fn sorted(&mut self) -> Sorted<'_> {
        Sorted { symbols: &mut self.symbols, ends: &mut self.ends }
    }

    /// The last so many symbols, which have codes of this length, are none.
    pub(super) fn take_back(&mut self, times: u16, len: u8) {
        if let Some(end) = self.ends.get_mut(usize::from(len)).filter(|_| len > 0) {
            *end -= times;
        }
    }

    /// The next symbol will be 256, and is written as 0.
    pub(super) const fn begin_high(&mut self) {
        self.high = self.ends;
    }

    /// By length: how many codes there are.
    fn counts(&self) -> impl Iterator<Item = u16> {
        self.ends.iter().zip(Self::BEGINS).map(|(end, begin)| end - begin)
    }

    /// The code for the symbol 256 as it comes, and how many bits it has.
    pub(super) fn code_of_256(&self) -> Option<(u16, u32)> {
        let mut first = 0;
        for ((len, count), (&high, &end)) in (0..).zip(self.counts()).zip(self.high.iter().zip(&self.ends)).skip(1) {
            first <<= 1;
            if high < end && self.symbols.get(usize::from(high)) == Some(&0) {
                let code = first + count - (end - high);
                return Some((code.reverse_bits() >> ((16 - len) & 15), len));
            }
            first += count;
        }
        None
    }

    /// Becomes the code for the symbols that were [sorted](Self::sorted), which has to be [usable](Self::expect_usable).
    pub(super) fn build(&mut self, alphabet: &[Entry]) {
        let mut code = 0_u16;
        (self.shortest, self.longest) = (0, 0);
        let ends = self.ends;
        let by_length = ends.into_iter().zip(Self::BEGINS).zip(self.limits.iter_mut().zip(&mut self.shifts));
        for (len, ((end, begin), (limit, shift))) in by_length.enumerate().skip(1) {
            // RFC 1951 §3.2.2: codes of one length are consecutive, and come after the shorter ones.
            code <<= 1;
            *shift = begin.wrapping_sub(code);
            code += end - begin;
            *limit = code << (MAX_BITS - len);
            if end > begin {
                self.shortest = if self.shortest == 0 { len } else { self.shortest };
                self.longest = len;
            }
        }
        // All 15 bits are told apart, or what is not is no code.
        let other = if code == 1 << MAX_BITS { Entry::LONG } else { Entry::NO_CODE };
        if let Some(place) = self.entries.first_mut() {
            *place = other;
        }
        self.longest_short = 0;
        self.fill(alphabet, FIRST_SHORT);
    }

    /// Whether all codes are found as fast as they can be.
    #[inline]
    pub(super) fn is_wide(&self) -> bool {
        self.longest_short >= self.longest.min(Self::MAX_SHORT)
    }

    /// Finds longer codes with one lookup, too. To prepare for that takes longer than to decode a few symbols without it.
    pub(super) fn widen(&mut self, alphabet: &[Entry]) {
        self.fill(alphabet, Self::MAX_SHORT);
    }

    /// Puts the codes of up to so many bits where they are looked up, after the shorter ones.
    fn fill(&mut self, alphabet: &[Entry], most_bits: usize) {
        let bits = self.longest.min(most_bits);
        if self.shortest > bits {
            // All that come are longer.
            self.mask = 0;
            return;
        }
        // The first doublings are of one and the same.
        let done = self.longest_short.max(self.shortest.saturating_sub(1));
        let first = self.entries.first().copied().unwrap_or(Entry::NO_CODE);
        let mut used = 1 << done;
        if done > self.longest_short {
            self.entries.get_mut(..used).unwrap_or_default().fill(first);
        }
        let (low_alphabet, high_alphabet) = alphabet.split_at(alphabet.len().min(256));
        let places = Self::BEGINS.into_iter().zip(self.high).zip(self.ends).zip(self.shifts);
        for (len, (((begin, high), end), shift)) in (0_u32..).zip(places).take(bits + 1).skip(done + 1) {
            // With one bit more, each entry stands twice: once for each value of that bit.
            self.entries.copy_within(..used, used);
            used *= 2;
            let code = begin.wrapping_sub(shift);
            for (alphabet, begin, end, code) in
                [(low_alphabet, begin, high, code), (high_alphabet, high, end, code.wrapping_add(high - begin))]
            {
                let of_this_length = self.symbols.get(begin.into()..end.into()).unwrap_or_default();
                let reversed = REVERSED.get(usize::from(code)..).unwrap_or_default();
                for (&symbol, &reversed) in of_this_length.iter().zip(reversed) {
                    let entry = alphabet.get(usize::from(symbol)).copied().unwrap_or(Entry::NO_CODE);
                    if let Some(place) = self.entries.get_mut(usize::from(reversed >> ((16 - len) & 15))) {
                        *place = entry.with_len(len);
                    }
                }
            }
        }
        self.longest_short = bits;
        self.mask = (1 << bits) - 1;
    }

    /// Refuses more codes than bits tell apart, or fewer.
    ///
    /// A single code may stand alone, with one bit; and there may be none at all: "it means that there are no distance codes used at all"
    /// (RFC 1951 §3.2.7).
    pub(super) fn expect_usable(&self) -> Result<(), InvalidCode> {
        let (mut left, mut longest) = (1_i32, 0);
        for (len, count) in self.counts().enumerate().skip(1) {
            left = (left << 1) - i32::from(count);
            if left < 0 {
                return Err(InvalidCode);
            }
            longest = if count > 0 { len } else { longest };
        }
        if left > 0 && longest > 1 { Err(InvalidCode) } else { Ok(()) }
    }

    /// What the next bits stand for. If it has more bits than there are, it is not known yet.
    #[inline]
    pub(super) fn as_lookup<'c>(&'c self, alphabet: &'static [Entry]) -> CodeTable<'c, ENTRIES> {
        let longer = Longer {
            shortest: self.shortest.max(self.longest_short + 1),
            limits: &self.limits,
            shifts: &self.shifts,
            symbols: &self.symbols,
            high: &self.high,
            alphabet,
        };
        CodeTable { entries: &self.entries, mask: self.mask, longer: Some(longer) }
    }
}

/// More codes than bits tell apart, or fewer.
#[derive(Clone, Copy, Debug)]
pub(super) struct InvalidCode;

/// Where the next bits of the input are looked up.
#[derive(Clone, Copy)]
pub(super) struct CodeTable<'c, const ENTRIES: usize> {
    entries: &'c [Entry; ENTRIES],
    mask: u64,
    longer: Option<Longer<'c>>,
}

/// The codes that have no place in a table.
#[derive(Clone, Copy)]
struct Longer<'c> {
    shortest: usize,
    limits: &'c ByLength,
    shifts: &'c ByLength,
    symbols: &'c [u8],
    high: &'c ByLength,
    alphabet: &'static [Entry],
}

/// The two tables of a block.
pub(super) type LiteralTable<'c> = CodeTable<'c, 1024>;
pub(super) type DistanceTable<'c> = CodeTable<'c, 256>;

impl<const ENTRIES: usize> CodeTable<'_, ENTRIES> {
    /// What the next bits stand for, all 15 of which are there; otherwise, if it has more bits than there are, it is not known yet.
    #[inline]
    pub(super) fn entry(&self, input: u64) -> Entry {
        let entry = self.short(input);
        if entry.is_long() { self.long(input) } else { entry }
    }

    /// The same, or [`Entry::LONG`].
    #[inline]
    pub(super) fn short(&self, input: u64) -> Entry {
        // That the mask has no more bits than an index is known already, but not to the compiler.
        let mask = usize::try_from(self.mask).unwrap_or(0) & (ENTRIES - 1);
        let [low, high, ..] = input.to_le_bytes();
        let index = usize::from(u16::from_le_bytes([low, high])) & mask;
        self.entries.get(index).copied().unwrap_or(Entry::NO_CODE)
    }

    /// The same for a code that has no place in the table.
    #[cold]
    #[inline(never)]
    pub(super) fn long(&self, input: u64) -> Entry {
        let Some(longer) = &self.longer else { return Entry::NO_CODE };
        let [low, high, ..] = input.to_le_bytes();
        let code = u16::from_le_bytes([low, high]).reverse_bits() >> 1;
        let by_length = longer.limits.iter().zip(longer.shifts).zip(longer.high).enumerate().skip(longer.shortest);
        for (len, ((&limit, &shift), &high)) in by_length {
            if code < limit {
                let place = (code >> (MAX_BITS - len)).wrapping_add(shift);
                let low = longer.symbols.get(usize::from(place)).copied().unwrap_or(0);
                let symbol = usize::from(low) + if place < high { 0 } else { 256 };
                let entry = longer.alphabet.get(symbol);
                return entry.map_or(Entry::NO_CODE, |entry| entry.with_len(u32::try_from(len).unwrap_or(0)));
            }
        }
        Entry::NO_CODE
    }
}

/// RFC 1951 §3.2.6: the codes of blocks that bring none.
pub(super) const FIXED_LITERALS: LiteralTable<'static> =
    CodeTable { entries: &FIXED_LITERAL_ENTRIES, mask: 511, longer: None };
pub(super) const FIXED_DISTANCES: DistanceTable<'static> =
    CodeTable { entries: &FIXED_DISTANCE_ENTRIES, mask: 31, longer: None };

static FIXED_LITERAL_ENTRIES: [Entry; 1024] = {
    let mut entries = [Entry::NO_CODE; 1024];
    let mut rest: &mut [Entry] = &mut entries;
    let mut index = 0_u32;
    // The other half is beyond the mask.
    while let ([entry, after @ ..], 0..512) = (rest, index) {
        // The first nine bits, the first of them most significant: below 0x60 a code of seven is in front, and so on.
        let bits = index.reverse_bits() >> 23;
        let (symbol, len) = match bits {
            0..0x60 => (256 + (bits >> 2), 7),
            0x60..0x180 => ((bits >> 1) - 0x30, 8),
            0x180..0x190 => (280 + (bits >> 1) - 0xc0, 8),
            _ => (144 + bits - 0x190, 9),
        };
        *entry = Entry::of_literal(symbol).with_len(len);
        (rest, index) = (after, index + 1);
    }
    entries
};

static FIXED_DISTANCE_ENTRIES: [Entry; 256] = {
    let mut entries = [Entry::NO_CODE; 256];
    let mut rest: &mut [Entry] = &mut entries;
    let mut index = 0_u32;
    while let ([entry, after @ ..], 0..32) = (rest, index) {
        *entry = Entry::of_distance(index.reverse_bits() >> 27).with_len(5);
        (rest, index) = (after, index + 1);
    }
    entries
};

/// Short codes in the order of an index's bits: a code's first bit is its most significant one (RFC 1951 §3.1.1), and an index's least. The
/// result is to be shifted by 16 bits without the code's length.
static REVERSED: [u16; 1024] = {
    let mut reversed = [0; 1024];
    let mut rest: &mut [u16] = &mut reversed;
    let mut code = 0_u16;
    while let [place, after @ ..] = rest {
        *place = code.reverse_bits();
        (rest, code) = (after, code + 1);
    }
    reversed
};

/// The longest code that is found with one lookup at first. In the worst case found, each byte of a block's description costs less than this
/// way, and each symbol of its content has so many bits that to find it without a table costs no more; `benches/deflate.rs`.
const FIRST_SHORT: usize = 7;
/// By length: where the symbols begin, if there are at most so many. Two to the power of the length are the most that bits tell apart; after
/// them is room for what is written beyond.
const fn begins(symbols: usize) -> ByLength {
    let mut begins = [0; MAX_BITS + 1];
    let mut rest: &mut [u16] = &mut begins;
    let (mut begin, mut len) = (0_usize, 0_u32);
    while let [place, after @ ..] = rest {
        let [low, high, ..] = begin.to_le_bytes();
        *place = u16::from_le_bytes([low, high]);
        begin += room(symbols, len);
        (rest, len) = (after, len + 1);
    }
    begins
}

/// How much room they take in all.
const fn places_in_all(symbols: usize) -> usize {
    let (mut all, mut len) = (0, 0);
    while len < 16 {
        all += room(symbols, len);
        len += 1;
    }
    all
}

/// How much those of one length take; nothing has length 0, and what is written for it is never read.
const fn room(symbols: usize, len: u32) -> usize {
    let most = if len == 0 { 0 } else { 1 << len };
    8 + if most < symbols { most } else { symbols }
}

/// RFC 1951 §3.2.7: no code is longer.
pub(super) const MAX_BITS: usize = 15;
