//! Compression (RFC 7692 §7.2.1).

use alloc::vec::Vec;
use core::fmt;
use core::panic::UnwindSafe;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Method, Strategy};

use super::{Compression, Meeting, WindowBits};
use crate::wire::setters;

/// How much a compressor does, and how much memory it takes, for how much less to send.
///
/// ```
/// use websocket_proto::extension::deflate::Effort;
///
/// let small = Effort::FAST.with_memory(4);
/// assert_eq!((small.level, small.memory), (1, 4));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Effort {
    /// From 0, which only wraps the bytes, over 1, the fastest, to 9, the smallest; larger numbers are as 9.
    pub level: u8,
    /// From 1 to 9: the compressor's memory beside its window doubles with each step. Other numbers are as the nearest of these.
    pub memory: u8,
}

impl Effort {
    /// Level 1: what messages are sent with where nothing else is asked for.
    pub const FAST: Self = Self { level: 1, memory: 8 };
    /// Level 6: several times the work.
    pub const SMALL: Self = Self { level: 6, memory: 8 };

    /// This level, and this much memory.
    pub const fn new(level: u8, memory: u8) -> Self {
        Self { level, memory }
    }
}

setters! { Effort:
    /// The same with another level.
    with_level(level: u8),
    /// The same with another amount of memory.
    with_memory(memory: u8),
}

/// In range, as what is beyond it means nothing more.
#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Effort {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self { level: u.int_in_range(0..=9)?, memory: u.int_in_range(1..=9)? })
    }
}

impl Default for Effort {
    fn default() -> Self {
        Self::FAST
    }
}

/// Compresses the messages to one peer, whole or in pieces.
///
/// It holds no memory before the first message. It may serve many connections, and a connection may be served by many, a message at a
/// time, where it works without context takeover. With it, use one for each connection: with every change it forgets its history, so that the
/// peer can read what comes, and messages shrink less; and about one change in 17 million is [missed](super#memory).
///
/// ```
/// use websocket_proto::extension::deflate::{Compression, Deflater, Effort, Inflater};
///
/// let mut deflater = Deflater::new(Compression::DEFAULT, Effort::FAST);
/// let mut inflater = Inflater::new(Compression::DEFAULT);
/// let mut compressed = deflater.deflate("to be, or not to be".as_bytes(), true);
/// assert_eq!(inflater.inflate(&mut compressed, true, 1024), Ok(Some(&b"to be, or not to be"[..])));
/// assert_eq!(inflater.inflate(&mut compressed, true, 1024), Ok(None));
/// assert_eq!(deflater.deflate(b"", true), [0x00], "RFC 7692 §7.2.3.6");
/// ```
pub struct Deflater {
    engine: Option<Deflate>,
    /// The place for compressed bytes, as long as it ever had to be since memory was given back.
    output: Vec<u8>,
    effort: Effort,
    compression: Compression,
    threshold: usize,
    /// Whether the next piece is a message's first.
    between: bool,
    /// Whether the engine has no history that a piece could refer to.
    forgetful: bool,
    /// With the connection to whose peer all went that it has compressed since it last forgot.
    meeting: Meeting,
}

impl Deflater {
    /// Makes one that compresses like this.
    ///
    /// With 8 window bits it refers back by one byte only, to shorten repetitions: the backend has no window of 256 bytes.
    pub const fn new(compression: Compression, effort: Effort) -> Self {
        Self {
            engine: None,
            output: Vec::new(),
            effort,
            compression,
            threshold: Self::THRESHOLD,
            between: true,
            forgetful: true,
            meeting: Meeting::NONE,
        }
    }

    /// How long a message is compressed at all, unless told otherwise: from 32 bytes on.
    pub const THRESHOLD: usize = 32;

    /// The same, for which a whole message shorter than `bytes` is not worth compressing.
    #[must_use]
    pub const fn with_threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }

    /// The length from which on a whole message is worth compressing. It is for the sender to ask: [`deflate`](Self::deflate)
    /// compresses whatever it is given.
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// What a peer has to be ready to read.
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// Compresses the next piece of a message and hands out all of it as a frame's payload; `ends` says that it is the last piece.
    ///
    /// The peer can decompress a piece as soon as it has it. The last one is never empty.
    ///
    /// All pieces go to one peer, without those that [`Connection::send_compressed`](crate::Connection::send_compressed) sends by itself;
    /// of those it makes sure. Memory above 64 KiB that the result takes is given back with the next piece.
    pub fn deflate(&mut self, piece: &[u8], ends: bool) -> &[u8] {
        self.meeting = Meeting::NONE;
        let len = self.deflate_piece(piece, ends);
        self.payload(len, ends)
    }

    /// The same for a connection, by its last meeting: if that was not with this compressor, or this one has worked for another since, it
    /// refers to nothing before.
    pub(crate) fn deflate_for(&mut self, connection: &mut Meeting, piece: &[u8], ends: bool) -> &[u8] {
        if !self.meeting.is_that_of(*connection) {
            if self.compression.context_takeover {
                self.forget();
            }
            // The piece may go on with a message; but with none that was begun here.
            self.between = true;
        }
        let len = self.deflate_piece(piece, ends);
        self.meeting = self.meeting.next(self.payload(len, ends), &self.output);
        *connection = self.meeting;
        self.payload(len, ends)
    }

    /// Compresses a piece, and says how much of the output is its payload.
    fn deflate_piece(&mut self, piece: &[u8], ends: bool) -> usize {
        if self.between && !self.compression.context_takeover {
            self.forget();
        }
        self.between = ends;
        let len = if piece.is_empty() { 0 } else { self.compress(piece, ends) };
        // RFC 7692 §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end."
        if ends { len.saturating_sub(TRAILER_LEN) } else { len }
    }

    fn payload(&self, len: usize, ends: bool) -> &[u8] {
        match self.output.get(..len) {
            // All before is flushed. §7.2.3.6: a block without content "can be 0x00".
            Some([]) | None if ends => &[0x00],
            payload => payload.unwrap_or_default(),
        }
    }

    /// Gives back the memory of the output that is not kept between pieces.
    pub(crate) fn trim(&mut self) {
        if self.output.len() > KEPT_OUTPUT {
            self.output = Vec::new();
        }
    }

    /// Refers to nothing before the next piece any more.
    ///
    /// It is allowed at any time, also inside a message. It is needed if a piece that was compressed is not sent, since the peer has
    /// no history of it then.
    pub fn forget(&mut self) {
        if let (Some(engine), false) = (&mut self.engine, self.forgetful) {
            engine.reset();
        }
        self.forgetful = true;
    }

    /// Gives back all memory.
    ///
    /// It is allowed at any time. The next piece refers to nothing before it, which every decompressor can read; that is what makes it
    /// somewhat larger. A compressor's own history is not worth its memory while it waits.
    pub fn hibernate(&mut self) {
        (self.engine, self.output, self.forgetful) = (None, Vec::new(), true);
    }

    /// Compresses and flushes a piece that is not empty, and says how long the result is.
    fn compress(&mut self, piece: &[u8], ends: bool) -> usize {
        let (effort, window_bits) = (self.effort, self.compression.window_bits);
        let engine = self.engine.get_or_insert_with(|| Deflate::new_with_config(config(effort, window_bits)));
        if self.output.len() > KEPT_OUTPUT {
            self.output = Vec::new();
        }
        // Without context takeover, to forget with the flush is cheaper than to begin anew, and writes the same bytes.
        self.forgetful = ends && !self.compression.context_takeover;
        let flush = if self.forgetful { DeflateFlush::FullFlush } else { DeflateFlush::SyncFlush };
        compress(engine, piece, flush, &mut self.output, MOST_PER_CALL)
    }
}

/// Compresses a piece, at most `most` bytes of it a call, flushes it like this, and says how long the result is.
fn compress(engine: &mut Deflate, piece: &[u8], last: DeflateFlush, output: &mut Vec<u8>, most: usize) -> usize {
    let (mut rest, mut len) = (piece, 0);
    loop {
        if output.len() - len < LEAST_ROOM {
            // Most pieces shrink; for those that don't, the place doubles as it fills, and is as large as what is kept when it comes there.
            let first = (rest.len() / 8).next_power_of_two().clamp(2 * LEAST_ROOM, MOST_FIRST_ROOM);
            let most = if output.len() < KEPT_OUTPUT { KEPT_OUTPUT } else { usize::MAX };
            let grown = output.len().saturating_mul(2).max(first).min(most);
            output.reserve_exact(grown - output.len());
            output.resize(grown, 0);
        }
        let room = output.get_mut(len..).unwrap_or_default();
        let room_len = room.len();
        let now = rest.get(..most).unwrap_or(rest);
        let flush = if now.len() == rest.len() { last } else { DeflateFlush::NoFlush };
        let (taken, written) = (engine.total_in(), engine.total_out());
        // It refuses nothing: parameters are in range, and no stream is ever finished.
        let _ = engine.compress(now, room, flush);
        let taken = usize::try_from(engine.total_in() - taken).unwrap_or(now.len());
        let written = usize::try_from(engine.total_out() - written).unwrap_or(0);
        rest = rest.get(taken..).unwrap_or_default();
        len += written;
        if rest.is_empty() && written < room_len {
            return len;
        }
    }
}

/// zlib-rs holds its state by a mutable reference, which alone would take this promise away from whatever holds a compressor. A panic in
/// it leaves a message half done: the connection is to be dropped.
impl UnwindSafe for Deflater {}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater")
            .field("compression", &self.compression)
            .field("effort", &self.effort)
            .field("threshold", &self.threshold)
            .field("hibernates", &self.engine.is_none())
            .finish_non_exhaustive()
    }
}

fn config(effort: Effort, window_bits: WindowBits) -> DeflateConfig {
    // A window of 256 bytes is none of the backend's. RFC 7692 §7.1.2.1 asks of us "that it will not use" a larger one, and runs of
    // a byte, as references to the byte before, use none of it.
    let (bits, strategy) = match window_bits {
        WindowBits::W8 => (WindowBits::W9, Strategy::Rle),
        bits => (bits, Strategy::Default),
    };
    DeflateConfig {
        level: i32::from(effort.level.min(9)),
        method: Method::Deflated,
        // Negative: without a header or a checksum.
        window_bits: -i32::from(bits.get()),
        mem_level: i32::from(effort.memory.clamp(1, 9)),
        strategy,
    }
}

/// 0x00 0x00 0xff 0xff.
const TRAILER_LEN: usize = 4;
/// The place for less than this is not worth a call of the backend: it takes a flush, and the headers of blocks.
const LEAST_ROOM: usize = 128;
/// The place for the output begins with this much at most.
const MOST_FIRST_ROOM: usize = 16 * 1024;
/// How much of the output's memory is kept between pieces.
const KEPT_OUTPUT: usize = 64 * 1024;
/// What the backend takes at a time, which counts in 32 bits; a border between two calls costs nothing.
const MOST_PER_CALL: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    /// A piece that no memory holds is cut as this one is.
    #[test]
    fn piece_longer_than_the_backend_takes_at_a_time_is_compressed_whole() {
        let piece: Vec<u8> = (0..20_000_u32).flat_map(|n| (n * n / 977 % 251).to_le_bytes()).collect();
        for level in [0, 1, 3, 6, 9] {
            let engine = || Deflate::new_with_config(config(Effort { level, memory: 8 }, WindowBits::MAX));
            let (mut whole, mut cut) = (Vec::new(), Vec::new());
            let whole_len = compress(&mut engine(), &piece, DeflateFlush::SyncFlush, &mut whole, usize::MAX);
            for most in [1, 7, 1000, 79_999] {
                let cut_len = compress(&mut engine(), &piece, DeflateFlush::SyncFlush, &mut cut, most);
                let mut inflater = super::super::Inflater::new(Compression::DEFAULT);
                let (mut input, mut inflated) = (&cut[..cut_len - 4], Vec::new());
                while let Some(bytes) = inflater.inflate(&mut input, true, usize::MAX).unwrap() {
                    inflated.extend_from_slice(bytes);
                }
                assert!(inflated == piece, "level {level}, {most} bytes at a time");
                // Level 1 looks no further than a call reaches.
                let shrinks = most < 1000 || cut_len <= whole_len + whole_len / 10;
                assert!(shrinks, "no flush between: {cut_len}, {whole_len}");
            }
        }
    }
}
