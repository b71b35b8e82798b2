//! Compression (RFC 7692 §7.2.1).

use alloc::vec::Vec;
use core::fmt;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Method, Strategy};

use super::{Compression, WindowBits};

/// How much a compressor does, and how much memory it takes, for how much less to send.
///
/// ```
/// use websocket_proto::extension::deflate::Effort;
///
/// let small = Effort { memory: 4, ..Effort::FAST };
/// assert_eq!((small.level, small.memory), (1, 4));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
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
/// It holds no memory before the first message. Use one per connection where it keeps its context from message to message; without
/// context takeover, one can serve many connections, a message at a time.
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
    /// Compressed bytes; as long as they ever had to be since memory was given back.
    output: Vec<u8>,
    effort: Effort,
    compression: Compression,
    threshold: usize,
    /// Whether the next piece is a message's first.
    between: bool,
}

impl Deflater {
    /// Makes one that compresses like this.
    ///
    /// With 8 window bits it refers back by one byte only, to shorten repetitions: the backend has no window of 256 bytes.
    pub const fn new(compression: Compression, effort: Effort) -> Self {
        Self { engine: None, output: Vec::new(), effort, compression, threshold: Self::THRESHOLD, between: true }
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
    pub fn deflate(&mut self, piece: &[u8], ends: bool) -> &[u8] {
        if self.between && !self.compression.context_takeover {
            self.forget();
        }
        self.between = ends;
        let len = if piece.is_empty() { 0 } else { self.compress(piece) };
        let compressed = self.output.get(..len).unwrap_or_default();
        match compressed.strip_suffix(&[0x00, 0x00, 0xff, 0xff]) {
            _ if !ends => compressed,
            // RFC 7692 §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end."
            Some(message) => message,
            // All before is flushed. §7.2.3.6: a block without content "can be 0x00".
            None => &[0x00],
        }
    }

    /// Refers to nothing before the next piece any more.
    ///
    /// It is allowed at any time, also inside a message. It is needed if a piece that was compressed is not sent, since the peer has
    /// no history of it then.
    pub fn forget(&mut self) {
        if let Some(engine) = &mut self.engine {
            engine.reset();
        }
    }

    /// Gives back all memory.
    ///
    /// It is allowed at any time. The next piece refers to nothing before it, which every decompressor can read; that is what makes it
    /// somewhat larger. A compressor's own history is not worth its memory while it waits.
    pub fn hibernate(&mut self) {
        (self.engine, self.output) = (None, Vec::new());
    }

    /// Compresses and flushes a piece that is not empty, and says how long the result is.
    fn compress(&mut self, piece: &[u8]) -> usize {
        let (effort, window_bits) = (self.effort, self.compression.window_bits);
        let engine = self.engine.get_or_insert_with(|| Deflate::new_with_config(config(effort, window_bits)));
        if self.output.len() > KEPT_OUTPUT {
            self.output = Vec::new();
        }
        let (mut rest, mut len) = (piece, 0);
        loop {
            // Room for more than what is left, and for a flush.
            let needed = len + rest.len() / 2 + LEAST_ROOM;
            self.output.resize(needed.max(self.output.len()), 0);
            let room = self.output.get_mut(len..).unwrap_or_default();
            let room_len = room.len();
            let (taken, written) = (engine.total_in(), engine.total_out());
            // It refuses nothing: parameters are in range, and no stream is ever finished.
            let _ = engine.compress(rest, room, DeflateFlush::SyncFlush);
            let taken = usize::try_from(engine.total_in() - taken).unwrap_or(rest.len());
            let written = usize::try_from(engine.total_out() - written).unwrap_or(0);
            rest = rest.get(taken..).unwrap_or_default();
            len += written;
            if written < room_len {
                return len;
            }
        }
    }
}

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

/// What one call of the backend writes at least: a flush, and the headers of blocks.
const LEAST_ROOM: usize = 128;
/// How much of the output's memory is kept between pieces.
const KEPT_OUTPUT: usize = 64 * 1024;
