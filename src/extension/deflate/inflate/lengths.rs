//! How a block describes its codes (RFC 1951 §3.2.7).

use super::bits::{Bits, mask};
use super::code::{Distances, InvalidCode, Literals};
use super::code_length::LengthCode;
use super::entry::{DISTANCES, LITERALS};
use super::read_lengths::{ReadLengths, Reading};
use super::symbols::Codes;
use crate::kernel::bits;

/// The codes of a block, and what they are made of.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) literals: Literals,
    pub(super) distances: Distances,
    /// The code for lengths.
    code: LengthCode,
    /// The lengths of the codes of that code, by symbol.
    lens: [u8; 19],
    /// The length before the next one, if there is one.
    previous: u8,
    /// The codes were not built yet.
    unbuilt: bool,
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
        code: LengthCode::EMPTY,
        lens: [0; 19],
        previous: 0,
        unbuilt: false,
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
        self.code.rebuild(&self.lens)?;
        self.literals.begin();
        self.distances.begin();
        self.previous = 0;
        Ok(Progress::Done)
    }

    /// Reads the lengths of the two codes, `read` of which have come already, and makes the codes.
    pub(super) fn read(
        &mut self,
        input: &mut Bits<'_>,
        described: Described,
        read: u16,
    ) -> Result<Progress, InvalidCode> {
        let Described { literals, distances, .. } = described;
        let all = literals + u16::from(distances);
        let mut reading = Reading { read, previous: self.previous };
        if read == 0 {
            input.refill();
            let first = self.code.get(input.peek());
            if first.repeats() && first.len() <= input.count() {
                // "Copy the previous code length 3 - 6 times": there has to be one.
                return Err(InvalidCode);
            }
        }
        for (from, until) in [(0, END), (END, literals), (literals, all)] {
            if read >= until {
                continue;
            }
            if reading.read < until {
                let sorted = if until == all { self.distances.sorted() } else { self.literals.sorted() };
                bits::run(ReadLengths { input, reading: &mut reading, code: &self.code, sorted, from, until });
            }
            let Some(beyond) = reading.read.checked_sub(until) else { break };
            // What goes beyond is of other symbols.
            if until < all {
                self.literals.take_back(beyond, reading.previous);
            }
            if until == END {
                self.literals.begin_high();
                self.literals.sorted().push(0, beyond, reading.previous);
            } else if until == literals {
                self.distances.sorted().push(0, beyond, reading.previous);
            }
        }
        self.previous = reading.previous;
        if reading.read < all {
            return Ok(Progress::Paused(reading.read));
        }
        if reading.read > all {
            return Err(InvalidCode);
        }
        self.literals.expect_usable()?;
        self.distances.expect_usable()?;
        // Of distances none is that high.
        self.distances.begin_high();
        self.unbuilt = true;
        Ok(Progress::Done)
    }

    /// Whether a block without content ends here. To see that, its codes need not be built.
    pub(super) fn take_end(&mut self, bits: &mut Bits<'_>) -> bool {
        if !self.unbuilt {
            return false;
        }
        let Some((code, len)) = self.literals.code_of_256() else { return false };
        bits.refill();
        let ends = len <= bits.count() && bits.peek() & mask(len) == u64::from(code);
        if ends {
            bits.consume(len);
        }
        ends
    }

    /// The codes, which are built when they are needed.
    pub(super) fn codes(&mut self) -> Codes<'_> {
        if core::mem::take(&mut self.unbuilt) {
            self.literals.build(&LITERALS);
            self.distances.build(&DISTANCES);
        }
        let is_wide = self.literals.is_wide() && self.distances.is_wide();
        Codes {
            literals: self.literals.as_lookup(&LITERALS),
            distances: self.distances.as_lookup(&DISTANCES),
            patience: if is_wide { u32::MAX } else { PATIENCE },
        }
    }

    /// Prepares for many symbols.
    pub(super) fn widen(&mut self) {
        self.literals.widen(&LITERALS);
        self.distances.widen(&DISTANCES);
    }
}

/// How many long codes are decoded before the tables grow: about as many as take the time in which they do.
const PATIENCE: u32 = 16;
/// The symbol for the end of a block.
const END: u16 = 256;
const MAX_LITERALS: usize = 286;
const MAX_DISTANCES: usize = 30;
/// "in the order".
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
