//! Prefix codes (RFC 1951 §3.2.2): tables in which the next bits of the input are looked up.

use super::entry::Entry;

/// The code for literals, the end of a block, and lengths. Codes of up to 10 bits, nearly all, are found with one lookup.
pub(super) type Literals = Code<1024, { 288 + GAPS }>;
/// The code for distances, of which those of up to 8 bits are found with one lookup.
pub(super) type Distances = Code<256, { 32 + GAPS }>;

/// A prefix code that a block has brought.
#[derive(Clone, Debug)]
pub(super) struct Code<const ENTRIES: usize, const SYMBOLS: usize> {
    /// By the next bits of the input. Only as much is in use as the longest code needs.
    entries: [Entry; ENTRIES],
    /// Which of the next bits are an index.
    mask: u64,
    /// By length: the codes of so many bits and fewer are below it, if all are written with 15 bits.
    limits: [u16; MAX_BITS + 1],
    /// By length: what a code of so many bits has to be changed by to become an index into the symbols.
    shifts: [u16; MAX_BITS + 1],
    /// The symbols in the order of their codes, with a gap before those of each length.
    symbols: [u16; SYMBOLS],
}

/// How many codes there are of each length.
pub(super) type Counts = [u16; MAX_BITS + 1];

impl<const ENTRIES: usize, const SYMBOLS: usize> Code<ENTRIES, SYMBOLS> {
    /// The longest code that one lookup finds.
    const MAX_SHORT: usize = ENTRIES.ilog2() as usize;
    /// A code without symbols.
    pub(super) const EMPTY: Self = Self {
        entries: [Entry::NO_CODE; ENTRIES],
        mask: 0,
        limits: [0; MAX_BITS + 1],
        shifts: [0; MAX_BITS + 1],
        symbols: [0; SYMBOLS],
    };

    /// Becomes the code with so many codes of each length, which has to be [usable](expect_usable), for the symbols that `runs` names in
    /// ascending order with the length of their codes.
    pub(super) fn rebuild(&mut self, alphabet: &[Entry], counts: &Counts, runs: impl Iterator<Item = EqualCodes>) {
        let mut places = [0_u16; MAX_BITS + 1];
        let (mut code, mut symbols) = (0_u16, 0_u16);
        let by_length = counts.iter().zip(&mut places).zip(self.limits.iter_mut().zip(&mut self.shifts));
        for (len, ((&count, place), (limit, shift))) in by_length.enumerate().skip(1) {
            // RFC 1951 §3.2.2: codes of one length are consecutive, and come after the shorter ones.
            (code, symbols) = (code << 1, symbols + GAP);
            *place = symbols;
            *shift = symbols.wrapping_sub(code);
            code += count;
            symbols += count;
            *limit = code << (MAX_BITS - len);
        }
        for EqualCodes { symbol, times, len } in runs {
            let Some(place) = places.get_mut(len) else { continue };
            let slots = self.symbols.get_mut(usize::from(*place)..).and_then(<[u16]>::first_chunk_mut);
            *place += times;
            // Eight at once, of which the last may fall into the gap.
            if let Some(slots) = slots {
                *slots = [0, 1, 2, 3, 4, 5, 6, 7].map(|n| symbol + n);
            }
        }
        // All 15 bits are told apart.
        let complete = code == 1 << MAX_BITS;
        self.fill(alphabet, counts, complete);
    }

    /// Puts the short codes where they are looked up.
    fn fill(&mut self, alphabet: &[Entry], counts: &Counts, complete: bool) {
        let shortest = counts.iter().position(|&count| count > 0).unwrap_or(0);
        let longest = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
        let bits = longest.min(Self::MAX_SHORT);
        self.mask = (1 << bits) - 1;
        let (mut code, mut used, mut symbols) = (0_usize, 1 << shortest.min(bits), usize::from(GAP) * shortest);
        let other = if complete { Entry::LONG } else { Entry::NO_CODE };
        self.entries.get_mut(..used).unwrap_or_default().fill(other);
        for (len, &count) in (0_u32..).zip(counts).take(bits + 1).skip(shortest) {
            if 1 << len > used {
                // With one bit more, each entry stands twice: once for each value of that bit.
                self.entries.copy_within(..used, used);
                used *= 2;
            }
            let of_this_length = self.symbols.get(symbols..symbols + usize::from(count)).unwrap_or_default();
            symbols += usize::from(count + GAP);
            let reversed = REVERSED.get(code..).unwrap_or_default();
            for (&symbol, &reversed) in of_this_length.iter().zip(reversed) {
                let entry = alphabet.get(usize::from(symbol)).copied().unwrap_or(Entry::NO_CODE);
                if let Some(place) = self.entries.get_mut(usize::from(reversed >> ((16 - len) & 15))) {
                    *place = entry.with_len(len);
                }
            }
            code = (code + usize::from(count)) << 1;
        }
    }

    /// What the next bits stand for. If it has more bits than there are, it is not known yet.
    #[inline]
    pub(super) fn as_lookup<'c>(&'c self, alphabet: &'static [Entry]) -> CodeTable<'c> {
        let longer = Longer {
            shortest: Self::MAX_SHORT + 1,
            limits: &self.limits,
            shifts: &self.shifts,
            symbols: &self.symbols,
            alphabet,
        };
        CodeTable { entries: &self.entries, mask: self.mask, longer: Some(longer) }
    }
}

/// At most eight symbols in a row whose codes have the same length.
#[derive(Clone, Copy, Debug)]
pub(super) struct EqualCodes {
    pub(super) symbol: u16,
    pub(super) times: u16,
    pub(super) len: usize,
}

/// Refuses more codes than bits tell apart, or fewer.
///
/// A single code may stand alone, with one bit; and there may be none at all: "it means that there are no distance codes used at all"
/// (RFC 1951 §3.2.7).
pub(super) fn expect_usable(counts: &Counts) -> Result<(), InvalidCode> {
    let (mut left, mut longest) = (1_i32, 0);
    for (len, &count) in counts.iter().enumerate().skip(1) {
        left = (left << 1) - i32::from(count);
        if left < 0 {
            return Err(InvalidCode);
        }
        longest = if count > 0 { len } else { longest };
    }
    if left > 0 && longest > 1 { Err(InvalidCode) } else { Ok(()) }
}

/// More codes than bits tell apart, or fewer.
#[derive(Clone, Copy, Debug)]
pub(super) struct InvalidCode;

/// Where the next bits of the input are looked up.
#[derive(Clone, Copy)]
pub(super) struct CodeTable<'c> {
    entries: &'c [Entry],
    mask: u64,
    longer: Option<Longer<'c>>,
}

/// The codes that have no place in a table.
#[derive(Clone, Copy)]
struct Longer<'c> {
    shortest: usize,
    limits: &'c [u16; MAX_BITS + 1],
    shifts: &'c [u16; MAX_BITS + 1],
    symbols: &'c [u16],
    alphabet: &'static [Entry],
}

impl CodeTable<'_> {
    /// What the next bits stand for, all 15 of which are there; otherwise, if it has more bits than there are, it is not known yet.
    #[inline]
    pub(super) fn entry(&self, input: u64) -> Entry {
        let entry = self.short(input);
        if entry.is_long() { self.long(input) } else { entry }
    }

    /// The same, or [`Entry::LONG`].
    #[inline]
    pub(super) fn short(&self, input: u64) -> Entry {
        let index = usize::try_from(input & self.mask).unwrap_or(0);
        self.entries.get(index).copied().unwrap_or(Entry::NO_CODE)
    }

    /// The same for a code that has no place in the table.
    #[cold]
    #[inline(never)]
    pub(super) fn long(&self, input: u64) -> Entry {
        let Some(longer) = &self.longer else { return Entry::NO_CODE };
        let [low, high, ..] = input.to_le_bytes();
        let code = u16::from_le_bytes([low, high]).reverse_bits() >> 1;
        let by_length = longer.limits.iter().zip(longer.shifts).enumerate().skip(longer.shortest);
        for (len, (&limit, &shift)) in by_length {
            if code < limit {
                let place = (code >> (MAX_BITS - len)).wrapping_add(shift);
                let symbol = longer.symbols.get(usize::from(place)).copied().map(usize::from);
                let entry = symbol.and_then(|symbol| longer.alphabet.get(symbol));
                return entry.map_or(Entry::NO_CODE, |entry| entry.with_len(u32::try_from(len).unwrap_or(0)));
            }
        }
        Entry::NO_CODE
    }
}

/// RFC 1951 §3.2.6: the codes of blocks that bring none.
pub(super) const FIXED_LITERALS: CodeTable<'static> =
    CodeTable { entries: &FIXED_LITERAL_ENTRIES, mask: 511, longer: None };
pub(super) const FIXED_DISTANCES: CodeTable<'static> =
    CodeTable { entries: &FIXED_DISTANCE_ENTRIES, mask: 31, longer: None };

static FIXED_LITERAL_ENTRIES: [Entry; 512] = {
    let mut entries = [Entry::NO_CODE; 512];
    let mut rest: &mut [Entry] = &mut entries;
    let mut index = 0_u32;
    while let [entry, after @ ..] = rest {
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

static FIXED_DISTANCE_ENTRIES: [Entry; 32] = {
    let mut entries = [Entry::NO_CODE; 32];
    let mut rest: &mut [Entry] = &mut entries;
    let mut index = 0_u32;
    while let [entry, after @ ..] = rest {
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

/// Between symbols whose codes differ in length.
const GAP: u16 = 8;
/// All gaps.
const GAPS: usize = 8 * (MAX_BITS + 1);
/// RFC 1951 §3.2.7: no code is longer.
pub(super) const MAX_BITS: usize = 15;
