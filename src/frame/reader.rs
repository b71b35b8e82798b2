//! Bytes, cut anywhere, to headers and payload pieces.

use core::{fmt, mem};

use super::{Content, Piece, Sequence};
use crate::kernel::{self, Level};
use crate::wire::{
    DataOpcode, Header, HeaderStart, Limits, MessageKind, Opcode, ProtocolError, Redacted, Rsv, widened,
};

/// Which frames have to be masked (§5.1).
///
/// ```
/// use websocket_proto::{frame::{Masking, Reader}, wire::{Limits, ProtocolError}};
///
/// let mut server_side = Reader::new(Masking::Required, &Limits::default());
/// assert_eq!(server_side.read(&mut &mut [0x81, 0x00][..]).unwrap_err(), ProtocolError::Unmasked);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Masking {
    /// The frames come from a client: "a server MUST NOT accept" unmasked ones.
    Required,
    /// The frames come from a server: "a client MUST close a connection if it detects a masked frame".
    Forbidden,
}

/// Reads frames from bytes that are cut anywhere, and buffers no payload.
///
/// It decides on the header alone, field by field, before a payload byte is taken: reserved bits, opcode, mask direction, length
/// form, fragment order, and the limits on frames, messages and fragments. What a payload means is not its concern.
///
/// ```
/// use websocket_proto::{frame::{Masking, Reader}, wire::Limits};
///
/// // §5.7: "A fragmented unmasked text message", cut inside the first payload and the second header.
/// let mut reader = Reader::new(Masking::Forbidden, &Limits::default());
/// let (mut first, mut second) = ([0x01, 0x03, b'H', b'e'], [b'l', 0x80, 0x02, b'l', b'o']);
/// let mut text = Vec::new();
/// for mut input in [&mut first[..], &mut second[..]] {
///     while let Some(piece) = reader.read(&mut input).unwrap() {
///         text.extend_from_slice(piece.payload);
///     }
/// }
/// assert_eq!(text, b"Hello");
/// ```
pub struct Reader {
    reading: Reading,
    rules: Rules,
}

/// What the next byte is.
enum Reading {
    /// A header's; the `len` bytes before it are kept.
    Header { len: u8, bytes: [u8; Header::MAX_LEN] },
    /// A payload's, after `taken` others.
    Payload { header: Header, taken: u64, content: Content },
}

impl Reader {
    /// Makes a reader that stands before the first frame.
    pub fn new(masking: Masking, limits: &Limits) -> Self {
        Self { reading: Reading::BETWEEN_FRAMES, rules: Rules::new(masking, limits) }
    }

    /// The same reader, which lets `rsv` pass on the first frame of a message: an extension that was negotiated owns these bits.
    #[must_use]
    pub const fn with_owned_rsv(mut self, rsv: Rsv) -> Self {
        self.rules.owned_rsv = rsv;
        self
    }

    /// Takes the next piece of payload from the front of `input`, unmasked in place; `Ok(None)` asks for more input, and
    /// all there was has been taken.
    ///
    /// A frame without payload yields one empty piece. A header whose payload has not begun to arrive yields nothing yet. A piece of a message
    /// that an extension has transformed has at most 16 KiB, since it may be much work to undo that.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] about a header. The reader is of no use then.
    pub fn read<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Piece<'i>>, ProtocolError> {
        self.begin_frame(input)?;
        let Some(piece) = self.read_payload(input, usize::MAX) else { return Ok(None) };
        kernel::xor(self.rules.level, piece.payload, piece.key());
        Ok(Some(piece))
    }

    /// Takes a header from the front of `input`, if one comes next, and says whether it did and is complete.
    pub(crate) fn begin_frame(&mut self, input: &mut &mut [u8]) -> Result<bool, ProtocolError> {
        let Reading::Header { len, bytes } = &mut self.reading else { return Ok(false) };
        let Some(header) = read_header(len, bytes, input, &self.rules)? else { return Ok(false) };
        let content = self.rules.begin(&header)?;
        self.reading = Reading::Payload { header, taken: 0, content };
        Ok(true)
    }

    /// Takes at most `max` bytes of payload after the header, which are left masked.
    pub(crate) fn read_payload<'i>(&mut self, input: &mut &'i mut [u8], max: usize) -> Option<Piece<'i>> {
        let piece = self.next_piece()?;
        let missing = self.payload_remaining();
        if missing > 0 && input.is_empty() {
            return None;
        }
        let max = match piece.content {
            Content::Message { rsv: Rsv::NONE, .. } | Content::Control(_) => max,
            Content::Message { .. } => max.min(Piece::MOST_TRANSFORMED),
        };
        let payload = split_front(input, usize::try_from(missing).unwrap_or(usize::MAX).min(max));
        self.pass(payload.len());
        Some(Piece { payload, ..piece })
    }

    /// What the next byte of payload belongs to, as an empty piece; `None` where the next byte is a header's.
    #[inline]
    pub(crate) const fn next_piece(&self) -> Option<Piece<'static>> {
        match self.reading {
            Reading::Header { .. } => None,
            Reading::Payload { header, taken, content } => {
                Some(Piece { header, offset: taken, payload: &mut [], content })
            }
        }
    }

    /// Counts bytes of the current frame's payload, which was read here or, past this reader, into a place of its own.
    #[inline]
    pub(crate) fn pass(&mut self, len: usize) {
        if let Reading::Payload { header, taken, .. } = &mut self.reading {
            *taken = taken.saturating_add(widened(len)).min(header.payload_len());
            if *taken == header.payload_len() {
                self.reading = Reading::BETWEEN_FRAMES;
            }
        }
    }

    /// Bytes of the current frame's payload that have not come yet; 0 between frames and inside a header.
    pub const fn payload_remaining(&self) -> u64 {
        match &self.reading {
            Reading::Header { .. } => 0,
            Reading::Payload { header, taken, .. } => header.payload_len().saturating_sub(*taken),
        }
    }

    /// The kernels that unmask what it reads.
    #[inline]
    pub(crate) const fn level(&self) -> Level {
        self.rules.level
    }

    /// Whether the next byte is a header's first, and the header may begin a message.
    pub(crate) const fn is_between_messages(&self) -> bool {
        matches!((&self.reading, self.rules.sequence), (Reading::Header { len: 0, .. }, Sequence::Between))
    }

    /// The bits that extensions own.
    pub(crate) const fn owned_rsv(&self) -> Rsv {
        self.rules.owned_rsv
    }

    /// The longest message that may come.
    #[cfg(feature = "alloc")]
    pub(crate) const fn max_message_len(&self) -> u64 {
        self.rules.max_message_len
    }

    /// The longest message that may come in a single frame, if any may.
    #[inline]
    pub(crate) fn max_single_frame_len(&self) -> Option<u64> {
        let Rules { max_frame_len, max_message_len, max_fragments, .. } = self.rules;
        (max_fragments > 0).then_some(max_frame_len.min(max_message_len))
    }
}

/// Without the bytes of a header that is not complete: its key may be among them.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Reader");
        match &self.reading {
            Reading::Header { len, .. } => shown.field("header", &Redacted(usize::from(*len))),
            Reading::Payload { header, taken, .. } => shown.field("header", header).field("taken", taken),
        };
        shown.field("rules", &self.rules).finish()
    }
}

impl Reading {
    const BETWEEN_FRAMES: Self = Self::Header { len: 0, bytes: [0; Header::MAX_LEN] };
}

/// What a header is judged by beyond its grammar, and what the frames so far add to that.
#[derive(Debug)]
struct Rules {
    max_frame_len: u64,
    max_message_len: u64,
    /// What the frames of a message that is not complete have declared so far.
    message_len: u64,
    max_fragments: u32,
    /// How many they are.
    fragments: u32,
    masking: Masking,
    owned_rsv: Rsv,
    message_rsv: Rsv,
    sequence: Sequence,
    /// Which kernels the CPU has: no rule, but kept here, where the padding has a byte for it.
    level: Level,
}

impl Rules {
    fn new(masking: Masking, limits: &Limits) -> Self {
        Self {
            max_frame_len: limits.max_frame_len,
            max_message_len: limits.max_message_len,
            message_len: 0,
            max_fragments: limits.max_fragments,
            fragments: 0,
            masking,
            owned_rsv: Rsv::NONE,
            message_rsv: Rsv::NONE,
            sequence: Sequence::Between,
            level: Level::detect(),
        }
    }

    /// Counts a frame whose header was judged, and tells what it carries.
    fn begin(&mut self, header: &Header) -> Result<Content, ProtocolError> {
        let opcode = match header.opcode() {
            Opcode::Control(opcode) => return Ok(Content::Control(opcode)),
            Opcode::Data(opcode) => opcode,
        };
        let after = self.sequence.after(opcode, header.fin())?;
        let kind = match (self.sequence, opcode) {
            (Sequence::Within(kind), _) => kind,
            (Sequence::Between, DataOpcode::Binary) => MessageKind::Binary,
            (Sequence::Between, DataOpcode::Text | DataOpcode::Continuation) => MessageKind::Text,
        };
        if let Sequence::Between = self.sequence {
            self.message_rsv = header.rsv();
        }
        self.sequence = after;
        (self.message_len, self.fragments) = match after {
            Sequence::Between => (0, 0),
            Sequence::Within(_) => {
                (self.message_len.saturating_add(header.payload_len()), self.fragments.saturating_add(1))
            }
        };
        Ok(Content::Message { kind, rsv: self.message_rsv })
    }

    /// Reads a header from the front of `bytes`, and judges each field as soon as it is there, in the order of the wire; says how many
    /// bytes the header has. `Ok(None)` asks for more.
    fn read(&self, bytes: &[u8]) -> Result<Option<(Header, usize)>, ProtocolError> {
        let Some((start, rest)) = HeaderStart::read(bytes)? else { return Ok(None) };
        self.start(start)?;
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        self.masked(second & 0x80 != 0)?;
        let Some((payload_len, rest)) = start.read_payload_len(second, rest)? else { return Ok(None) };
        self.payload_len(start, payload_len)?;
        let header = Header::read_masking_key(start, payload_len, second, rest);
        Ok(header.map(|(header, rest)| (header, bytes.len() - rest.len())))
    }

    fn start(&self, start: HeaderStart) -> Result<(), ProtocolError> {
        // RFC 7692 §6.1: RSV1 is set on "the first fragment of the message" and on no other frame.
        let owned = match start.opcode {
            Opcode::Data(DataOpcode::Text | DataOpcode::Binary) => self.owned_rsv,
            Opcode::Data(DataOpcode::Continuation) | Opcode::Control(_) => Rsv::NONE,
        };
        // §5.2: "If a nonzero value is received and none of the negotiated extensions defines the meaning of such a nonzero
        // value, the receiving endpoint MUST _Fail the WebSocket Connection_."
        let rsv = start.rsv.without(owned);
        if rsv != Rsv::NONE {
            return Err(ProtocolError::ReservedBits { rsv });
        }
        let Opcode::Data(opcode) = start.opcode else { return Ok(()) };
        self.sequence.after(opcode, start.fin)?;
        // A count that has reached the largest number stays there, and is then no limit.
        if self.fragments >= self.max_fragments && self.max_fragments != u32::MAX {
            return Err(ProtocolError::TooManyFragments { max: self.max_fragments });
        }
        Ok(())
    }

    fn masked(&self, masked: bool) -> Result<(), ProtocolError> {
        match (self.masking, masked) {
            (Masking::Required, true) | (Masking::Forbidden, false) => Ok(()),
            (Masking::Required, false) => Err(ProtocolError::Unmasked),
            (Masking::Forbidden, true) => Err(ProtocolError::Masked),
        }
    }

    fn payload_len(&self, start: HeaderStart, len: u64) -> Result<(), ProtocolError> {
        let Opcode::Data(_) = start.opcode else { return Ok(()) };
        if len > self.max_frame_len {
            return Err(ProtocolError::FrameTooLong { len, max: self.max_frame_len });
        }
        let len = self.message_len.saturating_add(len);
        if len > self.max_message_len {
            return Err(ProtocolError::MessageTooLong { len, max: self.max_message_len });
        }
        Ok(())
    }
}

/// Takes a header from the front of `input`, or what there is of it into the `len` bytes that are kept.
fn read_header(
    len: &mut u8,
    bytes: &mut [u8; Header::MAX_LEN],
    input: &mut &mut [u8],
    rules: &Rules,
) -> Result<Option<Header>, ProtocolError> {
    if *len == 0 {
        if let Some((header, header_len)) = rules.read(input)? {
            split_front(input, header_len);
            return Ok(Some(header));
        }
    }
    // A header has 14 bytes at most, so asking anew at each of them is a bounded effort.
    while let Some(place) = bytes.get_mut(usize::from(*len)) {
        let [byte] = split_front(input, 1) else { return Ok(None) };
        *place = *byte;
        *len += 1;
        if let Some((header, _)) = rules.read(bytes.get(..usize::from(*len)).unwrap_or_default())? {
            return Ok(Some(header));
        }
    }
    Ok(None)
}

/// Takes up to `len` bytes from the front of `input`.
#[inline]
pub(crate) fn split_front<'i>(input: &mut &'i mut [u8], len: usize) -> &'i mut [u8] {
    let whole = mem::take(input);
    let (front, back) = whole.split_at_mut(len.min(whole.len()));
    *input = back;
    front
}
