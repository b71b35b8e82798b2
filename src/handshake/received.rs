//! What has come of a request: a WebSocket connection that is asked for, each of whose fields is checked (§4.2.1), or plain HTTP.

use core::fmt;
use core::ops::Deref;

use super::key::Key;
use super::known_fields::{KnownFields, Occurrence};
use super::refusal::{Refusal, RefusalError};
use super::request::{Parts, Request};
use super::request_error::{RequestError, UPGRADE_REQUIRED};
use crate::http::{
    Excerpt, FieldSection, Fields, Head, HttpRequest, Shown, ShownTarget, Target, is_same_host, is_token, split_host,
};

/// What a client asked for.
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// let mut out = Vec::new();
/// match ServerHandshake::new(&Limits::DEFAULT).receive(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").unwrap() {
///     None => { /* read more */ }
///     Some(Received::Upgrade(request)) => {
///         let _negotiated = request.accept().write_to(&mut out).unwrap();
///     }
///     Some(Received::Http(_request)) => out.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello"),
/// }
/// assert!(out.ends_with(b"Hello"));
/// ```
#[derive(Clone)]
pub enum Received<'b, F = Fields<'b>> {
    /// A WebSocket connection.
    Upgrade(Request<'b, F>),
    /// Plain HTTP, without `Upgrade: websocket`: a page, perhaps, that the same port serves.
    Http(HttpRequest<'b, F>),
}

impl<'b> Received<'b> {
    #[inline]
    pub(super) fn from_head(request: HttpRequest<'b>, known: &KnownFields<'b>) -> Result<Self, RequestError> {
        let (target, (major, minor)) = (request.target, request.version);
        // RFC 9110 §15.6.6: a server answers 505 when it does not support "the major version of HTTP that was used".
        if major != 1 {
            return Err(RequestError::HttpVersion { major, minor });
        }
        Self::check(request, || Target::new(target), known)
    }
}

impl<'b, F: FieldSection<'b>> Received<'b, F> {
    /// Checks a head of HTTP/1.1 that another stack has parsed, by the same rules.
    ///
    /// The answer is read by [`Accept::response`](super::Accept::response), [`Refusal::status`] and [`Refusal::fields`], or written as bytes
    /// all the same.
    ///
    /// # Errors
    ///
    /// [`RequestError`], as for a head that came as bytes.
    ///
    /// ```
    /// use websocket_proto::handshake::{Parts, Received};
    ///
    /// let fields = [
    ///     ("host", "server.example.com"),
    ///     ("upgrade", "websocket"),
    ///     ("connection", "Upgrade"),
    ///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ///     ("sec-websocket-version", "13"),
    /// ];
    /// let parts = Parts::new("GET", "/chat", (1, 1), &fields);
    /// let Received::Upgrade(request) = Received::from_parts(parts).unwrap() else { panic!("plain HTTP") };
    /// let response = request.accept().response().unwrap();
    /// assert_eq!(response.status(), 101);
    /// assert!(response.fields().any(|field| field == ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
    /// ```
    pub fn from_parts(parts: Parts<'b, F>) -> Result<Self, RequestError> {
        let known = KnownFields::collect_parsed(parts.fields.clone());
        let target = parts.target;
        Self::check(parts.into_head(), || Target::new(target), &known)
    }

    /// The order of the checks is the same wherever the head came from: plain HTTP, method, version, and the rest.
    #[inline]
    pub(super) fn check(
        request: HttpRequest<'b, F>,
        parse_target: impl FnOnce() -> Option<Target<'b>>,
        known: &KnownFields<'b>,
    ) -> Result<Self, RequestError> {
        if !known.websocket {
            return Ok(Self::Http(request));
        }
        let HttpRequest { method, target, version, head } = request;
        // RFC 9110 §9.1: "The method token is case-sensitive".
        if method != "GET" {
            return Err(RequestError::Method { method: Excerpt::new(method.as_bytes()) });
        }
        match version {
            // §4.2.1, 1: "An HTTP/1.1 or higher GET request". RFC 9110 §2.5: a later minor version is read as the highest that
            // is known of that major version.
            (1, 1..) => {}
            (major, minor) => return Err(RequestError::HttpVersion { major, minor }),
        }
        let target = parse_target().ok_or_else(|| RequestError::Target { target: Excerpt::new(target.as_bytes()) })?;
        let host = known.host(target.authority)?;
        known.no_body()?;
        if !known.connection {
            return Err(RequestError::ConnectionWithoutUpgrade);
        }
        known.version()?;
        let key = known.key()?;
        let origin = known.origin()?;
        known.lists(&head.section)?;
        let KnownFields { subprotocols, extensions, .. } = *known;
        Ok(Self::Upgrade(Request { target, host, origin, subprotocols, extensions, head, key }))
    }
}

/// What the fields of a request have to be, each for itself.
impl<'b> KnownFields<'b> {
    /// RFC 9112 §3.2: "A server MUST respond with a 400 [...] to any HTTP/1.1 request message that lacks a Host
    /// header field and to any request message that contains more than one Host header field line or a Host header
    /// field with an invalid field value". With an absolute target it "MUST ignore the received Host header field"
    /// (RFC 9112 §3.2.2), once it is there.
    pub(super) fn host(&self, authority: Option<&'b str>) -> Result<&'b [u8], RequestError> {
        let host = check_host(self.host.once(RequestError::HostMissing, RequestError::HostRepeated)?)?;
        authority.map_or(Ok(host), |authority| check_host(authority.as_bytes()))
    }

    /// RFC 8441 §5: the host is the `:authority`. RFC 9113 §8.3.1: a `Host` beside it must not name another host or port; where
    /// there is no authority, as after a gateway from HTTP/1.1, it is the `Host` alone that counts.
    pub(super) fn same_host(&self, authority: &'b str, default_port: u16) -> Result<&'b [u8], RequestError> {
        let authority = authority.as_bytes();
        let Some(host) = self.host.at_most_once(RequestError::HostRepeated)? else { return check_host(authority) };
        let host = check_host(host)?;
        if authority.is_empty() {
            return Ok(host);
        }
        if !is_same_host(host, check_host(authority)?, default_port) {
            return Err(RequestError::HostMismatch { host: Excerpt::new(host) });
        }
        Ok(authority)
    }

    /// A body would be read as frames.
    pub(super) fn no_body(&self) -> Result<(), RequestError> {
        match self.content_length {
            Occurrence::Missing | Occurrence::Once(b"0") if !self.transfer_encoding => Ok(()),
            Occurrence::Missing | Occurrence::Once(_) | Occurrence::Repeated => Err(RequestError::Body),
        }
    }

    pub(super) fn version(&self) -> Result<(), RequestError> {
        match self.version.once(RequestError::VersionMissing, RequestError::VersionRepeated)? {
            // §4.3: a version has "no leading zeros".
            b"13" => Ok(()),
            version => Err(RequestError::UnsupportedVersion { version: Excerpt::new(version) }),
        }
    }

    pub(super) fn key(&self) -> Result<Key, RequestError> {
        Ok(Key::new(self.key.once(RequestError::KeyMissing, RequestError::KeyRepeated)?)?)
    }

    pub(super) fn origin(&self) -> Result<Option<&'b [u8]>, RequestError> {
        self.origin.at_most_once(RequestError::OriginRepeated)
    }

    /// Subprotocols, and then extensions.
    pub(super) fn lists<F: FieldSection<'b>>(&self, fields: &F) -> Result<(), RequestError> {
        self.offered_subprotocols(fields)?;
        self.check_extensions(fields, RequestError::ExtensionsEmpty)
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
}

fn check_host(host: &[u8]) -> Result<&[u8], RequestError> {
    match split_host(host) {
        Some(_) => Ok(host),
        None => Err(RequestError::InvalidHost { host: Excerpt::new(host) }),
    }
}

impl<'b, F: FieldSection<'b>> HttpRequest<'b, F> {
    /// The method, in its letter case.
    pub fn method(&self) -> &'b str {
        self.method
    }

    /// The target as it was sent; it may also be `*`, or what a proxy is asked for.
    pub fn target(&self) -> &'b str {
        self.target
    }

    /// The two digits of the version: `(1, 1)` for HTTP/1.1.
    pub fn version(&self) -> (u8, u8) {
        self.version
    }

    /// Checks the `Host`: RFC 9112 §3.2 asks for a 400 where it is missing (in HTTP/1.1), repeated or invalid.
    ///
    /// # Errors
    ///
    /// [`RequestError::HostMissing`], [`RequestError::HostRepeated`] or [`RequestError::InvalidHost`], for which
    /// [`response`](RequestError::response) is the answer; to HEAD it is [`Refusal::to_head`] of that.
    ///
    /// ```
    /// use websocket_proto::handshake::{Received, ServerHandshake};
    /// use websocket_proto::wire::Limits;
    ///
    /// let received = ServerHandshake::new(&Limits::DEFAULT).receive(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    /// let Some(Received::Http(request)) = received else { panic!("not plain HTTP") };
    /// assert_eq!(request.check_host().unwrap_err().response().status(), 400);
    /// ```
    pub fn check_host(&self) -> Result<(), RequestError> {
        match KnownFields::collect_parsed(self.head.section.clone()).host(None) {
            Err(RequestError::HostMissing) if !matches!(self.version, (1, 1..)) => Ok(()),
            result => result.map(drop),
        }
    }

    /// The answer of a server that has nothing but WebSocket to offer: 426 (RFC 9110 §15.5.22).
    pub fn upgrade_required(&self) -> Refusal<'static> {
        self.without_body_for_head(Refusal::own(426, UPGRADE_REQUIRED, "only WebSocket connections are accepted"))
    }

    /// The application's answer: a page, an answer to a health check, a redirect, an error. The connection is closed after it.
    ///
    /// The body is left out where the request is HEAD, or the status 204 or 304.
    ///
    /// # Errors
    ///
    /// [`RefusalError`] for a status below 200 or above 599, and for a field that must not be written: `Connection`,
    /// `Content-Length` and `Transfer-Encoding` are written by the handshake.
    pub fn respond<'a>(
        &self,
        status: u16,
        fields: &'a [(&'a str, &'a str)],
        body: &'a [u8],
    ) -> Result<Refusal<'a>, RefusalError> {
        Refusal::page(status, fields, body).map(|response| self.without_body_for_head(response))
    }

    fn without_body_for_head<'a>(&self, response: Refusal<'a>) -> Refusal<'a> {
        if self.method == "HEAD" { response.to_head() } else { response }
    }
}

impl<'b, F> Deref for HttpRequest<'b, F> {
    type Target = Head<'b, F>;

    fn deref(&self) -> &Head<'b, F> {
        &self.head
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for HttpRequest<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("target", &ShownTarget(self.target))
            .field("version", &self.version)
            .field("fields", &Shown(|| self.fields()))
            .field("head_len", &self.head_len())
            .finish()
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for Received<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upgrade(request) => f.debug_tuple("Upgrade").field(request).finish(),
            Self::Http(request) => f.debug_tuple("Http").field(request).finish(),
        }
    }
}
