//! How a block describes its codes (RFC 1951 §3.2.7).

use super::bits::{Bits, mask};
use super::code::{Counts, Distances, EqualCodes, InvalidCode, Literals, expect_usable};
use super::entry::{DISTANCES, LITERALS};

/// The codes of a block, and what they are made of.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) literals: Literals,
    pub(super) distances: Distances,
    /// The code for lengths: by the next bits, five bits of symbol above three of length.
    code: [u8; 128],
    /// Which of the next bits are an index into it.
    mask: u64,
    /// The length, if there is one, whose code is a single 0, and the one whose code is a single 1.
    single: [u8; 2],
    /// The lengths of the codes of that code, by symbol.
    lens: [u8; 19],
    /// Of the lengths of literals' and of distances' codes.
    counts: [Counts; 2],
    /// The symbols that have codes, in ascending order, with distances after all literals.
    runs: [PackedRun; MAX_LITERALS + MAX_DISTANCES],
    run_count: usize,
    /// The length before the next one.
    previous: u8,
    /// The code for the end of the block: its length, and how many of this length come before it.
    end: Option<(u16, u16)>,
    /// How many symbols are literals, as long as the codes were not built yet.
    unbuilt: Option<u16>,
}

/// How many lengths a block describes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    literals: u16,
    distances: u8,
    lens: u8,
}

/// How far reading has come.
pub(super) enum Progress {
    Done,
    /// More input is needed; so many were read.
    Paused(u16),
}

impl Described {
    /// From the 14 bits after a block's header.
    pub(super) fn from_bits(bits: u32) -> Result<Self, InvalidCode> {
        let field = |shift: u32, mask: u32| u8::try_from(bits >> shift & mask).unwrap_or(0);
        let (literals, distances) = (257 + u16::from(field(0, 0x1f)), 1 + field(5, 0x1f));
        if usize::from(literals) > MAX_LITERALS || usize::from(distances) > MAX_DISTANCES {
            return Err(InvalidCode);
        }
        Ok(Self { literals, distances, lens: 4 + field(10, 0xf) })
    }
}

impl Tables {
    pub(super) const EMPTY: Self = Self {
        literals: Literals::EMPTY,
        distances: Distances::EMPTY,
        code: [0; 128],
        mask: 0,
        single: [NONE; 2],
        lens: [0; 19],
        counts: [[0; 16]; 2],
        runs: [PackedRun(0); MAX_LITERALS + MAX_DISTANCES],
        run_count: 0,
        previous: NONE,
        end: None,
        unbuilt: None,
    };

    /// Reads the lengths of the codes for lengths, `read` of which have come already.
    pub(super) fn read_code(
        &mut self,
        bits: &mut Bits<'_>,
        described: Described,
        read: u16,
    ) -> Result<Progress, InvalidCode> {
        if read == 0 {
            self.lens = [0; 19];
        }
        for (n, &symbol) in (0_u16..).zip(ORDER.iter().take(usize::from(described.lens))).skip(usize::from(read)) {
            let Some(len) = bits.take(3) else { return Ok(Progress::Paused(n)) };
            if let Some(place) = self.lens.get_mut(symbol) {
                [*place, ..] = len.to_le_bytes();
            }
        }
        self.build_code()?;
        self.counts = [[0; 16]; 2];
        (self.run_count, self.previous, self.end) = (0, NONE, None);
        Ok(Progress::Done)
    }

    /// This code has to be complete.
    fn build_code(&mut self) -> Result<(), InvalidCode> {
        let mut counts = [0_u8; 8];
        for &len in &self.lens {
            if let Some(count) = counts.get_mut(usize::from(len)) {
                *count += 1;
            }
        }
        let (mut next, mut code, mut longest, mut left) = ([0_u8; 8], 0_u8, 0_u32, 1_i32);
        for ((len, &count), next) in (0..).zip(&counts).zip(&mut next).skip(1) {
            code = code.wrapping_shl(1);
            *next = code;
            code = code.wrapping_add(count);
            left = (left << 1) - i32::from(count);
            if left < 0 {
                return Err(InvalidCode);
            }
            longest = if count > 0 { len } else { longest };
        }
        if left != 0 {
            return Err(InvalidCode);
        }
        self.mask = (1 << longest) - 1;
        self.single = [NONE; 2];
        for (place, (symbol, _)) in self.single.iter_mut().zip((0_u8..).zip(&self.lens).filter(|&(_, &len)| len == 1)) {
            *place = if symbol < 16 { symbol } else { NONE };
        }
        let table = self.code.get_mut(..1 << longest).unwrap_or_default();
        for (symbol, &len) in (0_u8..).zip(&self.lens) {
            let Some(code) = next.get_mut(usize::from(len)).filter(|_| len > 0) else { continue };
            let first = usize::from(code.reverse_bits() >> ((8 - len) & 7));
            *code = code.wrapping_add(1);
            for place in table.get_mut(first..).unwrap_or_default().iter_mut().step_by(1 << len) {
                *place = symbol << 3 | len;
            }
        }
        Ok(())
    }

    /// Reads the lengths of the two codes, `read` of which have come already, and makes the codes.
    pub(super) fn read(
        &mut self,
        bits: &mut Bits<'_>,
        described: Described,
        read: u16,
    ) -> Result<Progress, InvalidCode> {
        let mut local = *bits;
        let read = self.read_locally(&mut local, described, read);
        *bits = local;
        read
    }

    /// The same for bits that nobody else has at hand, and which need not be in memory.
    #[inline(always)]
    fn read_locally(&mut self, bits: &mut Bits<'_>, described: Described, read: u16) -> Result<Progress, InvalidCode> {
        let all = described.literals + u16::from(described.distances);
        let mut n = read;
        while n < all {
            if bits.count() < MAX_LEN_BITS {
                bits.refill();
            }
            let [zero, one] = self.single;
            let is_one = bits.peek() & 1 == 1;
            let len = if is_one { one } else { zero };
            if len != NONE {
                // As many of them as there are, instead of one after the other: there is no cheaper way to make work.
                let run = if is_one { bits.peek().trailing_ones() } else { bits.peek().trailing_zeros() };
                let times = u16::try_from(run.min(bits.count()).min(MOST_TIMES)).unwrap_or(0).min(all - n);
                if times > 0 {
                    bits.consume(times.into());
                    if len > 0 {
                        self.push(described, n, times, len);
                    }
                    self.previous = len;
                    n += times;
                    continue;
                }
            }
            let index = usize::try_from(bits.peek() & self.mask).unwrap_or(0);
            let entry = self.code.get(index).copied().unwrap_or(0);
            let (symbol, code_len) = (entry >> 3, u32::from(entry & 7));
            if code_len > bits.count() {
                return Ok(Progress::Paused(n));
            }
            if symbol == 16 && self.previous == NONE {
                // "Copy the previous code length 3 - 6 times": there has to be one.
                return Err(InvalidCode);
            }
            let Some(&(least, extra)) = REPEATS.get(usize::from(symbol)) else { return Err(InvalidCode) };
            let len = match symbol {
                16 => self.previous,
                17.. => 0,
                len => len,
            };
            if code_len + extra > bits.count() {
                return Ok(Progress::Paused(n));
            }
            bits.consume(code_len);
            let times = least + u16::try_from(bits.peek() & mask(extra)).unwrap_or(0);
            bits.consume(extra);
            if n + times > all {
                return Err(InvalidCode);
            }
            if len > 0 {
                self.push(described, n, times, len);
            }
            self.previous = len;
            n += times;
        }
        for counts in &self.counts {
            expect_usable(counts)?;
        }
        self.unbuilt = Some(described.literals);
        Ok(Progress::Done)
    }

    /// Notes that so many symbols in a row have codes of this length.
    #[inline]
    fn push(&mut self, described: Described, symbol: u16, times: u16, len: u8) {
        let of_literals = described.literals.saturating_sub(symbol);
        if (1..times).contains(&of_literals) {
            self.push_run(0, described, symbol, of_literals, len);
            self.push_run(1, described, symbol + of_literals, times - of_literals, len);
        } else {
            self.push_run(usize::from(of_literals == 0), described, symbol, times, len);
        }
    }

    #[inline]
    fn push_run(&mut self, of: usize, Described { literals, .. }: Described, symbol: u16, times: u16, len: u8) {
        let Some(count) = self.counts.get_mut(of).and_then(|counts| counts.get_mut(usize::from(len))) else { return };
        if symbol <= END && END < symbol + times && END < literals {
            self.end = Some((len.into(), *count + (END - symbol)));
        }
        *count += times;
        if let Some(place) = self.runs.get_mut(self.run_count) {
            *place = PackedRun::new(symbol, times, len);
            self.run_count += 1;
        }
    }

    /// Whether a block without content ends here. To see that, its codes need not be built.
    pub(super) fn take_end(&mut self, bits: &mut Bits<'_>) -> bool {
        let (Some(_), Some((len, rank)), [counts, _]) = (self.unbuilt, self.end, &self.counts) else { return false };
        let mut first = 0;
        for &count in counts.iter().take(usize::from(len)).skip(1) {
            first = (first + count) << 1;
        }
        let (code, len) = ((first + rank).reverse_bits() >> ((16 - len) & 15), u32::from(len));
        bits.refill();
        let ends = len <= bits.count() && bits.peek() & mask(len) == u64::from(code);
        if ends {
            bits.consume(len);
        }
        ends
    }

    /// The codes, which are built when they are needed.
    pub(super) fn codes(&mut self) -> (&Literals, &Distances) {
        if let Some(literals) = self.unbuilt.take() {
            self.build(literals);
        }
        (&self.literals, &self.distances)
    }

    fn build(&mut self, literals: u16) {
        let [literal_counts, distance_counts] = &self.counts;
        let runs = self.runs.get(..self.run_count).unwrap_or_default();
        let (of_literals, of_distances) = runs.split_at(runs.partition_point(|run| run.unpack().symbol < literals));
        self.literals.rebuild(&LITERALS, literal_counts, of_literals.iter().map(|run| run.unpack()));
        let of_distances = of_distances.iter().map(|run| {
            let run = run.unpack();
            EqualCodes { symbol: run.symbol.saturating_sub(literals), ..run }
        });
        self.distances.rebuild(&DISTANCES, distance_counts, of_distances);
    }
}

/// A [`EqualCodes`] of 1 to 7 symbols: nine bits of symbol, three of how many, four of length.
#[derive(Clone, Copy, Debug)]
struct PackedRun(u16);

impl PackedRun {
    const fn new(symbol: u16, times: u16, len: u8) -> Self {
        Self(symbol << 7 | times << 4 | len as u16)
    }

    fn unpack(self) -> EqualCodes {
        EqualCodes { symbol: self.0 >> 7, times: self.0 >> 4 & 7, len: usize::from(self.0 & 15) }
    }
}

/// The symbol for the end of a block.
const END: u16 = 256;
/// No code has this length.
const NONE: u8 = u8::MAX;
const MAX_LITERALS: usize = 286;
const MAX_DISTANCES: usize = 30;
/// What a [`PackedRun`] holds.
const MOST_TIMES: u32 = 7;
/// Bits of a code for a length with its extra bits, at most.
const MAX_LEN_BITS: u32 = 7 + 7;
/// By symbol of the code for lengths: how often the length comes at least, and how many bits say how much more often.
const REPEATS: [(u16, u32); 19] = {
    let mut repeats = [(1, 0); 19];
    (repeats[16], repeats[17], repeats[18]) = ((3, 2), (3, 3), (11, 7));
    repeats
};
/// "in the order".
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
