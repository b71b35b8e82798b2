//! Machines without kernels of their own: words as registers, and the safe twins.

use super::level::Level;
use super::{copy, scalar};

/// The register for short payloads.
pub(super) type Short = u128;

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
