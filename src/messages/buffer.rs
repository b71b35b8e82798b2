//! The buffer in which a message is put together.

mod room;

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::retention::Retention;
use crate::kernel::{self, Level, Tail, ValidText};
use crate::wire::{InvalidUtf8, MessageKind, Utf8Stream};

/// A message that arrives in masked pieces.
///
/// A piece is unmasked, and a text is validated, while it is copied in; or in place, after it was read into the [`space`] that is
/// lent for it. Memory grows with the bytes that have arrived, never with a length that was only announced: to at most double,
/// plus 32 KiB, or to as much as the message before had, if that was taken with its memory. All pieces of a message are handed over with its kind.
///
/// [`space`]: Self::space
pub(super) struct MessageBuffer {
    /// As long as it ever had to be since memory was given back, so that no byte is zeroed twice. What of a text is valid UTF-8 it
    /// knows; the other bytes that arrived are the beginning of a cut code point.
    text: ValidText,
    /// How many bytes of the message are there. At most `text.len()`.
    filled: usize,
    /// The text as far as it has arrived.
    utf8: Utf8Stream,
    /// How many bytes after those that arrived were lent to be read into, and were not reported since.
    lent: usize,
    /// How many bytes the last message had, if its memory went with it: the next one is not expected to grow from nothing.
    taken: u32,
}

impl MessageBuffer {
    /// An empty message, without memory.
    pub(super) const fn new() -> Self {
        Self { text: ValidText::new(), filled: 0, utf8: Utf8Stream::EMPTY, lent: 0, taken: 0 }
    }

    /// How many bytes have arrived.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.filled
    }

    /// How much memory is held.
    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity()
    }

    /// Unmasks a piece of a message while copying it in, and validates it if the message is text; it may then begin and end inside a
    /// code point.
    ///
    /// # Errors
    ///
    /// How many bytes of the text are valid, if no further byte could make the next ones so. All that is left to do then is to
    /// [`clear`](Self::clear).
    pub(super) fn push(
        &mut self,
        kind: MessageKind,
        level: Level,
        mut masked: &[u8],
        mut key: u32,
    ) -> Result<(), usize> {
        self.lent = 0;
        if let MessageKind::Binary = kind {
            kernel::xor_copy(level, masked, self.place(masked.len()), key);
            self.filled += masked.len();
            return Ok(());
        }
        while self.is_cut() {
            let Some((byte, rest)) = masked.split_first() else { return Ok(()) };
            kernel::xor_copy(level, &[*byte], self.place(1), key);
            self.resume(level)?;
            (masked, key) = (rest, key.rotate_right(8));
        }
        self.place(masked.len());
        self.filled += masked.len();
        self.utf8.leave(self.text.unmask_from(level, masked, key), false).map_err(|InvalidUtf8| self.text.valid_len())
    }

    /// Unmasks the `n` bytes that were read into the space, and validates them, as [`push`](Self::push) does.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub(super) fn filled(&mut self, kind: MessageKind, level: Level, n: usize, mut key: u32) -> Result<(), usize> {
        // No more than was lent can have been read. What was lent is no longer.
        let mut n = n.min(core::mem::take(&mut self.lent));
        if let MessageKind::Binary = kind {
            kernel::xor(level, self.read(n), key);
            self.filled += n;
            return Ok(());
        }
        while self.is_cut() {
            let Some(rest) = n.checked_sub(1) else { return Ok(()) };
            kernel::xor(level, self.read(1), key);
            self.resume(level)?;
            (n, key) = (rest, key.rotate_right(8));
        }
        self.filled += n;
        self.utf8.leave(self.text.unmask(level, n, key), false).map_err(|InvalidUtf8| self.text.valid_len())
    }

    /// The text that has arrived.
    ///
    /// # Errors
    ///
    /// How many bytes of it are valid, if it ends inside a code point, or is no text.
    #[inline]
    pub(super) fn text(&self) -> Result<&str, usize> {
        if self.is_cut() { Err(self.text.valid_len()) } else { Ok(self.text.as_str()) }
    }

    /// Takes the text that has arrived, and the memory with it; `None`, with nothing taken, where [`text`](Self::text) fails.
    pub(super) fn take_text(&mut self) -> Option<String> {
        self.text().ok()?;
        self.take_len();
        Some(self.text.take_string())
    }

    /// Takes the bytes that have arrived, and the memory with them.
    pub(super) fn take_binary(&mut self) -> Vec<u8> {
        let mut bytes = self.text.take_bytes();
        bytes.truncate(self.filled);
        self.take_len();
        bytes
    }

    fn take_len(&mut self) {
        self.taken = u32::try_from(self.filled).unwrap_or(u32::MAX);
        (self.filled, self.lent) = (0, 0);
    }

    /// The bytes that have arrived. As they may be changed here, they are no text any more.
    #[inline]
    pub(super) fn binary(&mut self) -> &mut [u8] {
        self.text.bytes_mut().get_mut(..self.filled).unwrap_or_default()
    }

    /// Forgets the message. Its memory is kept for the next one if it is no more than `kept` bytes, or `retention` says so; else all is
    /// given back: to give back a part, the allocator would have to copy, or to ask the system.
    pub(super) fn clear(&mut self, kept: usize, retention: &mut Retention) {
        let needed = core::mem::take(&mut self.filled);
        self.lent = 0;
        if needed > 0 && retention.used(needed, self.text.bytes_mut().capacity(), kept) {
            self.text = ValidText::new();
        }
    }

    /// Forgets the message and its memory.
    pub(super) fn discard(&mut self) {
        *self = Self::new();
    }

    /// Takes note of a turn in which nothing was put together here.
    pub(super) fn rest(&mut self, kept: usize, retention: &mut Retention) {
        // What was read into a place that was lent may not be reported yet.
        if self.filled == 0 && self.lent == 0 && retention.unused(self.capacity(), kept) {
            self.text = ValidText::new();
        }
    }

    /// Gives back what memory holds nothing.
    pub(super) fn shrink(&mut self) {
        (self.lent, self.taken) = (0, 0);
        self.text.shrink(self.filled);
    }

    /// Whether the text ends inside a code point.
    #[inline]
    const fn is_cut(&self) -> bool {
        self.text.valid_len() != self.filled
    }

    /// The next `len` places, made if they are not there.
    fn place(&mut self, len: usize) -> &mut [u8] {
        // Zeros shortly before the bytes, while they are in the cache, and as the vector grows: at least doubling.
        self.text.lengthen(self.filled + len);
        self.read(len)
    }

    /// The next `n` places, as far as they are there.
    fn read(&mut self, n: usize) -> &mut [u8] {
        let space = self.text.rest_mut(self.filled);
        let n = n.min(space.len());
        space.split_at_mut(n).0
    }

    /// Counts one more byte, after a cut code point.
    fn resume(&mut self, level: Level) -> Result<(), usize> {
        let resumed = self.utf8.resume(self.text.rest_mut(self.filled).get(..1).unwrap_or_default());
        self.filled += 1;
        match resumed {
            Ok((_, None)) => Ok(()),
            Ok((_, Some(char))) if self.text.unmask(level, char.len_utf8(), 0) == Tail::Complete => Ok(()),
            // What was assembled before is no text.
            Ok((_, Some(_))) | Err(InvalidUtf8) => Err(self.text.valid_len()),
        }
    }
}

/// Without the message: it may be long, and secret.
impl fmt::Debug for MessageBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBuffer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: u32 = u32::from_le_bytes([0x37, 0xfa, 0x21, 0x3d]);
    const TEXT: &str = "a·語😀, vierzig Zeichen und etwas Füllung, damit auch die Register etwas zu tun haben: 語語語語語語語語語語語😀";

    fn masked(bytes: &[u8], key: u32) -> Vec<u8> {
        bytes.iter().zip(key.to_le_bytes().into_iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    }

    /// Hands a piece over in one of the two ways.
    fn take(buffer: &mut MessageBuffer, level: Level, piece: &[u8], read: bool) -> Result<(), usize> {
        if !read {
            return buffer.push(MessageKind::Text, level, &masked(piece, KEY), KEY);
        }
        let (mut rest, mut key) = (piece, KEY);
        while !rest.is_empty() {
            let space = buffer.space(rest.len());
            let (now, later) = rest.split_at(space.len());
            space.copy_from_slice(&masked(now, key));
            buffer.filled(MessageKind::Text, level, now.len(), key)?;
            (rest, key) = (later, key.rotate_right(u32::try_from(8 * (now.len() % 4)).unwrap()));
        }
        Ok(())
    }

    #[test]
    fn text_cut_anywhere_in_three_is_assembled() {
        for level in Level::all() {
            let mut buffer = MessageBuffer::new();
            for first in 0..=TEXT.len() {
                for second in (first..=TEXT.len()).filter(|second| second - first < 7 || second % 16 == 0) {
                    for read in [false, true] {
                        take(&mut buffer, level, &TEXT.as_bytes()[..first], read).unwrap();
                        assert_eq!(buffer.text().ok(), TEXT.get(..first), "no text that ends inside a code point");
                        take(&mut buffer, level, &TEXT.as_bytes()[first..second], !read).unwrap();
                        assert_eq!(buffer.text().ok(), TEXT.get(..second));
                        take(&mut buffer, level, &TEXT.as_bytes()[second..], read).unwrap();
                        assert_eq!(buffer.text().ok(), Some(TEXT));
                        assert_eq!(buffer.len(), TEXT.len());
                        buffer.clear(1024, &mut Retention::fixed());
                    }
                }
            }
        }
    }

    #[test]
    fn impossible_text_is_refused_with_the_length_of_what_is_valid() {
        let mut text = TEXT.as_bytes().to_vec();
        for at in 0..text.len() {
            let kept = core::mem::replace(&mut text[at], 0xff);
            let valid = core::str::from_utf8(&text).unwrap_err().valid_up_to();
            for cut in 0..=text.len() {
                for (level, read) in Level::all().into_iter().flat_map(|level| [(level, false), (level, true)]) {
                    let mut buffer = MessageBuffer::new();
                    let first = take(&mut buffer, level, &text[..cut], read);
                    assert_eq!(first, if cut > at { Err(valid) } else { Ok(()) });
                    if first.is_ok() {
                        assert_eq!(take(&mut buffer, level, &text[cut..], read), Err(valid), "cut at {cut}");
                    }
                    assert_eq!(buffer.text().ok(), None);
                }
            }
            text[at] = kept;
        }
    }

    #[test]
    fn surrogate_cut_between_pieces_is_refused_at_its_second_byte() {
        for level in Level::all() {
            let mut buffer = MessageBuffer::new();
            take(&mut buffer, level, b"ab\xed", false).unwrap();
            assert_eq!(take(&mut buffer, level, &[0xa0], false), Err(2));
        }
    }

    #[test]
    fn binary_is_assembled_from_both_ways() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for level in Level::all() {
            let mut buffer = MessageBuffer::new();
            buffer.push(MessageKind::Binary, level, &masked(&bytes[..300], KEY), KEY).unwrap();
            buffer.space(700)[..600].copy_from_slice(&masked(&bytes[300..900], KEY));
            buffer.filled(MessageKind::Binary, level, 600, KEY).unwrap();
            buffer.push(MessageKind::Binary, level, &masked(&bytes[900..], KEY), KEY).unwrap();
            assert_eq!(buffer.binary(), bytes);
        }
    }

    #[test]
    fn bytes_that_were_not_validated_are_no_text() {
        let level = Level::detect();
        let mut buffer = MessageBuffer::new();
        buffer.push(MessageKind::Binary, level, &[0xff, b'a'], 0).unwrap();
        assert_eq!(buffer.text().ok(), None);
        assert_eq!(buffer.push(MessageKind::Text, level, b"a", 0), Err(0));
        buffer.clear(1024, &mut Retention::fixed());
        buffer.push(MessageKind::Text, level, b"abcdef", 0).unwrap();
        buffer.binary()[0] = 0xff;
        assert_eq!(buffer.text().ok(), None, "they may have been changed");
        assert_eq!(buffer.push(MessageKind::Text, level, b"a", 0), Err(0));
        assert_eq!(buffer.text().ok(), None);
    }

    #[test]
    fn what_was_not_lent_can_not_have_been_filled() {
        let level = Level::detect();
        let mut buffer = MessageBuffer::new();
        buffer.filled(MessageKind::Binary, level, usize::MAX, 0).unwrap();
        assert_eq!(buffer.len(), 0);
        let lent = buffer.space(10).len();
        buffer.filled(MessageKind::Text, level, usize::MAX, 0).unwrap();
        assert_eq!(buffer.len(), lent);
    }

    #[test]
    fn clearing_keeps_so_much_memory_and_no_text() {
        let level = Level::detect();
        let mut buffer = MessageBuffer::new();
        buffer.push(MessageKind::Text, level, &[b'a'; 1000], 0).unwrap();
        buffer.clear(1000, &mut Retention::fixed());
        assert!(buffer.capacity() >= 1000);
        assert_eq!((buffer.len(), buffer.text().ok()), (0, Some("")));
        buffer.push(MessageKind::Text, level, &[b'a'; 1000], 0).unwrap();
        buffer.clear(100, &mut Retention::fixed());
        assert_eq!((buffer.capacity(), buffer.len(), buffer.text().ok()), (0, 0, Some("")));
        buffer.space(1);
        buffer.discard();
        assert_eq!(buffer.capacity(), 0, "even where nothing was put together");
    }
}
