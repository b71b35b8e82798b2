//! Kernels: loops over bytes, and the only `unsafe` of the crate.
//!
//! A masking key travels as a `u32` whose least significant byte masks the first payload byte (`u32::from_le_bytes` of the
//! wire's order), on every machine. After `n` bytes the key is rotated right by `8 * (n % 4)` bits.
#![cfg_attr(
    not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        reason = "a kernel without a machine that runs it is still compiled"
    )
)]

#[cfg(feature = "alloc")]
mod append;
#[cfg(avx512)]
mod avx512;
#[cfg(feature = "inflate")]
pub(crate) mod bits;
mod copy;
mod level;
mod scalar;
mod short;
#[cfg(test)]
mod tests;
mod utf8;
#[cfg(feature = "alloc")]
mod valid_text;
mod vector;

#[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2"))]
#[path = "x86.rs"]
mod machine;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
#[path = "neon.rs"]
mod machine;
#[cfg(not(any(
    all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
)))]
#[path = "portable.rs"]
mod machine;

#[cfg(feature = "alloc")]
pub(crate) use append::append_frame;
pub(crate) use level::Level;
pub(crate) use short::rotated;
#[cfg(feature = "alloc")]
pub(crate) use valid_text::ValidText;

/// What a text's bytes turned out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Text<'i> {
    /// The longest valid beginning that ends at the border of a code point.
    pub(crate) valid: &'i str,
    pub(crate) tail: Tail<'i>,
}

/// What follows the valid part of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tail<'i> {
    /// Nothing: the bytes are all valid.
    Complete,
    /// 1 to 3 bytes that may yet become a code point.
    Cut(&'i [u8]),
    /// Bytes that no further byte can make valid.
    Invalid,
}

/// Masks or unmasks in place.
#[inline]
pub(crate) fn xor(level: Level, bytes: &mut [u8], key: u32) {
    if bytes.len() <= SHORT {
        return xor_short(bytes, key);
    }
    // A register that lies across two lines of the cache costs twice (`benches/peers`, 1 KiB and 1 MiB).
    let (head, body) = bytes.split_at_mut(bytes.as_ptr().align_offset(REGISTER).min(SHORT));
    xor_short(head, key);
    machine::xor(level, body, rotated(key, head.len()));
}

/// The same for up to some hundred bytes, inlined and without a choice of kernels.
#[inline]
pub(crate) fn xor_short(bytes: &mut [u8], key: u32) {
    let at = bytes.as_mut_ptr();
    // SAFETY: `at` has `bytes.len()` bytes, borrowed for writing; `Short` needs what every machine of the target has.
    unsafe { short::mask::<machine::Short, false>(at, at, bytes.len(), key) };
}

/// Masks or unmasks `from` into the front of `to`: as many bytes as both have.
#[inline]
pub(crate) fn xor_copy(level: Level, from: &[u8], to: &mut [u8], key: u32) {
    let len = from.len().min(to.len());
    // SAFETY: both slices have `len` bytes, and one that is borrowed for writing overlaps no other.
    unsafe { copy::mask(level, from.as_ptr(), to.as_mut_ptr(), len, key) }
}

/// Unmasks in place if the result is ASCII; else gives the bytes back as they were, still masked.
///
/// Inlined and without a choice of kernels, for up to some hundred bytes.
#[inline]
pub(crate) fn unmask_ascii(bytes: &mut [u8], key: u32) -> Result<&str, &mut [u8]> {
    let at = bytes.as_mut_ptr();
    // SAFETY: `at` has `bytes.len()` bytes, borrowed for writing; `Short` needs what every machine of the target has.
    if unsafe { short::mask::<machine::Short, true>(at, at, bytes.len(), key) } {
        // SAFETY: each byte is below 0x80.
        Ok(unsafe { core::str::from_utf8_unchecked(bytes) })
    } else {
        Err(bytes)
    }
}

/// Unmasks in place and validates UTF-8. Every byte is unmasked, whatever the result.
#[inline]
pub(crate) fn unmask_text(level: Level, bytes: &mut [u8], key: u32) -> Text<'_> {
    let at = bytes.as_mut_ptr();
    // SAFETY: `at` has `bytes.len()` bytes, borrowed for writing.
    match unsafe { machine::unmask::<true>(level, at, at, bytes.len(), key) } {
        // SAFETY: `bytes` is what was written there.
        Some(possible) => unsafe { utf8::text(bytes, possible) },
        None => scalar::unmask_text(bytes, key),
    }
}

/// Unmasks `from` into the front of `to`, as many bytes as both have, and validates UTF-8. Every byte is unmasked, whatever the
/// result.
#[cfg(any(feature = "alloc", test))]
#[inline]
pub(crate) fn unmask_text_copy<'t>(level: Level, from: &[u8], to: &'t mut [u8], key: u32) -> Text<'t> {
    let len = from.len().min(to.len());
    let (to, _) = to.split_at_mut(len);
    // SAFETY: both slices have `len` bytes, and one that is borrowed for writing overlaps no other.
    match unsafe { machine::unmask::<true>(level, from.as_ptr(), to.as_mut_ptr(), len, key) } {
        // SAFETY: `to` is what was written.
        Some(possible) => unsafe { utf8::text(to, possible) },
        None => {
            xor_copy(level, from, to, key);
            scalar::validate(to)
        }
    }
}

/// Validates UTF-8 that is not masked.
#[inline]
pub(crate) fn validate(level: Level, bytes: &[u8]) -> Text<'_> {
    // SAFETY: the slice has `bytes.len()` bytes, and nothing is stored.
    match unsafe { machine::unmask::<false>(level, bytes.as_ptr(), core::ptr::null_mut(), bytes.len(), 0) } {
        // SAFETY: with the key 0, these bytes were judged.
        Some(possible) => unsafe { utf8::text(bytes, possible) },
        None => scalar::validate(bytes),
    }
}

/// Up to this length, the baseline inline is faster than a kernel that has to be called.
const SHORT: usize = 256;

/// The largest register of a kernel, in bytes.
const REGISTER: usize = 32;
