//! Control frames (§5.5): payloads of at most 125 bytes, frames of at most 131.

use core::fmt;
use core::num::NonZeroU8;

use super::{ControlOpcode, Header, Masker, MaskingKey, Redacted, error_type};
use crate::kernel::Level;

/// The payload of a control frame: 0 to 125 bytes, by value (§5.5).
///
/// ```
/// use websocket_proto::wire::ControlPayload;
///
/// assert_eq!(ControlPayload::new(b"Hello").unwrap().as_bytes(), b"Hello");
/// assert!(ControlPayload::new(&[0; 126]).is_err());
/// ```
#[derive(Clone, Copy)]
pub struct ControlPayload {
    /// One more than the length, so that `None` needs no byte beside it.
    end: NonZeroU8,
    bytes: [u8; Self::MAX_LEN],
}

impl ControlPayload {
    /// §5.5: "All control frames MUST have a payload length of 125 bytes or less".
    pub const MAX_LEN: usize = 125;

    /// No bytes.
    pub const EMPTY: Self = Self { end: NonZeroU8::MIN, bytes: [0; Self::MAX_LEN] };

    /// Copies `bytes`.
    ///
    /// # Errors
    ///
    /// [`ControlPayloadTooLong`] if there are more than 125.
    pub fn new(bytes: &[u8]) -> Result<Self, ControlPayloadTooLong> {
        Self::concat(bytes, &[]).ok_or(ControlPayloadTooLong { len: bytes.len() })
    }

    /// The payload's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len()).unwrap_or_default()
    }

    fn len(&self) -> usize {
        usize::from(self.end.get() - 1)
    }

    /// Two slices in one payload, if they fit.
    pub(crate) fn concat(front: &[u8], back: &[u8]) -> Option<Self> {
        let mut payload = Self::EMPTY;
        (payload.extend(front) && payload.extend(back)).then_some(payload)
    }

    /// Forgets the bytes, without a look at them.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.end = NonZeroU8::MIN;
    }

    /// Appends `bytes` if they fit, and says whether they did.
    #[must_use]
    pub(crate) fn extend(&mut self, bytes: &[u8]) -> bool {
        let len = self.len();
        let Some(place) = len.checked_add(bytes.len()).and_then(|end| self.bytes.get_mut(len..end)) else {
            return false;
        };
        place.copy_from_slice(bytes);
        // What fits into 125 bytes is counted by a byte.
        self.end = self.end.saturating_add(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        true
    }
}

impl Default for ControlPayload {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl AsRef<[u8]> for ControlPayload {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for ControlPayload {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for ControlPayload {}

impl core::hash::Hash for ControlPayload {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

/// Without the bytes: they may be secret.
impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ControlPayload").field(&Redacted(self.len())).finish()
    }
}

error_type! {
    /// More bytes than a control frame's payload holds.
    ///
    /// ```
    /// use websocket_proto::wire::{ControlPayload, ControlPayloadTooLong};
    ///
    /// assert_eq!(ControlPayload::new(&[0; 126]), Err(ControlPayloadTooLong { len: 126 }));
    /// ```
    pub struct ControlPayloadTooLong {
        /// How many bytes there were.
        pub len: usize,
    } => "expected at most {} bytes in a control frame's payload, found {len}", ControlPayload::MAX_LEN;
}

/// A control frame as it goes over the wire: header and payload, masked where a key was given, by value.
///
/// ```
/// use websocket_proto::wire::{ControlFrame, ControlOpcode, ControlPayload};
///
/// // §5.7: "Unmasked Ping request".
/// let ping = ControlFrame::new(ControlOpcode::Ping, &ControlPayload::new(b"Hello").unwrap(), None);
/// assert_eq!(ping.as_bytes(), b"\x89\x05Hello");
/// ```
#[derive(Clone, Copy)]
pub struct ControlFrame {
    len: u8,
    bytes: [u8; Self::MAX_LEN],
}

impl ControlFrame {
    /// Two bytes of header, a masking key, and the longest payload.
    pub const MAX_LEN: usize = 2 + 4 + ControlPayload::MAX_LEN;

    /// Frames a payload; a client gives a masking key, a server none (§5.3).
    pub fn new(opcode: ControlOpcode, payload: &ControlPayload, key: Option<MaskingKey>) -> Self {
        let header = Header::control(opcode, payload).with_masking_key(key).encode();
        let mut frame = Self { len: 0, bytes: [0; Self::MAX_LEN] };
        let (front, back) = frame.bytes.split_at_mut(header.len().min(Self::MAX_LEN));
        front.copy_from_slice(&header);
        Masker::of(key, Level::detect()).apply_copy(payload.as_bytes(), back);
        // 2 + 4 + 125 fits a byte.
        frame.len = u8::try_from(header.len() + payload.as_bytes().len()).unwrap_or(u8::MAX);
        frame
    }

    /// The bytes to send.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl AsRef<[u8]> for ControlFrame {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Without the bytes: payload and key may be secret.
impl fmt::Debug for ControlFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ControlFrame").field(&Redacted(usize::from(self.len))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_holds_125_bytes_and_not_126() {
        assert_eq!(ControlPayload::new(&[7; 125]).unwrap().as_bytes(), [7; 125]);
        assert_eq!(ControlPayload::new(&[7; 126]), Err(ControlPayloadTooLong { len: 126 }));
        assert!(!ControlPayload::new(&[7; 100]).unwrap().extend(&[7; 26]));
    }

    #[test]
    fn payloads_are_told_apart_by_their_bytes_alone() {
        let (hello, hullo) = (ControlPayload::new(b"Hello").unwrap(), ControlPayload::new(b"Hullo").unwrap());
        let mut grown = ControlPayload::new(b"Hel").unwrap();
        assert!(grown.extend(b"lo"));
        assert_eq!(grown, hello);
        assert_ne!(hello, hullo);
        assert_ne!(hello, ControlPayload::new(b"Hello\0").unwrap());
        assert_eq!(std::collections::HashSet::from([hello, hullo, grown]).len(), 2);
        let hasher = std::hash::RandomState::new();
        assert_ne!(std::hash::BuildHasher::hash_one(&hasher, hello), std::hash::BuildHasher::hash_one(&hasher, hullo));
    }

    #[test]
    fn longest_frame_is_two_bytes_a_key_and_125() {
        assert_eq!(ControlFrame::MAX_LEN, 131);
    }

    #[test]
    fn masked_pong_of_section_5_7() {
        let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
        let pong = ControlFrame::new(ControlOpcode::Pong, &ControlPayload::new(b"Hello").unwrap(), Some(key));
        assert_eq!(pong.as_bytes(), [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn longest_control_frame_has_131_bytes() {
        let payload = ControlPayload::new(&[0; 125]).unwrap();
        let frame = ControlFrame::new(ControlOpcode::Ping, &payload, Some(MaskingKey::new([1, 2, 3, 4])));
        assert_eq!(frame.as_bytes().len(), 131);
        assert_eq!(frame.as_bytes()[..7], [0x89, 0x80 | 125, 1, 2, 3, 4, 1]);
    }
}
