//! The NEON register of little-endian AArch64: 16 bytes.

use core::arch::aarch64::*;

use super::level::Level;
use super::vector::{Lookup, NUMBERS, Vector, intrinsics};
use super::{copy, scalar, utf8};

/// Needs NEON, which the module's `cfg` demands of the target.
impl Vector for uint8x16_t {
    const LEN: usize = 16;

    intrinsics! {
        load(from: *const u8) -> Self = vld1q_u8(from);
        store(self, to: *mut u8) = vst1q_u8(to, self);
        // The target is little-endian, so the least significant byte comes first.
        key(key: u32) -> Self = vreinterpretq_u8_u32(vdupq_n_u32(key));
        xor(self, other: Self) -> Self = veorq_u8(self, other);
        or(self, other: Self) -> Self = vorrq_u8(self, other);
        is_ascii(self) -> bool = vmaxvq_u8(self) < 0x80;
    }
}

/// Needs NEON, too.
impl Lookup for uint8x16_t {
    intrinsics! {
        splat(byte: u8) -> Self = vdupq_n_u8(byte);
        table(bytes: &[u8; 16]) -> Self = Self::load(bytes.as_ptr());
        // The target is little-endian, so the least significant byte of `low` comes first.
        words(low: u64, high: u64) -> Self = vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
        and(self, other: Self) -> Self = vandq_u8(self, other);
        saturating_sub(self, other: Self) -> Self = vqsubq_u8(self, other);
        high_nibbles(self) -> Self = vshrq_n_u8::<4>(self);
        look_up(self, places: Self) -> Self = vqtbl1q_u8(self, places);
        preceding<const N: i32>(self, before: Self) -> Self = vextq_u8::<N>(before, self);
        is_zero(self) -> bool = vmaxvq_u8(self) == 0;
    }

    #[inline(always)]
    unsafe fn ending_at(end: *const u8, n: usize) -> Self {
        debug_assert!(n < Self::LEN);
        // SAFETY: 16 bytes are readable before `end`. As n < 16, the 16 numbers from 16 - n on are in the array; those above 15
        // select zero.
        unsafe { vqtbl1q_u8(Self::load(end.sub(16)), Self::load(NUMBERS.as_ptr().add(16 - n))) }
    }
}

/// The register for short payloads.
pub(super) use core::arch::aarch64::uint8x16_t as Short;

/// The compiler uses NEON for the safe loop.
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
    unsafe { copy::aligned::<uint8x16_t>(from, to, len, key) }
}

/// Runs [`utf8::unmask`].
///
/// # Safety
///
/// As there; the features are the target's.
#[inline(never)] // One copy, for all callers.
pub(super) unsafe fn unmask<const STORE: bool>(
    _level: Level,
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: u32,
) -> Option<bool> {
    // SAFETY: the caller vouches for the bytes; NEON is there.
    Some(unsafe { utf8::unmask::<uint8x16_t, uint8x16_t, STORE>(from, to, len, key) })
}
