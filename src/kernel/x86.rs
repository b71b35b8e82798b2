//! The x86 registers: 16 bytes with SSE2 and SSSE3, 32 bytes with AVX2. Those of AVX-512 have a place of their own.

#[cfg(target_arch = "x86")]
use core::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

#[cfg(avx512)]
use super::avx512;
use super::level::{Kernels, Level};
use super::vector::{Lookup, NUMBERS, Vector, intrinsics};
use super::{copy, scalar, utf8};

/// Needs SSE2, which the module's `cfg` demands of the target.
impl Vector for __m128i {
    const LEN: usize = 16;

    intrinsics! {
        load(from: *const u8) -> Self = _mm_loadu_si128(from.cast());
        store(self, to: *mut u8) = _mm_storeu_si128(to.cast(), self);
        // x86 is little-endian, so the least significant byte comes first.
        key(key: u32) -> Self = _mm_set1_epi32(i32::from_ne_bytes(key.to_ne_bytes()));
        xor(self, other: Self) -> Self = _mm_xor_si128(self, other);
        or(self, other: Self) -> Self = _mm_or_si128(self, other);
        is_ascii(self) -> bool = _mm_movemask_epi8(self) == 0;
    }
}

/// Needs SSSE3.
impl Lookup for __m128i {
    intrinsics! {
        splat(byte: u8) -> Self = _mm_set1_epi8(i8::from_ne_bytes([byte]));
        table(bytes: &[u8; 16]) -> Self = Self::load(bytes.as_ptr());
        words(low: u64, high: u64) -> Self =
            _mm_set_epi64x(i64::from_ne_bytes(high.to_ne_bytes()), i64::from_ne_bytes(low.to_ne_bytes()));
        and(self, other: Self) -> Self = _mm_and_si128(self, other);
        saturating_sub(self, other: Self) -> Self = _mm_subs_epu8(self, other);
        high_nibbles(self) -> Self = _mm_and_si128(_mm_srli_epi16::<4>(self), _mm_set1_epi8(0x0f));
        look_up(self, places: Self) -> Self = _mm_shuffle_epi8(self, places);
        preceding<const N: i32>(self, before: Self) -> Self = _mm_alignr_epi8::<N>(self, before);
        is_zero(self) -> bool = _mm_movemask_epi8(_mm_cmpeq_epi8(self, _mm_setzero_si128())) == 0xffff;
    }

    #[inline(always)]
    unsafe fn ending_at(end: *const u8, n: usize) -> Self {
        debug_assert!(n < Self::LEN);
        // SAFETY: 16 bytes are readable before `end`. As n < 16, the 16 numbers from 16 - n on are in the array; those above 15
        // have no high bit, so that they select some byte.
        unsafe { _mm_shuffle_epi8(Self::load(end.sub(16)), Self::load(NUMBERS.as_ptr().add(16 - n))) }
    }
}

/// Needs AVX2.
impl Vector for __m256i {
    const LEN: usize = 32;

    intrinsics! {
        load(from: *const u8) -> Self = _mm256_loadu_si256(from.cast());
        store(self, to: *mut u8) = _mm256_storeu_si256(to.cast(), self);
        // x86 is little-endian, so the least significant byte comes first.
        key(key: u32) -> Self = _mm256_set1_epi32(i32::from_ne_bytes(key.to_ne_bytes()));
        xor(self, other: Self) -> Self = _mm256_xor_si256(self, other);
        or(self, other: Self) -> Self = _mm256_or_si256(self, other);
        is_ascii(self) -> bool = _mm256_movemask_epi8(self) == 0;
    }
}

/// Needs AVX2.
impl Lookup for __m256i {
    intrinsics! {
        splat(byte: u8) -> Self = _mm256_set1_epi8(i8::from_ne_bytes([byte]));
        table(bytes: &[u8; 16]) -> Self = _mm256_broadcastsi128_si256(__m128i::load(bytes.as_ptr()));
        words(low: u64, high: u64) -> Self = _mm256_zextsi128_si256(__m128i::words(low, high));
        and(self, other: Self) -> Self = _mm256_and_si256(self, other);
        saturating_sub(self, other: Self) -> Self = _mm256_subs_epu8(self, other);
        high_nibbles(self) -> Self = _mm256_and_si256(_mm256_srli_epi16::<4>(self), _mm256_set1_epi8(0x0f));
        // The look-up stays within each half, and both halves hold the whole table.
        look_up(self, places: Self) -> Self = _mm256_shuffle_epi8(self, places);
        // Each half of `self`, preceded by the half that stands before it.
        preceding<const N: i32>(self, before: Self) -> Self =
            _mm256_alignr_epi8::<N>(self, _mm256_permute2x128_si256::<0x21>(before, self));
        is_zero(self) -> bool = _mm256_testz_si256(self, self) != 0;
    }

    #[inline(always)]
    unsafe fn ending_at(end: *const u8, n: usize) -> Self {
        debug_assert!(n < Self::LEN);
        // SAFETY: at least 16 bytes, and n, are readable before `end`. The half register that is filled in part takes fewer than 16
        // bytes, as its own `ending_at` demands.
        unsafe {
            if n < 16 {
                _mm256_zextsi128_si256(__m128i::ending_at(end, n))
            } else {
                _mm256_set_m128i(__m128i::ending_at(end, n - 16), __m128i::load(end.sub(n)))
            }
        }
    }
}

/// The register for short payloads.
pub(super) type Short = __m128i;

/// Masks a long payload.
#[inline]
pub(super) fn xor(level: Level, bytes: &mut [u8], key: u32) {
    if level.kernels() >= Kernels::Avx2 {
        // SAFETY: the level says that the machine has AVX2.
        unsafe { xor_avx2(bytes, key) }
    } else {
        scalar::xor(bytes, key);
    }
}

/// Masks a long payload while copying.
///
/// # Safety
///
/// `len` bytes are readable at `from` and writable at `to`, and the two do not overlap; `len >= 64`.
#[inline]
pub(super) unsafe fn xor_copy(level: Level, from: *const u8, to: *mut u8, len: usize, key: u32) {
    if level.kernels() >= Kernels::Avx2 {
        // SAFETY: the caller vouches for the bytes, and the level for AVX2.
        unsafe { xor_copy_avx2(from, to, len, key) }
    } else {
        // SAFETY: the caller vouches for the bytes; SSE2 is there.
        unsafe { copy::aligned::<__m128i>(from, to, len, key) }
    }
}

/// Runs [`utf8::unmask`] if the level allows.
///
/// # Safety
///
/// As there; the level vouches for the features.
#[inline]
pub(super) unsafe fn unmask<const STORE: bool>(
    level: Level,
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: u32,
) -> Option<bool> {
    match level.kernels() {
        Kernels::Baseline => None,
        // SAFETY: the caller vouches for the bytes, the level for SSSE3.
        Kernels::Ssse3 => Some(unsafe { unmask_ssse3::<STORE>(from, to, len, key) }),
        // SAFETY: the caller vouches for the bytes, the level for AVX2.
        Kernels::Avx2 => Some(unsafe { unmask_avx2::<STORE>(from, to, len, key) }),
        // SAFETY: the caller vouches for the bytes, the level for AVX-512.
        #[cfg(avx512)]
        Kernels::Avx512 => Some(unsafe { avx512::unmask::<STORE>(from, to, len, key) }),
    }
}

/// The safe loop, compiled for AVX2.
///
/// # Safety
///
/// The machine has AVX2.
#[target_feature(enable = "avx2")]
unsafe fn xor_avx2(bytes: &mut [u8], key: u32) {
    scalar::xor(bytes, key);
}

/// # Safety
///
/// As for [`copy::aligned`]; the machine has AVX2.
#[target_feature(enable = "avx2")]
unsafe fn xor_copy_avx2(from: *const u8, to: *mut u8, len: usize, key: u32) {
    // SAFETY: the caller vouches for the bytes and for AVX2.
    unsafe { copy::aligned::<__m256i>(from, to, len, key) }
}

/// # Safety
///
/// As for [`utf8::unmask`]; the machine has SSSE3.
#[target_feature(enable = "ssse3")]
unsafe fn unmask_ssse3<const STORE: bool>(from: *const u8, to: *mut u8, len: usize, key: u32) -> bool {
    // SAFETY: the caller vouches for the bytes and for SSSE3.
    unsafe { utf8::unmask::<__m128i, __m128i, STORE>(from, to, len, key) }
}

/// # Safety
///
/// As for [`utf8::unmask`]; the machine has AVX2.
#[target_feature(enable = "avx2")]
unsafe fn unmask_avx2<const STORE: bool>(from: *const u8, to: *mut u8, len: usize, key: u32) -> bool {
    // SAFETY: the caller vouches for the bytes and for AVX2.
    unsafe { utf8::unmask::<__m256i, __m128i, STORE>(from, to, len, key) }
}
