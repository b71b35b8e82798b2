//! Messages, Pings and Pongs that lie in the input whole and in one frame: the short paths. A message changes no state here.

use super::{Connection, Inbound, Role};
use crate::frame::{Masking, split_front};
use crate::kernel;
use crate::wire::{ControlPayload, MessageKind};

impl<R: Role> Connection<R> {
    /// Takes a data frame that is a whole message, has a 7-bit length, and lies in the input: receiving it changes no state.
    #[inline]
    pub(crate) fn short_frame<'i>(&self, input: &mut &'i mut [u8]) -> Option<Whole<'i>> {
        let &[first, second, ..] = &**input else { return None };
        // FIN, no reserved bit, text or binary: 0x81 or 0x82. The mask bit vanishes, or the length is too large.
        let (kind, len) = (first.wrapping_sub(0x81), second ^ Whole::mask_bit::<R>());
        if kind >= 2 || len >= self.short.len {
            return None;
        }
        Whole::take::<R>(kind, 2, usize::from(len), input)
    }

    /// The same for a frame with an extended length.
    #[inline]
    pub(crate) fn extended_frame<'i>(&self, input: &mut &'i mut [u8]) -> Option<Whole<'i>> {
        let &[first, second, ..] = &**input else { return None };
        let kind = first.wrapping_sub(0x81);
        if kind >= 2 || !self.takes_short_frames() {
            return None;
        }
        let (len, shortest, header_len) = match (second ^ Whole::mask_bit::<R>(), &**input) {
            (126, &[_, _, a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 126, 4),
            (127, &[_, _, a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 1 << 16, 10),
            _ => return None,
        };
        if len < shortest || len > self.reader.max_single_frame_len()? {
            return None;
        }
        Whole::take::<R>(kind, header_len, usize::try_from(len).ok()?, input)
    }

    /// Takes a Ping or a Pong that lies in the input whole, between messages, and queues the Pong that answers a Ping. Limits are on
    /// data frames, so none applies.
    #[inline]
    pub(crate) fn whole_heartbeat<'i>(&mut self, input: &mut &'i mut [u8]) -> Option<Heartbeat<'i>> {
        let &[first @ (Heartbeat::PING | Heartbeat::PONG), second, ..] = &**input else { return None };
        let len = second ^ Whole::mask_bit::<R>();
        if usize::from(len) > ControlPayload::MAX_LEN || !self.takes_short_frames() {
            return None;
        }
        let Whole { payload, key, .. } = Whole::take::<R>(0, 2, usize::from(len), input)?;
        kernel::xor_short(payload, key);
        Some(if first == Heartbeat::PING {
            self.receive_ping(payload);
            Heartbeat::Ping(payload)
        } else {
            Heartbeat::Pong(payload)
        })
    }

    /// Whether the next message lies in the input whole and can be taken by one of the short paths.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_whole_message(&self, input: &mut [u8]) -> bool {
        self.short_frame(&mut &mut *input).is_some() || self.extended_frame(&mut &mut *input).is_some()
    }

    /// Whether a message may begin with the next byte.
    #[inline]
    pub(crate) const fn takes_short_frames(&self) -> bool {
        self.short.len != 0
    }

    /// Derives which frames may take the short paths; called wherever that may have changed.
    pub(super) fn settle(&mut self) {
        let reading = matches!(self.inbound, Inbound::Reading) && self.reader.is_between_messages();
        self.short = match self.reader.max_single_frame_len() {
            Some(max) if reading => Short { len: u8::try_from(max).unwrap_or(u8::MAX).min(125) + 1 },
            _ => Short::NONE,
        };
    }
}

/// The connection's state and limits as far as the short paths need them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    /// Frames with a payload shorter than this may take the path of 7-bit lengths.
    len: u8,
}

impl Short {
    pub(super) const NONE: Self = Self { len: 0 };
}

/// A Ping or a Pong that lies in the input whole, unmasked.
pub(crate) enum Heartbeat<'i> {
    Ping(&'i [u8]),
    Pong(&'i [u8]),
}

impl Heartbeat<'_> {
    /// FIN, no reserved bit, and the opcode (§5.2).
    const PING: u8 = 0x89;
    const PONG: u8 = 0x8a;
}

/// A message that lies in the input whole and in one frame, still masked.
pub(crate) struct Whole<'i> {
    pub(crate) kind: MessageKind,
    pub(crate) payload: &'i mut [u8],
    pub(crate) key: u32,
}

impl<'i> Whole<'i> {
    #[inline]
    const fn mask_bit<R: Role>() -> u8 {
        match R::RECEIVES {
            Masking::Required => 0x80,
            Masking::Forbidden => 0,
        }
    }

    /// Takes header, key and payload from the input, or nothing if they are not all there.
    #[inline]
    fn take<R: Role>(kind: u8, header_len: usize, len: usize, input: &mut &'i mut [u8]) -> Option<Self> {
        let key_len = match R::RECEIVES {
            Masking::Required => 4,
            Masking::Forbidden => 0,
        };
        let head_len = header_len + key_len;
        if input.len().checked_sub(head_len)? < len {
            return None;
        }
        let (head, payload) = split_front(input, head_len + len).split_at_mut_checked(head_len)?;
        let key = match head {
            &mut [.., a, b, c, d] if key_len == 4 => u32::from_le_bytes([a, b, c, d]),
            _ => 0,
        };
        Some(Self { kind: if kind == 0 { MessageKind::Text } else { MessageKind::Binary }, payload, key })
    }
}
