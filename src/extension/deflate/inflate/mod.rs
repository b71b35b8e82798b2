//! Decompression (RFC 7692 §7.2.2).
//!
//! A decoder of its own, because a peer must be held to what was agreed on: general ones lose their history at BFINAL=1, allow
//! distances beyond the agreed window while their own buffer still holds the bytes, and don't tell whether a message ended where a
//! block did.

mod bits;
mod blocks;
mod code;
mod window;

use blocks::Blocks;
use window::Window;

use super::Compression;
use crate::wire::InvalidDeflate;

/// Decompresses the messages of one peer, piece by piece.
///
/// It holds no memory before the first message, and then the newest output, which the next message may refer to, as far as
/// there is any: at most as much as the window that was agreed on. Use one per connection where the peer keeps its context from
/// message to message; without context takeover, one can serve many connections, a message at a time.
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
#[derive(Clone, Debug)]
pub struct Inflater {
    window: Window,
    blocks: Blocks,
    takeover: bool,
    phase: Phase,
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

impl Inflater {
    /// Makes one for messages that were compressed like this.
    pub const fn new(compression: Compression) -> Self {
        Self {
            window: Window::new(compression.window_bits.size()),
            blocks: Blocks::new(),
            takeover: compression.context_takeover,
            phase: Phase::Before,
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
            if !self.takeover {
                self.window.forget();
            }
            self.phase = Phase::Within;
        }
        let mut len = self.decode(input, max)?;
        while len == 0 && ends {
            self.phase = match self.phase {
                // An empty message; it may also come as nothing at all.
                Phase::Before => return Ok(None),
                // BFINAL=1 has ended the stream, so there is none that a trailer could belong to.
                Phase::Within if self.blocks.is_behind_final_block() => return Ok(self.end()),
                // §7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
                Phase::Within => Phase::Trailer { remaining: TRAILER.len() },
                Phase::Trailer { remaining: 0 } if self.blocks.is_at_border() => return Ok(self.end()),
                Phase::Trailer { remaining: 0 } => return Err(InvalidDeflate::Unfinished),
                Phase::Trailer { remaining } => {
                    let mut trailer = TRAILER.get(TRAILER.len() - remaining..).unwrap_or_default();
                    len = self.decode(&mut trailer, max)?;
                    Phase::Trailer { remaining: trailer.len() }
                }
            };
        }
        Ok(if len == 0 { None } else { Some(self.window.advance(len)) })
    }

    /// Gives back all memory but the history that the next message may refer to.
    ///
    /// It may be called at any time, and takes nothing from what comes next but the time to ask for memory again.
    pub fn hibernate(&mut self) {
        if let (Phase::Before, false) = (self.phase, self.takeover) {
            self.window.forget();
        }
        self.window.shrink();
        self.blocks.shrink();
    }

    /// How many bytes of memory it holds, beside itself.
    pub fn allocated(&self) -> usize {
        self.window.capacity() + self.blocks.capacity()
    }

    /// Decodes into the window, and says how many bytes.
    fn decode(&mut self, input: &mut &[u8], max: usize) -> Result<usize, InvalidDeflate> {
        if input.is_empty() && self.blocks.is_at_border() {
            return Ok(0);
        }
        let mut run = self.window.run(max);
        match self.blocks.decode(input, &mut run) {
            // What was decoded before the fault comes first, and the fault with the next call.
            Err(error) if run.len() == 0 => Err(error),
            Ok(()) | Err(_) => Ok(run.len()),
        }
    }

    fn end<T>(&mut self) -> Option<T> {
        self.blocks.restart();
        self.phase = Phase::Before;
        None
    }
}

/// RFC 7692 §7.2.1: what a compressor removes from each message's end.
const TRAILER: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
