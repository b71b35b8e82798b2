//! The safe twins: obviously right, and what machines without a kernel run.
#![forbid(unsafe_code)]

use super::{Tail, Text};

#[inline(always)] // Into functions that enable more CPU features, for which the compiler vectorises the loop anew.
pub(super) fn xor(bytes: &mut [u8], key: u32) {
    let word = u64::from_ne_bytes(doubled(key));
    let mut words = bytes.chunks_exact_mut(8);
    for chunk in &mut words {
        if let Some(eight) = chunk.first_chunk_mut::<8>() {
            *eight = (u64::from_ne_bytes(*eight) ^ word).to_ne_bytes();
        }
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(doubled(key)) {
        *byte ^= mask;
    }
}

/// As many bytes as both have.
#[cfg(test)] // The twin that the kernel is held against.
pub(super) fn xor_copy(from: &[u8], to: &mut [u8], key: u32) {
    let word = u64::from_ne_bytes(doubled(key));
    let len = from.len().min(to.len());
    let (Some(from), Some(to)) = (from.get(..len), to.get_mut(..len)) else { return };
    let (from_words, mut to_words) = (from.chunks_exact(8), to.chunks_exact_mut(8));
    let from_rest = from_words.remainder();
    for (from, to) in from_words.zip(&mut to_words) {
        if let (Some(from), Some(to)) = (from.first_chunk::<8>(), to.first_chunk_mut::<8>()) {
            *to = (u64::from_ne_bytes(*from) ^ word).to_ne_bytes();
        }
    }
    for ((to, from), mask) in to_words.into_remainder().iter_mut().zip(from_rest).zip(doubled(key)) {
        *to = from ^ mask;
    }
}

#[cfg(test)] // The twin that the kernel is held against.
#[inline]
pub(super) fn unmask_ascii(bytes: &mut [u8], key: u32) -> Result<&str, &mut [u8]> {
    let word = u64::from_ne_bytes(doubled(key));
    let mut seen = 0;
    let words = bytes.chunks_exact(8);
    let rest = words.remainder().iter().zip(doubled(key)).fold(0, |seen, (byte, mask)| seen | (byte ^ mask));
    for eight in words.filter_map(|chunk| chunk.first_chunk::<8>()) {
        seen |= u64::from_ne_bytes(*eight) ^ word;
    }
    if seen & u64::from_ne_bytes([0x80; 8]) != 0 || rest >= 0x80 {
        return Err(bytes);
    }
    xor(bytes, key);
    Ok(core::str::from_utf8(bytes).unwrap_or_default())
}

pub(super) fn unmask_text(bytes: &mut [u8], key: u32) -> Text<'_> {
    xor(bytes, key);
    validate(bytes)
}

pub(super) fn validate(bytes: &[u8]) -> Text<'_> {
    match core::str::from_utf8(bytes) {
        Ok(valid) => Text { valid, tail: Tail::Complete },
        Err(error) => {
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            let tail = if error.error_len().is_none() { Tail::Cut(rest) } else { Tail::Invalid };
            Text { valid: core::str::from_utf8(valid).unwrap_or_default(), tail }
        }
    }
}

const fn doubled(key: u32) -> [u8; 8] {
    let [a, b, c, d] = key.to_le_bytes();
    [a, b, c, d, a, b, c, d]
}
