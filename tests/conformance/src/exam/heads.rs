//! Good heads, and their edits.

use super::Field;
use crate::case::{Edit, Limits, Literal};

/// What the variables of a head stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    pub(super) host: String,
    pub(super) target: String,
    pub(super) key: String,
    pub(super) accept: String,
    pub(super) subprotocol: String,
    pub(super) origin: String,
}

impl Variables {
    fn get(&self, name: &str) -> Vec<u8> {
        let value = match name {
            "host" => &self.host,
            "target" => &self.target,
            "key" => &self.key,
            "accept" => &self.accept,
            "subprotocol" => &self.subprotocol,
            _ => &self.origin,
        };
        value.clone().into_bytes()
    }
}

/// A head that is about to be written.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Method, target and version; or version and status.
    parts: [Vec<u8>; 3],
    first: Option<Vec<u8>>,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    lines: Vec<Vec<u8>>,
    eol: Vec<u8>,
    before: Vec<u8>,
    cut: Option<Edit>,
}

impl Draft {
    pub(super) fn request(variables: &Variables, extensions: Option<&str>) -> Self {
        let mut fields = vec![
            ("Host", &*variables.host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", &variables.key),
            ("Sec-WebSocket-Version", "13"),
        ];
        fields.extend(extensions.map(|offer| ("Sec-WebSocket-Extensions", offer)));
        Self::new([b"GET", variables.target.as_bytes(), b"HTTP/1.1"], &fields)
    }

    pub(super) fn response(variables: &Variables, extensions: Option<&str>) -> Self {
        let mut fields =
            vec![("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", &*variables.accept)];
        fields.extend(extensions.map(|answer| ("Sec-WebSocket-Extensions", answer)));
        Self::new([b"HTTP/1.1", b"101 Switching Protocols", b""], &fields)
    }

    /// RFC 8441 §5
    pub(super) fn connect(variables: &Variables) -> Self {
        let fields = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", &variables.target),
            (":authority", &variables.host),
            ("sec-websocket-version", "13"),
        ];
        Self::new([b""; 3], &fields)
    }

    pub(super) fn answer() -> Self {
        Self::new([b""; 3], &[(":status", "200")])
    }

    fn new(parts: [&[u8]; 3], fields: &[(&str, &str)]) -> Self {
        Self {
            parts: parts.map(<[u8]>::to_vec),
            first: None,
            fields: fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect(),
            lines: Vec::new(),
            eol: b"\r\n".to_vec(),
            before: Vec::new(),
            cut: None,
        }
    }

    /// None if a limit is not declared.
    pub(super) fn edit(mut self, edits: &[Edit], limits: &Limits, variables: &Variables) -> Option<Self> {
        let response = self.parts[0].starts_with(b"HTTP/");
        let literal = |literal: &Literal| literal.render(limits, &|name| variables.get(name));
        let named = |field: &(Vec<u8>, Vec<u8>), name: &str| field.0.eq_ignore_ascii_case(name.as_bytes());
        for edit in edits {
            match edit {
                Edit::Method(value) => self.parts[0] = literal(value)?,
                Edit::Version(value) => self.parts[if response { 0 } else { 2 }] = literal(value)?,
                Edit::Target(value) | Edit::Status(value) => self.parts[1] = literal(value)?,
                Edit::First(value) => self.first = Some(literal(value)?),
                Edit::Remove(name) => self.fields.retain(|field| !named(field, name)),
                Edit::Replace(name, value) => {
                    let value = literal(value)?;
                    match self.fields.iter_mut().find(|field| named(field, name)) {
                        Some(field) => *field = (name.as_bytes().to_vec(), value),
                        None => self.fields.push((name.as_bytes().to_vec(), value)),
                    }
                }
                Edit::Append(name, value) => self.fields.push((name.as_bytes().to_vec(), literal(value)?)),
                Edit::Prepend(name, value) => self.fields.insert(0, (name.as_bytes().to_vec(), literal(value)?)),
                Edit::Line(value) => self.lines.push(literal(value)?),
                Edit::Eol(value) => self.eol = literal(value)?,
                Edit::Fields(number) => {
                    for i in 1..=number.value(limits)? {
                        self.fields.push((format!("X-Field-{i}").into_bytes(), b"v".to_vec()));
                    }
                }
                Edit::CutAt(_) | Edit::CutBefore(_) => self.cut = Some(edit.clone()),
                Edit::Before(value) => self.before = literal(value)?,
            }
        }
        Some(self)
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// What comes before it.
    pub(super) fn before(&self) -> &[u8] {
        &self.before
    }

    /// Its fields.
    pub(super) fn fields(&self) -> Vec<Field> {
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        self.fields.iter().map(|(n, value)| (name(n), value.clone())).collect()
    }

    /// The head itself.
    pub(super) fn write(&self) -> Vec<u8> {
        let parts: Vec<&[u8]> = self.parts.iter().map(Vec::as_slice).filter(|part| !part.is_empty()).collect();
        let mut head = self.first.clone().unwrap_or_else(|| parts.join(&b' '));
        head.extend(&self.eol);
        for (name, value) in &self.fields {
            head.extend([name, &b": "[..], value, &self.eol].concat());
        }
        for line in &self.lines {
            head.extend([&line[..], &self.eol].concat());
        }
        head.extend(&self.eol);
        match self.cut {
            Some(Edit::CutAt(n)) => head.truncate(n),
            Some(Edit::CutBefore(n)) => head.truncate(head.len().saturating_sub(n)),
            _ => {}
        }
        head
    }
}
