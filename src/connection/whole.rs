//! Frames that lie in the input whole, between messages: the short path. Taking one changes no state.

use super::{Connection, Inbound, Role};
use crate::frame::{Content, Masking, Piece, split_front};
use crate::wire::{ControlOpcode, ControlPayload, MaskingKey, MessageKind, Rsv, widened};

impl<R: Role> Connection<R> {
    /// The next message, if it has a 7-bit length and lies in the input whole and in one frame: a first look at what
    /// [`next_whole`](Self::next_whole) finds, to be inlined.
    #[inline]
    pub(crate) fn next_short<'i>(&mut self, input: &mut &'i mut [u8]) -> Option<Piece<'i>> {
        let &[first, second, ..] = &**input else { return None };
        // FIN, no reserved bit, text or binary: 0x81 or 0x82. The mask bit vanishes, or the length is too large.
        let (kind, len) = (first.wrapping_sub(0x81), second ^ Self::MASK_BIT);
        if kind >= 2 || len >= self.short_len {
            return None;
        }
        let piece = Self::take_whole(message(kind), 2, usize::from(len), input)?;
        self.frame_received(Some(piece.header));
        Some(piece)
    }

    /// The short path: the next message, Ping or Pong, if it lies in the input whole and in one frame, between messages.
    #[inline]
    pub(crate) fn next_whole<'i>(&mut self, input: &mut &'i mut [u8]) -> Option<Piece<'i>> {
        let piece = self.whole_frame(input)?;
        self.frame_received(Some(piece.header));
        Some(piece)
    }

    /// Finds any frame but a fragment or a Close.
    #[inline]
    fn whole_frame<'i>(&self, input: &mut &'i mut [u8]) -> Option<Piece<'i>> {
        let &[first, second, ..] = &**input else { return None };
        if !self.takes_short_frames() {
            return None;
        }
        let (kind, control) = (first.wrapping_sub(0x81), first.wrapping_sub(0x89));
        let (content, max) = if kind < 2 {
            (message(kind), self.reader.max_single_frame_len()?)
        } else if control < 2 {
            // Limits are on data frames.
            let opcode = if control == 0 { ControlOpcode::Ping } else { ControlOpcode::Pong };
            (Content::Control(opcode), widened(ControlPayload::MAX_LEN))
        } else {
            return None;
        };
        let (len, shortest, header_len) = match (second ^ Self::MASK_BIT, &**input) {
            (len @ ..=125, _) => (u64::from(len), 0, 2),
            (126, &[_, _, a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 126, 4),
            (127, &[_, _, a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 1 << 16, 10),
            _ => return None,
        };
        if len < shortest || len > max {
            return None;
        }
        Self::take_whole(content, header_len, usize::try_from(len).ok()?, input)
    }

    /// Takes header, key and payload from the input, or nothing if they are not all there.
    #[inline]
    fn take_whole<'i>(content: Content, header_len: usize, len: usize, input: &mut &'i mut [u8]) -> Option<Piece<'i>> {
        let head_len = header_len + Self::KEY_LEN;
        if input.len().checked_sub(head_len)? < len {
            return None;
        }
        let (head, payload) = split_front(input, head_len + len).split_at_mut_checked(head_len)?;
        let key = match head {
            &mut [.., a, b, c, d] if Self::KEY_LEN == 4 => Some(MaskingKey::new([a, b, c, d])),
            _ => None,
        };
        Some(Piece::whole(content, key, payload))
    }

    /// Whether the next message lies in the input whole and in one frame.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_whole_message(&self, mut input: &mut [u8]) -> bool {
        matches!(input, [0x81 | 0x82, ..]) && self.whole_frame(&mut input).is_some()
    }

    /// Whether a message may begin with the next byte.
    #[inline]
    pub(crate) const fn takes_short_frames(&self) -> bool {
        self.short_len != 0
    }

    /// Derives which frames may take the short path; called wherever that may have changed.
    pub(super) fn settle(&mut self) {
        let reading = matches!(self.inbound, Inbound::Reading) && self.reader.is_between_messages();
        self.short_len = match self.reader.max_single_frame_len() {
            Some(max) if reading => u8::try_from(max).unwrap_or(u8::MAX).min(125) + 1,
            _ => 0,
        };
    }

    const KEY_LEN: usize = match R::RECEIVES {
        Masking::Required => 4,
        Masking::Forbidden => 0,
    };

    const MASK_BIT: u8 = if Self::KEY_LEN > 0 { 0x80 } else { 0 };
}

/// A message without extensions, by the opcode of its only frame: 0 for the first of the two.
#[inline]
const fn message(kind: u8) -> Content {
    Content::Message { kind: if kind == 0 { MessageKind::Text } else { MessageKind::Binary }, rsv: Rsv::NONE }
}
