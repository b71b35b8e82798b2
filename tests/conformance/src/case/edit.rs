//! Edits of a good handshake head.

use super::CaseError;
use super::lex::{Cursor, ends_word};
use super::literal::{Literal, Number, starts_literal};

/// A change of a good head.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Edit {
    Method(Literal),
    Version(Literal),
    Target(Literal),
    /// The whole first line.
    First(Literal),
    /// Code and reason.
    Status(Literal),
    Remove(String),
    /// Where it stands, or at the end.
    Replace(String, Literal),
    Append(String, Literal),
    /// After the first line.
    Prepend(String, Literal),
    /// At the end of the fields, as it stands.
    Line(Literal),
    /// What ends each line.
    Eol(Literal),
    /// So many further fields.
    Fields(Number),
    /// Only the first bytes.
    CutAt(usize),
    /// All but the last bytes.
    CutBefore(usize),
    /// Bytes before the head.
    Before(Literal),
}

impl Edit {
    /// The literal in it.
    pub fn literal(&self) -> Option<&Literal> {
        match self {
            Self::Method(l) | Self::Version(l) | Self::Target(l) | Self::First(l) | Self::Status(l) => Some(l),
            Self::Replace(_, l) | Self::Append(_, l) | Self::Prepend(_, l) => Some(l),
            Self::Line(l) | Self::Eol(l) | Self::Before(l) => Some(l),
            Self::Remove(_) | Self::Fields(_) | Self::CutAt(_) | Self::CutBefore(_) => None,
        }
    }

    /// The edits that follow.
    pub(super) fn parse_all(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, CaseError> {
        let mut edits = Vec::new();
        loop {
            cursor.skip_blanks();
            let start = cursor.position();
            match Self::parse(cursor)? {
                Some(edit) => edits.push(edit),
                None => {
                    cursor.rewind(start);
                    return Ok(edits);
                }
            }
        }
    }

    /// None where a step begins.
    fn parse(cursor: &mut Cursor<'_>) -> Result<Option<Self>, CaseError> {
        let start = cursor.position();
        let word = cursor.until(ends_word);
        if let Some(name) = word.strip_prefix('-') {
            return Ok(Some(Self::Remove(name.to_owned())));
        }
        if let Some(version) = word.strip_prefix("HTTP/") {
            return Ok(Some(Self::Version(Literal::bytes_of(format!("HTTP/{version}")))));
        }
        if word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase()) {
            return Ok(Some(Self::Method(Literal::bytes_of(word))));
        }
        if let Some(n) = word.strip_prefix("cut:") {
            let cut = match n.strip_prefix('-') {
                Some(n) => n.parse().map(Self::CutBefore),
                None => n.parse().map(Self::CutAt),
            };
            return cut.map(Some).map_err(|_| cursor.error_at(start, "expected cut:N or cut:-N"));
        }
        if word.starts_with("fields:") {
            cursor.rewind(start + "fields:".len());
            return Number::parse(cursor).map(|n| Some(Self::Fields(n)));
        }
        let Some(name) = word.strip_suffix(':').filter(|name| !name.is_empty()) else { return Ok(None) };
        if !starts_literal(cursor) {
            return Err(cursor.error(format!("expected a literal after {word}, found {}", cursor.found())));
        }
        let value = Literal::parse_joined(cursor)?;
        Ok(Some(match name {
            "method" => Self::Method(value),
            "version" => Self::Version(value),
            "target" => Self::Target(value),
            "first" => Self::First(value),
            "status" => Self::Status(value),
            "line" => Self::Line(value),
            "eol" => Self::Eol(value),
            "before" => Self::Before(value),
            _ => match (name.strip_prefix('+'), name.strip_prefix('^')) {
                (Some(name), _) => Self::Append(name.to_owned(), value),
                (_, Some(name)) => Self::Prepend(name.to_owned(), value),
                _ => Self::Replace(name.to_owned(), value),
            },
        }))
    }
}
