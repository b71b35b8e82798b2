//! The code for the lengths of codes (RFC 1951 §3.2.7): what its symbols stand for, in one word.

use super::bits::mask;
use super::code::InvalidCode;

/// The code for lengths.
#[derive(Clone, Debug)]
pub(super) struct LengthCode {
    /// By the next bits of the input.
    entries: [CodeLength; 128],
    /// Which of the next bits are an index.
    mask: u64,
}

impl LengthCode {
    pub(super) const EMPTY: Self = Self { entries: [CodeLength::NONE; 128], mask: 0 };

    /// Becomes the code whose codes have these lengths, by symbol. It has to be complete.
    pub(super) fn rebuild(&mut self, lens: &[u8; 19]) -> Result<(), InvalidCode> {
        let mut counts = [0_u8; 8];
        for &len in lens {
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
        let table = self.entries.get_mut(..1 << longest).unwrap_or_default();
        for (meaning, &len) in CODE_LENGTHS.iter().zip(lens) {
            let Some(code) = next.get_mut(usize::from(len)).filter(|_| len > 0) else { continue };
            let first = usize::from(code.reverse_bits() >> ((8 - len) & 7));
            *code = code.wrapping_add(1);
            let meaning = meaning.with_len(len);
            for place in table.get_mut(first..).unwrap_or_default().iter_mut().step_by(1 << len) {
                *place = meaning;
            }
        }
        Ok(())
    }

    /// What 0 and 1 stand for, if there is no more to it.
    #[inline]
    pub(super) fn pair(&self) -> Option<[u8; 2]> {
        match self.entries {
            [zero, one, ..] if self.mask == 1 && zero.bits() == 1 && one.bits() == 1 => {
                Some([zero.value(), one.value()])
            }
            _ => None,
        }
    }

    /// What the next bits stand for. If it has more bits than there are, it is not known yet.
    #[inline]
    pub(super) fn get(&self, input: u64) -> CodeLength {
        let index = usize::try_from(input & self.mask).unwrap_or(0);
        self.entries.get(index & 127).copied().unwrap_or(CodeLength::NONE)
    }
}

/// What a symbol of the code for lengths means, and how many bits it has.
///
/// | bits | meaning |
/// |---|---|
/// | 0 to 7 | how many bits the code has with its extra bits |
/// | 8 to 11 | how many the code has |
/// | 16 to 23 | how often the length comes at least |
/// | 24 to 27 | the length |
/// | 30 | it comes several times |
/// | 31 | the length before is repeated |
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeLength(u32);

const RUN: u32 = 1 << 30;

impl CodeLength {
    pub(super) const NONE: Self = Self(0);

    const fn of_symbol(symbol: u32) -> Self {
        Self(match symbol {
            0..16 => symbol << 24,
            16 => RUN | 1 << 31 | 3 << 16 | 2,
            17 => RUN | 3 << 16 | 3,
            _ => RUN | 11 << 16 | 7,
        })
    }

    /// The same for a code of so many bits.
    #[inline]
    pub(super) const fn with_len(self, len: u8) -> Self {
        Self(self.0 + len as u32 * 0x101)
    }

    /// How many bits code and extra bits have.
    #[inline]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 0xff
    }

    /// How many the code has.
    #[inline]
    pub(super) const fn len(self) -> u32 {
        self.0 >> 8 & 15
    }

    /// Whether it stands for several lengths.
    #[inline]
    pub(super) const fn is_run(self) -> bool {
        self.0 & RUN != 0
    }

    #[inline]
    pub(super) const fn repeats(self) -> bool {
        self.0 >> 31 == 1
    }

    /// The length that comes.
    #[inline]
    pub(super) const fn value(self) -> u8 {
        let [.., value] = self.0.to_le_bytes();
        value & 15
    }

    /// How often, with the extra bits from the input that begins with the code.
    #[inline]
    pub(super) fn times(self, input: u64) -> u16 {
        let [_, _, least, _] = self.0.to_le_bytes();
        let [extra, ..] = ((input & mask(self.bits())) >> self.len()).to_le_bytes();
        u16::from(least) + u16::from(extra)
    }
}

/// "The Huffman codes for the code length alphabet".
static CODE_LENGTHS: [CodeLength; 19] = {
    let mut entries = [CodeLength::NONE; 19];
    let mut rest: &mut [CodeLength] = &mut entries;
    let mut symbol = 0;
    while let [entry, after @ ..] = rest {
        *entry = CodeLength::of_symbol(symbol);
        (rest, symbol) = (after, symbol + 1);
    }
    entries
};
