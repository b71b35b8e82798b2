//! Extensions: the grammar of `Sec-WebSocket-Extensions` and what two endpoints agree on (§9).
//!
//! permessage-deflate comes with the crate. An application adds its own by three traits: [`Negotiate`] for the handshake, [`Decode`] for
//! messages that come, and `Encode` for those that are sent. An extension marks the messages that it has transformed by reserved bits on
//! their first frame; an extension that adds opcodes, changes frames, or needs a reserved bit on other frames is not supported.
#![forbid(unsafe_code)]

mod agreement;
#[cfg(feature = "inflate")]
pub mod deflate;
mod field_value;
mod negotiate;
pub(crate) mod negotiated;
mod own;
mod transform;

use core::fmt;

pub(crate) use agreement::{Mismatch, OfferedExtensions, Offers, ServerExtensions, observe_extensions};
pub(crate) use field_value::FieldValue;
pub use negotiate::{AcceptedExtension, AnswerFault, Negotiate};
#[cfg(feature = "alloc")]
pub use transform::Encode;
#[cfg(feature = "alloc")]
pub(crate) use transform::undo;
pub use transform::{Decode, Pieces};

use crate::http::{ascii, is_token_byte, split_token, trim_start};

/// The extensions in one value of `Sec-WebSocket-Extensions`, in their order, which is the order of preference (§9.1).
///
/// Empty list elements are skipped. The first breach of the grammar is an error, and the last item.
///
/// ```
/// use websocket_proto::extension::Extensions;
///
/// // §9.1, first example.
/// let mut extensions = Extensions::new(b"mux; max-channels=4; flow-control, deflate-stream");
/// let mux = extensions.next().unwrap().unwrap();
/// assert_eq!(mux.name(), "mux");
/// let mut params = mux.params();
/// let max_channels = params.next().unwrap();
/// assert_eq!((max_channels.name(), max_channels.value().unwrap() == "4"), ("max-channels", true));
/// assert!(params.next().unwrap().value().is_none());
/// assert_eq!(extensions.next().unwrap().unwrap().name(), "deflate-stream");
/// assert!(extensions.next().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Extensions<'b> {
    rest: &'b [u8],
}

impl<'b> Extensions<'b> {
    /// Reads one field value.
    pub fn new(value: &'b [u8]) -> Self {
        Self { rest: value }
    }

    fn parse_next(&mut self) -> Result<Option<Extension<'b>>, InvalidExtension> {
        self.rest = trim_start(self.rest);
        while let [b',', rest @ ..] = self.rest {
            self.rest = trim_start(rest);
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (name, mut rest) = token(self.rest)?;
        let params = rest;
        while let [b';', after @ ..] = trim_start(rest) {
            rest = Param::parse(after)?.1;
        }
        self.rest = match trim_start(rest) {
            after @ [] | [b',', after @ ..] => after,
            [byte, ..] => return Err(InvalidExtension { byte: Some(*byte) }),
        };
        Ok(Some(Extension { name, params }))
    }
}

impl<'b> Iterator for Extensions<'b> {
    type Item = Result<Extension<'b>, InvalidExtension>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.parse_next();
        if next.is_err() {
            self.rest = &[];
        }
        next.transpose()
    }
}

impl core::iter::FusedIterator for Extensions<'_> {}

/// An extension that a client offers, or that a server accepted: a name and parameters (§9.1).
///
/// ```
/// use websocket_proto::extension::Extensions;
///
/// let foo = Extensions::new(b"foo; bar=\"2\"").next().unwrap().unwrap();
/// assert_eq!(foo.name(), "foo");
/// assert_eq!(foo.params().count(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Extension<'b> {
    /// A token.
    name: &'b [u8],
    /// From the first semicolon on; known to follow the grammar up to the extension's end.
    params: &'b [u8],
}

impl<'b> Extension<'b> {
    /// The extension's name, a token.
    pub fn name(&self) -> &'b str {
        ascii(self.name)
    }

    /// The parameters, in their order.
    pub fn params(&self) -> Params<'b> {
        Params { rest: self.params }
    }
}

/// The parameters of an [`Extension`].
///
/// ```
/// use websocket_proto::extension::Extensions;
///
/// let foo = Extensions::new(b"foo; a; b=1, bar; c").next().unwrap().unwrap();
/// let names: Vec<&str> = foo.params().map(|param| param.name()).collect();
/// assert_eq!(names, ["a", "b"]);
/// ```
#[derive(Clone, Debug)]
pub struct Params<'b> {
    rest: &'b [u8],
}

impl<'b> Iterator for Params<'b> {
    type Item = Param<'b>;

    fn next(&mut self) -> Option<Param<'b>> {
        let [b';', rest @ ..] = trim_start(self.rest) else { return None };
        let (param, rest) = Param::parse(rest).ok()?;
        self.rest = rest;
        Some(param)
    }
}

impl core::iter::FusedIterator for Params<'_> {}

/// A parameter of an [`Extension`]: a name, and perhaps a value.
///
/// ```
/// use websocket_proto::extension::Extensions;
///
/// let foo = Extensions::new(b"foo; a; b=1").next().unwrap().unwrap();
/// let [a, b] = [0, 1].map(|n| foo.params().nth(n).unwrap());
/// assert!(a.name() == "a" && a.value().is_none());
/// assert!(b.name() == "b" && b.value().unwrap() == "1");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Param<'b> {
    /// A token.
    name: &'b [u8],
    value: Option<ParamValue<'b>>,
}

impl<'b> Param<'b> {
    /// The parameter's name, a token.
    pub fn name(&self) -> &'b str {
        ascii(self.name)
    }

    /// The parameter's value, where it has one.
    pub fn value(&self) -> Option<ParamValue<'b>> {
        self.value
    }

    /// §9.1: `extension-param = token [ "=" (token | quoted-string) ]`, with the "implied *LWS rule" of RFC 2616 §2.1.
    fn parse(input: &'b [u8]) -> Result<(Self, &'b [u8]), InvalidExtension> {
        let (name, rest) = token(trim_start(input))?;
        let [b'=', value @ ..] = trim_start(rest) else { return Ok((Self { name, value: None }, rest)) };
        let (raw, rest) = match trim_start(value) {
            [b'"', quoted @ ..] => split_quoted(quoted)?,
            value => token(value)?,
        };
        Ok((Self { name, value: Some(ParamValue { raw }) }, rest))
    }
}

/// A parameter's value, unquoted: always a token (§9.1), so `"10"` and `10` are the same.
///
/// ```
/// use websocket_proto::extension::Extensions;
///
/// let foo = Extensions::new(b"foo; bits=\"1\\0\"").next().unwrap().unwrap();
/// let value = foo.params().next().unwrap().value().unwrap();
/// assert!(value == "10");
/// assert_eq!(value.bytes().collect::<Vec<u8>>(), b"10");
/// ```
#[derive(Clone, Copy)]
pub struct ParamValue<'b> {
    /// What stood between the quotes, or the token. A backslash is no token byte, so each that is left here quotes
    /// the next.
    raw: &'b [u8],
}

impl<'b> ParamValue<'b> {
    /// The value's bytes, all of them token bytes.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + Clone + use<'b> {
        self.raw.iter().copied().filter(|&byte| byte != b'\\')
    }
}

impl PartialEq<str> for ParamValue<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl PartialEq<&str> for ParamValue<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq for ParamValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for ParamValue<'_> {}

impl fmt::Display for ParamValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().try_for_each(|byte| fmt::Write::write_char(f, char::from(byte)))
    }
}

impl fmt::Debug for ParamValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A `Sec-WebSocket-Extensions` that breaks its grammar (§9.1).
///
/// ```
/// use websocket_proto::extension::Extensions;
///
/// assert_eq!(Extensions::new(b"foo; =1").next().unwrap().unwrap_err().byte, Some(b'='));
/// assert_eq!(Extensions::new(b"foo;").next().unwrap().unwrap_err().byte, None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct InvalidExtension {
    /// The byte at fault; none where the value ended too early.
    pub byte: Option<u8>,
}

impl fmt::Display for InvalidExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.byte {
            Some(byte) => write!(f, "Sec-WebSocket-Extensions has a misplaced '{}'", byte.escape_ascii()),
            None => f.write_str("Sec-WebSocket-Extensions ends too early"),
        }
    }
}

impl core::error::Error for InvalidExtension {}

/// Takes a token, which must be there, from the front of `input`.
fn token(input: &[u8]) -> Result<(&[u8], &[u8]), InvalidExtension> {
    match split_token(input) {
        ([], rest) => Err(InvalidExtension { byte: rest.first().copied() }),
        (token, rest) => Ok((token, rest)),
    }
}

/// Takes a quoted string, whose opening quote is gone, from the front of `input`.
///
/// §9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
fn split_quoted(input: &[u8]) -> Result<(&[u8], &[u8]), InvalidExtension> {
    let mut rest = input;
    loop {
        match rest {
            [b'"', after @ ..] => {
                let raw = input.get(..input.len() - rest.len()).unwrap_or_default();
                // An empty string is no token.
                return if raw.is_empty() { Err(InvalidExtension { byte: Some(b'"') }) } else { Ok((raw, after)) };
            }
            [b'\\', byte, after @ ..] | [byte, after @ ..] if is_token_byte(*byte) => rest = after,
            [b'\\', byte, ..] | [byte, ..] => return Err(InvalidExtension { byte: Some(*byte) }),
            [] => return Err(InvalidExtension { byte: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(value: &[u8]) -> InvalidExtension {
        Extensions::new(value).find_map(Result::err).unwrap_or_else(|| panic!("{} passed", value.escape_ascii()))
    }

    /// Each extension as `name;param=value;param`.
    fn plain(value: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        for extension in Extensions::new(value) {
            let extension = extension.unwrap();
            let mut text = extension.name().to_owned();
            for param in extension.params() {
                text = text + ";" + param.name();
                if let Some(value) = param.value() {
                    text += &format!("={value}");
                }
            }
            all.push(text);
        }
        all
    }

    // RFC 2616 §2.1
    #[test]
    fn white_space_may_stand_between_any_two_words() {
        assert_eq!(plain(b" \tfoo ; a = 1\t;b , bar "), ["foo;a=1;b", "bar"]);
    }

    #[test]
    fn empty_list_elements_are_skipped() {
        assert_eq!(plain(b", ,foo,, bar,"), ["foo", "bar"]);
        assert!(plain(b"").is_empty());
        assert!(plain(b" , ").is_empty());
    }

    #[test]
    fn quoted_value_is_unquoted() {
        assert_eq!(plain(br#"foo; a="10"; b="1\0"; c="\1\0""#), ["foo;a=10;b=10;c=10"]);
    }

    #[test]
    fn values_are_compared_unquoted() {
        let extension = Extensions::new(br#"foo; a="1\0"; b=10; c=11; d=1; e=100"#).next().unwrap().unwrap();
        let values: Vec<ParamValue<'_>> = extension.params().filter_map(|param| param.value()).collect();
        assert_eq!(values.iter().map(|value| *value == "10").collect::<Vec<_>>(), [true, true, false, false, false]);
        assert_eq!(
            values.iter().map(|value| *value == values[0]).collect::<Vec<_>>(),
            [true, true, false, false, false]
        );
    }

    #[test]
    fn quoted_value_that_is_no_token_is_refused() {
        assert_eq!(error(b"foo; a=\"\""), InvalidExtension { byte: Some(b'"') });
        assert_eq!(error(b"foo; a=\"b c\""), InvalidExtension { byte: Some(b' ') });
        assert_eq!(error(b"foo; a=\"b, bar\""), InvalidExtension { byte: Some(b',') });
        assert_eq!(error(b"foo; a=\"\\\"\""), InvalidExtension { byte: Some(b'"') });
        assert_eq!(error(b"foo; a=\"\\\\\""), InvalidExtension { byte: Some(b'\\') });
        assert_eq!(error(b"foo; a=\"b"), InvalidExtension { byte: None });
        assert_eq!(error(b"foo; a=\"b\\"), InvalidExtension { byte: Some(b'\\') });
    }

    #[test]
    fn breach_of_the_grammar_is_found_and_is_the_last_item() {
        for (value, byte) in [
            (&b"foo bar"[..], Some(b'b')),
            (b"foo;", None),
            (b"foo;;a", Some(b';')),
            (b"foo;,bar", Some(b',')),
            (b"foo; a=", None),
            (b"foo; a=;b", Some(b';')),
            (b"foo; a==b", Some(b'=')),
            (b"foo; a=\"b\"c", Some(b'c')),
            (b"foo=1", Some(b'=')),
            (b"=", Some(b'=')),
            (b";a", Some(b';')),
            (b"bar, f\xc3\xb6o", Some(0xc3)),
        ] {
            assert_eq!(error(value), InvalidExtension { byte }, "{}", value.escape_ascii());
            let mut extensions = Extensions::new(value);
            assert!(extensions.by_ref().any(|item| item.is_err()) && extensions.next().is_none());
        }
    }
}
