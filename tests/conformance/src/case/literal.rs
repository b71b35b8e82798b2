//! Payload literals and numbers.

use super::lex::{Cursor, ends_word};
use super::{CaseError, Limit, Limits};
use crate::wire::deflate::{self, Token};

/// Bytes as a case writes them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Literal(pub Vec<Piece>);

/// One literal and how often it stands there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// What is repeated.
    pub unit: Unit,
    /// How often.
    pub times: Number,
}

/// A part of a literal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unit {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What a good head has there: `host`, `key`, `accept` and so on.
    Variable(String),
}

/// A number that may depend on a declared limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Number {
    base: Base,
    change: Change,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Base {
    /// Up to 2^64.
    Fixed(u128),
    Limit(Limit),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    Plus(u64),
    Minus(u64),
    Over(u64),
}

impl Number {
    /// This number, whatever the limits.
    pub const fn fixed(n: u64) -> Self {
        Self { base: Base::Fixed(n as u128), change: Change::Plus(0) }
    }

    /// Its value; none if the limit is not declared, or the value not representable.
    pub fn value(&self, limits: &Limits) -> Option<u64> {
        let base = match self.base {
            Base::Fixed(n) => n,
            Base::Limit(limit) => u128::from(limits.get(limit)?),
        };
        let value = match self.change {
            Change::Plus(k) => base.checked_add(k.into()),
            Change::Minus(k) => base.checked_sub(k.into()),
            Change::Over(k) => base.checked_div(k.into()),
        };
        u64::try_from(value?).ok()
    }

    /// The limit it depends on.
    pub fn limit(&self) -> Option<Limit> {
        match self.base {
            Base::Fixed(_) => None,
            Base::Limit(limit) => Some(limit),
        }
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        let start = cursor.position();
        let word = cursor.until(|c| !c.is_ascii_alphanumeric());
        let (base, power) = match word.parse::<u64>() {
            Ok(n) => (Base::Fixed(n.into()), cursor.peek() == Some('^')),
            Err(_) => match Limit::named(&word) {
                Some(limit) => (Base::Limit(limit), false),
                None => return Err(cursor.error_at(start, format!("expected a number, found {word:?}"))),
            },
        };
        let mut base = base;
        if power {
            cursor.next();
            let exponent = digits(cursor)?;
            let value = u32::try_from(exponent).ok().filter(|&k| k <= 64).map(|k| 1_u128 << k);
            match (base, value) {
                (Base::Fixed(2), Some(value)) => base = Base::Fixed(value),
                _ => return Err(cursor.error_at(start, "expected 2^0 to 2^64, found another power")),
            }
        }
        let change = match cursor.peek() {
            Some('+') if cursor.peek_at(1).is_some_and(|c| c.is_ascii_digit()) => {
                cursor.next();
                Change::Plus(digits(cursor)?)
            }
            Some('-') => {
                cursor.next();
                Change::Minus(digits(cursor)?)
            }
            Some('/') if matches!(base, Base::Limit(_)) && cursor.peek_at(1).is_some_and(|c| c.is_ascii_digit()) => {
                cursor.next();
                Change::Over(digits(cursor)?)
            }
            _ => Change::Plus(0),
        };
        Ok(Self { base, change })
    }
}

impl Literal {
    /// These bytes.
    pub fn bytes_of(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![Piece { unit: Unit::Bytes(bytes.into()), times: Number::fixed(1) }])
    }

    /// The bytes; none if a limit is not declared. `variable` tells what a variable stands for.
    pub fn render(&self, limits: &Limits, variable: &dyn Fn(&str) -> Vec<u8>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in &self.0 {
            let times = usize::try_from(piece.times.value(limits)?).ok()?;
            match &piece.unit {
                Unit::Bytes(unit) => {
                    if unit.len().checked_mul(times)? > MOST_BYTES {
                        return None;
                    }
                    bytes.extend(unit.repeat(times));
                }
                Unit::Variable(name) => bytes.extend(variable(name)),
            }
        }
        Some(bytes)
    }

    /// The bytes, where there are no variables.
    pub fn bytes(&self, limits: &Limits) -> Option<Vec<u8>> {
        self.render(limits, &|_| Vec::new())
    }

    /// The numbers in it.
    pub fn numbers(&self) -> impl Iterator<Item = &Number> {
        self.0.iter().map(|piece| &piece.times)
    }

    /// Literals with blanks between them, as many as there are.
    pub(super) fn parse_spaced(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        let mut pieces = Vec::new();
        loop {
            cursor.skip_blanks();
            if !starts_literal(cursor) {
                return Ok(Self(pieces));
            }
            piece(cursor, false, &mut pieces)?;
        }
    }

    /// At least one literal, none with a blank before it.
    pub(super) fn parse_joined(cursor: &mut Cursor<'_>) -> Result<Self, CaseError> {
        let mut pieces = Vec::new();
        while starts_literal(cursor) {
            piece(cursor, true, &mut pieces)?;
        }
        if pieces.is_empty() {
            return Err(cursor.error(format!("expected a literal, found {}", cursor.found())));
        }
        Ok(Self(pieces))
    }
}

pub(super) fn starts_literal(cursor: &Cursor<'_>) -> bool {
    matches!(cursor.peek(), Some('"' | '<' | '('))
}

fn digits(cursor: &mut Cursor<'_>) -> Result<u64, CaseError> {
    let start = cursor.position();
    let word = cursor.until(|c| !c.is_ascii_digit());
    word.parse().map_err(|_| cursor.error_at(start, format!("expected a number, found {word:?}")))
}

fn piece(cursor: &mut Cursor<'_>, variables: bool, pieces: &mut Vec<Piece>) -> Result<(), CaseError> {
    let start = cursor.position();
    let units = match cursor.peek() {
        Some('"') => quoted(cursor, variables)?,
        Some('<') => vec![Unit::Bytes(hex(cursor)?)],
        _ => vec![Unit::Bytes(stream(cursor)?)],
    };
    let mut times = Number::fixed(1);
    if cursor.peek() == Some('*') {
        cursor.next();
        times = Number::parse(cursor)?;
        if units.len() > 1 || matches!(units[..], [Unit::Variable(_)]) {
            return Err(cursor.error_at(start, "a literal with a variable can't be repeated"));
        }
    }
    pieces.extend(units.into_iter().map(|unit| Piece { unit, times }));
    Ok(())
}

fn quoted(cursor: &mut Cursor<'_>, variables: bool) -> Result<Vec<Unit>, CaseError> {
    let start = cursor.position();
    cursor.next();
    let (mut units, mut bytes) = (Vec::new(), Vec::new());
    loop {
        let at = cursor.position();
        match cursor.next() {
            None => return Err(cursor.error_at(start, "expected a closing quotation mark, found the end of the line")),
            Some('"') => break,
            Some('\\') => bytes.push(escape(cursor, at)?),
            Some('$') if variables => {
                let name = cursor.until(|c| !c.is_ascii_lowercase());
                if !VARIABLES.contains(&&*name) {
                    return Err(
                        cursor.error_at(at, format!("expected one of ${}, found ${name}", VARIABLES.join(" $")))
                    );
                }
                if !bytes.is_empty() {
                    units.push(Unit::Bytes(std::mem::take(&mut bytes)));
                }
                units.push(Unit::Variable(name));
            }
            Some(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    if !bytes.is_empty() || units.is_empty() {
        units.push(Unit::Bytes(bytes));
    }
    Ok(units)
}

fn escape(cursor: &mut Cursor<'_>, at: usize) -> Result<u8, CaseError> {
    match cursor.next() {
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        Some('0') => Ok(0),
        Some('\\') => Ok(b'\\'),
        Some('"') => Ok(b'"'),
        Some('x') => {
            let (high, low) = (cursor.next(), cursor.next());
            let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16));
            match (digit(high), digit(low)) {
                (Some(high), Some(low)) => Ok((high * 16 + low) as u8),
                _ => Err(cursor.error_at(at, "expected two hexadecimal digits after \\x")),
            }
        }
        _ => Err(cursor.error_at(at, "expected \\n \\r \\t \\0 \\\\ \\\" or \\xHH, found another escape")),
    }
}

fn hex(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, CaseError> {
    let start = cursor.position();
    cursor.next();
    let mut digits = Vec::new();
    loop {
        match cursor.next() {
            Some('>') => break,
            Some(c) if c.is_ascii_hexdigit() => digits.push(c.to_digit(16).unwrap_or(0) as u8),
            Some(' ') => {}
            _ => return Err(cursor.error_at(start, "expected hexadecimal digits and '>'")),
        }
    }
    if digits.len() % 2 == 1 {
        return Err(cursor.error_at(start, "expected an even number of hexadecimal digits"));
    }
    Ok(digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

/// A block of a DEFLATE stream, token by token.
fn stream(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, CaseError> {
    let start = cursor.position();
    cursor.next();
    let mut kind = deflate::Block::Fixed;
    let mut tokens = Vec::new();
    loop {
        cursor.skip_blanks();
        let at = cursor.position();
        match cursor.peek() {
            Some(')') => break,
            Some('"' | '<') => {
                let mut pieces = Vec::new();
                piece(cursor, false, &mut pieces)?;
                let bytes = Literal(pieces).bytes(&Limits::default());
                let bytes = bytes.ok_or_else(|| cursor.error_at(at, "a limit can't be used in a DEFLATE literal"))?;
                tokens.extend(bytes.into_iter().map(Token::Literal));
            }
            Some(c) if c.is_ascii_digit() => {
                let len = digits(cursor)?;
                if !cursor.accept("@") {
                    return Err(cursor.error("expected LENGTH@DISTANCE"));
                }
                let distance = digits(cursor)?;
                let mut times = 1;
                if cursor.accept("*") {
                    times = digits(cursor)?;
                }
                if !(3..=258).contains(&len) || !(1..=32768).contains(&distance) || times > 1 << 20 {
                    return Err(cursor.error_at(at, "expected a length of 3 to 258 and a distance of 1 to 32768"));
                }
                tokens.extend(vec![Token::Copy { len: len as usize, distance: distance as usize }; times as usize]);
            }
            _ => match &*cursor.until(ends_word) {
                "stored" => kind = deflate::Block::Stored,
                "final" => kind = deflate::Block::Final,
                "" => return Err(cursor.error_at(start, "expected ')', found none")),
                word => {
                    return Err(cursor
                        .error_at(at, format!("expected stored, final, literals or LENGTH@DISTANCE, found {word}")));
                }
            },
        }
    }
    cursor.next();
    deflate::block(kind, &tokens)
        .ok_or_else(|| cursor.error_at(start, "a stored block holds literals only, at most 65535"))
}

const VARIABLES: [&str; 6] = ["host", "target", "key", "accept", "subprotocol", "origin"];

/// No case is larger.
const MOST_BYTES: usize = 1 << 27;
