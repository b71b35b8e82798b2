//! Decompression (RFC 7692 §7.2.2).
//!
//! `miniz_oxide` decodes into a window that is kept here, because a peer must be held to what was agreed on. The window has exactly the
//! size that was agreed on, or as much of it as was ever written, so a distance beyond it, or beyond the history, finds nothing to refer
//! to; it outlives a final block, behind which a further stream begins; and it is all that has to be kept while a connection sleeps.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress_with_limit,
        inflate_flags::{
            TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        },
    },
};

use super::{Compression, Meeting};
use crate::wire::InvalidDeflate;

/// Decompresses the messages of one peer, piece by piece.
///
/// It holds no memory before the first message. Then it holds the newest output, which the next message may refer to, as far as there is
/// any and at most as much as the window that was agreed on, and the decoder's tables. Use one per connection where the peer keeps its
/// context from message to message; without context takeover, one can serve many connections, a message at a time.
///
/// ```
/// use websocket_proto::extension::deflate::{Compression, Inflater};
///
/// let mut inflater = Inflater::new(Compression::DEFAULT);
/// // RFC 7692 §7.2.3.2: "Hello", and the same again, as a reference to the first.
/// for mut message in [&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], &[0xf2, 0x00, 0x11, 0x00, 0x00]] {
///     let mut text = Vec::new();
///     while let Some(piece) = inflater.inflate(&mut message, true, 1024)? {
///         text.extend_from_slice(piece);
///     }
///     assert_eq!(text, b"Hello");
/// }
/// # Ok::<(), websocket_proto::wire::InvalidDeflate>(())
/// ```
#[derive(Clone)]
pub struct Inflater {
    /// The newest output. It grows to its size as output comes, and is a ring from then on.
    window: Vec<u8>,
    /// Where the next byte goes.
    position: usize,
    /// Whether the window has been filled, so that there is history behind `position` too.
    filled: bool,
    /// Made when it is needed.
    decoder: Option<Box<DecompressorOxide>>,
    stream: Stream,
    phase: Phase,
    compression: Compression,
    /// With the connection whose history it holds.
    meeting: Meeting,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing of it has come.
    Before,
    /// Some of it has.
    Within,
    /// All of it has, and so many bytes of the trailer were not decoded yet.
    Trailer { remaining: usize },
}

/// Where the DEFLATE stream stands.
#[derive(Clone, Copy, Debug)]
enum Stream {
    /// Between two blocks, and between two bytes: a new decoder would go on as well.
    Border,
    /// In the middle of something.
    Open,
    /// Behind a block with BFINAL=1, where a further stream may begin.
    Ended,
    /// Nowhere: it is none.
    Corrupt,
}

impl Inflater {
    /// Makes one for messages that were compressed like this.
    pub const fn new(compression: Compression) -> Self {
        Self {
            window: Vec::new(),
            position: 0,
            filled: false,
            decoder: None,
            stream: Stream::Border,
            phase: Phase::Before,
            compression,
            meeting: Meeting::NONE,
        }
    }

    /// Decompresses from the front of `input`, and hands out the next piece of output: 1 to `max` bytes, which are all there is.
    ///
    /// `Ok(None)` says that `input` is used up. `ends` says that the message ends with `input`; `Ok(None)` says then that it
    /// has ended well, and the next input is the next message's. `max` of 0 is as 1.
    ///
    /// # Errors
    ///
    /// [`InvalidDeflate`], behind all output that comes before it. The inflater is of no use then, and says so again.
    pub fn inflate(&mut self, input: &mut &[u8], ends: bool, max: usize) -> Result<Option<&[u8]>, InvalidDeflate> {
        if let (Phase::Before, false) = (self.phase, input.is_empty()) {
            if !self.compression.context_takeover {
                self.forget();
            }
            self.phase = Phase::Within;
        }
        loop {
            let len = match self.phase {
                // The message has ended, or is an empty one, which may also come as nothing at all.
                Phase::Before => return Ok(None),
                Phase::Within => self.decode(input, max),
                Phase::Trailer { remaining } => {
                    let mut trailer = TRAILER.get(TRAILER.len() - remaining..).unwrap_or_default();
                    let len = self.decode(&mut trailer, max);
                    self.phase = Phase::Trailer { remaining: trailer.len() };
                    len
                }
            };
            if len > 0 {
                return Ok(Some(self.hand_out(len)));
            }
            self.phase = match (self.phase, self.stream) {
                (_, Stream::Corrupt) => return Err(InvalidDeflate::Corrupt),
                (Phase::Within, _) if !ends => return Ok(None),
                // §7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
                (Phase::Within, Stream::Border | Stream::Open) => Phase::Trailer { remaining: TRAILER.len() },
                (Phase::Trailer { .. }, Stream::Open) => return Err(InvalidDeflate::Unfinished),
                // BFINAL=1 has ended the stream, so there is none that a trailer could belong to.
                (Phase::Within, Stream::Ended)
                | (Phase::Trailer { .. }, Stream::Border | Stream::Ended)
                | (Phase::Before, Stream::Border | Stream::Open | Stream::Ended) => Phase::Before,
            };
        }
    }

    /// Gives back all memory but the history that the next message may refer to.
    ///
    /// It may be called at any time, and takes nothing from what comes next but the time to ask for memory again.
    pub fn hibernate(&mut self) {
        if let (Phase::Before, false) = (self.phase, self.compression.context_takeover) {
            self.forget();
        }
        if !self.filled {
            self.window.truncate(self.position);
            self.window.shrink_to_fit();
        }
        match self.stream {
            Stream::Open => {}
            Stream::Border | Stream::Ended | Stream::Corrupt => self.decoder = None,
        }
    }

    /// How many bytes of memory it holds, beside itself.
    pub fn allocated(&self) -> usize {
        self.window.capacity() + self.decoder.as_ref().map_or(0, |decoder| size_of_val(&**decoder))
    }

    /// Decodes into the window until there is output, and says how many bytes; 0 where the input is used up, or at fault.
    fn decode(&mut self, input: &mut &[u8], max: usize) -> usize {
        loop {
            match self.stream {
                Stream::Corrupt => return 0,
                Stream::Border | Stream::Ended if input.is_empty() => return 0,
                Stream::Border | Stream::Ended | Stream::Open => self.make_room(),
            }
            let decoder = self.decoder.get_or_insert_with(Box::default);
            if let Stream::Ended = self.stream {
                decoder.init();
            }
            // Without wrapping, a distance is held to what has been written; else to the window's length, which is its full size then.
            // A reference that was judged goes on across the change: whence it copies is the same place in both.
            let wrapping = if self.filled { 0 } else { TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF };
            let flags = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY | wrapping;
            let (status, read, len) =
                decompress_with_limit(decoder, input, &mut self.window, self.position, max.max(1), flags);
            *input = input.get(read..).unwrap_or_default();
            self.stream = match status {
                TINFLStatus::NeedsMoreInput => Stream::Open,
                // There was room.
                TINFLStatus::HasMoreOutput if len != 0 => Stream::Open,
                TINFLStatus::BlockBoundary => match decoder.block_boundary_state() {
                    Some(state) if state.num_bits == 0 => Stream::Border,
                    _ => Stream::Open,
                },
                TINFLStatus::Done => Stream::Ended,
                // The decoder's kinds of failure.
                _ => Stream::Corrupt,
            };
            if len > 0 || status == TINFLStatus::NeedsMoreInput {
                return len;
            }
        }
    }

    /// Sees to it that a byte of output finds its place.
    fn make_room(&mut self) {
        let (len, size) = (self.window.len(), self.compression.window_bits.size());
        if self.position < len {
            return;
        }
        if len < size {
            let more = (2 * len).clamp(LEAST_WINDOW.min(size), size) - len;
            self.window.reserve_exact(more);
            self.window.resize(len + more, 0);
        } else {
            (self.position, self.filled) = (0, true);
        }
    }

    /// Takes over the `len` bytes that were decoded, and hands them out.
    fn hand_out(&mut self, len: usize) -> &[u8] {
        let start = self.position;
        self.position += len;
        self.window.get(start..self.position).unwrap_or_default()
    }

    /// Makes ready for a piece that came over a connection, by its last meeting: if that was not with this decompressor, or this one has
    /// worked for another since, then it knows nothing of what came before. It says whether it can go on: a message that was begun
    /// elsewhere can't be.
    pub(crate) fn meet(
        &mut self,
        connection: &mut Meeting,
        compression: Compression,
        piece: &[u8],
        begins: bool,
    ) -> bool {
        let goes_on = self.meeting.is_that_of(*connection);
        if !goes_on && begins {
            let mut window = core::mem::take(&mut self.window);
            if self.compression != compression || window.capacity() == 0 {
                window = Vec::with_capacity(LEAST_WINDOW.min(compression.window_bits.size()));
            }
            *self = Self { window, meeting: self.meeting, ..Self::new(compression) };
        }
        self.meeting = self.meeting.next(piece, &self.window);
        *connection = self.meeting;
        goes_on || begins
    }

    /// Forgets the history, and keeps the memory.
    const fn forget(&mut self) {
        (self.position, self.filled) = (0, false);
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("compression", &self.compression)
            .field("allocated", &self.allocated())
            .field("phase", &self.phase)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// RFC 7692 §7.2.1: what a compressor removes from each message's end.
const TRAILER: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Where the window begins to grow.
const LEAST_WINDOW: usize = 1024;
