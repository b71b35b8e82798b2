//! Short payloads: 16-byte registers that every machine of the target has, inlined, without a choice of kernels.
//!
//! A length that is no multiple of 16 ends with a register that overlaps the one before it. It is loaded before anything is stored,
//! and its key is rotated to its place.

use super::vector::{Vector, intrinsics};

/// Masks `len` bytes and returns `true`; but if `ASCII` is demanded and the result is not, stores nothing and returns `false`.
///
/// # Safety
///
/// The machine has what `V` needs, and `V` holds 16 bytes. `len` bytes are readable at `from` and writable at `to`, which are the
/// same place or do not overlap.
#[inline(always)] // Into functions that enable the features of `V`.
pub(super) unsafe fn mask<V: Vector, const ASCII: bool>(from: *const u8, to: *mut u8, len: usize, key: u32) -> bool {
    debug_assert!(V::LEN == 16);
    // SAFETY: the caller vouches for the bytes; each branch takes as many as the function that it calls demands.
    unsafe {
        if len <= 32 {
            if len < 16 { words::<ASCII>(from, to, len, key) } else { both_ends::<V, 1, ASCII>(from, to, len, key) }
        } else if len <= 64 {
            both_ends::<V, 2, ASCII>(from, to, len, key)
        } else if len <= 128 {
            both_ends::<V, 4, ASCII>(from, to, len, key)
        } else {
            loops::<V, ASCII>(from, to, len, key)
        }
    }
}

/// [`mask`] with `N` registers from the front and `N` from the end, which meet or overlap.
///
/// # Safety
///
/// As for [`mask`], but `V` may hold any multiple of 4 bytes; `N` registers hold at most `len` bytes, and 2 `N` at least as many.
#[inline(always)] // As above.
unsafe fn both_ends<V: Vector, const N: usize, const ASCII: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: u32,
) -> bool {
    let half = V::LEN * N;
    debug_assert!(half <= len && len <= 2 * half);
    // SAFETY: the registers of a half span `half` bytes, which `len` is not below, so they lie within `len` from either end. All
    // are loaded before one is stored.
    unsafe {
        let front = load::<V, N>(from, V::key(key));
        // A half is a multiple of the key's length, so `len` gives the phase.
        let end = load::<V, N>(from.add(len - half), V::key(rotated(key, len)));
        if ASCII {
            let mut all = V::key(0);
            for (a, b) in front.iter().zip(&end) {
                all = all.or(a.or(*b));
            }
            if !all.is_ascii() {
                return false;
            }
        }
        store::<V, N>(front, to);
        store::<V, N>(end, to.add(len - half));
    }
    true
}

/// [`mask`] for any length that fills a register.
///
/// # Safety
///
/// As for [`mask`]; `len` >= 16.
#[inline(always)] // As above.
unsafe fn loops<V: Vector, const ASCII: bool>(from: *const u8, to: *mut u8, len: usize, key: u32) -> bool {
    let last = len - 16;
    // SAFETY: every access is to 16 bytes that begin at `last` or before, so they end within `len`. The last ones are loaded before
    // a store could change them; the others are loaded and stored at one place at a time, each beginning where the one before ended.
    unsafe {
        let at_front = V::key(key);
        let end = V::load(from.add(last)).xor(V::key(rotated(key, last)));
        if ASCII {
            let mut all = end;
            let mut i = 0;
            while i < last {
                all = all.or(V::load(from.add(i)).xor(at_front));
                i += 16;
            }
            if !all.is_ascii() {
                return false;
            }
        }
        let mut i = 0;
        while i < last {
            V::load(from.add(i)).xor(at_front).store(to.add(i));
            i += 16;
        }
        end.store(to.add(last));
    }
    true
}

/// [`mask`] for fewer than 16 bytes.
///
/// # Safety
///
/// As for [`mask`]; `len` < 16.
#[inline(always)] // As above.
unsafe fn words<const ASCII: bool>(from: *const u8, to: *mut u8, len: usize, key: u32) -> bool {
    // SAFETY: each branch reads and writes within the `len` bytes that the caller vouches for, and reads before it writes.
    unsafe {
        if len >= 8 {
            return both_ends::<u64, 1, ASCII>(from, to, len, key);
        } else if len >= 4 {
            return both_ends::<u32, 1, ASCII>(from, to, len, key);
        } else if len > 0 {
            let (middle, last) = (len / 2, len - 1);
            let word = load_words(from, len).0 ^ u64::from(key);
            let [front, centre, end] = [byte(word, 0), byte(word, middle), byte(word, last)];
            if ASCII && (front | centre | end) >= 0x80 {
                return false;
            }
            *to = front;
            *to.add(middle) = centre;
            *to.add(last) = end;
        }
    }
    true
}

/// Fewer than 16 bytes, as two words: the first bytes in the least significant places of the first. What stands in the places from
/// `len` on is unspecified.
///
/// # Safety
///
/// `len` bytes are readable at `from`; 0 < `len` < 16.
#[inline(always)] // As above.
pub(super) unsafe fn load_words(from: *const u8, len: usize) -> (u64, u64) {
    debug_assert!(0 < len && len < 16);
    // SAFETY: each branch reads within the `len` bytes that the caller vouches for.
    unsafe {
        if len >= 8 {
            let [front, end] = [u64::load(from), u64::load(from.add(len - 8))].map(u64::from_le);
            (front, end.wrapping_shr(bits(16 - len)))
        } else if len >= 4 {
            let [front, end] =
                [u32::load(from), u32::load(from.add(len - 4))].map(|word| u64::from(u32::from_le(word)));
            (front | end << bits(len - 4), 0)
        } else {
            let (middle, last) = (len / 2, len - 1);
            let [first, middle_byte, last_byte] = [*from, *from.add(middle), *from.add(last)].map(u64::from);
            (first | middle_byte << bits(middle) | last_byte << bits(last), 0)
        }
    }
}

/// `N` registers in sequence, masked.
///
/// # Safety
///
/// The machine has what `V` needs; as many bytes as `N` registers hold are readable at `from`.
#[inline(always)] // As above.
unsafe fn load<V: Vector, const N: usize>(from: *const u8, key: V) -> [V; N] {
    let mut registers = [key; N];
    for (i, register) in registers.iter_mut().enumerate() {
        // SAFETY: `i` < `N`.
        *register = unsafe { V::load(from.add(V::LEN * i)).xor(key) };
    }
    registers
}

/// # Safety
///
/// The machine has what `V` needs; as many bytes as `N` registers hold are writable at `to`.
#[inline(always)] // As above.
unsafe fn store<V: Vector, const N: usize>(registers: [V; N], to: *mut u8) {
    for (i, register) in registers.into_iter().enumerate() {
        // SAFETY: `i` < `N`.
        unsafe { register.store(to.add(V::LEN * i)) };
    }
}

/// The key for the byte that lies `n` bytes further on.
#[inline]
pub(crate) const fn rotated(key: u32, n: usize) -> u32 {
    let [low, ..] = n.to_le_bytes();
    key.rotate_right(8 * (low & 3) as u32)
}

/// How many bits are in `bytes` bytes, of which there are at most 15.
#[inline]
const fn bits(bytes: usize) -> u32 {
    let [low, ..] = bytes.to_le_bytes();
    8 * (low & 15) as u32
}

/// The byte at the given place, of which the least significant is 0.
#[inline]
const fn byte(word: u64, place: usize) -> u8 {
    (word >> bits(place) & 0xff) as u8
}

/// Writes words as registers of their bytes, in the machine's order.
macro_rules! words {
    ($($word:ident)+) => {$(
        /// Needs nothing.
        impl Vector for $word {
            const LEN: usize = size_of::<Self>();

            intrinsics! {
                load(from: *const u8) -> Self = from.cast::<Self>().read_unaligned();
                store(self, to: *mut u8) = to.cast::<Self>().write_unaligned(self);
                key(key: u32) -> Self = Self::from(key.to_le()) * (Self::MAX / Self::from(u32::MAX));
                xor(self, other: Self) -> Self = self ^ other;
                or(self, other: Self) -> Self = self | other;
                is_ascii(self) -> bool = self & Self::key(0x8080_8080) == 0;
            }
        }
    )+};
}

words!(u32 u64 u128);
