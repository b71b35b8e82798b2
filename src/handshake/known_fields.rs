//! The few fields that matter, picked out of a head in one pass (§4.2.1).

use super::key::{AcceptKey, Key};
use super::request_error::RequestError;
use super::response_error::ResponseError;
use crate::extension::{Extension, Extensions, InvalidExtension};
use crate::http::{Collect, Excerpt, FieldSection, ascii, elements, is_same_host, is_token, split_host, trim, values};

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
    transfer_encoding: bool,
    content_length: Occurrence<'b>,
    host: Occurrence<'b>,
    key: Occurrence<'b>,
    version: Occurrence<'b>,
    origin: Occurrence<'b>,
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
    /// RFC 9112 §3.2: "A server MUST respond with a 400 [...] to any HTTP/1.1 request message that lacks a Host
    /// header field and to any request message that contains more than one Host header field line or a Host header
    /// field with an invalid field value". With an absolute target it "MUST ignore the received Host header field"
    /// (RFC 9112 §3.2.2), once it is there.
    pub(super) fn host(&self, authority: Option<&'b str>) -> Result<&'b [u8], RequestError> {
        let value = match self.host {
            Occurrence::Missing => return Err(RequestError::HostMissing),
            Occurrence::Once(value) => value,
            Occurrence::Repeated => return Err(RequestError::HostRepeated),
        };
        let host = check_host(value)?;
        authority.map_or(Ok(host), |authority| check_host(authority.as_bytes()))
    }

    /// RFC 8441 §5: the host is the `:authority`. RFC 9113 §8.3.1: a `Host` beside it must not name another host or port; where
    /// there is no authority, as after a gateway from HTTP/1.1, it is the `Host` alone that counts.
    pub(super) fn same_host(&self, authority: &'b str, default_port: u16) -> Result<&'b [u8], RequestError> {
        let authority = authority.as_bytes();
        match self.host {
            Occurrence::Once(host) if authority.is_empty() => check_host(host),
            Occurrence::Missing => check_host(authority),
            Occurrence::Once(host) => {
                let (host, authority) = (check_host(host)?, check_host(authority)?);
                if !is_same_host(host, authority, default_port) {
                    return Err(RequestError::HostMismatch { host: Excerpt::new(host) });
                }
                Ok(authority)
            }
            Occurrence::Repeated => Err(RequestError::HostRepeated),
        }
    }

    /// A body would be read as frames.
    pub(super) fn no_body(&self) -> Result<(), RequestError> {
        match self.content_length {
            Occurrence::Missing | Occurrence::Once(b"0") if !self.transfer_encoding => Ok(()),
            Occurrence::Missing | Occurrence::Once(_) | Occurrence::Repeated => Err(RequestError::Body),
        }
    }

    pub(super) fn version(&self) -> Result<(), RequestError> {
        match self.version {
            // §4.3: a version has "no leading zeros".
            Occurrence::Once(b"13") => Ok(()),
            Occurrence::Once(version) => Err(RequestError::UnsupportedVersion { version: Excerpt::new(version) }),
            Occurrence::Missing => Err(RequestError::VersionMissing),
            Occurrence::Repeated => Err(RequestError::VersionRepeated),
        }
    }

    pub(super) fn key(&self) -> Result<Key, RequestError> {
        match self.key {
            Occurrence::Once(key) => Key::new(key).map_err(RequestError::InvalidKey),
            Occurrence::Missing => Err(RequestError::KeyMissing),
            Occurrence::Repeated => Err(RequestError::KeyRepeated),
        }
    }

    pub(super) fn origin(&self) -> Result<Option<&'b [u8]>, RequestError> {
        match self.origin {
            Occurrence::Missing => Ok(None),
            Occurrence::Once(origin) => Ok(Some(origin)),
            Occurrence::Repeated => Err(RequestError::OriginRepeated),
        }
    }

    /// Subprotocols, and then extensions.
    pub(super) fn lists<F: FieldSection<'b>>(&self, fields: &F) -> Result<(), RequestError> {
        self.offered_subprotocols(fields)?;
        self.offered_extensions(fields)
    }

    /// §4.3: `1#token` has at least one element.
    pub(super) fn offered_subprotocols<F: FieldSection<'b>>(&self, fields: &F) -> Result<(), RequestError> {
        if let Occurrence::Missing = self.subprotocols {
            return Ok(());
        }
        let mut empty = true;
        for subprotocol in self.subprotocols.subprotocols(fields) {
            if !is_token(subprotocol) {
                return Err(RequestError::InvalidSubprotocol { subprotocol: Excerpt::new(subprotocol) });
            }
            empty = false;
        }
        if empty { Err(RequestError::SubprotocolsEmpty) } else { Ok(()) }
    }

    /// §4.3: so has `1#extension`.
    pub(super) fn offered_extensions<F: FieldSection<'b>>(&self, fields: &F) -> Result<(), RequestError> {
        match self.has_extensions(fields) {
            Ok(true) => Ok(()),
            Ok(false) => Err(RequestError::ExtensionsEmpty),
            Err(error) => Err(RequestError::InvalidExtension(error)),
        }
    }

    /// Whether there is an extension where there is a field for it, and all of them follow the grammar.
    pub(super) fn has_extensions<F: FieldSection<'b>>(&self, fields: &F) -> Result<bool, InvalidExtension> {
        if let Occurrence::Missing = self.extensions {
            return Ok(true);
        }
        let mut filled = false;
        for extension in self.extensions.values(fields, EXTENSIONS).flat_map(Extensions::new) {
            extension?;
            filled = true;
        }
        Ok(filled)
    }
}

/// The fields of a response (§4.1).
impl<'b> KnownFields<'b> {
    /// §4.1, 2: "an ASCII case-insensitive match for the value 'websocket'".
    pub(super) fn upgraded(&self) -> Result<(), ResponseError> {
        match self.upgrade {
            Occurrence::Once(value) if value.eq_ignore_ascii_case(b"websocket") => Ok(()),
            Occurrence::Missing => Err(ResponseError::UpgradeMissing),
            Occurrence::Once(other) => Err(ResponseError::Upgrade { upgrade: Excerpt::new(other) }),
            Occurrence::Repeated => Err(ResponseError::UpgradeRepeated),
        }
    }

    /// §4.1, 4: "ignoring any leading and trailing whitespace", which is gone already.
    pub(super) fn accepted(&self, accept: &AcceptKey) -> Result<(), ResponseError> {
        match self.accept {
            Occurrence::Once(value) if value == accept.as_bytes() => Ok(()),
            Occurrence::Once(_) => Err(ResponseError::AcceptWrong),
            Occurrence::Missing => Err(ResponseError::AcceptMissing),
            // §11.3.3: it "MUST NOT appear more than once in an HTTP response".
            Occurrence::Repeated => Err(ResponseError::AcceptRepeated),
        }
    }

    /// The subprotocol that the server chose of those that were offered.
    pub(super) fn chosen_subprotocol(
        &self,
        is_offered: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Option<&'b str>, ResponseError> {
        match self.subprotocols {
            Occurrence::Missing => Ok(None),
            // §4.1, 6: "a subprotocol that was not present in the client's handshake". Letter case counts.
            Occurrence::Once(chosen) if is_offered(chosen) => Ok(Some(ascii(chosen))),
            Occurrence::Once(chosen) => Err(ResponseError::SubprotocolNotOffered { subprotocol: Excerpt::new(chosen) }),
            // §11.3.4: it "MUST NOT appear more than once in an HTTP response".
            Occurrence::Repeated => Err(ResponseError::SubprotocolRepeated),
        }
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

fn check_host(host: &[u8]) -> Result<&[u8], RequestError> {
    match split_host(host) {
        Some(_) => Ok(host),
        None => Err(RequestError::InvalidHost { host: Excerpt::new(host) }),
    }
}

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
