//! The AVX-512 registers of 64 bytes, for text. Masking alone gains nothing from them over AVX2.

#![allow(clippy::incompatible_msrv, reason = "compiled where the compiler has them")]

#[cfg(target_arch = "x86")]
use core::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

use super::utf8;
use super::vector::{Lookup, Vector, intrinsics};

/// Needs AVX-512 F and BW.
impl Vector for __m512i {
    const LEN: usize = 64;

    intrinsics! {
        load(from: *const u8) -> Self = _mm512_loadu_si512(from.cast());
        store(self, to: *mut u8) = _mm512_storeu_si512(to.cast(), self);
        // x86 is little-endian, so the least significant byte comes first.
        key(key: u32) -> Self = _mm512_set1_epi32(i32::from_ne_bytes(key.to_ne_bytes()));
        xor(self, other: Self) -> Self = _mm512_xor_si512(self, other);
        or(self, other: Self) -> Self = _mm512_or_si512(self, other);
        is_ascii(self) -> bool = _mm512_movepi8_mask(self) == 0;
    }
}

/// Needs AVX-512 F and BW.
impl Lookup for __m512i {
    intrinsics! {
        splat(byte: u8) -> Self = _mm512_set1_epi8(i8::from_ne_bytes([byte]));
        table(bytes: &[u8; 16]) -> Self = _mm512_broadcast_i32x4(__m128i::load(bytes.as_ptr()));
        words(low: u64, high: u64) -> Self = _mm512_zextsi128_si512(__m128i::words(low, high));
        and(self, other: Self) -> Self = _mm512_and_si512(self, other);
        saturating_sub(self, other: Self) -> Self = _mm512_subs_epu8(self, other);
        high_nibbles(self) -> Self = _mm512_and_si512(_mm512_srli_epi16::<4>(self), _mm512_set1_epi8(0x0f));
        // The look-up stays within each quarter, and all of them hold the whole table.
        look_up(self, places: Self) -> Self = _mm512_shuffle_epi8(self, places);
        // Each quarter of `self`, preceded by the quarter that stands before it.
        preceding<const N: i32>(self, before: Self) -> Self =
            _mm512_alignr_epi8::<N>(self, _mm512_alignr_epi64::<6>(self, before));
        is_zero(self) -> bool = _mm512_test_epi8_mask(self, self) == 0;
    }

    #[inline(always)]
    unsafe fn ending_at(end: *const u8, n: usize) -> Self {
        debug_assert!(n < Self::LEN);
        // SAFETY: the mask has n ones, and n bytes are readable before `end`; those that the mask leaves out are not read.
        unsafe { _mm512_maskz_loadu_epi8((1 << n) - 1, end.sub(n).cast()) }
    }
}

/// # Safety
///
/// As for [`utf8::unmask`]; the machine has AVX-512 F and BW.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn unmask<const STORE: bool>(from: *const u8, to: *mut u8, len: usize, key: u32) -> bool {
    // SAFETY: the caller vouches for the bytes and for AVX-512.
    unsafe { utf8::unmask::<__m512i, __m128i, STORE>(from, to, len, key) }
}
