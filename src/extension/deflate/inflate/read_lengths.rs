//! The lengths of codes as they are read (RFC 1951 §3.2.7).

use super::bits::{Bits, mask};
use super::code::Sorted;
use super::code_length::LengthCode;
use crate::kernel::bits::BitLoop;

/// How far reading has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// How many lengths were read.
    pub(super) read: u16,
    /// The last of them.
    pub(super) previous: u8,
}

/// Reads the lengths of symbols `from..until`, or of so many as there are bits for, and sorts them. The last ones may go beyond.
pub(super) struct ReadLengths<'r, 'b> {
    pub(super) input: &'r mut Bits<'b>,
    pub(super) reading: &'r mut Reading,
    pub(super) code: &'r LengthCode,
    pub(super) sorted: Sorted<'r>,
    pub(super) from: u16,
    pub(super) until: u16,
}

impl BitLoop for ReadLengths<'_, '_> {
    type Output = ();

    #[inline(always)] // As the trait asks.
    fn run(mut self) {
        let (mut bits, mut reading) = (*self.input, *self.reading);
        if let Some(pair) = self.code.pair() {
            self.read_pair(&mut bits, &mut reading, pair);
        } else {
            self.read(&mut bits, &mut reading);
        }
        (*self.input, *self.reading) = (bits, reading);
    }
}

impl ReadLengths<'_, '_> {
    #[inline(always)] // What it changes stays in registers.
    fn read(&mut self, bits: &mut Bits<'_>, reading: &mut Reading) {
        while reading.read < self.until {
            bits.refill();
            // For so many symbols there are bits in any case, if the input has any.
            for _ in 0..SYMBOLS_PER_REFILL {
                let entry = self.code.get(bits.peek());
                if entry.bits() > bits.count() {
                    return;
                }
                // Which length comes decides no branch: a peer could choose them so that none is foretold.
                let (len, times) = if entry.is_run() {
                    (if entry.repeats() { reading.previous } else { 0 }, entry.times(bits.peek()))
                } else {
                    (entry.value(), 1)
                };
                bits.consume(entry.bits());
                self.sorted.push(reading.read - self.from, times, len);
                reading.previous = len;
                reading.read += times;
                if reading.read >= self.until {
                    return;
                }
            }
        }
    }

    /// The same where each length is one of two, and so one bit.
    #[inline(always)]
    fn read_pair(&mut self, bits: &mut Bits<'_>, reading: &mut Reading, pair: [u8; 2]) {
        while reading.read < self.until {
            bits.refill();
            let now = bits.count().min((self.until - reading.read).into());
            if now == 0 {
                return;
            }
            let mut word = bits.peek() & mask(now);
            bits.consume(now);
            for _ in 0..now {
                // Shifted and not asked for, since no branch of these is foretold.
                [reading.previous, _] = (u16::from_le_bytes(pair) >> (8 * (word & 1))).to_le_bytes();
                word >>= 1;
                self.sorted.push(reading.read - self.from, 1, reading.previous);
                reading.read += 1;
            }
        }
    }
}

/// Of 56 bits, a code for a length takes 14 at most with its extra bits.
const SYMBOLS_PER_REFILL: usize = 4;
