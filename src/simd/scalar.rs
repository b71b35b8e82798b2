//! The safe twins: obviously right, and what machines without a kernel run.
#![forbid(unsafe_code)]

use super::{Tail, Text};

pub(crate) fn xor(bytes: &mut [u8], key: u32) {
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

pub(crate) fn xor_copy(from: &[u8], to: &mut [u8], key: u32) {
    if let Some(to) = to.get_mut(..from.len()) {
        to.copy_from_slice(from);
        xor(to, key);
    }
}

pub(crate) fn unmask_ascii(bytes: &mut [u8], key: u32) -> Result<&str, &mut [u8]> {
    xor(bytes, key);
    if !bytes.is_ascii() {
        xor(bytes, key);
        return Err(bytes);
    }
    Ok(core::str::from_utf8(bytes).unwrap_or_default())
}

pub(crate) fn unmask_text(bytes: &mut [u8], key: u32) -> Text<'_> {
    xor(bytes, key);
    validate(bytes)
}

pub(crate) fn validate(bytes: &[u8]) -> Text<'_> {
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
