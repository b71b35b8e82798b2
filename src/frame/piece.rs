//! Pieces of frames' payload.

use core::fmt;

use crate::kernel::rotated;
use crate::wire::{ControlOpcode, DataOpcode, Header, MaskingKey, MessageKind, Opcode, Redacted, Rsv, widened};

/// A piece of one frame's payload; the whole of it where the input held it.
///
/// ```
/// use websocket_proto::{frame::{Masking, Reader}, wire::Limits};
///
/// let mut reader = Reader::new(Masking::Forbidden, &Limits::default());
/// let mut input = &mut [0x82, 0x05, 1, 2, 3][..];
/// let piece = reader.read(&mut input).unwrap().unwrap();
/// assert_eq!((&*piece.payload, piece.offset, piece.ends_frame()), (&[1, 2, 3][..], 0, false));
/// assert_eq!(reader.payload_remaining(), 2);
/// ```
#[non_exhaustive]
pub struct Piece<'i> {
    /// The frame's header.
    pub header: Header,
    /// How many bytes of the frame's payload came before these.
    pub offset: u64,
    /// The bytes.
    pub payload: &'i mut [u8],
    /// What the frame carries.
    pub content: Content,
}

/// What a frame carries.
///
/// ```
/// use websocket_proto::{frame::{Content, Masking, Reader}, wire::{Limits, MessageKind, Rsv}};
///
/// let mut reader = Reader::new(Masking::Forbidden, &Limits::default());
/// let mut input = &mut [0x01, 0x00, 0x80, 0x01, b'!'][..];
/// let _first = reader.read(&mut input).unwrap().unwrap();
/// let continuation = reader.read(&mut input).unwrap().unwrap();
/// assert_eq!(continuation.content, Content::Message { kind: MessageKind::Text, rsv: Rsv::NONE });
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Content {
    /// A message, or a part of one.
    Message {
        /// Its kind, as its first frame said.
        kind: MessageKind,
        /// The reserved bits of its first frame: which extensions have transformed it.
        rsv: Rsv,
    },
    /// Something about the connection itself.
    Control(ControlOpcode),
}

/// Without the payload.
impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("header", &self.header)
            .field("offset", &self.offset)
            .field("payload", &Redacted(self.payload.len()))
            .field("content", &self.content)
            .finish()
    }
}

impl<'i> Piece<'i> {
    /// So many bytes of a message that an extension has transformed are handed out at once: to decompress them takes less than a
    /// millisecond, whatever they are; `benches/deflate.rs`.
    pub(crate) const MOST_TRANSFORMED: usize = 16 * 1024;

    /// The only frame of a message, or a control frame, with all of its payload.
    #[inline]
    pub(crate) fn whole(content: Content, key: Option<MaskingKey>, payload: &'i mut [u8]) -> Self {
        let opcode = match content {
            Content::Message { kind, .. } => Opcode::Data(kind.into()),
            Content::Control(opcode) => Opcode::Control(opcode),
        };
        Self { header: Header::whole(opcode, widened(payload.len()), key), offset: 0, payload, content }
    }

    /// Whether this piece is a whole message that no extension has transformed.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_whole_message(&self) -> bool {
        matches!(self.content, Content::Message { rsv: Rsv::NONE, .. }) && self.begins_message() && self.ends_message()
    }

    /// Whether the frame's payload ends with this piece.
    #[inline]
    pub fn ends_frame(&self) -> bool {
        self.offset.saturating_add(widened(self.payload.len())) == self.header.payload_len()
    }

    /// Whether this piece is the first of a message.
    #[inline]
    pub fn begins_message(&self) -> bool {
        self.offset == 0
            && matches!(self.header.opcode(), Opcode::Data(DataOpcode::Text) | Opcode::Data(DataOpcode::Binary))
    }

    /// Whether a message ends with this piece.
    #[inline]
    pub fn ends_message(&self) -> bool {
        matches!(self.content, Content::Message { .. }) && self.header.fin() && self.ends_frame()
    }

    /// The key whose first byte masks the piece's first; 0, which changes nothing, where the frame is not masked.
    #[inline]
    pub(crate) fn key(&self) -> u32 {
        let key = self.header.masking_key().map_or(0, MaskingKey::to_word);
        rotated(key, usize::try_from(self.offset & 3).unwrap_or(0))
    }
}
