//! Unmasking and validating UTF-8 at once, in registers.
//!
//! Whether bytes are UTF-8 shows in each pair of neighbours, but for one rule: where the third and fourth bytes of a code point
//! have to stand. (J. Keiser, D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte", 2020.) The first byte's two
//! halves and the second's upper half are looked up in three tables; each entry is a set of the faults that this half allows, and a
//! fault that all three allow has happened. A pair needs no further byte to be judged, so a text may end inside a code point.

use super::short;
use super::vector::{Lookup, Vector};
use super::{Tail, Text, scalar};

/// Unmasks `len` bytes from `from` to `to`, or only reads them unless `STORE`, and returns whether no two neighbours among them,
/// and no missing or surplus third or fourth byte, make them invalid. (A text's last three bytes are judged as far as pairs do.)
///
/// # Safety
///
/// The machine has what `V` and `S` need, and `S` holds 16 bytes. `len` bytes are readable at `from`; if `STORE`, they are writable
/// at `to`, which is the same place as `from` or does not overlap it.
#[inline(always)] // Into functions that enable the features of `V`.
pub(super) unsafe fn unmask<V: Lookup, S: Vector, const STORE: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: u32,
) -> bool {
    // SAFETY: the caller vouches for the features. Each access at `i` is to as many bytes as the loop's condition has left before
    // `len`; the last `rest` bytes are what is left then. What is loaded was not stored before.
    unsafe {
        let mask = V::key(key);
        let rest = len % V::LEN;
        // Loaded before anything is stored: a load of bytes that were stored in two parts, or in part, has to wait.
        let end = if rest == 0 {
            mask
        } else if len < 16 {
            let (low, high) = short::load_words(from, len);
            V::words(low, high)
        } else {
            V::ending_at(from.add(len), rest)
        };
        let mut check = Check::<V>::new();
        let mut i = 0;
        // Two registers at once: ASCII needs no tables.
        while len - i >= 2 * V::LEN {
            let (front, back) = (V::load(from.add(i)).xor(mask), V::load(from.add(i + V::LEN)).xor(mask));
            if front.or(back).is_ascii() {
                check.ascii();
            } else {
                check.bytes(front);
                check.bytes(back);
            }
            if STORE {
                front.store(to.add(i));
                back.store(to.add(i + V::LEN));
            }
            i += 2 * V::LEN;
        }
        if len - i >= V::LEN {
            let bytes = V::load(from.add(i)).xor(mask);
            check.bytes(bytes);
            if STORE {
                bytes.store(to.add(i));
            }
            i += V::LEN;
        }
        if rest > 0 {
            check.first_bytes(end.xor(mask), rest);
            if STORE {
                // `i` is a multiple of 16, so the key's phase is that of the front.
                short::mask::<S, false>(from.add(i), to.add(i), rest, key);
            }
        }
        check.fault.is_zero()
    }
}

/// Makes a text of unmasked bytes that [`unmask`] was asked about.
///
/// # Safety
///
/// If `possible`, then `unmask` has returned `true` for these bytes.
#[inline(always)] // What it returns then stays in registers: `benches/peers`, 60 B text, CJK.
pub(super) unsafe fn text(bytes: &[u8], possible: bool) -> Text<'_> {
    let cut = match bytes {
        [.., 0xc2..=0xf4] => 1,
        [.., 0xe0..=0xf4, _] => 2,
        [.., 0xf0..=0xf4, _, _] => 3,
        // A byte that begins nothing makes no pair if it is the last.
        [.., 0xc0..=0xff] => return invalid(bytes),
        _ => 0,
    };
    match bytes.len().checked_sub(cut).and_then(|border| bytes.split_at_checked(border)) {
        Some((valid, cut)) if possible => {
            // SAFETY: no pair of neighbours in `bytes` is invalid, and every lead byte has its continuation bytes, except one that
            // begins `cut`. So `valid` consists of whole code points.
            let valid = unsafe { core::str::from_utf8_unchecked(valid) };
            Text { valid, tail: if cut.is_empty() { Tail::Complete } else { Tail::Cut(cut) } }
        }
        Some(_) | None => invalid(bytes),
    }
}

/// Looks for the first fault anew.
fn invalid(bytes: &[u8]) -> Text<'_> {
    let text = scalar::validate(bytes);
    debug_assert!(text.tail == Tail::Invalid, "a kernel saw a fault where there is none");
    text
}

/// What the registers checked so far have shown.
struct Check<V> {
    /// Not zero anywhere if there was a fault.
    fault: V,
    /// The register before the next one, or before the ASCII before it.
    before: V,
    first_high: V,
    first_low: V,
    second_high: V,
}

impl<V: Lookup> Check<V> {
    /// # Safety
    ///
    /// The machine has what `V` needs; so for the other functions.
    #[inline(always)] // As above.
    unsafe fn new() -> Self {
        // SAFETY: the caller vouches for the features.
        unsafe {
            Self {
                fault: V::splat(0),
                before: V::splat(0),
                first_high: V::table(&FIRST_HIGH),
                first_low: V::table(&FIRST_LOW),
                second_high: V::table(&SECOND_HIGH),
            }
        }
    }

    /// Takes a register's bytes, or several, of which all are ASCII.
    ///
    /// # Safety
    ///
    /// As for [`new`](Self::new).
    #[inline(always)] // As above.
    unsafe fn ascii(&mut self) {
        // SAFETY: `LAST_LEAD` has a whole register's bytes up to its end; the caller vouches for the features.
        unsafe {
            // A code point that began in the register before has no continuation. If there is none, what follows is judged the same
            // after that register as after ASCII, so it may stay.
            let limits = V::load(LAST_LEAD.as_ptr().add(LAST_LEAD.len() - V::LEN));
            self.fault = self.fault.or(self.before.saturating_sub(limits));
        }
    }

    /// Takes the next bytes.
    ///
    /// # Safety
    ///
    /// As for [`new`](Self::new).
    #[inline(always)] // As above.
    unsafe fn bytes(&mut self, bytes: V) {
        // SAFETY: the caller vouches for the features.
        unsafe {
            self.fault = self.fault.or(self.faults(bytes));
            self.before = bytes;
        }
    }

    /// Takes the last bytes: the first `n` of a register.
    ///
    /// # Safety
    ///
    /// As for [`new`](Self::new); `n` is less than a register holds.
    #[inline(always)] // As above.
    unsafe fn first_bytes(&mut self, bytes: V, n: usize) {
        debug_assert!(n < V::LEN);
        // SAFETY: `n` is less than 64, and from there on at least a whole register's bytes are in `FRONT`; the caller vouches for the
        // features. A byte's fault depends on itself and those before it only.
        unsafe {
            let front = V::load(FRONT.as_ptr().cast::<u8>().add(64 - n));
            self.fault = self.fault.or(self.faults(bytes).and(front));
        }
    }

    /// The faults that each byte makes with those before it.
    ///
    /// # Safety
    ///
    /// As for [`new`](Self::new).
    #[inline(always)] // As above.
    unsafe fn faults(&self, bytes: V) -> V {
        // SAFETY: the caller vouches for the features. Both places are below 16.
        unsafe {
            let first = bytes.preceding::<15>(self.before);
            let second = bytes.preceding::<14>(self.before);
            let third = bytes.preceding::<13>(self.before);
            let pairs = self
                .first_high
                .look_up(first.high_nibbles())
                .and(self.first_low.look_up(first.and(V::splat(0x0f))))
                .and(self.second_high.look_up(bytes.high_nibbles()));
            // The high bit is set two bytes after 0xe0 and above, and three bytes after 0xf0 and above: there, two continuations
            // in sequence are right, and nothing else is.
            let wanted = second
                .saturating_sub(V::splat(0xe0 - 0x80))
                .or(third.saturating_sub(V::splat(0xf0 - 0x80)))
                .and(V::splat(TWO_CONTINUATIONS));
            pairs.xor(wanted)
        }
    }
}

/// A lead byte, followed by no continuation.
const TOO_SHORT: u8 = 1 << 0;
/// ASCII, followed by a continuation.
const TOO_LONG: u8 = 1 << 1;
/// E0, followed by less than A0.
const OVERLONG_3: u8 = 1 << 2;
/// F4, followed by more than 8F; or above F4.
const TOO_LARGE: u8 = 1 << 3;
/// ED, followed by more than 9F.
const SURROGATE: u8 = 1 << 4;
/// C0 or C1.
const OVERLONG_2: u8 = 1 << 5;
/// F0, followed by less than 90.
const OVERLONG_4: u8 = 1 << 6;
/// Above F4, followed by less than 90.
const TOO_LARGE_8: u8 = 1 << 6;
/// A fault only where no third or fourth byte is wanted.
const TWO_CONTINUATIONS: u8 = 1 << 7;
/// The faults that do not depend on the first byte's lower half.
const ANY: u8 = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS;

/// By the first byte's upper half.
static FIRST_HIGH: [u8; 16] = {
    let mut faults = [TOO_LONG; 16];
    faults[0x8] = TWO_CONTINUATIONS;
    faults[0x9] = TWO_CONTINUATIONS;
    faults[0xa] = TWO_CONTINUATIONS;
    faults[0xb] = TWO_CONTINUATIONS;
    faults[0xc] = TOO_SHORT | OVERLONG_2;
    faults[0xd] = TOO_SHORT;
    faults[0xe] = TOO_SHORT | OVERLONG_3 | SURROGATE;
    faults[0xf] = TOO_SHORT | TOO_LARGE | TOO_LARGE_8 | OVERLONG_4;
    faults
};

/// By the first byte's lower half.
static FIRST_LOW: [u8; 16] = {
    let mut faults = [ANY | TOO_LARGE | TOO_LARGE_8; 16];
    faults[0x0] = ANY | OVERLONG_2 | OVERLONG_3 | OVERLONG_4;
    faults[0x1] = ANY | OVERLONG_2;
    faults[0x2] = ANY;
    faults[0x3] = ANY;
    faults[0x4] = ANY | TOO_LARGE;
    faults[0xd] |= SURROGATE;
    faults
};

/// By the second byte's upper half.
static SECOND_HIGH: [u8; 16] = {
    let mut faults = [TOO_SHORT; 16];
    faults[0x8] = TOO_LONG | TWO_CONTINUATIONS | OVERLONG_2 | OVERLONG_3 | OVERLONG_4 | TOO_LARGE_8;
    faults[0x9] = TOO_LONG | TWO_CONTINUATIONS | OVERLONG_2 | OVERLONG_3 | TOO_LARGE;
    faults[0xa] = TOO_LONG | TWO_CONTINUATIONS | OVERLONG_2 | SURROGATE | TOO_LARGE;
    faults[0xb] = faults[0xa];
    faults
};

/// The highest byte that may stand at each place of a register if ASCII follows it: only the last three places matter.
static LAST_LEAD: [u8; 64] = {
    let mut limits = [0xff; 64];
    limits[61] = 0xef;
    limits[62] = 0xdf;
    limits[63] = 0xbf;
    limits
};

/// Read from 64 - n on, it has n bytes of ones, and zeros then.
static FRONT: [[u8; 64]; 2] = [[0xff; 64], [0; 64]];
