//! Masking (§5.3).

use core::fmt;

use crate::kernel::{self, Level};

/// The four bytes that a client's frame is masked with (§5.3).
///
/// A key has to be fresh and unpredictable for every frame (§10.3); the crate never makes one up by itself.
///
/// ```
/// use websocket_proto::wire::{Masker, MaskingKey};
///
/// // §5.7: "A single-frame masked text message", its payload.
/// let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// Masker::new(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d])).apply(&mut payload);
/// assert_eq!(&payload, b"Hello");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct MaskingKey([u8; 4]);

impl MaskingKey {
    /// Takes the key's bytes in the order of the wire.
    #[inline]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The key's bytes in the order of the wire.
    #[inline]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// The key as the kernels want it: the first byte's mask is the least significant one.
    #[inline]
    pub(crate) const fn to_word(self) -> u32 {
        u32::from_le_bytes(self.0)
    }
}

/// Without the key: with it the payload can be read.
impl fmt::Debug for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskingKey(..)")
    }
}

/// Masks or unmasks one frame's payload, in any pieces: it carries the phase from piece to piece.
///
/// §5.3: "The same algorithm applies regardless of the direction of the translation".
///
/// ```
/// use websocket_proto::wire::{Masker, MaskingKey};
///
/// let mut masker = Masker::new(MaskingKey::new([1, 2, 3, 4]));
/// let (mut front, mut back) = ([0; 3], [0; 3]);
/// masker.apply(&mut front);
/// masker.apply(&mut back);
/// assert_eq!((front, back), ([1, 2, 3], [4, 1, 2]));
/// ```
#[derive(Clone, Copy)]
pub struct Masker {
    /// The next byte's mask is the least significant one.
    key: u32,
    level: Level,
}

impl Masker {
    /// Starts at a payload's first byte, with kernels that were chosen before. Without a key it masks nothing, as a server sends.
    #[inline]
    pub(crate) const fn of(key: Option<MaskingKey>, level: Level) -> Self {
        match key {
            Some(key) => Self { key: key.to_word(), level },
            None => Self { key: 0, level },
        }
    }

    /// The kernels, and the key for the next byte.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) const fn parts(&self) -> (Level, u32) {
        (self.level, self.key)
    }

    /// Starts at a payload's first byte.
    pub fn new(key: MaskingKey) -> Self {
        Self { key: key.to_word(), level: Level::detect() }
    }

    /// Passes over `n` bytes of the payload.
    pub fn skip(&mut self, n: u64) {
        // The mask repeats after 4 bytes, so the low byte of the number tells.
        self.key = kernel::rotated(self.key, usize::from(n.to_le_bytes()[0]));
    }

    /// Masks the payload's next bytes where they are.
    #[inline]
    pub fn apply(&mut self, bytes: &mut [u8]) {
        kernel::xor(self.level, bytes, self.key);
        self.key = kernel::rotated(self.key, bytes.len());
    }

    /// Masks the payload's next bytes into the front of `to`, and returns that part of it; `None`, with nothing done, if `to` is
    /// shorter than `from`.
    #[inline]
    pub fn apply_copy<'t>(&mut self, from: &[u8], to: &'t mut [u8]) -> Option<&'t mut [u8]> {
        let to = to.get_mut(..from.len())?;
        kernel::xor_copy(self.level, from, to, self.key);
        self.key = kernel::rotated(self.key, from.len());
        Some(to)
    }
}

/// Without the key.
impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-j", with j = i MOD 4.
    fn reference(bytes: &[u8], key: [u8; 4]) -> Vec<u8> {
        bytes.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
    }

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn masking_is_section_5_3_at_every_length() {
        let bytes: Vec<u8> = (0..=255).chain(0..=255).collect();
        for len in 0..bytes.len() {
            let mut masked = bytes[..len].to_vec();
            Masker::new(MaskingKey::new(KEY)).apply(&mut masked);
            assert_eq!(masked, reference(&bytes[..len], KEY));
        }
    }

    #[test]
    fn pieces_are_masked_as_the_whole() {
        let bytes: Vec<u8> = (0..100).collect();
        for cut in 0..bytes.len() {
            let mut masker = Masker::new(MaskingKey::new(KEY));
            let mut place = [0; 100];
            let (front, back) = place.split_at_mut(cut);
            masker.apply_copy(&bytes[..cut], front).unwrap();
            back.copy_from_slice(&bytes[cut..]);
            masker.apply(back);
            assert_eq!(place[..], reference(&bytes, KEY));
        }
    }

    #[test]
    fn copying_into_too_little_room_does_nothing() {
        let mut masker = Masker::new(MaskingKey::new(KEY));
        assert!(masker.apply_copy(b"ab", &mut [0]).is_none());
        assert_eq!(masker.apply_copy(b"a", &mut [0]).unwrap(), [b'a' ^ 0x37]);
    }
}
