//! The buffer in which a message is assembled.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::{Level, Tail, Text, scalar, unmask_text, unmask_text_copy, xor, xor_copy};

/// A message that arrives in masked pieces.
///
/// A piece is unmasked, and a text is validated, while it is copied in; or in place, after it was read into the [`space`] that is
/// lent for it. Memory grows with the bytes that have arrived, never with a length that was only announced: to at most double,
/// plus 32 KiB. A message is assembled by the text methods alone or by the binary ones alone.
///
/// [`space`]: Self::space
pub(crate) struct Assembly {
    /// As long as it ever had to be since memory was given back, so that no byte is zeroed twice.
    bytes: Vec<u8>,
    /// How many bytes of the message are there. At most `bytes.len()`.
    filled: usize,
    /// So many of them are valid UTF-8. Of a text, the others are the beginning of a cut code point. At most `filled`.
    valid: usize,
    /// How many bytes after those that arrived were lent to be read into, and were not reported since.
    lent: usize,
}

impl Assembly {
    /// An empty message, without memory.
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), filled: 0, valid: 0, lent: 0 }
    }

    /// How many bytes have arrived.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.filled
    }

    /// How much memory is held.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Unmasks a piece of a binary message while copying it in.
    pub(crate) fn push_binary(&mut self, level: Level, masked: &[u8], key: u32) {
        self.lent = 0;
        let to = self.place(masked.len());
        xor_copy(level, masked, to, key);
        self.filled += masked.len();
    }

    /// Unmasks and validates a piece of a text while copying it in. The piece may begin and end inside a code point.
    ///
    /// # Errors
    ///
    /// How many bytes of the text are valid, if no further byte could make the next ones so. All that is left to do then is to
    /// [`clear`](Self::clear).
    pub(crate) fn push_text(&mut self, level: Level, mut masked: &[u8], mut key: u32) -> Result<(), usize> {
        self.lent = 0;
        while self.is_cut() {
            let Some((byte, rest)) = masked.split_first() else { return Ok(()) };
            xor_copy(level, &[*byte], self.place(1), key);
            self.extend_cut()?;
            (masked, key) = (rest, key.rotate_right(8));
        }
        let text = unmask_text_copy(level, masked, self.place(masked.len()), key).into();
        self.extend(masked.len(), text)
    }

    /// Lends room behind what has arrived, to read masked bytes into: at most `max` bytes, and at least one unless `max` is 0.
    ///
    /// The room holds whatever was there before. Reading into it has no effect until `filled_binary` or `filled_text` says how
    /// many bytes were read.
    pub(crate) fn space(&mut self, max: usize) -> &mut [u8] {
        if self.bytes.capacity() - self.filled < max.min(LEAST_SPACE) {
            // A vector's capacity at least doubles when it grows.
            let wanted = self.filled + self.filled.max(LEAST_SPACE).min(max);
            self.bytes.reserve(wanted - self.bytes.len());
        }
        let len = (self.bytes.capacity() - self.filled).min(max).min(MOST_SPACE);
        self.lent = len;
        self.place(len)
    }

    /// Makes room for `len` more bytes, without holding more than `max` in the end unless they need it.
    #[cfg(feature = "deflate")]
    pub(crate) fn grow(&mut self, len: usize, max: usize) {
        let needed = self.filled.saturating_add(len);
        if self.bytes.capacity() < needed {
            let wanted = self.bytes.capacity().saturating_mul(2).min(max).max(needed);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
    }

    /// Unmasks the `n` bytes that were read into the space.
    pub(crate) fn filled_binary(&mut self, level: Level, n: usize, key: u32) {
        let n = self.settle(n);
        xor(level, self.read(n), key);
        self.filled += n;
    }

    /// Unmasks and validates the `n` bytes that were read into the space. They may begin and end inside a code point.
    ///
    /// # Errors
    ///
    /// As for [`push_text`](Self::push_text).
    pub(crate) fn filled_text(&mut self, level: Level, n: usize, mut key: u32) -> Result<(), usize> {
        let mut n = self.settle(n);
        while self.is_cut() {
            if n == 0 {
                return Ok(());
            }
            xor(level, self.read(1), key);
            self.extend_cut()?;
            (n, key) = (n - 1, key.rotate_right(8));
        }
        let text = unmask_text(level, self.read(n), key).into();
        self.extend(n, text)
    }

    /// The text that has arrived; `None` if it ends inside a code point, or is no text.
    #[inline]
    pub(crate) fn text(&self) -> Option<&str> {
        if self.is_cut() {
            return None;
        }
        let text = self.bytes.get(..self.valid)?;
        // SAFETY: the first `valid` bytes are UTF-8: only `extend` and `extend_cut` count them, from what the kernels and
        // `core::str` found, and they don't change while they count. `space` lends what stands behind them, and `binary` and
        // `clear` set the count to 0.
        Some(unsafe { core::str::from_utf8_unchecked(text) })
    }

    /// Takes the text that has arrived, and the memory with it; `None`, with nothing taken, as for [`text`](Self::text).
    pub(crate) fn take_text(&mut self) -> Option<String> {
        self.text()?;
        let valid = self.valid;
        let mut bytes = self.take_binary();
        bytes.truncate(valid);
        // SAFETY: `text` has just found the first `valid` bytes to be UTF-8, and these are what is left.
        Some(unsafe { String::from_utf8_unchecked(bytes) })
    }

    /// Takes the bytes that have arrived, and the memory with them.
    pub(crate) fn take_binary(&mut self) -> Vec<u8> {
        let mut bytes = core::mem::take(&mut self.bytes);
        bytes.truncate(self.filled);
        (self.filled, self.valid, self.lent) = (0, 0, 0);
        bytes
    }

    /// The bytes that have arrived. As they may be changed here, they are no text any more.
    #[inline]
    pub(crate) fn binary(&mut self) -> &mut [u8] {
        self.valid = 0;
        self.bytes.get_mut(..self.filled).unwrap_or_default()
    }

    /// Forgets the message, and gives back what memory is held beyond `keep` bytes.
    pub(crate) fn clear(&mut self, keep: usize) {
        (self.filled, self.valid, self.lent) = (0, 0, 0);
        if self.bytes.capacity() > keep {
            self.bytes.truncate(keep);
            self.bytes.shrink_to(keep);
        }
    }

    /// Gives back what memory holds nothing.
    pub(crate) fn shrink(&mut self) {
        self.lent = 0;
        self.bytes.truncate(self.filled);
        self.bytes.shrink_to_fit();
    }

    /// Whether a text may end here.
    ///
    /// # Errors
    ///
    /// How many bytes of it are valid, if it ends inside a code point.
    pub(crate) const fn expect_whole(&self) -> Result<(), usize> {
        if self.is_cut() { Err(self.valid) } else { Ok(()) }
    }

    /// Whether the text ends inside a code point.
    #[inline]
    const fn is_cut(&self) -> bool {
        self.valid != self.filled
    }

    /// The next `len` places, made if they are not there.
    fn place(&mut self, len: usize) -> &mut [u8] {
        let end = self.filled + len;
        if self.bytes.len() < end {
            // Zeros shortly before the bytes, while they are in the cache, and as the vector grows: at least doubling.
            self.bytes.resize(end, 0);
        }
        self.bytes.get_mut(self.filled..end).unwrap_or_default()
    }

    /// How many of `n` bytes can have been read: no more than were lent. What was lent is no longer.
    fn settle(&mut self, n: usize) -> usize {
        n.min(core::mem::take(&mut self.lent))
    }

    /// The next `n` places, as far as they are there.
    fn read(&mut self, n: usize) -> &mut [u8] {
        let (_, space) = self.bytes.split_at_mut(self.filled);
        let n = n.min(space.len());
        space.split_at_mut(n).0
    }

    /// Counts `len` bytes of text that stand in their place, of which so much is valid.
    fn extend(&mut self, len: usize, text: Found) -> Result<(), usize> {
        self.filled += len;
        self.valid += text.valid;
        if text.possible { Ok(()) } else { Err(self.valid) }
    }

    /// Counts one more byte, behind a cut code point.
    fn extend_cut(&mut self) -> Result<(), usize> {
        self.filled += 1;
        match self.bytes.get(self.valid..self.filled) {
            Some(char @ ([_] | [_, _] | [_, _, _] | [_, _, _, _])) => {
                let text = Found::from(scalar::validate(char));
                self.extend(0, text)
            }
            // Only a message that is no text has more bytes that are not valid.
            Some(_) | None => Err(self.valid),
        }
    }
}

/// Without the message: it may be long, and secret.
impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembly").field("len", &self.len()).field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

/// A [`Text`] without its bytes.
struct Found {
    valid: usize,
    possible: bool,
}

impl From<Text<'_>> for Found {
    fn from(text: Text<'_>) -> Self {
        let possible = match text.tail {
            Tail::Complete | Tail::Cut(_) => true,
            Tail::Invalid => false,
        };
        Self { valid: text.valid.len(), possible }
    }
}

/// Less room than this is not lent, unless less is asked for.
const LEAST_SPACE: usize = 16 * 1024;

/// More room than this is not lent: what is zeroed is still in the cache when it is read into.
const MOST_SPACE: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: u32 = u32::from_le_bytes([0x37, 0xfa, 0x21, 0x3d]);
    const TEXT: &str = "a·語😀, vierzig Zeichen und etwas Füllung, damit auch die Register etwas zu tun haben: 語語語語語語語語語語語😀";

    fn masked(bytes: &[u8], key: u32) -> Vec<u8> {
        bytes.iter().zip(key.to_le_bytes().into_iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    }

    /// Hands a piece over in one of the two ways.
    fn take(assembly: &mut Assembly, level: Level, piece: &[u8], read: bool) -> Result<(), usize> {
        if !read {
            return assembly.push_text(level, &masked(piece, KEY), KEY);
        }
        let (mut rest, mut key) = (piece, KEY);
        while !rest.is_empty() {
            let space = assembly.space(rest.len());
            let (now, later) = rest.split_at(space.len());
            space.copy_from_slice(&masked(now, key));
            assembly.filled_text(level, now.len(), key)?;
            (rest, key) = (later, key.rotate_right(u32::try_from(8 * (now.len() % 4)).unwrap()));
        }
        Ok(())
    }

    #[test]
    fn text_cut_anywhere_in_three_is_assembled() {
        for level in Level::all() {
            let mut assembly = Assembly::new();
            for first in 0..=TEXT.len() {
                for second in (first..=TEXT.len()).filter(|second| second - first < 7 || second % 16 == 0) {
                    for read in [false, true] {
                        take(&mut assembly, level, &TEXT.as_bytes()[..first], read).unwrap();
                        assert_eq!(assembly.text(), TEXT.get(..first), "no text that ends inside a code point");
                        take(&mut assembly, level, &TEXT.as_bytes()[first..second], !read).unwrap();
                        assert_eq!(assembly.text(), TEXT.get(..second));
                        take(&mut assembly, level, &TEXT.as_bytes()[second..], read).unwrap();
                        assert_eq!(assembly.text(), Some(TEXT));
                        assert_eq!(assembly.len(), TEXT.len());
                        assembly.clear(1024);
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
                    let mut assembly = Assembly::new();
                    let first = take(&mut assembly, level, &text[..cut], read);
                    assert_eq!(first, if cut > at { Err(valid) } else { Ok(()) });
                    if first.is_ok() {
                        assert_eq!(take(&mut assembly, level, &text[cut..], read), Err(valid), "cut at {cut}");
                    }
                    assert_eq!(assembly.text(), None);
                }
            }
            text[at] = kept;
        }
    }

    #[test]
    fn surrogate_cut_between_pieces_is_refused_at_its_second_byte() {
        for level in Level::all() {
            let mut assembly = Assembly::new();
            take(&mut assembly, level, b"ab\xed", false).unwrap();
            assert_eq!(take(&mut assembly, level, &[0xa0], false), Err(2));
        }
    }

    #[test]
    fn binary_is_assembled_from_both_ways() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for level in Level::all() {
            let mut assembly = Assembly::new();
            assembly.push_binary(level, &masked(&bytes[..300], KEY), KEY);
            assembly.space(700)[..600].copy_from_slice(&masked(&bytes[300..900], KEY));
            assembly.filled_binary(level, 600, KEY);
            assembly.push_binary(level, &masked(&bytes[900..], KEY), KEY);
            assert_eq!(assembly.binary(), bytes);
        }
    }

    #[test]
    fn bytes_that_were_not_validated_are_no_text() {
        let level = Level::detect();
        let mut assembly = Assembly::new();
        assembly.push_binary(level, &[0xff, b'a'], 0);
        assert_eq!(assembly.text(), None);
        assert_eq!(assembly.push_text(level, b"a", 0), Err(0));
        assembly.clear(1024);
        assembly.push_text(level, b"abcdef", 0).unwrap();
        assembly.binary()[0] = 0xff;
        assert_eq!(assembly.text(), None, "they may have been changed");
        assert_eq!(assembly.push_text(level, b"a", 0), Err(0));
        assert_eq!(assembly.text(), None);
    }

    #[test]
    fn what_was_not_lent_can_not_have_been_filled() {
        let level = Level::detect();
        let mut assembly = Assembly::new();
        assembly.filled_binary(level, usize::MAX, 0);
        assert_eq!(assembly.len(), 0);
        let lent = assembly.space(10).len();
        assembly.filled_text(level, usize::MAX, 0).unwrap();
        assert_eq!(assembly.len(), lent);
    }

    #[test]
    fn space_is_what_was_asked_for_but_never_sized_by_it() {
        let level = Level::detect();
        let mut assembly = Assembly::new();
        assert!(assembly.space(0).is_empty());
        assert_eq!(assembly.capacity(), 0);
        assert_eq!(assembly.space(5).len(), 5);
        let mut arrived = 0;
        while arrived < 4 << 20 {
            let lent = assembly.space(usize::MAX).len();
            assert!(lent >= 1);
            assert!(assembly.capacity() <= 2 * (arrived + LEAST_SPACE), "{} for {arrived}", assembly.capacity());
            let read = lent.min(50_000);
            assembly.filled_binary(level, read, 0);
            arrived += read;
        }
        assert_eq!(assembly.len(), arrived);
    }

    #[test]
    fn pushing_grows_by_doubling() {
        let level = Level::detect();
        let mut assembly = Assembly::new();
        let (mut capacity, mut growths) = (0, 0);
        for _ in 0..1 << 16 {
            assembly.push_text(level, b"sixteen bytes ..", 0).unwrap();
            assert!(assembly.capacity() <= 2 * assembly.len());
            growths += usize::from(assembly.capacity() != capacity);
            capacity = assembly.capacity();
        }
        assert!(growths <= 20, "{growths} times");
    }

    #[test]
    fn clearing_keeps_so_much_memory_and_no_text() {
        let level = Level::detect();
        let mut assembly = Assembly::new();
        assembly.push_text(level, &[b'a'; 1000], 0).unwrap();
        assembly.clear(1000);
        assert!(assembly.capacity() >= 1000);
        assert_eq!((assembly.len(), assembly.text()), (0, Some("")));
        assembly.clear(100);
        assert!(assembly.capacity() <= 100);
        assembly.clear(0);
        assert_eq!(assembly.capacity(), 0);
    }
}
