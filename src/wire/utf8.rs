//! UTF-8 that is cut anywhere (§8.1).

use core::fmt;

use super::Redacted;
use crate::kernel::Tail;

/// The beginning of a code point whose other bytes are still to come: 0 to 3 bytes.
///
/// A text's pieces may end inside a code point. The bytes that do are fed here one by one, together with those that follow, until
/// the code point is whole or impossible.
///
/// ```
/// use websocket_proto::wire::{InvalidUtf8, PartialChar};
///
/// let mut partial = PartialChar::default();
/// assert_eq!(partial.push(0xc3), Ok(None));
/// assert_eq!(partial.push(0xbc), Ok(Some('ü')));
/// assert_eq!(partial.push(0xed), Ok(None));
/// assert_eq!(partial.push(0xa0), Err(InvalidUtf8), "a surrogate, told by its second byte");
/// ```
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct PartialChar {
    /// Zeros after the pending bytes, none of which is 0.
    bytes: [u8; 3],
}

impl PartialChar {
    /// Whether no code point is pending: a text may end here.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        matches!(self.bytes, [0, ..])
    }

    /// How many bytes are pending, at most 3.
    pub const fn len(&self) -> usize {
        match self.bytes {
            [0, ..] => 0,
            [_, 0, _] => 1,
            [_, _, 0] => 2,
            [..] => 3,
        }
    }

    /// Takes the next byte of the text; `Ok(None)` asks for another.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] as soon as no further byte could make the bytes valid (§8.1: "the client MUST fail" the connection).
    /// The byte is not taken then, and asked again the answer is the same.
    pub fn push(&mut self, byte: u8) -> Result<Option<char>, InvalidUtf8> {
        let [a, b, c] = self.bytes;
        let mut sequence = [a, b, c, 0];
        let Some(sequence_so_far) = sequence.get_mut(..=self.len()) else { return Err(InvalidUtf8) };
        if let Some(last) = sequence_so_far.last_mut() {
            *last = byte;
        }
        match core::str::from_utf8(sequence_so_far) {
            Ok(text) => {
                *self = Self::default();
                Ok(text.chars().next())
            }
            Err(error) if error.error_len().is_none() => {
                let [a, b, c, _] = sequence;
                *self = Self { bytes: [a, b, c] };
                Ok(None)
            }
            Err(_) => Err(InvalidUtf8),
        }
    }
}

/// Without the bytes: they are payload.
impl fmt::Debug for PartialChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartialChar").field(&Redacted(self.len())).finish()
    }
}

/// Decides whether a text that comes in pieces is UTF-8 (§8.1), received or sent.
///
/// The kernels look at the pieces; a code point that a border cuts is decided here, with the bytes that come next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utf8Stream {
    partial: PartialChar,
}

impl Utf8Stream {
    /// No text yet.
    pub(crate) const EMPTY: Self = Self { partial: PartialChar { bytes: [0; 3] } };

    /// Whether the text so far ends inside a code point.
    #[inline]
    pub(crate) const fn is_cut(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Takes the first of `bytes` as far as they belong to a code point that was cut: says how many, and gives it once it is whole.
    pub(crate) fn resume(&mut self, bytes: &[u8]) -> Result<(usize, Option<char>), InvalidUtf8> {
        for (before, &byte) in bytes.iter().enumerate() {
            if let Some(char) = self.partial.push(byte)? {
                return Ok((before + 1, Some(char)));
            }
        }
        Ok((bytes.len(), None))
    }

    /// Takes what a kernel has left at the end of a piece that began with a code point, and may be the last one.
    #[inline]
    pub(crate) fn leave(&mut self, tail: Tail<'_>, ends: bool) -> Result<(), InvalidUtf8> {
        *self = Self::EMPTY;
        match tail {
            Tail::Complete => Ok(()),
            Tail::Cut(bytes) if !ends => self.resume(bytes).map(drop),
            // §8.1: a message that ends inside a code point is not UTF-8.
            Tail::Cut(_) | Tail::Invalid => Err(InvalidUtf8),
        }
    }
}

/// Bytes that are no UTF-8, and that no further byte can make so (§8.1).
///
/// ```
/// use websocket_proto::wire::{InvalidUtf8, PartialChar};
///
/// assert_eq!(PartialChar::default().push(0xff), Err(InvalidUtf8));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct InvalidUtf8;

impl fmt::Display for InvalidUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes are not UTF-8")
    }
}

impl core::error::Error for InvalidUtf8 {}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(bytes: &[u8]) -> Result<Option<char>, InvalidUtf8> {
        let mut partial = PartialChar::default();
        for (i, &byte) in bytes.iter().enumerate() {
            match partial.push(byte) {
                Ok(None) => assert_eq!(partial.len(), i + 1),
                done => return done,
            }
        }
        Ok(None)
    }

    #[test]
    fn every_code_point_is_whole_at_its_last_byte_and_not_before() {
        for char in '\0'..=char::MAX {
            let mut bytes = [0; 4];
            let bytes = char.encode_utf8(&mut bytes).as_bytes();
            assert_eq!(feed(bytes), Ok(Some(char)));
            assert_eq!(feed(&bytes[..bytes.len() - 1]), Ok(None));
        }
    }

    /// RFC 3629 §4: the first two bytes decide over every impossible sequence.
    #[test]
    fn impossible_sequences_are_refused_at_the_first_impossible_byte() {
        for first in 0..=0xff_u8 {
            for second in 0..=0xff_u8 {
                let possible = match first {
                    0x00..=0x7f => continue,
                    0xc2..=0xdf | 0xe1..=0xec | 0xee..=0xef | 0xf1..=0xf3 => (0x80..=0xbf).contains(&second),
                    0xe0 => (0xa0..=0xbf).contains(&second),
                    0xed => (0x80..=0x9f).contains(&second),
                    0xf0 => (0x90..=0xbf).contains(&second),
                    0xf4 => (0x80..=0x8f).contains(&second),
                    0x80..=0xc1 | 0xf5..=0xff => false,
                };
                assert_eq!(feed(&[first, second]).is_ok(), possible, "{first:02x} {second:02x}");
            }
            assert_eq!(feed(&[first]).is_ok(), matches!(first, 0..=0x7f | 0xc2..=0xf4), "{first:02x}");
        }
    }
}
