//! Machines without kernels of their own: words as registers, and the safe twins.

use super::level::Level;
use super::vector::Vector;
use super::{copy, scalar};

/// Sixteen bytes, in the machine's order.
#[derive(Clone, Copy)]
pub(super) struct Short([u64; 2]);

/// Needs nothing.
impl Vector for Short {
    const LEN: usize = 16;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller vouches for the 16 bytes; arrays of bytes need no alignment.
        let words: [[u8; 8]; 2] = unsafe { *from.cast() };
        Self(words.map(u64::from_ne_bytes))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        let words = self.0.map(u64::to_ne_bytes);
        // SAFETY: the caller vouches for the 16 bytes; arrays of bytes need no alignment.
        unsafe { *to.cast() = words }
    }

    #[inline(always)]
    unsafe fn key(key: u32) -> Self {
        let key = u64::from(u32::from_ne_bytes(key.to_le_bytes()));
        Self([key << 32 | key; 2])
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a ^ c, b ^ d])
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a | c, b | d])
    }

    #[inline(always)]
    unsafe fn is_ascii(self) -> bool {
        let [a, b] = self.0;
        (a | b) & u64::from_ne_bytes([0x80; 8]) == 0
    }
}

#[inline]
pub(super) fn xor(_level: Level, bytes: &mut [u8], key: u32) {
    scalar::xor(bytes, key);
}

/// Masks a long payload while copying.
///
/// # Safety
///
/// `len` bytes are readable at `from` and writable at `to`, and the two do not overlap; `len >= 32`.
#[inline]
pub(super) unsafe fn xor_copy(_level: Level, from: *const u8, to: *mut u8, len: usize, key: u32) {
    // SAFETY: the caller vouches for the bytes, and the register needs nothing that the target has not.
    unsafe { copy::aligned::<Short>(from, to, len, key) }
}

/// There is no kernel that validates here.
///
/// # Safety
///
/// None is needed: nothing is read and nothing written.
#[inline]
pub(super) unsafe fn unmask<const STORE: bool>(
    _level: Level,
    _from: *const u8,
    _to: *mut u8,
    _len: usize,
    _key: u32,
) -> Option<bool> {
    None
}
