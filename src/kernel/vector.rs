//! What a kernel asks of a vector register, so that each kernel is written once for all architectures.

/// A register of bytes.
///
/// # Safety
///
/// Every method, of this trait and of [`Lookup`], may use the CPU features that its implementor names; the caller vouches that the
/// machine has them. The methods are inlined into functions that enable these features, and so become single instructions.
pub(super) trait Vector: Copy {
    /// How many bytes it holds.
    const LEN: usize;

    /// # Safety
    ///
    /// `LEN` bytes are readable at `from`, which need not be aligned.
    unsafe fn load(from: *const u8) -> Self;

    /// # Safety
    ///
    /// `LEN` bytes are writable at `to`, which need not be aligned.
    unsafe fn store(self, to: *mut u8);

    /// Repeats the four bytes of the key, the least significant first.
    ///
    /// # Safety
    ///
    /// As for the trait.
    unsafe fn key(key: u32) -> Self;

    /// # Safety
    ///
    /// As for the trait.
    unsafe fn xor(self, other: Self) -> Self;

    /// # Safety
    ///
    /// As for the trait.
    unsafe fn or(self, other: Self) -> Self;

    /// Whether each byte is below 0x80.
    ///
    /// # Safety
    ///
    /// As for the trait.
    unsafe fn is_ascii(self) -> bool;
}

/// A register that can look its bytes up in tables: what validating UTF-8 needs.
pub(super) trait Lookup: Vector {
    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn splat(byte: u8) -> Self;

    /// Sixteen bytes, repeated as often as they fit.
    ///
    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn table(bytes: &[u8; 16]) -> Self;

    /// The bytes of the two words, the least significant byte of `low` first; any further bytes are zero.
    ///
    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn words(low: u64, high: u64) -> Self;

    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn and(self, other: Self) -> Self;

    /// Subtracts byte by byte, and stops at zero.
    ///
    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn saturating_sub(self, other: Self) -> Self;

    /// Each byte's upper four bits.
    ///
    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn high_nibbles(self) -> Self;

    /// The entries of `self`, made by [`table`](Self::table), at the given places, each below 16.
    ///
    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn look_up(self, places: Self) -> Self;

    /// The bytes that stand 16 - `N` places before those of `self`, where `before` precedes `self`; `N` is 13 to 15.
    ///
    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn preceding<const N: i32>(self, before: Self) -> Self;

    /// # Safety
    ///
    /// As for [`Vector`].
    unsafe fn is_zero(self) -> bool;

    /// The `n` bytes that end at `end`, at the front; what comes after them is unspecified.
    ///
    /// # Safety
    ///
    /// As for [`Vector`]. `n < LEN`, and `n` bytes, but at least 16, are readable before `end`.
    unsafe fn ending_at(end: *const u8, n: usize) -> Self;
}

/// Writes methods of [`Vector`] and [`Lookup`] that are a few intrinsics each: one line for a method.
///
/// Loads and stores are those that need no alignment.
macro_rules! intrinsics {
    ($($name:ident $(<const $constant:ident: i32>)? ($($argument:tt)*) $(-> $result:ty)? = $intrinsics:expr;)*) => {$(
        #[inline(always)]
        #[allow(unused_unsafe)] // Words need no intrinsics.
        unsafe fn $name $(<const $constant: i32>)? ($($argument)*) $(-> $result)? {
            // SAFETY: the caller vouches for the bytes at a pointer, and for the CPU features that the implementor names; an array
            // has its bytes.
            unsafe { $intrinsics }
        }
    )*};
}
pub(super) use intrinsics;

/// 0, 1, 2 and so on: sixteen of them, read from any place up to 16, number the bytes of a register from there.
pub(super) static NUMBERS: [u8; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
    31,
];
