//! What a strict endpoint hears, and how it ends.

use super::CaseError;
use super::lex::{Cursor, ends_word};
use super::literal::{Literal, Number, starts_literal};
use super::step::code;

/// One way in which a case may end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alternative {
    /// How the handshake ends; with 101 where it is not said.
    pub answer: Option<Answer>,
    /// What is heard, in order.
    pub heard: Vec<Heard>,
    /// How the connection ends.
    pub end: End,
    /// Whether it is lenient at best.
    pub lenient: bool,
}

/// How a handshake ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// With 101, and with permessage-deflate, or without, or either.
    Accepted {
        /// With permessage-deflate.
        deflate: Option<bool>,
        /// What is true of the fields.
        fields: Vec<FieldTest>,
    },
    /// With another status.
    Status {
        /// The status, or its class.
        status: StatusTest,
        /// What is true of the fields.
        fields: Vec<FieldTest>,
    },
    /// The client does not go on.
    Refused,
}

/// What is asked of a status code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StatusTest {
    /// This one.
    Exactly(u16),
    /// 2 for 2xx, and so on.
    Class(u16),
}

/// What is asked of a field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FieldTest {
    /// It is there, with this value, or this among its list's elements.
    Is(String, Literal),
    /// It is not there.
    Absent(String),
}

/// Something that is heard.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Heard {
    Text(Content),
    Binary(Content),
    Ping(Content),
    Pong(Option<Literal>),
    /// Not heard: the subject's application was told to send this, and it does.
    Sends {
        opcode: u8,
        payload: Literal,
    },
    Repeat(Vec<Heard>, Number),
}

/// What a message or Ping carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// These bytes.
    Literal(Literal),
    /// What was sent at the same place.
    Sent,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It goes on.
    Open,
    /// The judge's Close is answered, with this code.
    Close(Option<u16>),
    /// The subject fails the connection (§7.1.7), with this code or any.
    Fail(Option<u16>),
    /// The subject begins the closing handshake.
    Closing(Option<u16>),
    /// It ends, with or without a Close.
    Eof,
}

impl Alternative {
    /// The alternatives up to the end of the line, or to `;;`.
    pub(super) fn parse_all(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, CaseError> {
        let mut alternatives = vec![Self::parse(cursor, false)?];
        loop {
            cursor.skip_blanks();
            match cursor.peek() {
                Some('|') => {
                    cursor.next();
                    alternatives.push(Self::parse(cursor, false)?);
                }
                Some('~') => {
                    cursor.next();
                    alternatives.push(Self::parse(cursor, true)?);
                }
                _ => return Ok(alternatives),
            }
        }
    }

    fn parse(cursor: &mut Cursor<'_>, lenient: bool) -> Result<Self, CaseError> {
        let mut alternative = Self { answer: None, heard: Vec::new(), end: End::Open, lenient };
        let mut place = Place::Start;
        loop {
            cursor.skip_blanks();
            let start = cursor.position();
            if let Some(answer) = Answer::parse(cursor)? {
                if place != Place::Start {
                    return Err(cursor.error_at(start, "the handshake's end stands first"));
                }
                place = if matches!(answer, Answer::Accepted { .. }) { Place::Heard } else { Place::End };
                alternative.answer = Some(answer);
            } else if let Some(end) = End::parse(cursor)? {
                if place == Place::End {
                    return Err(cursor.error_at(start, "expected no further end"));
                }
                alternative.end = end;
                place = Place::End;
            } else {
                if place == Place::End {
                    return Err(cursor.error_at(start, "expected nothing after the end"));
                }
                alternative.heard.push(Heard::parse(cursor)?);
                place = Place::Heard;
            }
            cursor.skip_blanks();
            if !cursor.accept(",") {
                return Ok(alternative);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Start,
    Heard,
    End,
}

impl Answer {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Option<Self>, CaseError> {
        let start = cursor.position();
        let word = cursor.until(ends_word);
        let class = word.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok());
        match (word.parse::<u16>(), class) {
            _ if word == "refused" => Ok(Some(Self::Refused)),
            (Ok(101), _) => {
                let mut deflate = None;
                cursor.skip_blanks();
                for (name, value) in [("deflate", true), ("plain", false)] {
                    if cursor.accept(name) {
                        deflate = Some(value);
                    }
                }
                Ok(Some(Self::Accepted { deflate, fields: FieldTest::parse_all(cursor)? }))
            }
            (Ok(status @ 100..=599), _) => {
                Ok(Some(Self::Status { status: StatusTest::Exactly(status), fields: FieldTest::parse_all(cursor)? }))
            }
            (_, Some(class @ 2..=5)) => {
                Ok(Some(Self::Status { status: StatusTest::Class(class), fields: FieldTest::parse_all(cursor)? }))
            }
            _ => {
                cursor.rewind(start);
                Ok(None)
            }
        }
    }
}

impl FieldTest {
    fn parse_all(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, CaseError> {
        let mut tests = Vec::new();
        loop {
            cursor.skip_blanks();
            let start = cursor.position();
            let word = cursor.until(ends_word);
            if let Some(name) = word.strip_prefix('-').filter(|name| !name.is_empty()) {
                tests.push(Self::Absent(name.to_owned()));
            } else if let Some(name) = word.strip_suffix(':') {
                tests.push(Self::Is(name.to_owned(), Literal::parse_joined(cursor)?));
            } else {
                cursor.rewind(start);
                return Ok(tests);
            }
        }
    }
}

impl End {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Option<Self>, CaseError> {
        let start = cursor.position();
        let word = cursor.until(ends_word);
        let none = |cursor: &mut Cursor<'_>| {
            cursor.skip_blanks();
            cursor.accept("-")
        };
        Ok(match &*word {
            "open" => Some(Self::Open),
            "eof" => Some(Self::Eof),
            "fail" => Some(Self::Fail(code(cursor)?)),
            "close" | "closing" => {
                let code = code(cursor)?;
                if code.is_none() && !none(cursor) {
                    return Err(cursor.error(format!("expected a code or -, found {}", cursor.found())));
                }
                Some(if word == "close" { Self::Close(code) } else { Self::Closing(code) })
            }
            _ => {
                cursor.rewind(start);
                None
            }
        })
    }
}

impl Heard {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        let start = cursor.position();
        if cursor.accept("[") {
            let mut items = Vec::new();
            loop {
                cursor.skip_blanks();
                items.push(Self::parse(cursor)?);
                cursor.skip_blanks();
                if !cursor.accept(",") {
                    break;
                }
            }
            if !cursor.accept("]*") {
                return Err(cursor.error(format!("expected ]*N, found {}", cursor.found())));
            }
            return Ok(Self::Repeat(items, Number::parse(cursor)?));
        }
        let word = cursor.until(ends_word);
        match &*word {
            "text" => Ok(Self::Text(Content::parse(cursor)?)),
            "bin" => Ok(Self::Binary(Content::parse(cursor)?)),
            "ping" => Ok(Self::Ping(Content::parse(cursor)?)),
            "pong" => {
                let literal = Literal::parse_spaced(cursor)?;
                Ok(Self::Pong((!literal.0.is_empty()).then_some(literal)))
            }
            "sends" => {
                cursor.skip_blanks();
                let start = cursor.position();
                let opcode = match &*cursor.until(ends_word) {
                    "ping" => 9,
                    "pong" => 10,
                    word => return Err(cursor.error_at(start, format!("expected ping or pong, found {word:?}"))),
                };
                Ok(Self::Sends { opcode, payload: Literal::parse_spaced(cursor)? })
            }
            _ => Err(cursor.error_at(
                start,
                format!("expected 101, a status, refused, text, bin, ping, pong, sends, open, close, fail, closing or eof, found {word:?}"),
            )),
        }
    }
}

impl Content {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        cursor.skip_blanks();
        if cursor.accept("@") {
            return Ok(Self::Sent);
        }
        if !starts_literal(cursor) {
            return Err(cursor.error(format!("expected @ or a literal, found {}", cursor.found())));
        }
        Literal::parse_spaced(cursor).map(Self::Literal)
    }
}
