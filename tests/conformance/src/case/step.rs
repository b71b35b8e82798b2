//! What the judge does in a case.

use std::time::Duration;

use super::edit::Edit;
use super::lex::{Cursor, ends_word};
use super::literal::{Literal, Number};
use super::{CaseError, duration};
pub use crate::wire::frame::Form;

/// How a connection begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Opening {
    /// With a good handshake.
    Good,
    /// With exactly these parameters of permessage-deflate.
    Agree(String),
    /// With an edited request.
    Request(Vec<Edit>),
    /// With an edited response.
    Response(Vec<Edit>),
    /// With an edited extended CONNECT.
    Connect(Vec<Edit>),
    /// With an edited answer to an extended CONNECT.
    Answer(Vec<Edit>),
    /// To this URL.
    Url(String),
}

/// One thing that the judge does.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Step {
    Frame(Frame),
    /// Bytes as they stand.
    Raw(Literal),
    /// Further bytes of the frame before.
    More(Literal),
    /// What is due is due now.
    Look,
    /// What follows, up to a `look`, goes with the head.
    Early,
    /// The judge ends its direction.
    Half,
    Wait(Duration),
    /// The judge answers no Close from here on.
    Silent,
    Do(Command),
    Repeat(Vec<Step>, Number),
}

/// A frame, good or bad.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// 0 to 15.
    pub opcode: u8,
    /// FIN.
    pub fin: bool,
    /// RSV1, RSV2, RSV3 as the bits 4, 2, 1.
    pub rsv: u8,
    /// Another length form than the shortest.
    pub form: Option<Form>,
    /// Another length than the payload's.
    pub declared: Option<Number>,
    /// Other masking than the role's.
    pub masking: Option<Masking>,
    /// Whether the judge compresses the payload.
    pub compressed: bool,
    /// What it carries.
    pub payload: Literal,
}

/// The mask bit and the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Masking {
    None,
    Fresh,
    Key([u8; 4]),
}

/// What the subject's application is told to do.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Command {
    Close { code: Option<u16>, reason: Literal },
    Text(Literal),
    Binary(Literal),
    Ping(Literal),
    Pong(Literal),
}

impl Opening {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        cursor.skip_blanks();
        let start = cursor.position();
        Ok(match &*cursor.until(ends_word) {
            "req" => Self::Request(Edit::parse_all(cursor)?),
            "resp" => Self::Response(Edit::parse_all(cursor)?),
            "connect" => Self::Connect(Edit::parse_all(cursor)?),
            "answer" => Self::Answer(Edit::parse_all(cursor)?),
            "agree" => Self::Agree(text(cursor)?),
            "url" => Self::Url(text(cursor)?),
            _ => {
                cursor.rewind(start);
                Self::Good
            }
        })
    }
}

impl Step {
    /// The steps up to `=>`, or to the end of a group.
    pub(super) fn parse_all(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, CaseError> {
        let mut steps = Vec::new();
        loop {
            cursor.skip_blanks();
            if cursor.peek().is_none() || cursor.peek() == Some(']') || is_arrow(cursor) {
                return Ok(steps);
            }
            steps.push(Self::parse(cursor)?);
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        let start = cursor.position();
        if cursor.accept("[") {
            let steps = Self::parse_all(cursor)?;
            if !cursor.accept("]*") {
                return Err(cursor.error(format!("expected ]*N, found {}", cursor.found())));
            }
            return Ok(Self::Repeat(steps, Number::parse(cursor)?));
        }
        let word = cursor.until(ends_word);
        Ok(match &*word {
            "raw" => Self::Raw(Literal::parse_spaced(cursor)?),
            "more" => Self::More(Literal::parse_spaced(cursor)?),
            "look" => Self::Look,
            "early" => Self::Early,
            "half" => Self::Half,
            "silent" => Self::Silent,
            "wait" => {
                cursor.skip_blanks();
                let at = cursor.position();
                let span = cursor.until(ends_word);
                let span = duration(&span).ok_or_else(|| cursor.error_at(at, "expected a time such as 5s or 100ms"))?;
                Self::Wait(span)
            }
            "do" => Self::Do(Command::parse(cursor)?),
            _ => Self::Frame(Frame::parse(&word, start, cursor)?),
        })
    }
}

impl Command {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        cursor.skip_blanks();
        let start = cursor.position();
        Ok(match &*cursor.until(ends_word) {
            "close" => Self::Close { code: code(cursor)?, reason: Literal::parse_spaced(cursor)? },
            "text" => Self::Text(Literal::parse_spaced(cursor)?),
            "bin" => Self::Binary(Literal::parse_spaced(cursor)?),
            "ping" => Self::Ping(Literal::parse_spaced(cursor)?),
            "pong" => Self::Pong(Literal::parse_spaced(cursor)?),
            word => {
                return Err(cursor.error_at(start, format!("expected close, text, bin, ping or pong, found {word:?}")));
            }
        })
    }
}

impl Frame {
    fn parse(word: &str, start: usize, cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        let kind = word.split(['!', '+', '/']).next().unwrap_or("");
        let opcode = opcode(kind).ok_or_else(|| {
            let steps =
                "a frame (text bin cont ping pong close opN), raw, more, look, early, half, wait, silent, do or =>";
            cursor.error_at(start, format!("expected {steps}, found {kind:?}"))
        })?;
        let mut rest = &word[kind.len()..];
        let mut frame = Self {
            opcode,
            fin: true,
            rsv: 0,
            form: None,
            declared: None,
            masking: None,
            compressed: false,
            payload: Literal::default(),
        };
        if let Some(after) = rest.strip_prefix('!') {
            frame.fin = false;
            rest = after;
        }
        for (name, bit) in [("+rsv1", 4), ("+rsv2", 2), ("+rsv3", 1)] {
            if let Some(after) = rest.strip_prefix(name) {
                frame.rsv |= bit;
                rest = after;
            }
        }
        let mut parts = rest.split('/');
        let unknown = |part: &str| cursor.error_at(start, format!("expected !, +rsvN or /MOD, found {part:?}"));
        if let Some(part) = parts.next().filter(|part| !part.is_empty()) {
            return Err(unknown(part));
        }
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            match part {
                "7" => frame.form = Some(Form::Bits7),
                "16" => frame.form = Some(Form::Bits16),
                "64" => frame.form = Some(Form::Bits64),
                "masked" => frame.masking = Some(Masking::Fresh),
                "unmasked" => frame.masking = Some(Masking::None),
                "z" => frame.compressed = true,
                _ => match (part.strip_prefix("len"), part.strip_prefix("key")) {
                    (Some(len), _) => {
                        // `/lenmessage/2` is one number.
                        let joined = match parts.peek() {
                            Some(over) if len.parse::<u64>().is_err() && over.bytes().all(|b| b.is_ascii_digit()) => {
                                format!("{len}/{}", parts.next().unwrap_or_default())
                            }
                            _ => len.to_owned(),
                        };
                        let mut number = Cursor::new("", &[(1, &joined)]);
                        match Number::parse(&mut number) {
                            Ok(n) if number.peek().is_none() => frame.declared = Some(n),
                            _ => return Err(unknown(part)),
                        }
                    }
                    (_, Some("0")) => frame.masking = Some(Masking::Key([0; 4])),
                    (_, Some(key)) if key.len() == 8 => match u32::from_str_radix(key, 16) {
                        Ok(key) => frame.masking = Some(Masking::Key(key.to_be_bytes())),
                        Err(_) => return Err(unknown(part)),
                    },
                    _ => return Err(unknown(part)),
                },
            }
        }
        if kind == "close" {
            if let Some(code) = code(cursor)? {
                frame.payload = Literal::bytes_of(code.to_be_bytes());
            }
        }
        frame.payload.0.extend(Literal::parse_spaced(cursor)?.0);
        Ok(frame)
    }
}

pub(super) fn is_arrow(cursor: &Cursor<'_>) -> bool {
    cursor.peek() == Some('=') && cursor.peek_at(1) == Some('>')
}

fn opcode(kind: &str) -> Option<u8> {
    match kind {
        "cont" => Some(0),
        "text" => Some(1),
        "bin" => Some(2),
        "close" => Some(8),
        "ping" => Some(9),
        "pong" => Some(10),
        _ => {
            let digit = kind.strip_prefix("op")?;
            (digit.len() == 1).then(|| u8::from_str_radix(digit, 16).ok())?
        }
    }
}

/// A decimal status code, if one follows.
pub(super) fn code(cursor: &mut Cursor<'_>) -> Result<Option<u16>, CaseError> {
    cursor.skip_blanks();
    let start = cursor.position();
    if !cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        return Ok(None);
    }
    let word = cursor.until(ends_word);
    word.parse().map(Some).map_err(|_| cursor.error_at(start, format!("expected a code of 0 to 65535, found {word}")))
}

fn text(cursor: &mut Cursor<'_>) -> Result<String, CaseError> {
    cursor.skip_blanks();
    let at = cursor.position();
    let bytes = Literal::parse_joined(cursor)?.bytes(&super::Limits::default());
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| cursor.error_at(at, "expected text"))
}
