//! Literals and back-references (RFC 1951 §3.2.3): "decode literal/length value from input stream".

use super::bits::Bits;
use super::code::{DistanceTable, LiteralTable};
use super::window::{BulkSpan, OutputSpan};
use crate::kernel::bits::{self, BitLoop};
use crate::wire::InvalidDeflate;

/// The two codes of a block.
#[derive(Clone, Copy)]
pub(super) struct Codes<'c> {
    pub(super) literals: LiteralTable<'c>,
    pub(super) distances: DistanceTable<'c>,
    /// How many codes may be found in the slow way before [`Stop::Widen`].
    pub(super) patience: u32,
}

/// Why no further symbol was decoded.
pub(super) enum Stop {
    /// Input or room is needed.
    Wait,
    EndOfBlock,
    /// There are so many long codes that they had better be found in the fast way.
    Widen,
    /// The run is full, and a back-reference was begun.
    Within {
        distance: u16,
        remaining: u16,
    },
}

/// Decodes symbols until the block ends, the input is used up, or the run is full.
pub(super) fn decode(input: &mut Bits<'_>, run: &mut OutputSpan<'_>, codes: Codes<'_>) -> Result<Stop, InvalidDeflate> {
    match bits::run(Plenty { input, run, codes })? {
        PlentyStop::Scarce => decode_carefully(input, run, codes),
        PlentyStop::EndOfBlock => Ok(Stop::EndOfBlock),
        PlentyStop::Widen => Ok(Stop::Widen),
    }
}

/// Why the loop that needs plenty of input and of room has stopped.
enum PlentyStop {
    Scarce,
    EndOfBlock,
    Widen,
}

/// Decodes while there is plenty of input and of room.
struct Plenty<'p, 'b, 'w> {
    input: &'p mut Bits<'b>,
    run: &'p mut OutputSpan<'w>,
    codes: Codes<'p>,
}

impl BitLoop for Plenty<'_, '_, '_> {
    type Output = Result<PlentyStop, InvalidDeflate>;

    #[inline(always)] // As the trait asks.
    fn run(self) -> Self::Output {
        let (mut bits, mut to) = (*self.input, self.run.bulk());
        let result = decode_plenty(&mut bits, &mut to, self.codes);
        let position = to.position();
        self.run.take_bulk(position);
        *self.input = bits;
        result
    }
}

#[inline(always)] // What it changes stays in registers.
fn decode_plenty(bits: &mut Bits<'_>, to: &mut BulkSpan<'_>, codes: Codes<'_>) -> Result<PlentyStop, InvalidDeflate> {
    let mut patience = codes.patience;
    while to.has_room() && bits.refill_bulk() {
        let mut entry = codes.literals.short(bits.peek());
        // Two literals at most leave the bits that a length and a distance need: 56 - 2 * 10 = 10 + 5 + 8 + 13,
        // if all codes are found with one lookup.
        if entry.is_literal() {
            bits.consume(entry.bits());
            to.push(entry.byte());
            entry = codes.literals.short(bits.peek());
            if entry.is_literal() {
                bits.consume(entry.bits());
                to.push(entry.byte());
                entry = codes.literals.short(bits.peek());
                if entry.is_literal() {
                    bits.consume(entry.bits());
                    to.push(entry.byte());
                    continue;
                }
            }
        }
        if entry.is_special() {
            if entry.is_long() {
                if bits.count() < LONG_COPY {
                    // After the next refill there are enough.
                    continue;
                }
                let Some(left) = patience.checked_sub(1) else { return Ok(PlentyStop::Widen) };
                patience = left;
                entry = codes.literals.long(bits.peek());
                if entry.is_literal() {
                    bits.consume(entry.bits());
                    to.push(entry.byte());
                    continue;
                }
            }
            if entry.is_end() {
                bits.consume(entry.bits());
                return Ok(PlentyStop::EndOfBlock);
            }
            if entry.is_special() {
                return Err(InvalidDeflate::Corrupt);
            }
        }
        let before = *bits;
        let len = entry.value(bits.peek());
        bits.consume(entry.bits());
        let mut entry = codes.distances.short(bits.peek());
        if entry.is_special() {
            if entry.is_long() {
                if before.count() < LONG_COPY {
                    *bits = before;
                    continue;
                }
                let Some(left) = patience.checked_sub(1) else {
                    *bits = before;
                    return Ok(PlentyStop::Widen);
                };
                patience = left;
                entry = codes.distances.long(bits.peek());
            }
            if entry.is_special() {
                return Err(InvalidDeflate::Corrupt);
            }
        }
        let distance = entry.value(bits.peek());
        if !to.reaches(distance) {
            return Err(InvalidDeflate::Corrupt);
        }
        bits.consume(entry.bits());
        to.repeat(distance, len);
    }
    Ok(PlentyStop::Scarce)
}

/// Decodes symbol by symbol, to the last bit and the last byte of room.
fn decode_carefully(input: &mut Bits<'_>, run: &mut OutputSpan<'_>, codes: Codes<'_>) -> Result<Stop, InvalidDeflate> {
    let mut bits = *input;
    let stop = decode_symbols(&mut bits, run, codes);
    *input = bits;
    stop
}

#[inline(always)]
fn decode_symbols(bits: &mut Bits<'_>, run: &mut OutputSpan<'_>, codes: Codes<'_>) -> Result<Stop, InvalidDeflate> {
    while !run.is_full() {
        bits.refill();
        let entry = codes.literals.entry(bits.peek());
        if entry.bits() > bits.count() {
            return Ok(Stop::Wait);
        }
        if entry.is_literal() {
            bits.consume(entry.bits());
            run.push(entry.byte());
            continue;
        }
        if entry.is_special() {
            if !entry.is_end() {
                return Err(InvalidDeflate::Corrupt);
            }
            bits.consume(entry.bits());
            return Ok(Stop::EndOfBlock);
        }
        let len = entry.value(bits.peek());
        let rest = bits.peek() >> entry.bits();
        let distance = codes.distances.entry(rest);
        let needed = entry.bits() + distance.bits();
        if needed > bits.count() {
            return Ok(Stop::Wait);
        }
        if distance.is_special() {
            return Err(InvalidDeflate::Corrupt);
        }
        let distance = distance.value(rest);
        if !run.reaches(distance) {
            return Err(InvalidDeflate::Corrupt);
        }
        bits.consume(needed);
        let remaining = len - run.repeat_soon(distance, len);
        if let (1.., Ok(distance)) = (remaining, u16::try_from(distance)) {
            return Ok(Stop::Within { distance, remaining: u16::try_from(remaining).unwrap_or(0) });
        }
    }
    Ok(Stop::Wait)
}

/// The same for any codes: 15 + 5 + 15 + 13.
const LONG_COPY: u32 = 48;
