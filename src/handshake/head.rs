//! The scanner: finds the end of a head, and checks every byte of it in order, however the bytes come (RFC 9112 §2 to
//! §5).

use super::check::Checked;
use super::fields::Fields;
use super::syntax::{HeadError, HeadPart};
use super::text::{is_target_byte, is_text_byte, text_len};
use super::whole;
use crate::extension::token::{ascii, is_token_byte, token_len};
use crate::wire::Limits;

/// Where in a head the next byte belongs, and what was seen so far.
///
/// The caller's bytes are given again and again from their beginning, and only what is behind `at` is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner {
    place: Place,
    /// The next byte to look at.
    at: usize,
    /// Where the start line begins.
    start: usize,
    /// Ends of the start line's first and second variable part: method and target, or the space before the reason and
    /// the reason.
    marks: (usize, usize),
    fields_start: usize,
    fields: usize,
    major: u8,
    minor: u8,
    status: u16,
    max_len: usize,
    max_fields: usize,
    /// The place of the first byte.
    first: Place,
}

/// The place of the next byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// Before the request line; RFC 9112 §2.2: a server "SHOULD ignore at least one empty line (CRLF) received prior
    /// to the request-line".
    EmptyLines,
    EmptyLineFeed,
    Method,
    Target,
    /// So many bytes of `HTTP/1.1` were seen; which of the two it is decides about what follows.
    RequestVersion(u8),
    ResponseVersion(u8),
    /// So many bytes of ` 101 ` were seen.
    Status(u8),
    Reason,
    StartLineFeed,
    LineStart,
    Name,
    Value,
    ValueLineFeed,
    EndLineFeed,
    Done,
}

/// A request's head, syntactically right.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestHead<'b> {
    pub(super) method: &'b str,
    pub(super) target: &'b str,
    pub(super) version: (u8, u8),
    pub(super) fields: Fields<'b>,
    /// Bytes up to and with the empty line.
    pub(super) len: usize,
}

/// A response's head, syntactically right.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResponseHead<'b, F = Fields<'b>> {
    pub(super) version: (u8, u8),
    pub(super) status: u16,
    pub(super) reason: &'b [u8],
    pub(super) fields: F,
    /// Bytes up to and with the empty line, those of earlier heads included.
    pub(super) len: usize,
}

impl Scanner {
    pub(super) fn request(limits: &Limits) -> Self {
        Self::new(Place::EmptyLines, limits)
    }

    pub(super) fn response(limits: &Limits) -> Self {
        Self::new(Place::ResponseVersion(0), limits)
    }

    fn new(place: Place, limits: &Limits) -> Self {
        Self {
            place,
            first: place,
            at: 0,
            start: 0,
            marks: (0, 0),
            fields_start: 0,
            fields: 0,
            major: 0,
            minor: 0,
            status: 0,
            max_len: limits.max_head_len,
            max_fields: limits.max_head_fields,
        }
    }

    /// Forgets what was read: the next bytes are another head.
    pub(super) fn restart(&mut self) {
        // A head that came whole has left nothing to forget.
        if self.at > 0 {
            *self =
                Self { max_len: self.max_len, max_fields: self.max_fields, ..Self::new(self.first, &Limits::DEFAULT) };
        }
    }

    /// Goes on to another response at `at`, behind the one that was read.
    pub(super) fn next_response(&mut self, at: usize) {
        let (max_len, max_fields) = (self.max_len, self.max_fields);
        *self = Self { at, start: at, max_len, max_fields, ..Self::new(Place::ResponseVersion(0), &Limits::DEFAULT) };
    }

    /// Looks at the bytes behind those it has seen, and says whether the head is complete.
    fn scan(&mut self, bytes: &[u8]) -> Result<bool, HeadError> {
        // The limit is inclusive, and a head that is unfinished there is refused without waiting for one byte more:
        // a buffer of that many bytes is enough.
        let bytes = bytes.get(..self.max_len).unwrap_or(bytes);
        while self.place != Place::Done {
            let ahead = bytes.get(self.at..).unwrap_or_default();
            if self.place == Place::LineStart && self.fields < self.max_fields {
                if let Some(len) = field_line_len(ahead) {
                    self.fields = self.fields.saturating_add(1);
                    self.at = self.at.saturating_add(len);
                    continue;
                }
            }
            let Some((&byte, rest)) = ahead.split_first() else {
                return if self.at >= self.max_len { Err(self.too_long()) } else { Ok(false) };
            };
            self.place = self.step(byte, rest)?;
        }
        Ok(bytes.len() >= self.at)
    }

    /// Takes `byte`, and of the `rest` what belongs to the same place. Nothing is taken when it fails.
    fn step(&mut self, byte: u8, rest: &[u8]) -> Result<Place, HeadError> {
        let offset = self.at;
        let unexpected = |part| match byte {
            b'\n' => HeadError::BareLineFeed { offset },
            byte => HeadError::UnexpectedByte { byte, offset, part },
        };
        let mut taken = 1;
        let next = match self.place {
            Place::EmptyLines => match byte {
                b'\r' => Place::EmptyLineFeed,
                byte if is_token_byte(byte) => {
                    self.start = offset;
                    Place::Method
                }
                _ => return Err(unexpected(HeadPart::Method)),
            },
            Place::EmptyLineFeed => line_feed(byte, offset, Place::EmptyLines)?,
            Place::Method => match byte {
                b' ' => {
                    self.marks.0 = offset;
                    Place::Target
                }
                byte if is_token_byte(byte) => {
                    taken += token_len(rest);
                    Place::Method
                }
                _ => return Err(unexpected(HeadPart::Method)),
            },
            Place::Target => match byte {
                // There is one space before the target, and the target is not empty.
                b' ' if offset > self.marks.0.saturating_add(1) => {
                    self.marks.1 = offset;
                    Place::RequestVersion(0)
                }
                // RFC 6455 §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be
                // used".
                byte if is_target_byte(byte) => {
                    taken += rest.iter().position(|&byte| !is_target_byte(byte)).unwrap_or(rest.len());
                    Place::Target
                }
                _ => return Err(unexpected(HeadPart::Target)),
            },
            Place::RequestVersion(seen) => match seen {
                8.. if byte == b'\r' => Place::StartLineFeed,
                0..8 if self.is_version_byte(byte, seen) => Place::RequestVersion(seen.saturating_add(1)),
                _ => return Err(unexpected(HeadPart::Version)),
            },
            Place::ResponseVersion(seen) => match seen {
                8.. if byte == b' ' => Place::Status(0),
                0..8 if self.is_version_byte(byte, seen) => Place::ResponseVersion(seen.saturating_add(1)),
                _ => return Err(unexpected(HeadPart::Version)),
            },
            Place::Status(seen) => match (seen, byte) {
                (0..3, b'0'..=b'9') => {
                    self.status = self.status.saturating_mul(10).saturating_add(u16::from(byte & 0x0f));
                    Place::Status(seen.saturating_add(1))
                }
                (3.., b' ') => {
                    self.marks.0 = offset;
                    Place::Reason
                }
                // RFC 9112 §4 wants the space "even when the reason-phrase is absent"; servers leave it out.
                (3.., b'\r') => {
                    self.marks = (offset, offset);
                    Place::StartLineFeed
                }
                _ => return Err(unexpected(HeadPart::Status)),
            },
            Place::Reason => match byte {
                b'\r' => {
                    self.marks.1 = offset;
                    Place::StartLineFeed
                }
                byte if is_text_byte(byte) => Place::Reason,
                _ => return Err(unexpected(HeadPart::Reason)),
            },
            Place::StartLineFeed => {
                let next = line_feed(byte, offset, Place::LineStart)?;
                self.fields_start = offset.saturating_add(1);
                next
            }
            Place::LineStart => match byte {
                b'\r' => Place::EndLineFeed,
                b' ' | b'\t' => return Err(HeadError::FoldedLine { offset }),
                b':' => return Err(HeadError::EmptyFieldName { offset }),
                byte if is_token_byte(byte) => {
                    if self.fields >= self.max_fields {
                        return Err(HeadError::TooManyFields { max: self.max_fields });
                    }
                    self.fields = self.fields.saturating_add(1);
                    Place::Name
                }
                _ => return Err(unexpected(HeadPart::FieldName)),
            },
            Place::Name => match byte {
                b':' => Place::Value,
                byte if is_token_byte(byte) => {
                    taken += token_len(rest);
                    Place::Name
                }
                b' ' | b'\t' => return Err(HeadError::SpaceInFieldName { offset }),
                b'\r' => return Err(HeadError::NoColon { offset }),
                _ => return Err(unexpected(HeadPart::FieldName)),
            },
            Place::Value => match byte {
                b'\r' => Place::ValueLineFeed,
                byte if is_text_byte(byte) => {
                    taken += text_len(rest);
                    Place::Value
                }
                _ => return Err(unexpected(HeadPart::FieldValue)),
            },
            Place::ValueLineFeed => line_feed(byte, offset, Place::LineStart)?,
            Place::EndLineFeed => line_feed(byte, offset, Place::Done)?,
            Place::Done => return Ok(Place::Done),
        };
        self.at = offset.saturating_add(taken);
        Ok(next)
    }

    /// RFC 9112 §2.3: `HTTP-version = HTTP-name "/" DIGIT "." DIGIT`, and its name "is case-sensitive".
    fn is_version_byte(&mut self, byte: u8, seen: u8) -> bool {
        match (seen, byte) {
            (5, b'0'..=b'9') => self.major = byte & 0x0f,
            (7, b'0'..=b'9') => self.minor = byte & 0x0f,
            (5 | 7, _) => return false,
            _ => return b"HTTP/ .".get(usize::from(seen)) == Some(&byte),
        }
        true
    }

    fn too_long(&self) -> HeadError {
        let max = self.max_len;
        match self.place {
            Place::EmptyLines
            | Place::EmptyLineFeed
            | Place::Method
            | Place::Target
            | Place::RequestVersion(_)
            | Place::ResponseVersion(_)
            | Place::Status(_)
            | Place::Reason
            | Place::StartLineFeed => HeadError::StartLineTooLong { max },
            Place::LineStart | Place::Name | Place::Value | Place::ValueLineFeed | Place::EndLineFeed | Place::Done => {
                HeadError::TooLong { max }
            }
        }
    }

    /// What the short road may try: all of a head of which nothing was looked at, up to the limit.
    fn whole<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        if self.at != self.start {
            return None;
        }
        bytes.get(..self.max_len).unwrap_or(bytes).get(self.start..)
    }

    /// Reads on in a request, and hands it out when it is complete.
    ///
    /// `checked` is then what its fields say; it is too large to be moved from hand to hand.
    pub(super) fn read_request<'b>(
        &mut self,
        bytes: &'b [u8],
        checked: &mut Checked<'b>,
    ) -> Result<Option<RequestHead<'b>>, HeadError> {
        if let Some(head) = self.whole(bytes).and_then(|bytes| whole::request(bytes, self.max_fields, checked)) {
            return Ok(Some(head));
        }
        if !self.scan(bytes)? {
            return Ok(None);
        }
        let part = |from: usize, to| bytes.get(from..to).unwrap_or_default();
        let fields = Fields::new(part(self.fields_start, self.at));
        *checked = Checked::collect(fields.raw());
        Ok(Some(RequestHead {
            method: ascii(part(self.start, self.marks.0)),
            target: ascii(part(self.marks.0.saturating_add(1), self.marks.1)),
            version: (self.major, self.minor),
            fields,
            len: self.at,
        }))
    }

    /// Reads on in a response, and hands it out when it is complete.
    pub(super) fn read_response<'b>(
        &mut self,
        bytes: &'b [u8],
        checked: &mut Checked<'b>,
    ) -> Result<Option<ResponseHead<'b>>, HeadError> {
        if let Some(head) = self.whole(bytes).and_then(|bytes| whole::response(bytes, self.max_fields, checked)) {
            return Ok(Some(ResponseHead { len: self.start.saturating_add(head.len), ..head }));
        }
        if !self.scan(bytes)? {
            return Ok(None);
        }
        let part = |from: usize, to| bytes.get(from..to).unwrap_or_default();
        let fields = Fields::new(part(self.fields_start, self.at));
        *checked = Checked::collect(fields.raw());
        Ok(Some(ResponseHead {
            version: (self.major, self.minor),
            status: self.status,
            reason: part(self.marks.0.saturating_add(1), self.marks.1),
            fields,
            len: self.at,
        }))
    }
}

/// A CR was seen: only LF may follow.
fn line_feed(byte: u8, offset: usize, next: Place) -> Result<Place, HeadError> {
    match byte {
        b'\n' => Ok(next),
        _ => Err(HeadError::BareCarriageReturn { offset: offset.saturating_sub(1) }),
    }
}

/// The length of the field line, its end included, that lies whole and right in front of `bytes`.
///
/// This is the short way through [`Place::Name`] and [`Place::Value`]; where it leads nowhere, these say what is
/// wrong or missing.
fn field_line_len(bytes: &[u8]) -> Option<usize> {
    let name_len = token_len(bytes);
    let (b':', value) = bytes.get(name_len..)?.split_first()? else { return None };
    let end = value.get(text_len(value)..)?;
    (name_len > 0 && end.starts_with(b"\r\n")).then(|| bytes.len() - end.len() + 2)
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
        let mut scanner = Scanner::request(&limits);
        for len in 0..head.len() {
            assert!(scanner.read_request(&head[..len], &mut Checked::default()).unwrap().is_none());
            // A call begins where the last one ended, and never goes back: as all was seen, one byte is left for the
            // next.
            assert_eq!(scanner.at, len);
        }
        assert_eq!(scanner.read_request(&head, &mut Checked::default()).unwrap().unwrap().len, head.len());
    }
}
