//! `Sec-WebSocket-Extensions` (RFC 6455 §9.1) and the parameters of permessage-deflate (RFC 7692 §7.1).

use super::head::{is_tchar, split, split_list, trim};
use super::inflate::Parameters;

/// One extension with its parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extension {
    /// Its token.
    pub name: String,
    /// Names, and values without quotation marks.
    pub params: Vec<(String, Option<String>)>,
}

/// The extensions of a field's value; none if it does not follow the grammar.
pub fn read(value: &[u8]) -> Option<Vec<Extension>> {
    let mut extensions = Vec::new();
    for element in split_list(value).into_iter().map(trim).filter(|element| !element.is_empty()) {
        let mut parts = split(element, b';').into_iter().map(trim);
        let name = token(parts.next()?)?;
        let params = parts.map(param).collect::<Option<_>>()?;
        extensions.push(Extension { name, params });
    }
    Some(extensions)
}

fn param(part: &[u8]) -> Option<(String, Option<String>)> {
    let Some(equals) = part.iter().position(|&byte| byte == b'=') else { return Some((token(part)?, None)) };
    let (name, value) = (trim(&part[..equals]), trim(&part[equals + 1..]));
    let value = match value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) {
        // §9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
        Some(quoted) => {
            let mut bytes = Vec::new();
            let mut escaped = false;
            for &byte in quoted {
                if byte == b'\\' && !escaped {
                    escaped = true;
                } else {
                    bytes.push(byte);
                    escaped = false;
                }
            }
            token(&bytes)?
        }
        None => token(value)?,
    };
    Some((token(name)?, Some(value)))
}

fn token(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty() && bytes.iter().all(|&byte| is_tchar(byte))).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// The parameters of permessage-deflate, in an offer or an answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Deflate {
    /// `server_no_context_takeover`
    pub server_no_takeover: bool,
    /// `client_no_context_takeover`
    pub client_no_takeover: bool,
    /// `server_max_window_bits`
    pub server_bits: Option<u8>,
    /// `client_max_window_bits`; in an offer it may be without a value.
    pub client_bits: Option<Option<u8>>,
}

impl Deflate {
    /// The name of the extension.
    pub const NAME: &'static str = "permessage-deflate";

    /// Reads the parameters, or says which of them §7 forbids.
    pub fn read(extension: &Extension, answer: bool) -> Result<Self, String> {
        let mut deflate = Self::default();
        for (i, (name, value)) in extension.params.iter().enumerate() {
            if extension.params[..i].iter().any(|(before, _)| before == name) {
                return Err(format!("expected {name} once, found it twice"));
            }
            let bits = || match value.as_deref() {
                Some("8") => Ok(8),
                Some("9") => Ok(9),
                Some(word @ ("10" | "11" | "12" | "13" | "14" | "15")) => Ok(word.parse().unwrap_or(15)),
                Some(other) => Err(format!("expected 8 to 15 for {name}, found {other}")),
                None => Err(format!("expected a value for {name}, found none")),
            };
            let flag = || match value {
                None => Ok(true),
                Some(value) => Err(format!("expected no value for {name}, found {value}")),
            };
            match &**name {
                "server_no_context_takeover" => deflate.server_no_takeover = flag()?,
                "client_no_context_takeover" => deflate.client_no_takeover = flag()?,
                "server_max_window_bits" => deflate.server_bits = Some(bits()?),
                "client_max_window_bits" if value.is_none() && !answer => deflate.client_bits = Some(None),
                "client_max_window_bits" => deflate.client_bits = Some(Some(bits()?)),
                _ => return Err(format!("expected a parameter of RFC 7692 §7.1, found {name}")),
            }
        }
        Ok(deflate)
    }

    /// What an answer agrees on for what the server sends.
    pub fn from_server(self) -> Parameters {
        Parameters { window_bits: self.server_bits.unwrap_or(15), takeover: !self.server_no_takeover }
    }

    /// What an answer agrees on for what the client sends.
    pub fn from_client(self) -> Parameters {
        Parameters { window_bits: self.client_bits.flatten().unwrap_or(15), takeover: !self.client_no_takeover }
    }

    /// Why this answer does not follow from this offer (§7.1), if it does not.
    pub fn not_of(self, offer: Self) -> Option<&'static str> {
        if offer.server_no_takeover && !self.server_no_takeover {
            return Some("server_no_context_takeover was offered and is missing in the answer (RFC 7692 §7.1.1.1)");
        }
        match (offer.server_bits, self.server_bits) {
            (Some(_), None) => {
                return Some("server_max_window_bits was offered and is missing in the answer (RFC 7692 §7.1.2.1)");
            }
            (Some(offered), Some(bits)) if bits > offered => {
                return Some("server_max_window_bits is larger than offered (RFC 7692 §7.1.2.1)");
            }
            _ => {}
        }
        match (offer.client_bits, self.client_bits) {
            (None, Some(_)) => Some("client_max_window_bits was not offered (RFC 7692 §7.1.2.2)"),
            (Some(Some(offered)), Some(Some(bits))) if bits > offered => {
                Some("client_max_window_bits is larger than offered (RFC 7692 §7.1.2.2)")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deflate(text: &str, answer: bool) -> Result<Deflate, String> {
        Deflate::read(&read(text.as_bytes()).unwrap()[0], answer)
    }

    #[test]
    fn grammar_of_section_9_1() {
        let extensions =
            read(b"foo; bar=2, permessage-deflate; client_max_window_bits; server_max_window_bits=\"1\\0\"").unwrap();
        assert_eq!(extensions[0].params, [("bar".to_owned(), Some("2".to_owned()))]);
        assert_eq!(extensions[1].params[1].1.as_deref(), Some("10"));
        for bad in ["foo;", "foo bar", "foo; a=\"b c\"", "foo; =1", "a/b"] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn parameters_of_section_7_1() {
        assert!(deflate("permessage-deflate; server_max_window_bits=15; client_max_window_bits", false).is_ok());
        for bad in ["x", "server_max_window_bits", "server_max_window_bits=16", "server_max_window_bits=08"] {
            assert!(deflate(&format!("permessage-deflate; {bad}"), false).is_err(), "{bad}");
        }
        assert!(deflate("permessage-deflate; client_max_window_bits", true).is_err());
        assert!(deflate("permessage-deflate; client_no_context_takeover; client_no_context_takeover", true).is_err());
    }

    #[test]
    fn answers_follow_from_offers() {
        let offer =
            deflate("permessage-deflate; server_no_context_takeover; server_max_window_bits=10", false).unwrap();
        let fits = |answer: &str| deflate(answer, true).unwrap().not_of(offer).is_none();
        assert!(fits(
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_no_context_takeover"
        ));
        assert!(!fits("permessage-deflate; server_max_window_bits=10"));
        assert!(!fits("permessage-deflate; server_no_context_takeover"));
        assert!(!fits("permessage-deflate; server_no_context_takeover; server_max_window_bits=11"));
        assert!(!fits(
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10"
        ));
    }
}
