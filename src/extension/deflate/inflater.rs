//! Decompression (RFC 7692 §7.2.2).
//!
//! A decoder of its own, because a peer must be held to what was agreed on: general ones lose their history at BFINAL=1, allow distances
//! beyond the agreed window while their own buffer still holds the bytes, and don't tell whether a message ended where a block did.

use core::fmt;

use super::inflate::{Blocks, Window};
use super::{Compression, Meeting};
use crate::extension::{Decode, Pieces};
use crate::wire::{InvalidDeflate, ProtocolError, Rsv};

/// Decompresses the messages of one peer, piece by piece.
///
/// It holds no memory before the first message. Then it holds the newest output, which the next message may refer to, as far as there is
/// any and at most as much as the window that was agreed on and 1 KiB, and the tables of blocks that bring their own codes. Use one per connection where the peer keeps its
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
    window: Window,
    blocks: Blocks,
    phase: MessagePhase,
    compression: Compression,
    /// With the connection whose history it holds.
    meeting: Meeting,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug)]
enum MessagePhase {
    /// Nothing of it has come.
    Before,
    /// Some of it has.
    Within,
    /// All of it has, and so many bytes of the trailer were not decoded yet.
    Trailer { remaining: u8 },
}

impl Inflater {
    /// Makes one for messages that were compressed like this.
    pub const fn new(compression: Compression) -> Self {
        Self {
            window: Window::new(compression.window_bits),
            blocks: Blocks::new(),
            phase: MessagePhase::Before,
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
    /// [`InvalidDeflate`], after all output that comes before it. The inflater is of no use then, and says so again.
    pub fn inflate(&mut self, input: &mut &[u8], ends: bool, max: usize) -> Result<Option<&[u8]>, InvalidDeflate> {
        if let (MessagePhase::Before, false) = (self.phase, input.is_empty()) {
            if !self.compression.context_takeover {
                self.window.forget();
            }
            self.phase = MessagePhase::Within;
        }
        loop {
            let len = match self.phase {
                // The message has ended, or is an empty one, which may also come as nothing at all.
                MessagePhase::Before => return Ok(None),
                MessagePhase::Within => self.decode(input, max)?,
                MessagePhase::Trailer { remaining } => {
                    let mut trailer = TRAILER.get(TRAILER.len() - usize::from(remaining)..).unwrap_or_default();
                    let len = self.decode(&mut trailer, max)?;
                    self.phase = MessagePhase::Trailer { remaining: u8::try_from(trailer.len()).unwrap_or(0) };
                    len
                }
            };
            if len > 0 {
                return Ok(Some(self.window.advance(len)));
            }
            self.phase = match self.phase {
                MessagePhase::Within if !ends => return Ok(None),
                // BFINAL=1 has ended the stream, so there is none that a trailer could belong to.
                MessagePhase::Within if self.blocks.is_after_final_block() => MessagePhase::Before,
                // What the trailer would come to. Nearly all messages end like this.
                MessagePhase::Within if self.blocks.is_at_stored_length() => MessagePhase::Before,
                // §7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
                MessagePhase::Within => MessagePhase::Trailer { remaining: 4 },
                MessagePhase::Trailer { .. } if self.blocks.is_at_border() => MessagePhase::Before,
                MessagePhase::Trailer { .. } => return Err(InvalidDeflate::Unfinished),
                MessagePhase::Before => MessagePhase::Before,
            };
            if let MessagePhase::Before = self.phase {
                self.blocks.restart();
            }
        }
    }

    /// Gives back all memory but the history that the next message may refer to.
    ///
    /// It may be called at any time, and takes nothing from what comes next but the time to ask for memory again.
    pub fn hibernate(&mut self) {
        if let (MessagePhase::Before, false) = (self.phase, self.compression.context_takeover) {
            self.window.forget();
        }
        self.window.shrink();
        self.blocks.shrink();
    }

    /// How many bytes of memory it holds, beside itself.
    pub fn allocated(&self) -> usize {
        self.window.memory().len() + self.blocks.capacity()
    }

    /// Decodes into the window until there is output, and says how many bytes; 0 where the input is used up.
    fn decode(&mut self, input: &mut &[u8], max: usize) -> Result<usize, InvalidDeflate> {
        if input.is_empty() && (self.blocks.is_at_stored_length() || self.blocks.is_at_border()) {
            return Ok(0);
        }
        let mut run = self.window.run(max);
        match self.blocks.decode(input, &mut run) {
            // What was decoded before the fault comes first, and the fault with the next call.
            Err(error) if run.len() == 0 => Err(error),
            Ok(()) | Err(_) => Ok(run.len()),
        }
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
            self.window.begin(compression.window_bits);
            self.blocks.begin();
            (self.phase, self.compression) = (MessagePhase::Before, compression);
        }
        self.meeting = self.meeting.next(piece, self.window.memory());
        *connection = self.meeting;
        goes_on || begins
    }
}

impl Decode for Inflater {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn decode(&mut self, mut payload: &[u8], last: bool, to: &mut Pieces<'_>) -> Result<(), ProtocolError> {
        while let Some(piece) =
            self.inflate(&mut payload, last, usize::MAX).map_err(ProtocolError::InvalidCompression)?
        {
            to(piece)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("compression", &self.compression)
            .field("allocated", &self.allocated())
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// RFC 7692 §7.2.1: what a compressor removes from each message's end.
const TRAILER: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A connection has one, mostly at rest.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Inflater>() <= 64);
