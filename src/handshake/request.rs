//! A client's request, checked (§4.2.1).

use core::fmt;
use core::ops::Deref;

use super::key::{AcceptKey, Key};
use super::known_fields::Occurrence;
use super::refusal::{Refusal, RefusalError};
use super::request_error::RequestError;
use crate::extension::Extension;
use crate::http::{
    Excerpt, FieldSection, Fields, Head, HttpRequest, Scheme, Shown, ShownTarget, Target, ascii, is_same_host,
};

/// A head that another HTTP stack has parsed.
///
/// ```
/// use websocket_proto::handshake::{Parts, Received};
///
/// let parts = Parts::new("GET", "/", (1, 1), &[("host", "example.com")]);
/// assert!(matches!(Received::from_parts(parts), Ok(Received::Http(_))), "there is no Upgrade");
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Parts<'b, F> {
    /// The method, in its letter case.
    pub method: &'b str,
    /// The target, as it was sent.
    pub target: &'b str,
    /// The two digits of the version.
    pub version: (u8, u8),
    /// The fields: see [`FieldSection`] for what can be given.
    pub fields: F,
}

impl<'b, F: FieldSection<'b>> Parts<'b, F> {
    /// The method, the target, the two digits of the version, and the fields.
    pub const fn new(method: &'b str, target: &'b str, version: (u8, u8), fields: F) -> Self {
        Self { method, target, version, fields }
    }

    pub(super) fn into_head(self) -> HttpRequest<'b, F> {
        let Self { method, target, version, fields } = self;
        HttpRequest { method, target, version, head: Head::new(fields, 0) }
    }
}

/// A request for a WebSocket connection, checked: every one can be accepted.
///
/// `K` is the [`Key`] of HTTP/1.1; the extended CONNECT of HTTP/2 and HTTP/3 has none: see
/// [`ConnectRequest`](super::ConnectRequest).
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// // §1.2 and §1.3
/// let head = b"GET /chat?room=1 HTTP/1.1\r\n\
///     Host: server.example.com\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Origin: http://example.com\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\n\
///     Sec-WebSocket-Version: 13\r\n\r\n";
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap();
/// let Some(Received::Upgrade(request)) = received else { panic!("plain HTTP, or cut") };
/// assert_eq!((request.path(), request.query()), ("/chat", Some("room=1")));
/// assert_eq!(request.host(), "server.example.com");
/// assert_eq!(request.origin(), Some(&b"http://example.com"[..]));
/// assert!(request.subprotocols().eq(["chat", "superchat"]));
/// assert_eq!(request.head_len(), head.len());
/// ```
#[derive(Clone)]
pub struct Request<'b, F = Fields<'b>, K = Key> {
    pub(super) target: Target<'b>,
    pub(super) host: &'b [u8],
    pub(super) origin: Option<&'b [u8]>,
    pub(super) subprotocols: Occurrence<'b>,
    pub(super) extensions: Occurrence<'b>,
    pub(super) head: Head<'b, F>,
    pub(super) key: K,
}

impl<'b, F: FieldSection<'b>, K: RequestKey> Request<'b, F, K> {
    /// The target as it was sent: a path with perhaps a query, or an absolute URI.
    pub fn target(&self) -> &'b str {
        self.target.whole
    }

    /// The path of the target, as it was sent: nothing is decoded and no dots are resolved. `/` if it is empty.
    pub fn path(&self) -> &'b str {
        match self.target.split().0 {
            // §3: "'/' if the path component is empty".
            "" => "/",
            path => path,
        }
    }

    /// What is after the `?` of the target.
    pub fn query(&self) -> Option<&'b str> {
        self.target.split().1
    }

    /// The server that the client asked for, with the port if it is named: the `Host`, or the host of an absolute
    /// target (RFC 9112 §3.2.2).
    pub fn host(&self) -> &'b str {
        ascii(self.host)
    }

    /// The origin of the script that connects; only browsers are sure to send it (§10.2).
    pub fn origin(&self) -> Option<&'b [u8]> {
        self.origin
    }

    /// Checks the origin against a list such as `["https://example.com"]`.
    ///
    /// A request without `Origin` passes: it comes from no browser (§4.2.1, 7), and other clients can
    /// write any origin. Origins compare without ASCII case (§4.2.2, 4).
    ///
    /// # Errors
    ///
    /// [`RequestError::OriginNotAllowed`], whose answer is 403.
    ///
    /// ```
    /// # use websocket_proto::handshake::{Received, ServerHandshake};
    /// # let head = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    /// #     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: https://evil.example\r\n\r\n";
    /// # let received = ServerHandshake::new(&websocket_proto::wire::Limits::DEFAULT).receive(head).unwrap();
    /// # let Some(Received::Upgrade(request)) = received else { panic!() };
    /// let error = request.check_origin(&["https://example.com"]).unwrap_err();
    /// assert_eq!(error.response().status(), 403);
    /// ```
    pub fn check_origin(&self, allowed: &[&str]) -> Result<(), RequestError> {
        match self.origin {
            Some(origin) if !allowed.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin)) => {
                Err(RequestError::OriginNotAllowed { origin: Excerpt::new(origin) })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks that the script that connects comes from this very server: that the `Origin` has the scheme by which browsers reach
    /// the server, and the host and port of the request. The origins in `allowed` pass, too.
    ///
    /// The scheme is that of the page: [`Scheme::Https`] where TLS is spoken, also if a proxy in front ends it. A request without
    /// `Origin` passes: it comes from no browser. A host that the server does not have is not noticed: where a name can be made to
    /// point to the server (DNS rebinding), [`host`](Self::host) has to be compared with a list, too.
    ///
    /// # Errors
    ///
    /// [`RequestError::OriginNotAllowed`], whose answer is 403.
    ///
    /// ```
    /// use websocket_proto::handshake::{Received, Scheme, ServerHandshake};
    /// use websocket_proto::wire::Limits;
    ///
    /// let head = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: https://example.com\r\n\r\n";
    /// let received = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap();
    /// let Some(Received::Upgrade(request)) = received else { panic!("plain HTTP, or cut") };
    /// assert!(request.check_same_origin(Scheme::Https, &[]).is_ok());
    /// let error = request.check_same_origin(Scheme::Http, &[]).unwrap_err();
    /// assert_eq!(error.response().status(), 403);
    /// ```
    pub fn check_same_origin(&self, scheme: Scheme, allowed: &[&str]) -> Result<(), RequestError> {
        match self.origin {
            Some(origin) if self.is_own_origin(origin, scheme) => Ok(()),
            _ => self.check_origin(allowed),
        }
    }

    /// RFC 6454 §4: an origin is scheme, host and port; §6.2: it is written as `scheme "://" host [ ":" port ]`.
    fn is_own_origin(&self, origin: &[u8], scheme: Scheme) -> bool {
        let name = scheme.as_str().as_bytes();
        let Some((found, [b':', b'/', b'/', host @ ..])) = origin.split_at_checked(name.len()) else { return false };
        found.eq_ignore_ascii_case(name) && is_same_host(host, self.host, scheme.default_port())
    }

    /// The subprotocols that the client offers, in its order of preference; all of them tokens.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'b str> + use<'b, F, K> {
        self.subprotocols.subprotocols(&self.head.section).map(ascii)
    }

    /// The extensions that the client offers, in its order of preference.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'b>> + use<'b, F, K> {
        // The grammar was checked: there is no error left.
        self.extensions.extensions(&self.head.section)
    }

    /// Refuses, for a reason of the application's: the same as [`Refusal::new`].
    ///
    /// # Errors
    ///
    /// [`RefusalError`] for a status below 300 or above 599, and for a field that is not to be written.
    ///
    /// ```
    /// # use websocket_proto::handshake::{Received, ServerHandshake};
    /// # let head = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    /// #     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    /// # let received = ServerHandshake::new(&websocket_proto::wire::Limits::DEFAULT).receive(head).unwrap();
    /// # let Some(Received::Upgrade(request)) = received else { panic!() };
    /// let mut out = Vec::new();
    /// request.reject(404, &[], b"no such room").unwrap().write_to(&mut out).unwrap();
    /// assert!(out.starts_with(b"HTTP/1.1 404 Not Found\r\n") && out.ends_with(b"\r\n\r\nno such room"));
    /// ```
    pub fn reject<'a>(
        &self,
        status: u16,
        fields: &'a [(&'a str, &'a str)],
        body: &'a [u8],
    ) -> Result<Refusal<'a>, RefusalError> {
        Refusal::new(status, fields, body)
    }
}

impl<'b, F, K> Deref for Request<'b, F, K> {
    type Target = Head<'b, F>;

    #[inline]
    fn deref(&self) -> &Head<'b, F> {
        &self.head
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for Parts<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("method", &self.method)
            .field("target", &ShownTarget(self.target))
            .field("version", &self.version)
            .field("fields", &Shown(|| self.fields.clone().into_pairs()))
            .finish()
    }
}

impl<'b, F: FieldSection<'b>, K: RequestKey> fmt::Debug for Request<'b, F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("target", &ShownTarget(self.target.whole))
            .field("fields", &Shown(|| self.fields()))
            .field("head_len", &self.head_len())
            .finish()
    }
}

/// What a request has for a key: a [`Key`] in HTTP/1.1, and `()` in an extended CONNECT.
pub trait RequestKey: sealed::RequestKey + Copy {}

impl RequestKey for Key {}
impl RequestKey for () {}

mod sealed {
    use super::{AcceptKey, Key};

    pub trait RequestKey {
        /// What the response answers the key with.
        fn accept_key(&self) -> Option<AcceptKey>;
    }

    impl RequestKey for Key {
        fn accept_key(&self) -> Option<AcceptKey> {
            Some(self.accept())
        }
    }

    impl RequestKey for () {
        fn accept_key(&self) -> Option<AcceptKey> {
            None
        }
    }
}
