//! Bytes of which the first are known to be UTF-8.

use alloc::{string::String, vec::Vec};

use super::{Level, Tail, unmask_text, unmask_text_copy};

/// A vector whose first [`valid_len`](Self::valid_len) bytes are UTF-8: what lets a text that was validated piece by piece be lent as
/// `&str` without a second look.
///
/// Only the kernels add to the text. The bytes after it are the owner's; whatever may change the text itself makes it empty.
pub(crate) struct ValidText {
    bytes: Vec<u8>,
    /// Invariant: at most `bytes.len()`, and the bytes before it are UTF-8.
    valid: usize,
}

impl ValidText {
    /// No bytes, and no memory.
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), valid: 0 }
    }

    /// How many bytes of text there are.
    #[inline]
    pub(crate) const fn valid_len(&self) -> usize {
        self.valid
    }

    /// The text.
    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.valid).unwrap_or_default();
        // SAFETY: the first `valid` bytes are UTF-8: only the kernels' findings are counted, and each method that can
        // change one of them, or give it away, sets the count to 0.
        unsafe { core::str::from_utf8_unchecked(text) }
    }

    /// Takes the text, and the memory with it.
    pub(crate) fn take_string(&mut self) -> String {
        let valid = self.valid;
        let mut bytes = self.take_bytes();
        bytes.truncate(valid);
        // SAFETY: as in `as_str`: these are the first `valid` bytes, and the count was taken before it was set to 0.
        unsafe { String::from_utf8_unchecked(bytes) }
    }

    /// Takes all bytes, and the memory with them.
    pub(crate) fn take_bytes(&mut self) -> Vec<u8> {
        self.valid = 0;
        core::mem::take(&mut self.bytes)
    }

    /// All bytes. As they may be changed here, they are no text any more.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        self.valid = 0;
        &mut self.bytes
    }

    /// The bytes from `at` on, none of which is text.
    #[inline]
    pub(crate) fn rest_mut(&mut self, at: usize) -> &mut [u8] {
        self.bytes.get_mut(at.max(self.valid)..).unwrap_or_default()
    }

    /// How much memory is held.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for so many bytes in all, with what a vector adds to that.
    pub(crate) fn reserve(&mut self, capacity: usize) {
        self.bytes.reserve(capacity.saturating_sub(self.bytes.len()));
    }

    /// Makes room for so many bytes in all, and no more.
    pub(crate) fn reserve_exact(&mut self, capacity: usize) {
        self.bytes.reserve_exact(capacity.saturating_sub(self.bytes.len()));
    }

    /// Appends zeros until there are so many bytes.
    pub(crate) fn lengthen(&mut self, len: usize) {
        if self.bytes.len() < len {
            self.bytes.resize(len, 0);
        }
    }

    /// Drops the bytes from `len` on, as far as they are no text, and gives back the memory that then holds nothing.
    pub(crate) fn shrink(&mut self, len: usize) {
        self.bytes.truncate(len.max(self.valid));
        self.bytes.shrink_to_fit();
    }

    /// Unmasks the next `len` bytes after the text where they lie, and adds to the text as much of them as is UTF-8. What they end in
    /// is returned.
    pub(crate) fn unmask(&mut self, level: Level, len: usize, key: u32) -> Tail<'_> {
        let rest = self.bytes.get_mut(self.valid..).unwrap_or_default();
        let len = len.min(rest.len());
        let text = unmask_text(level, rest.split_at_mut(len).0, key);
        self.valid += text.valid.len();
        text.tail
    }

    /// The same with bytes that are copied to their place after the text, where there is room for them.
    pub(crate) fn unmask_from(&mut self, level: Level, masked: &[u8], key: u32) -> Tail<'_> {
        let rest = self.bytes.get_mut(self.valid..).unwrap_or_default();
        let text = unmask_text_copy(level, masked, rest, key);
        self.valid += text.valid.len();
        text.tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(bytes: &[u8]) -> ValidText {
        let mut text = ValidText::new();
        text.bytes_mut().extend_from_slice(bytes);
        text
    }

    #[test]
    fn only_what_was_validated_is_text() {
        for level in Level::all() {
            let mut text = holding("aü語".as_bytes());
            assert_eq!(text.as_str(), "");
            assert!(matches!(text.unmask(level, 2, 0), Tail::Cut([0xc3])), "a cut code point is possible");
            assert_eq!(text.as_str(), "a");
            assert_eq!(text.unmask(level, usize::MAX, 0), Tail::Complete);
            assert_eq!(text.as_str(), "aü語");
            assert_eq!(text.take_string(), "aü語");
            assert_eq!((text.as_str(), text.capacity()), ("", 0));
        }
    }

    #[test]
    fn impossible_bytes_do_not_become_text() {
        for level in Level::all() {
            let mut text = holding(b"ab\xffcd");
            assert_eq!(text.unmask(level, 5, 0), Tail::Invalid);
            assert_eq!(text.as_str(), "ab");
            assert_eq!(text.unmask_from(level, b"\xff", 0), Tail::Invalid);
            assert_eq!(text.as_str(), "ab");
        }
    }

    #[test]
    fn bytes_that_may_change_are_no_text_and_text_can_not_change() {
        let level = Level::detect();
        let mut text = holding(b"abcdef");
        assert_eq!(text.unmask(level, 4, 0), Tail::Complete);
        text.rest_mut(0).fill(0xff);
        text.shrink(0);
        text.lengthen(2);
        assert_eq!((text.as_str(), text.bytes.len()), ("abcd", 4));
        text.bytes_mut()[0] = 0xff;
        assert_eq!(text.as_str(), "");
    }
}
