//! The blocks of a DEFLATE stream (RFC 1951 §3.2.3), decoded from pieces that are cut anywhere.

use alloc::boxed::Box;

use super::bits::Bits;
use super::code::{FIXED_DISTANCES, FIXED_LITERALS};
use super::lengths::{Described, Progress, Tables};
use super::symbols::{self, Codes, Stop};
use super::window::OutputSpan;
use crate::wire::InvalidDeflate;

/// Decodes blocks. All that it knows of the output is in the [`OutputSpan`].
#[derive(Clone, Debug)]
pub(in crate::extension::deflate) struct Blocks {
    /// Bits that were taken from the input and not yet used, and how many.
    held: u64,
    held_count: u8,
    state: NextBits,
    /// BFINAL of the current block.
    last: bool,
    /// What blocks with codes of their own need; allocated for the first of them.
    tables: Option<Box<Tables>>,
}

/// What the next bits are.
#[derive(Clone, Copy, Debug)]
enum NextBits {
    /// A block's header.
    Header { after: After },
    /// A stored block's length and its complement (RFC 1951 §3.2.4).
    StoredLength,
    /// A stored block's bytes.
    Stored { remaining: u16 },
    /// How many codes a block describes (RFC 1951 §3.2.7).
    Described,
    /// The lengths of the codes for lengths, `read` of which were read.
    CodeLengths { described: Described, read: u16 },
    /// The lengths of the two codes.
    Lengths { described: Described, read: u16 },
    /// A code.
    Symbols { kind: Kind },
    /// A code, after a back-reference that the output had no room for.
    Copy { kind: Kind, distance: u16, remaining: u16 },
    /// Nothing: what came is no DEFLATE stream.
    Invalid { error: InvalidDeflate },
}

/// What comes before a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum After {
    /// The beginning, or a block with BFINAL=0.
    Block,
    /// A block with BFINAL=1, which ended a stream; a further one begins with the next byte, if there is one.
    FinalBlock,
}

/// Whose codes a block uses.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Fixed,
    Dynamic,
}

impl Blocks {
    pub(in crate::extension::deflate) const fn new() -> Self {
        Self { held: 0, held_count: 0, state: NextBits::BEGINNING, last: false, tables: None }
    }

    /// Whether a block has ended, on a byte's border, and nothing came after it.
    pub(in crate::extension::deflate) const fn is_at_border(&self) -> bool {
        matches!(self.state, NextBits::Header { .. }) && self.held_count == 0
    }

    /// The same, for a block with BFINAL=1.
    pub(in crate::extension::deflate) const fn is_after_final_block(&self) -> bool {
        matches!(self.state, NextBits::Header { after: After::FinalBlock }) && self.held_count == 0
    }

    /// Whether the next bytes are a stored block's length and its complement. If these are 0x00 0x00 0xff 0xff, that block has ended.
    pub(in crate::extension::deflate) const fn is_at_stored_length(&self) -> bool {
        matches!(self.state, NextBits::StoredLength) && self.held_count == 0
    }

    /// Prepares for the next message, whose first byte begins a block.
    pub(in crate::extension::deflate) const fn restart(&mut self) {
        self.state = NextBits::BEGINNING;
    }

    /// Prepares for another stream, and keeps the memory.
    pub(in crate::extension::deflate) fn begin(&mut self) {
        *self = Self { tables: self.tables.take(), ..Self::new() };
    }

    /// Gives back what memory no current block needs.
    pub(in crate::extension::deflate) fn shrink(&mut self) {
        match self.state {
            NextBits::Header { .. }
            | NextBits::StoredLength
            | NextBits::Stored { .. }
            | NextBits::Described
            | NextBits::Symbols { kind: Kind::Fixed }
            | NextBits::Copy { kind: Kind::Fixed, .. }
            | NextBits::Invalid { .. } => self.tables = None,
            NextBits::CodeLengths { .. }
            | NextBits::Lengths { .. }
            | NextBits::Symbols { kind: Kind::Dynamic }
            | NextBits::Copy { kind: Kind::Dynamic, .. } => {}
        }
    }

    /// Bytes of memory.
    pub(in crate::extension::deflate) const fn capacity(&self) -> usize {
        if self.tables.is_some() { size_of::<Tables>() } else { 0 }
    }

    /// Decodes until the run is full or the input is used up.
    ///
    /// # Errors
    ///
    /// What is wrong with the input, after what was put in place. Asked again, the answer is the same.
    pub(in crate::extension::deflate) fn decode(
        &mut self,
        input: &mut &[u8],
        run: &mut OutputSpan<'_>,
    ) -> Result<(), InvalidDeflate> {
        let mut bits = Bits::new(self.held, self.held_count, input);
        let decoded = loop {
            match self.step(&mut bits, run) {
                Ok(Step::Next(state)) => self.state = state,
                Ok(Step::Wait) => break Ok(()),
                Err(error) => {
                    self.state = NextBits::Invalid { error };
                    break Err(error);
                }
            }
        };
        (self.held, self.held_count, *input) = bits.into_rest();
        decoded
    }

    fn step(&mut self, bits: &mut Bits<'_>, run: &mut OutputSpan<'_>) -> Result<Step, InvalidDeflate> {
        match self.state {
            NextBits::Header { mut after } => loop {
                let Some(header) = bits.take(3) else {
                    self.state = NextBits::Header { after };
                    return Ok(Step::Wait);
                };
                self.last = header & 1 == 1;
                match header >> 1 {
                    0 => {
                        bits.align();
                        return Ok(Step::Next(NextBits::StoredLength));
                    }
                    // A block without content ends at once: seven bits of 0.
                    1 if bits.take_zeros(7) => after = self.after_block(bits),
                    1 => return Ok(Step::Next(NextBits::Symbols { kind: Kind::Fixed })),
                    2 => return Ok(Step::Next(NextBits::Described)),
                    _ => return Err(InvalidDeflate::Corrupt),
                }
            },
            NextBits::StoredLength => {
                let Some(lengths) = bits.take(32) else { return Ok(Step::Wait) };
                let (len, complement) = (lengths & 0xffff, lengths >> 16);
                if len ^ complement != 0xffff {
                    return Err(InvalidDeflate::Corrupt);
                }
                Ok(Step::Next(NextBits::Stored { remaining: u16::try_from(len).unwrap_or(0) }))
            }
            NextBits::Stored { remaining: 0 } => Ok(Step::Next(self.next_block(bits))),
            NextBits::Stored { remaining } => {
                let room = run.room();
                let room_len = room.len().min(usize::from(remaining));
                let copied = bits.copy_to(room.get_mut(..room_len).unwrap_or_default());
                run.advance(copied);
                let remaining = remaining.saturating_sub(u16::try_from(copied).unwrap_or(u16::MAX));
                Ok(if copied == 0 { Step::Wait } else { Step::Next(NextBits::Stored { remaining }) })
            }
            NextBits::Described => {
                let Some(described) = bits.take(14) else { return Ok(Step::Wait) };
                let described = Described::from_bits(described).map_err(|_| InvalidDeflate::Corrupt)?;
                Ok(Step::Next(NextBits::CodeLengths { described, read: 0 }))
            }
            NextBits::CodeLengths { described, read } => {
                match self.tables().read_code(bits, described, read).map_err(|_| InvalidDeflate::Corrupt)? {
                    Progress::Done => Ok(Step::Next(NextBits::Lengths { described, read: 0 })),
                    Progress::Paused(now) => Ok(Step::pause(NextBits::CodeLengths { described, read: now }, read, now)),
                }
            }
            NextBits::Lengths { described, read } => {
                match self.tables().read(bits, described, read).map_err(|_| InvalidDeflate::Corrupt)? {
                    Progress::Done => Ok(Step::Next(NextBits::Symbols { kind: Kind::Dynamic })),
                    Progress::Paused(now) => Ok(Step::pause(NextBits::Lengths { described, read: now }, read, now)),
                }
            }
            NextBits::Symbols { kind } => {
                let codes = match (kind, &mut self.tables) {
                    (Kind::Dynamic, Some(tables)) => {
                        if tables.take_end(bits) {
                            return Ok(Step::Next(self.next_block(bits)));
                        }
                        tables.codes()
                    }
                    (Kind::Fixed, _) | (Kind::Dynamic, None) => {
                        Codes { literals: FIXED_LITERALS, distances: FIXED_DISTANCES, patience: u32::MAX }
                    }
                };
                Ok(match symbols::decode(bits, run, codes)? {
                    Stop::Wait => Step::Wait,
                    Stop::Widen => {
                        if let Some(tables) = &mut self.tables {
                            tables.widen();
                        }
                        Step::Next(self.state)
                    }
                    Stop::EndOfBlock => Step::Next(self.next_block(bits)),
                    Stop::Within { distance, remaining } => Step::Next(NextBits::Copy { kind, distance, remaining }),
                })
            }
            NextBits::Copy { kind, remaining: 0, .. } => Ok(Step::Next(NextBits::Symbols { kind })),
            NextBits::Copy { kind, distance, remaining } => {
                if run.is_full() {
                    return Ok(Step::Wait);
                }
                let repeated = run.repeat(distance.into(), remaining.into());
                let remaining = remaining.saturating_sub(u16::try_from(repeated).unwrap_or(u16::MAX));
                Ok(Step::Next(NextBits::Copy { kind, distance, remaining }))
            }
            NextBits::Invalid { error } => Err(error),
        }
    }

    /// A block has ended.
    #[inline]
    const fn after_block(&self, bits: &mut Bits<'_>) -> After {
        if !self.last {
            return After::Block;
        }
        bits.align();
        After::FinalBlock
    }

    const fn next_block(&self, bits: &mut Bits<'_>) -> NextBits {
        NextBits::Header { after: self.after_block(bits) }
    }

    fn tables(&mut self) -> &mut Tables {
        self.tables.get_or_insert_with(|| Box::new(Tables::EMPTY))
    }
}

impl NextBits {
    const BEGINNING: Self = Self::Header { after: After::Block };
}

/// How decoding goes on.
enum Step {
    Next(NextBits),
    /// With more input, or more room.
    Wait,
}

impl Step {
    /// Waits in `state`, which is the current one if nothing was read.
    const fn pause(state: NextBits, read_before: u16, read: u16) -> Self {
        if read == read_before { Self::Wait } else { Self::Next(state) }
    }
}
