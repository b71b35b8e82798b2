//! JSON, written and read without a library: the same results give the same bytes.

use std::fmt::Write;

use super::Run;
use super::text::wire;
use crate::case::Library;

/// A value.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    /// In this order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An object of these members.
    pub fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// The elements.
    pub fn as_list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// On one line.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(n) => {
                let _ = write!(out, "{n}");
            }
            Self::Text(text) => quote(text, out),
            Self::List(list) => {
                out.push('[');
                for (i, value) in list.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    value.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (i, (name, value)) in members.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    quote(name, out);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Reads a value.
    pub fn read(text: &str) -> Option<Self> {
        let mut chars = text.chars().peekable();
        let value = value(&mut chars)?;
        blanks(&mut chars);
        chars.next().is_none().then_some(value)
    }
}

/// One result on each line.
pub fn report(run: &Run, library: &Library) -> String {
    let mut out = String::from("{\"format\": 1, \"agent\": ");
    quote(&run.agent, &mut out);
    let _ = writeln!(out, ", \"role\": \"{}\", \"results\": [", run.role.name());
    for (i, result) in run.results.iter().enumerate() {
        let findings = result.findings.iter().map(|finding| {
            Json::object([
                ("lint", Json::text(finding.lint.name)),
                ("rule", Json::text(finding.lint.rule)),
                ("what", Json::text(&finding.what)),
            ])
        });
        let split = result.split.as_ref().map_or(Json::Null, |split| Json::text(split.to_string()));
        let case = library.get(&result.id);
        // Of a pass the bytes are of no interest, and their masks differ from run to run.
        let log = if result.is_clean() { Json::Null } else { Json::text(wire(&result.log)) };
        Json::object([
            ("id", Json::text(&result.id)),
            ("family", Json::text(&result.family)),
            ("level", Json::text(case.map_or("", |case| case.rule.level.name()))),
            ("grade", Json::text(result.grade.name())),
            ("said", Json::List(result.said.iter().map(Json::text).collect())),
            ("seen", Json::text(&result.seen)),
            ("split", split),
            ("findings", Json::List(findings.collect())),
            ("wire", log),
        ])
        .write(&mut out);
        out.push_str(if i + 1 < run.results.len() { ",\n" } else { "\n" });
    }
    out.push_str("]}\n");
    out
}

/// A text in quotation marks.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

type Chars<'t> = std::iter::Peekable<std::str::Chars<'t>>;

fn blanks(chars: &mut Chars<'_>) {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
}

fn value(chars: &mut Chars<'_>) -> Option<Json> {
    blanks(chars);
    match *chars.peek()? {
        '"' => string(chars).map(Json::Text),
        '[' => {
            chars.next();
            let mut list = Vec::new();
            loop {
                blanks(chars);
                if chars.next_if_eq(&']').is_some() {
                    return Some(Json::List(list));
                }
                list.push(value(chars)?);
                blanks(chars);
                chars.next_if_eq(&',');
            }
        }
        '{' => {
            chars.next();
            let mut members = Vec::new();
            loop {
                blanks(chars);
                if chars.next_if_eq(&'}').is_some() {
                    return Some(Json::Object(members));
                }
                let name = string(chars)?;
                blanks(chars);
                chars.next_if_eq(&':')?;
                members.push((name, value(chars)?));
                blanks(chars);
                chars.next_if_eq(&',');
            }
        }
        _ => {
            let mut word = String::new();
            while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')) {
                word.push(c);
            }
            match &*word {
                "null" => Some(Json::Null),
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                _ => word.parse().ok().map(Json::Number),
            }
        }
    }
}

fn string(chars: &mut Chars<'_>) -> Option<String> {
    chars.next_if_eq(&'"')?;
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => match chars.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'u' => {
                    let code: String = (0..4).map_while(|_| chars.next()).collect();
                    text.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
                }
                c => text.push(c),
            },
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let value = Json::object([
            ("a", Json::List(vec![Json::Null, Json::Bool(true), Json::Number(-5)])),
            ("b\"", Json::text("x\n\u{1}ü\\")),
            ("c", Json::object([])),
        ]);
        let mut out = String::new();
        value.write(&mut out);
        assert_eq!(Json::read(&out), Some(value));
        assert_eq!(Json::read("{\"a\": }"), None);
    }
}
