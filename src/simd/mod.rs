//! The cellar: kernels over bytes, and the only `unsafe` of the crate.
//!
//! A masking key travels as a `u32` whose least significant byte masks the first payload byte (`u32::from_le_bytes` of the
//! wire's order), on every machine. After `n` bytes the key is rotated right by `8 * (n % 4)` bits.
#![allow(dead_code)] // Until every kernel has its user.

#[cfg(feature = "alloc")]
mod assembly;
mod scalar;

#[cfg(feature = "alloc")]
pub(crate) use assembly::Assembly;

/// The kernels that this machine can run: a token, made once and passed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level(());

impl Level {
    /// Asks the machine once what it can run.
    pub(crate) fn detect() -> Self {
        Self(())
    }
}

/// What `unmask_text` found.
pub(crate) struct Text<'i> {
    /// The longest valid beginning that ends at the border of a code point.
    pub(crate) valid: &'i str,
    pub(crate) tail: Tail<'i>,
}

/// What follows the valid part of a text.
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
pub(crate) fn xor(_level: Level, bytes: &mut [u8], key: u32) {
    scalar::xor(bytes, key);
}

/// The same for up to some hundred bytes, inlined and without a choice of kernels.
#[inline]
pub(crate) fn xor_short(bytes: &mut [u8], key: u32) {
    scalar::xor(bytes, key);
}

/// Masks or unmasks `from` into the front of `to`, which is at least as long.
#[inline]
pub(crate) fn xor_copy(_level: Level, from: &[u8], to: &mut [u8], key: u32) {
    scalar::xor_copy(from, to, key);
}

/// Unmasks in place if the result is ASCII; else gives the bytes back as they were, still masked.
#[inline]
pub(crate) fn unmask_ascii(bytes: &mut [u8], key: u32) -> Result<&str, &mut [u8]> {
    scalar::unmask_ascii(bytes, key)
}

/// Unmasks in place and validates UTF-8.
#[inline]
pub(crate) fn unmask_text(_level: Level, bytes: &mut [u8], key: u32) -> Text<'_> {
    scalar::unmask_text(bytes, key)
}
