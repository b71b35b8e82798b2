//! The few fields that matter, picked out of a head in one pass (§4.2.1).

use super::excerpt::Excerpt;
use super::host::split_host;
use super::key::Key;
use super::request_error::RequestError;
use crate::extension::Extensions;
use crate::extension::token::{ascii, elements, is_token, trim};

/// What a request's fields say; judged afterwards, so that the verdict does not depend on their order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checked<'b> {
    /// An `Upgrade` has the token `websocket`.
    pub(super) upgrade: bool,
    /// A `Connection` has the token `upgrade`.
    pub(super) connection: bool,
    /// A field that only HTTP/1.1 has was seen.
    pub(super) hop: bool,
    host: Single<'b>,
    key: Single<'b>,
    version: Single<'b>,
    origin: Single<'b>,
    transfer_encoding: bool,
    content_length: Single<'b>,
    subprotocols: List,
    extensions: List,
}

/// A field that may occur once.
#[derive(Clone, Copy, Debug, Default)]
enum Single<'b> {
    #[default]
    Missing,
    Once(&'b [u8]),
    Repeated,
}

/// A field that is a list over all its occurrences.
#[derive(Clone, Copy, Debug, Default)]
enum List {
    #[default]
    Missing,
    Empty,
    Filled,
    Invalid(RequestError),
}

impl<'b> Checked<'b> {
    /// Looks at each field once.
    pub(super) fn collect(fields: impl Iterator<Item = (&'b [u8], &'b [u8])>) -> Self {
        let mut checked = Self::default();
        for (name, value) in fields {
            checked.add(name, trim(value));
        }
        checked
    }

    fn add(&mut self, name: &[u8], value: &'b [u8]) {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        // Most fields are none of these, and their length tells.
        match name.len() {
            2 if is(b"te") => self.hop |= !value.eq_ignore_ascii_case(b"trailers"),
            4 if is(b"host") => self.host.add(value),
            6 if is(b"origin") => self.origin.add(value),
            7 if is(b"upgrade") => {
                self.hop = true;
                self.upgrade |= has_token(value, b"websocket");
            }
            10 if is(b"connection") => {
                self.hop = true;
                self.connection |= has_token(value, b"upgrade");
            }
            10 if is(b"keep-alive") => self.hop = true,
            14 if is(b"content-length") => self.content_length.add(value),
            16 if is(b"proxy-connection") => self.hop = true,
            17 if is(b"sec-websocket-key") => self.key.add(value),
            17 if is(b"transfer-encoding") => {
                self.hop = true;
                self.transfer_encoding = true;
            }
            21 if is(b"sec-websocket-version") => self.version.add(value),
            22 if is(b"sec-websocket-protocol") => {
                self.subprotocols.add(elements(value).map(|element| match is_token(element) {
                    true => Ok(()),
                    false => Err(RequestError::InvalidSubprotocol { subprotocol: Excerpt::new(element) }),
                }));
            }
            24 if is(b"sec-websocket-extensions") => {
                self.extensions
                    .add(Extensions::new(value).map(|item| item.map(drop).map_err(RequestError::InvalidExtension)));
            }
            _ => {}
        }
    }

    /// RFC 9112 §3.2: "A server MUST respond with a 400 [...] to any HTTP/1.1 request message that lacks a Host
    /// header field and to any request message that contains more than one Host header field line or a Host header
    /// field with an invalid field value". With an absolute target it "MUST ignore the received Host header field"
    /// (§3.2.2), once it is there.
    pub(super) fn host(&self, authority: Option<&'b str>) -> Result<&'b str, RequestError> {
        let value = match self.host {
            Single::Missing => return Err(RequestError::HostMissing),
            Single::Once(value) => value,
            Single::Repeated => return Err(RequestError::HostRepeated),
        };
        check_host(value)?;
        authority.map_or(Ok(ascii(value)), |authority| check_host(authority.as_bytes()))
    }

    /// RFC 8441 §5: the host is the `:authority`; RFC 9113 §8.3.1: a `Host` beside it must not name another.
    pub(super) fn same_host(&self, authority: &'b str) -> Result<&'b str, RequestError> {
        match self.host {
            Single::Missing => check_host(authority.as_bytes()),
            Single::Once(host) if host.eq_ignore_ascii_case(authority.as_bytes()) => check_host(host),
            Single::Once(host) => Err(RequestError::InvalidHost { host: Excerpt::new(host) }),
            Single::Repeated => Err(RequestError::HostRepeated),
        }
    }

    /// A body would be read as frames.
    pub(super) fn no_body(&self) -> Result<(), RequestError> {
        match self.content_length {
            Single::Missing | Single::Once(b"0") if !self.transfer_encoding => Ok(()),
            Single::Missing | Single::Once(_) | Single::Repeated => Err(RequestError::Body),
        }
    }

    pub(super) fn version(&self) -> Result<(), RequestError> {
        match self.version {
            // §4.3: a version has "no leading zeros".
            Single::Once(b"13") => Ok(()),
            Single::Once(version) => Err(RequestError::UnsupportedVersion { version: Excerpt::new(version) }),
            Single::Missing => Err(RequestError::VersionMissing),
            Single::Repeated => Err(RequestError::VersionRepeated),
        }
    }

    pub(super) fn key(&self) -> Result<Key, RequestError> {
        match self.key {
            Single::Once(key) => Key::new(key).map_err(RequestError::InvalidKey),
            Single::Missing => Err(RequestError::KeyMissing),
            Single::Repeated => Err(RequestError::KeyRepeated),
        }
    }

    pub(super) fn origin(&self) -> Result<Option<&'b [u8]>, RequestError> {
        match self.origin {
            Single::Missing => Ok(None),
            Single::Once(origin) => Ok(Some(origin)),
            Single::Repeated => Err(RequestError::OriginRepeated),
        }
    }

    /// Subprotocols, and then extensions.
    pub(super) fn lists(&self) -> Result<(), RequestError> {
        self.subprotocols.check(RequestError::SubprotocolsEmpty)?;
        self.extensions.check(RequestError::ExtensionsEmpty)
    }
}

impl<'b> Single<'b> {
    fn add(&mut self, value: &'b [u8]) {
        *self = match self {
            Self::Missing => Self::Once(value),
            Self::Once(_) | Self::Repeated => Self::Repeated,
        };
    }
}

impl List {
    /// Takes one occurrence's elements, up to the first that is at fault.
    fn add(&mut self, elements: impl Iterator<Item = Result<(), RequestError>>) {
        if let Self::Missing = self {
            *self = Self::Empty;
        }
        for element in elements {
            *self = match (*self, element) {
                (Self::Invalid(error), _) | (_, Err(error)) => Self::Invalid(error),
                (Self::Missing | Self::Empty | Self::Filled, Ok(())) => Self::Filled,
            };
        }
    }

    /// §4.3: `1#token` and `1#extension` have at least one element.
    fn check(&self, empty: RequestError) -> Result<(), RequestError> {
        match *self {
            Self::Missing | Self::Filled => Ok(()),
            Self::Empty => Err(empty),
            Self::Invalid(error) => Err(error),
        }
    }
}

pub(super) fn check_host(host: &[u8]) -> Result<&str, RequestError> {
    match split_host(host) {
        Some(_) => Ok(ascii(host)),
        None => Err(RequestError::InvalidHost { host: Excerpt::new(host) }),
    }
}

/// Whether the list `value` has `token`, which is compared without ASCII case.
pub(super) fn has_token(value: &[u8], token: &[u8]) -> bool {
    elements(value).any(|element| element.eq_ignore_ascii_case(token))
}
