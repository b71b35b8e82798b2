//! A client's request, from the application's values to bytes (§4.1).

use core::fmt;

use super::client::{ClientHandshake, PendingAnswer};
use super::key::Key;
use super::known_fields::WRITTEN;
use super::refusal::{emit_fields, write_whole};
use super::response::{NoSubprotocols, Subprotocols};
use super::url::WsUrl;
#[cfg(feature = "inflate")]
use crate::extension::deflate::DeflateConfig;
use crate::extension::{FieldValue, Negotiate, Offers};
use crate::http::{InvalidField, Shown, ShownTarget, is_target, is_token, split_host};
use crate::wire::{Limits, Output, OutputFull, error_type};

/// What a client asks for. All of it is checked before a byte is written.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// // §1.3; the 16 bytes are to be chosen at random, anew for each connection.
/// let nonce = *b"the sample nonce";
/// let request = ClientRequest::new("server.example.com", "/chat").subprotocols(&["chat", "superchat"]);
/// let mut out = Vec::new();
/// let mut handshake = request.start(nonce, &Limits::DEFAULT, &mut out).unwrap();
/// assert_eq!(out, b"GET /chat HTTP/1.1\r\n\
///     Host: server.example.com\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Sec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\n\
///     \r\n");
///
/// let answer = handshake.receive(b"HTTP/1.1 101 Switching Protocols\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///     Sec-WebSocket-Protocol: chat\r\n\
///     \r\n");
/// let Ok(Some(Answer::Open(response))) = answer else { panic!("{answer:?}") };
/// assert_eq!(response.subprotocol(), Some("chat"));
/// let negotiated = response.negotiated();
/// # let _ = negotiated;
/// ```
#[derive(Clone, Copy)]
#[must_use = "nothing is written before `start`"]
pub struct ClientRequest<'a, P = NoSubprotocols> {
    pub(super) host: &'a str,
    pub(super) target: &'a str,
    pub(super) origin: Option<&'a str>,
    pub(super) subprotocols: P,
    pub(super) fields: &'a [(&'a str, &'a str)],
    pub(super) wanted: Offers<'a>,
}

impl<'a> ClientRequest<'a> {
    /// Asks `host`, with `:port` after it unless it is the default port of the scheme, for `target`: a path with
    /// perhaps a query (§3, "resource name").
    pub fn new(host: &'a str, target: &'a str) -> Self {
        Self { host, target, origin: None, subprotocols: [], fields: &[], wanted: Offers::NONE }
    }

    /// Asks for what a URL names.
    ///
    /// ```
    /// use websocket_proto::handshake::{ClientRequest, WsUrl};
    /// use websocket_proto::wire::Limits;
    ///
    /// let url = WsUrl::parse("ws://example.com:8080?room=1").unwrap();
    /// let mut out = Vec::new();
    /// ClientRequest::from_url(&url).start([0; 16], &Limits::DEFAULT, &mut out).unwrap();
    /// assert!(out.starts_with(b"GET /?room=1 HTTP/1.1\r\nHost: example.com:8080\r\n"));
    /// ```
    pub fn from_url(url: &WsUrl<'a>) -> Self {
        Self::new(url.host_field(), url.path_and_query())
    }
}

impl<'a, P: Subprotocols> ClientRequest<'a, P> {
    /// Offers subprotocols, the preferred first: an array, a slice or a `Vec`. The handshake keeps the list until the server has
    /// chosen.
    pub fn subprotocols<Q: Subprotocols>(self, subprotocols: Q) -> ClientRequest<'a, Q> {
        let Self { host, target, origin, subprotocols: _, fields, wanted } = self;
        ClientRequest { host, target, origin, subprotocols, fields, wanted }
    }

    /// Names the origin of the script that connects: for browsers, and programs that act for one (§4.1, 8).
    pub fn origin(self, origin: &'a str) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Adds fields to the request, such as `Cookie` or `Authorization`.
    pub fn fields(self, fields: &'a [(&'a str, &'a str)]) -> Self {
        Self { fields, ..self }
    }

    /// Offers permessage-deflate (RFC 7692); with `None` it does not.
    #[cfg(feature = "inflate")]
    pub fn deflate(self, config: impl Into<Option<DeflateConfig>>) -> Self {
        Self { wanted: self.wanted.with_deflate(config.into()), ..self }
    }

    /// Offers an extension of the application's own, up to three of them, the preferred one first and all before permessage-deflate;
    /// [`Response::agreed`](super::Response::agreed) tells what the server has made of it. See [`Negotiate`] for an example.
    pub fn extension<N: Negotiate + Sync>(self, wanted: &'a N) -> Self {
        Self { wanted: self.wanted.with_own(wanted), ..self }
    }

    /// Appends the whole request, or nothing, and begins to wait for the answer.
    ///
    /// The nonce is "a randomly selected 16-byte value", chosen anew for each connection (§4.1, 7): it proves that
    /// the answer comes from a WebSocket server, and is no secret.
    ///
    /// # Errors
    ///
    /// [`StartError`]: a value that is not to be written, or no room.
    pub fn start(
        self,
        nonce: [u8; 16],
        limits: &Limits,
        out: &mut impl Output,
    ) -> Result<ClientHandshake<P>, StartError> {
        let (key, mut extensions) = (Key::from_nonce(nonce), None);
        self.check(&mut extensions)?;
        write_whole(out, |emit| {
            emit(b"GET ");
            if !self.target.starts_with('/') {
                // §3: "'/' if the path component is empty".
                emit(b"/");
            }
            emit(self.target.as_bytes());
            emit(b" HTTP/1.1\r\nHost: ");
            emit(self.host.as_bytes());
            emit(b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
            emit(key.as_str().as_bytes());
            emit(b"\r\nSec-WebSocket-Version: 13\r\n");
            if let Some(origin) = self.origin {
                emit_fields(emit, &[("Origin", origin)]);
            }
            if let Some((first, others)) = self.subprotocols.as_slice().split_first() {
                emit(b"Sec-WebSocket-Protocol: ");
                emit(first.as_ref().as_bytes());
                for other in others {
                    emit(b", ");
                    emit(other.as_ref().as_bytes());
                }
                emit(b"\r\n");
            }
            if let Some(value) = &extensions {
                emit_fields(emit, &[("Sec-WebSocket-Extensions", value.as_str())]);
            }
            emit_fields(emit, self.fields);
            emit(b"\r\n");
        })?;
        let extensions = self.wanted.offered();
        Ok(ClientHandshake::new(PendingAnswer::new(key.accept(), self.subprotocols, extensions), limits))
    }

    /// The fields that do not depend on the version of HTTP, their names in lower case but for the application's own.
    pub(super) fn common_fields<'f>(
        &'f self,
        extensions: Option<&'f FieldValue>,
    ) -> impl Iterator<Item = (&'f str, &'f str)> + Clone {
        let origin = self.origin.map(|origin| ("origin", origin));
        // One field each: a list over all its occurrences.
        let subprotocols = self.subprotocols.as_slice().iter().map(|name| ("sec-websocket-protocol", name.as_ref()));
        let extensions = extensions.map(|value| ("sec-websocket-extensions", value.as_str()));
        origin.into_iter().chain(subprotocols).chain(extensions).chain(self.fields.iter().copied())
    }

    /// The target with its path; none where a `/` would have to be put before the query.
    pub(super) fn origin_form(&self) -> Result<&'a str, StartError> {
        match self.target {
            // §3: "'/' if the path component is empty".
            "" => Ok("/"),
            query if query.starts_with('?') => Err(StartError::Target),
            path => Ok(path),
        }
    }

    /// Checks everything, and puts the value of `Sec-WebSocket-Extensions` into its place.
    pub(super) fn check(&self, extensions: &mut Option<FieldValue>) -> Result<(), StartError> {
        if split_host(self.host.as_bytes()).is_none() {
            return Err(StartError::Host);
        }
        if !(self.target.is_empty() || self.target.starts_with(['/', '?'])) || !is_target(self.target) {
            return Err(StartError::Target);
        }
        // RFC 6454 §7.1: "null", or origins with a space between them.
        let is_origin = |origin: &str| origin.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if self.origin.is_some_and(|origin| origin.is_empty() || !is_origin(origin)) {
            return Err(StartError::Origin);
        }
        let subprotocols = || self.subprotocols.as_slice().iter().map(AsRef::as_ref);
        for (index, subprotocol) in subprotocols().enumerate() {
            // §4.1, 10: they "MUST all be unique strings".
            if !is_token(subprotocol.as_bytes()) || subprotocols().take(index).any(|other| other == subprotocol) {
                return Err(StartError::Subprotocol { index });
            }
        }
        InvalidField::check(self.fields, &[WRITTEN, &["Host", "Origin"]])?;
        self.wanted.write(extensions).map_err(|name| StartError::Extension { name })
    }
}

impl<P> fmt::Debug for ClientRequest<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Subprotocols are left out: some hold a credential.
        f.debug_struct("ClientRequest")
            .field("host", &self.host)
            .field("target", &ShownTarget(self.target))
            .field("origin", &self.origin)
            .field("fields", &Shown(|| self.fields.iter().copied()))
            .field("extensions", &self.wanted.offered())
            .finish_non_exhaustive()
    }
}

error_type! {
    /// Why a request was not written: the application's fault, or no room. Nothing was written.
    ///
    /// ```
    /// use websocket_proto::handshake::{ClientRequest, StartError};
    /// use websocket_proto::wire::Limits;
    ///
    /// let request = ClientRequest::new("example.com", "/a b");
    /// let mut out = Vec::new();
    /// assert_eq!(request.start([0; 16], &Limits::DEFAULT, &mut out).unwrap_err(), StartError::Target);
    /// assert!(out.is_empty());
    /// ```
    #[non_exhaustive]
    pub enum StartError {
        /// The host is not a host, with or without a port.
        Host => "expected a host, with or without a port";
        /// The target is not a path with perhaps a query, all in visible ASCII and without a fragment.
        Target => "expected a path, with or without a query, in visible ASCII as the target";
        /// The origin is not visible ASCII.
        Origin => "expected visible ASCII as the origin";
        /// A subprotocol is not a token, or stands in the list twice.
        Subprotocol {
            /// Which one it is, counted from 0.
            index: usize,
        } => "subprotocol {index} is not a token, or is in the list twice";
        /// The offers of an extension can't be written: there are three others already, one of which may have the same name, they are no
        /// list elements with its name, or all offers take more than 512 bytes.
        Extension {
            /// Its name.
            name: &'static str,
        } => "expected offers of the extension {name} in the form of a list, found others";
        /// A field must not be written.
        Field(error: InvalidField) => "{error}";
        /// There is no room for the request.
        Output(error: OutputFull) => "{error}";
    }
}
