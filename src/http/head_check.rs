//! Finds the end of a head and the first byte that can't stand where it is, however the head is cut (RFC 9112 §2 to §5).
//!
//! This takes nothing apart. It is needed beside the parser because `httparse` keeps no state between calls, so that a head that comes
//! in pieces would be read again and again, says that a byte is wrong but not which, and lets pass what the RFCs forbid or advise
//! against: LF without CR, fragments and bytes beyond ASCII in a target. It also knows only two of the versions of HTTP/1.

use super::head_error::{HeadError, HeadPart};
use super::text::{is_target_byte, target_len, text_len};
use super::token::{is_token_byte, token_len};
use crate::wire::Limits;

/// Reads one head, and then perhaps another: how far it was checked. The caller's bytes are given from the first on each time, and each
/// byte is looked at once.
#[derive(Clone, Debug)]
pub(crate) struct HeadReader {
    place: Place,
    /// What the start line ends with, or begins with: see [`Place::Word`].
    word: &'static [u8],
    /// The next byte to look at.
    pub(super) at: usize,
    /// Where the start line begins, and where it ends: 0 as long as that was not seen.
    pub(super) start: usize,
    pub(super) fields_start: usize,
    fields: usize,
    pub(super) max_len: usize,
    pub(super) max_fields: usize,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// RFC 9112 §2.2: a server "SHOULD ignore at least one empty line (CRLF) received prior to the request-line".
    Before,
    Method,
    /// The target's first byte: it is not empty.
    TargetStart,
    Target,
    /// This many bytes of [`REQUEST_WORD`] or [`RESPONSE_WORD`] were seen.
    Word(usize),
    Reason,
    LineStart,
    Name,
    Value,
    /// After a CR: the LF of an empty line before the request, of another line, and of the line that ends the head.
    EmptyLineFeed,
    LineFeed,
    EndLineFeed,
    Done,
}

/// RFC 9112 §2.3: `HTTP-version = HTTP-name "/" DIGIT "." DIGIT`, and its name "is case-sensitive". Each 0 is any digit.
const REQUEST_WORD: &[u8] = b"HTTP/0.0\r";

/// The same, with the three digits of the status code (RFC 9112 §4).
const RESPONSE_WORD: &[u8] = b"HTTP/0.0 000";

impl HeadReader {
    pub(crate) fn request(limits: &Limits) -> Self {
        Self::new(Place::Before, REQUEST_WORD, limits)
    }

    pub(crate) fn response(limits: &Limits) -> Self {
        Self::new(Place::Word(0), RESPONSE_WORD, limits)
    }

    fn new(place: Place, word: &'static [u8], limits: &Limits) -> Self {
        let (max_len, max_fields) = (limits.max_head_len, limits.max_head_fields);
        Self { place, word, at: 0, start: 0, fields_start: 0, fields: 0, max_len, max_fields }
    }

    /// Forgets what was read: the next bytes are another head.
    pub(crate) fn restart(&mut self) {
        // A head that came whole has left nothing to forget.
        if self.at > 0 {
            self.go_on(0);
        }
    }

    /// Goes on to another head, whose first byte is at `at`.
    pub(crate) fn go_on(&mut self, at: usize) {
        let place = if self.word == REQUEST_WORD { Place::Before } else { Place::Word(0) };
        *self = Self { place, at, start: at, fields_start: 0, fields: 0, ..*self };
    }

    /// Whether no byte of the head was looked at.
    pub(super) fn is_new(&self) -> bool {
        self.at == self.start
    }

    /// Whether a head that has come in pieces needs more of them. An error is found here and told when the head is read.
    #[inline]
    pub(crate) fn wants_more(&mut self, bytes: &[u8]) -> bool {
        !self.is_new() && matches!(self.advance(bytes), Ok(false))
    }

    /// Checks the bytes that it has not seen, and says whether the head is complete.
    ///
    /// # Errors
    ///
    /// The first breach in the order of the bytes: it is the same however they were cut.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<bool, HeadError> {
        // The limit is inclusive, and a head that is unfinished there is refused without waiting for one byte more: a buffer of that
        // many bytes is enough.
        let limited = bytes.get(..self.max_len).unwrap_or(bytes);
        while self.place != Place::Done {
            let rest = limited.get(self.at..).unwrap_or_default();
            if rest.is_empty() && self.at < self.max_len {
                return Ok(false);
            }
            let run = match self.place {
                Place::Method | Place::Name => token_len(rest),
                Place::Target => target_len(rest),
                Place::Reason | Place::Value => text_len(rest),
                _ => 0,
            };
            self.at = self.at.saturating_add(run);
            match rest.get(run) {
                Some(&byte) => self.place = self.after(byte)?,
                None if self.at < self.max_len => return Ok(false),
                None if self.fields_start == 0 => return Err(HeadError::StartLineTooLong { max: self.max_len }),
                None => return Err(HeadError::TooLong { max: self.max_len }),
            }
            self.at = self.at.saturating_add(1);
        }
        Ok(bytes.len() >= self.at)
    }

    /// The place after `byte`.
    fn after(&mut self, byte: u8) -> Result<Place, HeadError> {
        Ok(match (self.place, byte) {
            (Place::Before, b'\r') => Place::EmptyLineFeed,
            (Place::EmptyLineFeed, b'\n') => Place::Before,
            (Place::Before, byte) if is_token_byte(byte) => {
                self.start = self.at;
                Place::Method
            }
            (Place::Method, b' ') => Place::TargetStart,
            (Place::TargetStart, byte) if is_target_byte(byte) => Place::Target,
            (Place::Target, b' ') => Place::Word(0),
            (Place::Word(seen), byte) if seen < self.word.len() => match self.word.get(seen) {
                Some(b'0') if byte.is_ascii_digit() => Place::Word(seen.saturating_add(1)),
                Some(b'\r') if byte == b'\r' => Place::LineFeed,
                Some(&expected) if byte == expected => Place::Word(seen.saturating_add(1)),
                _ => return Err(self.unexpected(byte)),
            },
            // RFC 9112 §4 wants the space "even when the reason-phrase is absent"; servers leave it out.
            (Place::Word(_), b' ') => Place::Reason,
            (Place::Word(_) | Place::Reason | Place::Value, b'\r') => Place::LineFeed,
            (Place::LineFeed, b'\n') => {
                if self.fields_start == 0 {
                    self.fields_start = self.at.saturating_add(1);
                }
                Place::LineStart
            }
            (Place::LineStart, b'\r') => Place::EndLineFeed,
            (Place::LineStart, byte) if is_token_byte(byte) => {
                if self.fields >= self.max_fields {
                    return Err(HeadError::TooManyFields { max: self.max_fields });
                }
                self.fields = self.fields.saturating_add(1);
                Place::Name
            }
            (Place::Name, b':') => Place::Value,
            (Place::EndLineFeed, b'\n') => Place::Done,
            _ => return Err(self.unexpected(byte)),
        })
    }

    /// What is wrong with `byte`.
    #[cold]
    fn unexpected(&self, byte: u8) -> HeadError {
        let offset = self.at;
        let part = match self.place {
            Place::EmptyLineFeed | Place::LineFeed | Place::EndLineFeed => {
                return HeadError::BareCarriageReturn { offset: offset.saturating_sub(1) };
            }
            Place::Before | Place::Method => HeadPart::Method,
            Place::TargetStart | Place::Target => HeadPart::Target,
            Place::Word(0..=8) => HeadPart::Version,
            Place::Word(_) => HeadPart::Status,
            Place::Reason => HeadPart::Reason,
            Place::LineStart | Place::Name => HeadPart::FieldName,
            Place::Value | Place::Done => HeadPart::FieldValue,
        };
        match (self.place, byte) {
            (Place::LineStart, b' ' | b'\t') => HeadError::FoldedLine { offset },
            (Place::LineStart, b':') => HeadError::EmptyFieldName { offset },
            (Place::Name, b' ' | b'\t') => HeadError::SpaceInFieldName { offset },
            (Place::Name, b'\r') => HeadError::NoColon { offset },
            (_, b'\n') => HeadError::BareLineFeed { offset },
            (_, byte) => HeadError::UnexpectedByte { byte, offset, part },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_looked_at_once_however_the_head_arrives() {
        let mut head = b"GET / HTTP/1.1\r\n".to_vec();
        while head.len() < 16 * 1024 - 64 {
            head.extend_from_slice(b"Name: value\tof a field\r\n");
        }
        head.extend_from_slice(b"\r\n");
        let limits = Limits::DEFAULT.with_max_head_fields(usize::MAX);
        let mut check = HeadReader::request(&limits);
        for len in 0..head.len() {
            assert!(!check.advance(&head[..len]).unwrap());
            // A call begins where the last one ended, and never goes back: as all was seen, one byte is left for the next.
            assert_eq!(check.at, len);
        }
        assert!(check.advance(&head).unwrap());
        assert_eq!(check.at, head.len());
    }
}
