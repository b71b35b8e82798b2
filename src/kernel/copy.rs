//! Masking while copying: each byte is read once and written once.

use super::vector::Vector;
use super::{Level, SHORT, machine, short};

/// Masks `len` bytes into another place. Up to 32 bytes are masked inline; for more there is one call, so that a caller's loop stays small.
///
/// # Safety
///
/// `len` bytes are readable at `from` and writable at `to`, and the two do not overlap.
#[inline(always)] // A short message is masked in as many instructions as it takes to call a function.
pub(super) unsafe fn mask(level: Level, from: *const u8, to: *mut u8, len: usize, key: u32) {
    // SAFETY: the caller vouches for the bytes; `Short` needs what every machine of the target has.
    unsafe {
        if len <= INLINE {
            short::mask::<machine::Short, false>(from, to, len, key);
        } else if key == 0 {
            to.copy_from_nonoverlapping(from, len);
        } else {
            long(level, from, to, len, key);
        }
    }
}

/// [`mask`] with a key that is not 0.
///
/// # Safety
///
/// As for [`mask`]; `len` is greater than [`INLINE`].
#[inline(never)]
unsafe fn long(level: Level, from: *const u8, to: *mut u8, len: usize, key: u32) {
    // SAFETY: the caller vouches for the bytes; `Short` needs what every machine of the target has, and a kernel wants no less than
    // `SHORT` bytes.
    unsafe {
        if len <= SHORT {
            short::mask::<machine::Short, false>(from, to, len, key);
        } else {
            machine::xor_copy(level, from, to, len, key);
        }
    }
}

/// Masks `len` bytes into another place, in registers whose stores begin at multiples of their length: one that lies across two lines
/// of the cache costs twice.
///
/// # Safety
///
/// The machine has what `V` needs. `len` bytes are readable at `from` and writable at `to`, and the two do not overlap;
/// `len >= 2 * V::LEN`.
#[inline(always)] // Into functions that enable the features of `V`.
pub(super) unsafe fn aligned<V: Vector>(from: *const u8, to: *mut u8, len: usize, key: u32) {
    debug_assert!(len >= 2 * V::LEN);
    let last = len - V::LEN;
    // 1 to `V::LEN`, so that the first register covers what comes before.
    let front = V::LEN - to.addr() % V::LEN;
    // SAFETY: every access is to `V::LEN` bytes that begin at `last` or before, so they end within `len`: `i` is at most `last` where
    // one register is taken, and so much less where four are. Each place is written from bytes that were only read.
    unsafe {
        V::load(from).xor(V::key(key)).store(to);
        let masks = V::key(short::rotated(key, front));
        let mut i = front;
        while i + 4 * V::LEN <= last {
            let mut registers = [masks; 4];
            for (n, register) in registers.iter_mut().enumerate() {
                *register = V::load(from.add(i + n * V::LEN)).xor(masks);
            }
            for (n, register) in registers.into_iter().enumerate() {
                register.store(to.add(i + n * V::LEN));
            }
            i += 4 * V::LEN;
        }
        while i < last {
            V::load(from.add(i)).xor(masks).store(to.add(i));
            i += V::LEN;
        }
        V::load(from.add(last)).xor(V::key(short::rotated(key, last))).store(to.add(last));
    }
}

/// Up to this length, to mask is no longer than to call.
const INLINE: usize = 32;
