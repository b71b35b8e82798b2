//! A request that has nothing to do with WebSocket.

use core::fmt;
use core::ops::Deref;

use super::known_fields::KnownFields;
use super::refusal::{Refusal, RefusalError};
use super::request_error::{RequestError, UPGRADE_REQUIRED};
use crate::http::{FieldSection, Fields, Head, RequestHead, Shown, ShownTarget};

/// A request of plain HTTP: any method and version, and no `Upgrade: websocket`.
///
/// It is never an error of the WebSocket side: health checks of load balancers and requests for pages, which many proxies still send
/// as HTTP/1.0, are for the application to answer. [`check_host`](Self::check_host) is what a server owes such a request, and
/// [`respond`](Self::respond) makes the answer.
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// let head = b"GET /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n";
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap();
/// let Some(Received::Http(request)) = received else { panic!("not plain HTTP") };
/// assert_eq!((request.method(), request.target(), request.version()), ("GET", "/index.html", (1, 1)));
/// assert_eq!(request.field("host").next(), Some(&b"example.com"[..]));
/// assert_eq!(request.head_len(), head.len());
///
/// let mut out = Vec::new();
/// match request.check_host() {
///     Err(error) => error.response().write_to(&mut out).unwrap(),
///     Ok(()) => request.respond(200, &[("Content-Type", "text/html")], b"<p>Hello").unwrap().write_to(&mut out).unwrap(),
/// }
/// assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n") && out.ends_with(b"\r\n\r\n<p>Hello"));
/// ```
#[derive(Clone)]
pub struct HttpRequest<'b, F = Fields<'b>> {
    pub(super) request: RequestHead<'b, F>,
}

impl<'b, F: FieldSection<'b>> HttpRequest<'b, F> {
    /// The method, in its letter case.
    pub fn method(&self) -> &'b str {
        self.request.method
    }

    /// The target as it was sent; it may also be `*`, or what a proxy is asked for.
    pub fn target(&self) -> &'b str {
        self.request.target
    }

    /// The two digits of the version: `(1, 1)` for HTTP/1.1.
    pub fn version(&self) -> (u8, u8) {
        self.request.version
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
        match KnownFields::collect_parsed(self.request.head.section.clone()).host(None) {
            Err(RequestError::HostMissing) if !matches!(self.request.version, (1, 1..)) => Ok(()),
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
        if self.request.method == "HEAD" { response.to_head() } else { response }
    }
}

impl<'b, F> Deref for HttpRequest<'b, F> {
    type Target = Head<'b, F>;

    fn deref(&self) -> &Head<'b, F> {
        &self.request.head
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for HttpRequest<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.request.method)
            .field("target", &ShownTarget(self.request.target))
            .field("version", &self.request.version)
            .field("fields", &Shown(|| self.fields()))
            .field("head_len", &self.head_len())
            .finish()
    }
}
