//! The blocks of a DEFLATE stream (RFC 1951 §3.2.3), decoded from pieces that are cut anywhere.

use alloc::boxed::Box;

use super::bits::{Bits, Held};
use super::code::{Alphabet, Code, Distances, FIXED_DISTANCES, FIXED_LITERALS, Kind, Literals};
use super::window::Run;
use crate::wire::InvalidDeflate;

/// Decodes blocks. All that it knows of the output is in the [`Run`].
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    held: Held,
    state: State,
    /// BFINAL of the current block.
    last: bool,
    /// What blocks with codes of their own need; allocated for the first of them.
    tables: Option<Box<Tables>>,
}

/// What the next bits are.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A block's header.
    Header { behind: Behind },
    /// A stored block's length and its complement (RFC 1951 §3.2.4).
    StoredLength,
    /// A stored block's bytes.
    Stored { remaining: usize },
    /// How many codes a block describes (RFC 1951 §3.2.7).
    Counts,
    /// The lengths of the codes for lengths, `read` of which were read.
    CodeLengths { counts: Counts, read: usize },
    /// The lengths of the two codes.
    Lengths { counts: Counts, read: usize },
    /// A code.
    Symbols { codes: Codes },
    /// A code, behind a back-reference that the output had no room for.
    Copy { codes: Codes, distance: usize, remaining: usize },
    /// Nothing: what came is no DEFLATE stream.
    Invalid { error: InvalidDeflate },
}

/// What comes before a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Behind {
    /// The beginning, or a block with BFINAL=0.
    Block,
    /// A block with BFINAL=1, which ended a stream; a further one begins with the next byte, if there is one.
    FinalBlock,
}

/// Whose codes a block uses.
#[derive(Clone, Copy, Debug)]
enum Codes {
    Fixed,
    OfTheBlock,
}

/// Lengths that a block describes.
#[derive(Clone, Copy, Debug)]
struct Counts {
    literals: usize,
    distances: usize,
    code_lengths: usize,
}

#[derive(Clone, Debug)]
struct Tables {
    literals: Literals,
    distances: Distances,
    lengths: [u8; 320],
}

impl Blocks {
    pub(super) const fn new() -> Self {
        Self { held: Held::NONE, state: State::BEGINNING, last: false, tables: None }
    }

    /// Whether a block has ended, on a byte's border, and nothing came behind it.
    pub(super) const fn is_at_border(&self) -> bool {
        matches!(self.state, State::Header { .. }) && self.held.count() == 0
    }

    /// The same, for a block with BFINAL=1.
    pub(super) const fn is_behind_final_block(&self) -> bool {
        matches!(self.state, State::Header { behind: Behind::FinalBlock }) && self.held.count() == 0
    }

    /// Prepares for the next message, whose first byte begins a block.
    pub(super) const fn restart(&mut self) {
        self.state = State::BEGINNING;
    }

    /// Gives back what memory no current block needs.
    pub(super) fn shrink(&mut self) {
        if let State::Header { .. } | State::StoredLength | State::Stored { .. } = self.state {
            self.tables = None;
        }
    }

    /// Bytes of memory.
    pub(super) const fn capacity(&self) -> usize {
        if self.tables.is_some() { size_of::<Tables>() } else { 0 }
    }

    /// Decodes until the run is full or the input is used up.
    ///
    /// # Errors
    ///
    /// What is wrong with the input, behind what was put in place. Asked again, the answer is the same.
    pub(super) fn decode(&mut self, input: &mut &[u8], run: &mut Run<'_>) -> Result<(), InvalidDeflate> {
        let mut bits = Bits::new(self.held, input);
        let decoded = loop {
            match self.step(&mut bits, run) {
                Ok(Step::Next(state)) => self.state = state,
                Ok(Step::Wait) => break Ok(()),
                Err(error) => {
                    self.state = State::Invalid { error };
                    break Err(error);
                }
            }
        };
        (self.held, *input) = bits.into_rest();
        decoded
    }

    fn step(&mut self, bits: &mut Bits<'_>, run: &mut Run<'_>) -> Result<Step, InvalidDeflate> {
        match self.state {
            State::Header { .. } => {
                let Some(header) = bits.take(3) else { return Ok(Step::Wait) };
                self.last = header & 1 == 1;
                match header >> 1 {
                    0 => {
                        bits.align();
                        Ok(Step::Next(State::StoredLength))
                    }
                    1 => Ok(Step::Next(State::Symbols { codes: Codes::Fixed })),
                    2 => Ok(Step::Next(State::Counts)),
                    _ => Err(InvalidDeflate::BlockType),
                }
            }
            State::StoredLength => {
                let Some(lengths) = bits.take(32) else { return Ok(Step::Wait) };
                let (len, complement) = (lengths & 0xffff, lengths >> 16);
                if len ^ complement != 0xffff {
                    return Err(InvalidDeflate::StoredLength);
                }
                Ok(Step::Next(State::Stored { remaining: usize::try_from(len).unwrap_or(0) }))
            }
            State::Stored { remaining: 0 } => Ok(Step::Next(self.behind_block(bits))),
            State::Stored { remaining } => {
                let room = run.room();
                let room_len = room.len().min(remaining);
                let copied = bits.copy_to(room.get_mut(..room_len).unwrap_or_default());
                run.advance(copied);
                Ok(if copied == 0 { Step::Wait } else { Step::Next(State::Stored { remaining: remaining - copied }) })
            }
            State::Counts => {
                let Some(counts) = bits.take(14).and_then(|counts| usize::try_from(counts).ok()) else {
                    return Ok(Step::Wait);
                };
                let counts = Counts {
                    literals: 257 + (counts & 0x1f),
                    distances: 1 + (counts >> 5 & 0x1f),
                    code_lengths: 4 + (counts >> 10),
                };
                if counts.literals > 286 || counts.distances > 30 {
                    return Err(InvalidDeflate::CodeLengths);
                }
                self.tables().lengths = [0; 320];
                Ok(Step::Next(State::CodeLengths { counts, read: 0 }))
            }
            State::CodeLengths { counts, read } => self.code_lengths(bits, counts, read),
            State::Lengths { counts, read } => self.lengths(bits, counts, read),
            State::Symbols { codes } => {
                let (literals, distances) = match (codes, &self.tables) {
                    (Codes::OfTheBlock, Some(tables)) => (&tables.literals, &tables.distances),
                    (Codes::Fixed, _) | (Codes::OfTheBlock, None) => (&FIXED_LITERALS, &FIXED_DISTANCES),
                };
                Ok(match symbols(bits, run, literals, distances)? {
                    Stop::Wait => Step::Wait,
                    Stop::EndOfBlock => Step::Next(self.behind_block(bits)),
                    Stop::Within { distance, remaining } => Step::Next(State::Copy { codes, distance, remaining }),
                })
            }
            State::Copy { codes, remaining: 0, .. } => Ok(Step::Next(State::Symbols { codes })),
            State::Copy { codes, distance, remaining } => {
                if run.is_full() {
                    return Ok(Step::Wait);
                }
                let remaining = remaining - run.repeat(distance, remaining);
                Ok(Step::Next(State::Copy { codes, distance, remaining }))
            }
            State::Invalid { error } => Err(error),
        }
    }

    const fn behind_block(&self, bits: &mut Bits<'_>) -> State {
        if !self.last {
            return State::Header { behind: Behind::Block };
        }
        bits.align();
        State::Header { behind: Behind::FinalBlock }
    }

    fn code_lengths(&mut self, bits: &mut Bits<'_>, counts: Counts, read: usize) -> Result<Step, InvalidDeflate> {
        let tables = self.tables();
        for (n, &symbol) in CODE_LENGTH_ORDER.iter().take(counts.code_lengths).enumerate().skip(read) {
            let Some(len) = bits.take(3) else {
                return Ok(Step::pause(State::CodeLengths { counts, read: n }, read, n));
            };
            if let Some(place) = tables.lengths.get_mut(symbol) {
                *place = u8::try_from(len).unwrap_or(0);
            }
        }
        let lengths = tables.lengths.first_chunk::<19>().copied().unwrap_or_default();
        tables.lengths = [0; 320];
        tables.distances.rebuild(Alphabet::CodeLengths, &lengths).map_err(|_| InvalidDeflate::CodeLengths)?;
        Ok(Step::Next(State::Lengths { counts, read: 0 }))
    }

    fn lengths(&mut self, bits: &mut Bits<'_>, counts: Counts, read: usize) -> Result<Step, InvalidDeflate> {
        let Counts { literals, distances, .. } = counts;
        let tables = self.tables();
        let mut n = read;
        while n < literals + distances {
            bits.refill();
            let entry = tables.distances.look_up(bits.peek(), bits.count());
            let (base, extra) = match entry.literal() {
                16 => (3, 2),
                17 => (3, 3),
                18 => (11, 7),
                _ => (1, 0),
            };
            if entry.len() + extra > bits.count() {
                return Ok(Step::pause(State::Lengths { counts, read: n }, read, n));
            }
            if entry.kind() != Kind::Literal {
                return Err(InvalidDeflate::CodeLengths);
            }
            bits.consume(entry.len());
            let repeat = base + usize::try_from(bits.take(extra).unwrap_or(0)).unwrap_or(0);
            let len = match entry.literal() {
                // RFC 1951 §3.2.7: "Copy the previous code length".
                16 => {
                    n.checked_sub(1).and_then(|n| tables.lengths.get(n)).copied().ok_or(InvalidDeflate::CodeLengths)?
                }
                17 | 18 => 0,
                len => len,
            };
            if n + repeat > literals + distances {
                return Err(InvalidDeflate::CodeLengths);
            }
            tables.lengths.get_mut(n..n + repeat).unwrap_or_default().fill(len);
            n += repeat;
        }
        let (of_literals, of_distances) = tables.lengths.split_at(literals.min(tables.lengths.len()));
        let of_distances = of_distances.get(..distances).unwrap_or_default();
        // Without its end, a block has none.
        let has_end = of_literals.get(256).is_some_and(|&len| len > 0);
        let literals = tables.literals.rebuild(Alphabet::Literals, of_literals);
        let distances = tables.distances.rebuild(Alphabet::Distances, of_distances);
        match (has_end, literals, distances) {
            (true, Ok(()), Ok(())) => Ok(Step::Next(State::Symbols { codes: Codes::OfTheBlock })),
            _ => Err(InvalidDeflate::CodeLengths),
        }
    }

    fn tables(&mut self) -> &mut Tables {
        self.tables.get_or_insert_with(|| {
            Box::new(Tables { literals: Code::EMPTY, distances: Code::EMPTY, lengths: [0; 320] })
        })
    }
}

impl State {
    const BEGINNING: Self = Self::Header { behind: Behind::Block };
}

/// How decoding goes on.
enum Step {
    Next(State),
    /// With more input, or more room.
    Wait,
}

impl Step {
    /// Waits in `state`, which is the current one if nothing was read.
    const fn pause(state: State, read_before: usize, read: usize) -> Self {
        if read == read_before { Self::Wait } else { Self::Next(state) }
    }
}

/// Why no further symbol was decoded.
enum Stop {
    Wait,
    EndOfBlock,
    /// The run is full, and a back-reference was begun.
    Within {
        distance: usize,
        remaining: usize,
    },
}

/// Decodes literals and back-references.
fn symbols(
    bits: &mut Bits<'_>,
    run: &mut Run<'_>,
    literals: &Literals,
    distances: &Distances,
) -> Result<Stop, InvalidDeflate> {
    while !run.is_full() {
        bits.refill();
        let entry = literals.look_up(bits.peek(), bits.count());
        if entry.len() > bits.count() {
            return Ok(Stop::Wait);
        }
        match entry.kind() {
            Kind::Literal => {
                bits.consume(entry.len());
                run.push(entry.literal());
                // What a refill has fetched lasts for some more literals.
                while bits.count() >= Literals::MAX_SHORT && !run.is_full() {
                    let entry = literals.look_up_short(bits.peek());
                    if entry.kind() != Kind::Literal {
                        break;
                    }
                    bits.consume(entry.len());
                    run.push(entry.literal());
                }
            }
            Kind::End => {
                bits.consume(entry.len());
                return Ok(Stop::EndOfBlock);
            }
            Kind::Invalid => return Err(InvalidDeflate::Code),
            Kind::Copy => {
                // At most 15 + 5 + 15 + 13 bits, all of which a refill fetches if they are there.
                let len = entry.value(bits.peek() >> entry.len());
                let behind_len = entry.len() + entry.extra();
                let rest = bits.peek() >> behind_len;
                let entry = distances.look_up(rest, bits.count().saturating_sub(behind_len));
                let behind_distance = behind_len + entry.len();
                if behind_distance + entry.extra() > bits.count() {
                    return Ok(Stop::Wait);
                }
                if entry.kind() == Kind::Invalid {
                    return Err(InvalidDeflate::Code);
                }
                let distance = entry.value(rest >> entry.len());
                if distance > run.history() {
                    return Err(too_far(distance, run.history()));
                }
                bits.consume(behind_distance + entry.extra());
                let remaining = len - run.repeat(distance, len);
                if remaining > 0 {
                    return Ok(Stop::Within { distance, remaining });
                }
            }
        }
    }
    Ok(Stop::Wait)
}

#[cold]
fn too_far(distance: usize, history: usize) -> InvalidDeflate {
    // Both are at most 32,768.
    let narrowed = |bytes| u16::try_from(bytes).unwrap_or(u16::MAX);
    InvalidDeflate::Distance { distance: narrowed(distance), history: narrowed(history) }
}

/// RFC 1951 §3.2.7: "in the order".
const CODE_LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
