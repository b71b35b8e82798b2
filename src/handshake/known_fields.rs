//! The few fields that matter, picked out of a head in one pass (§4.2.1), and the elements of lists. What each field has to be is checked
//! in `received.rs` for a request and in `client.rs` for a response.

use crate::extension::{Extension, Extensions, InvalidExtension};
use crate::http::{Collect, FieldSection, elements, trim, values};

/// The fields of a head that a handshake needs to know. They are checked once all are known, so that the first error does not depend
/// on their order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KnownFields<'b> {
    /// An `Upgrade` has the token `websocket`.
    pub(super) websocket: bool,
    /// A `Connection` has the token `upgrade`.
    pub(super) connection: bool,
    /// A field that only HTTP/1.1 has was seen.
    pub(super) hop: bool,
    pub(super) transfer_encoding: bool,
    pub(super) content_length: Occurrence<'b>,
    pub(super) host: Occurrence<'b>,
    pub(super) key: Occurrence<'b>,
    pub(super) version: Occurrence<'b>,
    pub(super) origin: Occurrence<'b>,
    pub(super) upgrade: Occurrence<'b>,
    pub(super) accept: Occurrence<'b>,
    pub(super) subprotocols: Occurrence<'b>,
    pub(super) extensions: Occurrence<'b>,
}

/// How often a field occurred, and with what value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Occurrence<'b> {
    #[default]
    Missing,
    Once(&'b [u8]),
    /// The values of a list are looked up again; anything else is refused.
    Repeated,
}

impl<'b> KnownFields<'b> {
    /// Looks at each field that another stack has parsed.
    pub(super) fn collect_parsed(fields: impl FieldSection<'b>) -> Self {
        let mut known = Self::default();
        fields.into_pairs().for_each(|(name, value)| known.add(name.as_bytes(), trim(value)));
        known
    }
}

impl<'b> Collect<'b> for KnownFields<'b> {
    #[inline]
    fn add(&mut self, name: &[u8], value: &'b [u8]) {
        // Most fields are none of these, and their length tells.
        match name.len() {
            2 if is(name, b"te") => self.hop |= !value.eq_ignore_ascii_case(b"trailers"),
            4 if is(name, b"host") => self.host.add(value),
            6 if is(name, b"origin") => self.origin.add(value),
            7 if is(name, b"upgrade") => {
                self.hop = true;
                self.websocket |= has_token(value, b"websocket");
                self.upgrade.add(value);
            }
            10 if is(name, b"connection") => {
                self.hop = true;
                self.connection |= has_token(value, b"upgrade");
            }
            10 if is(name, b"keep-alive") => self.hop = true,
            14 if is(name, b"content-length") => self.content_length.add(value),
            16 if is(name, b"proxy-connection") => self.hop = true,
            17 if is(name, b"sec-websocket-key") => self.key.add(value),
            17 if is(name, b"transfer-encoding") => {
                self.hop = true;
                self.transfer_encoding = true;
            }
            20 if is(name, b"sec-websocket-accept") => self.accept.add(value),
            21 if is(name, b"sec-websocket-version") => self.version.add(value),
            22 if is(name, b"sec-websocket-protocol") => self.subprotocols.add(value),
            24 if is(name, b"sec-websocket-extensions") => self.extensions.add(value),
            _ => {}
        }
    }
}

impl<'b> KnownFields<'b> {
    /// §4.3: `1#extension` has at least one element, and each follows the grammar.
    pub(super) fn check_extensions<F, E>(&self, fields: &F, empty: E) -> Result<(), E>
    where
        F: FieldSection<'b>,
        E: From<InvalidExtension>,
    {
        if let Occurrence::Missing = self.extensions {
            return Ok(());
        }
        let mut filled = false;
        for extension in self.extensions.values(fields, EXTENSIONS).flat_map(Extensions::new) {
            extension?;
            filled = true;
        }
        if filled { Ok(()) } else { Err(empty) }
    }
}

impl<'b> Occurrence<'b> {
    #[inline]
    fn add(&mut self, value: &'b [u8]) {
        *self = match self {
            Self::Missing => Self::Once(value),
            Self::Once(_) | Self::Repeated => Self::Repeated,
        };
    }

    /// The value of a field that has to be there once.
    #[inline]
    pub(super) fn once<E>(self, missing: E, repeated: E) -> Result<&'b [u8], E> {
        self.at_most_once(repeated)?.ok_or(missing)
    }

    /// The value of a field that may be there once.
    #[inline]
    pub(super) fn at_most_once<E>(self, repeated: E) -> Result<Option<&'b [u8]>, E> {
        match self {
            Self::Missing => Ok(None),
            Self::Once(value) => Ok(Some(value)),
            Self::Repeated => Err(repeated),
        }
    }

    /// The elements of a list of subprotocols.
    pub(super) fn subprotocols<F: FieldSection<'b>>(self, fields: &F) -> impl Iterator<Item = &'b [u8]> + use<'b, F> {
        self.values(fields, "Sec-WebSocket-Protocol").flat_map(elements)
    }

    /// The elements of a list of extensions, up to one that breaks the grammar.
    pub(super) fn extensions<F: FieldSection<'b>>(
        self,
        fields: &F,
    ) -> impl Iterator<Item = Extension<'b>> + use<'b, F> {
        self.values(fields, EXTENSIONS).flat_map(Extensions::new).filter_map(Result::ok)
    }

    /// The values of a field that is a list over all its occurrences; `fields` are asked only where there are several.
    fn values<F: FieldSection<'b>>(
        self,
        fields: &F,
        name: &'static str,
    ) -> impl Iterator<Item = &'b [u8]> + use<'b, F> {
        let (once, several) = match self {
            Self::Missing => (None, None),
            Self::Once(value) => (Some(value), None),
            Self::Repeated => (None, Some(values(fields.clone(), name))),
        };
        once.into_iter().chain(several.into_iter().flatten())
    }
}

/// What the handshake writes itself on one side or the other, and what would announce a body: no field of the application's.
pub(super) const WRITTEN: &[&str] = &[
    "Connection",
    "Content-Length",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Transfer-Encoding",
    "Upgrade",
];

const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// Whether the list `value` has `token`. Mostly it has nothing else.
#[inline]
fn has_token<const LEN: usize>(value: &[u8], token: &[u8; LEN]) -> bool {
    is(value, token) || value.contains(&b',') && elements(value).any(|element| is(element, token))
}

/// Whether `word` is `known`, which is in lower case. A length that is a constant lets words be compared.
#[inline]
fn is<const LEN: usize>(word: &[u8], known: &[u8; LEN]) -> bool {
    let Ok(word) = <&[u8; LEN]>::try_from(word) else { return false };
    word.iter().zip(known).fold(0, |differ, (byte, known)| {
        // A letter differs from its other case in this bit alone, and from nothing else in it alone.
        let case = if known.is_ascii_lowercase() { 0x20 } else { 0 };
        differ | (byte | case) ^ known
    }) == 0
}
