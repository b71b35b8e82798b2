//! Handshakes whose heads another HTTP stack sends: HTTP/1.1 as parts (§4.1), and the extended CONNECT of HTTP/2 and HTTP/3 (RFC 8441,
//! RFC 9220).

use core::fmt;

use super::client::PendingAnswer;
use super::client_request::{ClientRequest, StartError};
use super::key::Key;
use super::known_fields::KnownFields;
use super::request::Request;
use super::request_error::RequestError;
use super::response::{Answer, NoSubprotocols, Subprotocols};
use super::response_error::ResponseError;
use crate::extension::FieldValue;
use crate::http::{Excerpt, FieldSection, Head, Scheme, ShownTarget, Target};

/// The pseudo-header fields of an extended CONNECT (RFC 8441 §4); its `:method` is `CONNECT`.
///
/// ```
/// use websocket_proto::handshake::{ConnectHead, ConnectRequest, RequestError};
///
/// let head = ConnectHead::new("connect-udp", "https", "example.com", "/");
/// let fields = [("sec-websocket-version", "13")];
/// let error = ConnectRequest::from_connect(head, &fields).unwrap_err();
/// assert!(matches!(error, RequestError::ConnectProtocol { .. }));
/// assert_eq!(error.response_to_connect().status(), 501);
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct ConnectHead<'b> {
    /// `:protocol`. A CONNECT without it is an ordinary one, for a proxy, and has no place here.
    pub protocol: &'b str,
    /// `:scheme`: `https` for `wss`, `http` for `ws`.
    pub scheme: &'b str,
    /// `:authority`: what `Host` is in HTTP/1.1.
    pub authority: &'b str,
    /// `:path`, with the query.
    pub path: &'b str,
}

impl<'b> ConnectHead<'b> {
    /// The pseudo-header fields of an extended CONNECT.
    pub const fn new(protocol: &'b str, scheme: &'b str, authority: &'b str, path: &'b str) -> Self {
        Self { protocol, scheme, authority, path }
    }
}

impl fmt::Debug for ConnectHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectHead")
            .field("protocol", &self.protocol)
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("path", &ShownTarget(self.path))
            .finish()
    }
}

/// A request for a WebSocket connection by extended CONNECT, checked: every one can be accepted.
///
/// ```
/// use websocket_proto::handshake::{ConnectHead, ConnectRequest};
///
/// // RFC 8441 §5.1
/// let head = ConnectHead::new("websocket", "https", "server.example.com", "/chat");
/// let fields = [
///     ("sec-websocket-protocol", "chat, superchat"),
///     ("sec-websocket-extensions", "permessage-deflate"),
///     ("sec-websocket-version", "13"),
///     ("origin", "http://www.example.com"),
/// ];
/// let request = ConnectRequest::from_connect(head, &fields).unwrap();
/// let response = request.accept().subprotocol("chat").response().unwrap();
/// assert_eq!(response.status(), 200);
/// assert!(response.fields().eq([("sec-websocket-protocol", "chat")]));
/// let negotiated = response.negotiated();
/// # let _ = negotiated;
/// ```
pub type ConnectRequest<'b, F> = Request<'b, F, ()>;

impl<'b, F: FieldSection<'b>> ConnectRequest<'b, F> {
    /// Checks an extended CONNECT: its pseudo-header fields, and all other fields.
    ///
    /// # Errors
    ///
    /// [`RequestError`]; its [`response_to_connect`](RequestError::response_to_connect) is the answer.
    pub fn from_connect(head: ConnectHead<'b>, fields: F) -> Result<Self, RequestError> {
        // RFC 8441 §5: it "MUST have a value of websocket"; RFC 9110 §7.8: such names compare without ASCII case.
        if !head.protocol.eq_ignore_ascii_case("websocket") {
            return Err(RequestError::ConnectProtocol { protocol: Excerpt::new(head.protocol.as_bytes()) });
        }
        // RFC 8441 §5: "'https' for 'wss'-schemed WebSockets and 'http' for 'ws'-schemed WebSockets".
        let Some(scheme) = Scheme::of_http(head.scheme) else {
            return Err(RequestError::ConnectScheme { scheme: Excerpt::new(head.scheme.as_bytes()) });
        };
        let target = Target::path_only(head.path)
            .ok_or_else(|| RequestError::Target { target: Excerpt::new(head.path.as_bytes()) })?;
        let known = KnownFields::collect_parsed(fields.clone());
        let host = known.same_host(head.authority, scheme.default_port())?;
        // RFC 8441 §5: Connection and Upgrade "MUST NOT be included in the CONNECT request".
        if known.hop {
            return Err(RequestError::ConnectionField);
        }
        known.no_body()?;
        known.version()?;
        let origin = known.origin()?;
        known.lists(&fields)?;
        let KnownFields { subprotocols, extensions, .. } = known;
        Ok(Request { target, host, origin, subprotocols, extensions, head: Head::new(fields, 0), key: () })
    }
}

impl<'a, P: Subprotocols> ClientRequest<'a, P> {
    /// Gives the request as parts, for another HTTP/1.1 stack to send; see [`ClientUpgrade`].
    ///
    /// For the nonce, see [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// [`StartError`], also [`StartError::Target`] for a target that begins with `?`: there is no place to put the `/` of the path.
    pub fn upgrade(self, nonce: [u8; 16]) -> Result<ClientUpgrade<'a, P>, StartError> {
        let mut extensions = None;
        self.check(&mut extensions)?;
        Ok(ClientUpgrade { target: self.origin_form()?, request: self, key: Key::from_nonce(nonce), extensions })
    }

    /// Asks by the extended CONNECT of HTTP/2 or HTTP/3 instead; see [`ClientConnect`].
    ///
    /// # Errors
    ///
    /// [`StartError`], but never for want of room: nothing is written.
    pub fn connect(self, scheme: Scheme) -> Result<ClientConnect<'a, P>, StartError> {
        let mut extensions = None;
        self.check(&mut extensions)?;
        Ok(ClientConnect { path: self.origin_form()?, request: self, scheme, extensions })
    }
}

/// A client's extended CONNECT: the fields to send, and the check of the answer.
///
/// The server must have sent `SETTINGS_ENABLE_CONNECT_PROTOCOL` (RFC 8441 §3). [`ClientRequest::connect`] makes one.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest, Scheme};
///
/// // RFC 8441 §5.1
/// let request = ClientRequest::new("server.example.com", "/chat").subprotocols(["chat", "superchat"]);
/// let connect = request.connect(Scheme::Https).unwrap();
/// let fields: Vec<(&str, &str)> = connect.fields().collect();
/// assert_eq!(fields, [
///     (":method", "CONNECT"),
///     (":protocol", "websocket"),
///     (":scheme", "https"),
///     (":authority", "server.example.com"),
///     (":path", "/chat"),
///     ("sec-websocket-version", "13"),
///     ("sec-websocket-protocol", "chat"),
///     ("sec-websocket-protocol", "superchat"),
/// ]);
///
/// let answer = connect.receive(200, &[("sec-websocket-protocol", "chat")]);
/// let Ok(Answer::Open(response)) = answer else { panic!("{answer:?}") };
/// assert_eq!(response.subprotocol(), Some("chat"));
/// ```
#[derive(Clone, Copy)]
#[must_use = "another HTTP stack has to send it"]
pub struct ClientConnect<'a, P = NoSubprotocols> {
    /// Checked.
    pub(super) request: ClientRequest<'a, P>,
    pub(super) path: &'a str,
    pub(super) scheme: Scheme,
    extensions: Option<FieldValue>,
}

impl<'a, P: Subprotocols> ClientConnect<'a, P> {
    /// What to send: pseudo-header fields, the handshake's, and then the application's own.
    ///
    /// The application's names come as they were given; HTTP/2 and HTTP/3 want lower case.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", self.scheme.as_str()),
            (":authority", self.request.host),
            (":path", self.path),
            ("sec-websocket-version", "13"),
        ]
        .into_iter()
        .chain(self.request.common_fields(self.extensions.as_ref()))
    }

    /// Checks the final response: its status, and its fields without pseudo-header fields.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the stream is reset.
    pub fn receive<'b, F: FieldSection<'b>>(&self, status: u16, fields: F) -> Result<Answer<'b, F>, ResponseError> {
        PendingAnswer::new((), &self.request.subprotocols, self.request.wanted.offered()).receive(status, fields)
    }

    /// What the answer is checked against, without what the request borrows: it can be kept in a struct until the answer comes.
    pub fn into_pending(self) -> PendingAnswer<P, ()> {
        PendingAnswer::new((), self.request.subprotocols, self.request.wanted.offered())
    }
}

impl<P> fmt::Debug for ClientConnect<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConnect").field("request", &self.request).finish_non_exhaustive()
    }
}

/// A client's request for another HTTP/1.1 stack to send, and the check of the response that this stack reads.
///
/// The method is `GET`. [`ClientRequest::upgrade`] makes one.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
///
/// // §1.3
/// let request = ClientRequest::new("server.example.com", "/chat").subprotocols(["chat", "superchat"]);
/// let upgrade = request.upgrade(*b"the sample nonce").unwrap();
/// assert_eq!(upgrade.target(), "/chat");
/// let fields: Vec<(&str, &str)> = upgrade.fields().collect();
/// assert_eq!(fields, [
///     ("host", "server.example.com"),
///     ("upgrade", "websocket"),
///     ("connection", "Upgrade"),
///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("sec-websocket-version", "13"),
///     ("sec-websocket-protocol", "chat"),
///     ("sec-websocket-protocol", "superchat"),
/// ]);
///
/// let fields = [
///     ("upgrade", "websocket"),
///     ("connection", "Upgrade"),
///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
///     ("sec-websocket-protocol", "chat"),
/// ];
/// let Ok(Answer::Open(response)) = upgrade.receive(101, (1, 1), &fields) else { panic!("not open") };
/// assert_eq!(response.subprotocol(), Some("chat"));
/// let negotiated = response.negotiated();
/// # let _ = negotiated;
/// ```
#[derive(Clone, Copy)]
#[must_use = "another HTTP stack has to send it"]
pub struct ClientUpgrade<'a, P = NoSubprotocols> {
    /// Checked.
    request: ClientRequest<'a, P>,
    target: &'a str,
    key: Key,
    extensions: Option<FieldValue>,
}

impl<'a, P: Subprotocols> ClientUpgrade<'a, P> {
    /// The target: a path with perhaps a query.
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// The fields: the handshake's, with names in lower case, and then the application's own.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        [
            ("host", self.request.host),
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-key", self.key.as_str()),
            ("sec-websocket-version", "13"),
        ]
        .into_iter()
        .chain(self.request.common_fields(self.extensions.as_ref()))
    }

    /// Checks the final response: its status, the two digits of its version, and its fields.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the transport is closed (§4.1, §7.1.7).
    pub fn receive<'b, F: FieldSection<'b>>(
        &self,
        status: u16,
        version: (u8, u8),
        fields: F,
    ) -> Result<Answer<'b, F>, ResponseError> {
        let (key, extensions) = (self.key.accept(), self.request.wanted.offered());
        PendingAnswer::new(key, &self.request.subprotocols, extensions).receive(status, version, fields)
    }

    /// What the response is checked against, without what the request borrows: it can be kept in a struct until the response comes.
    pub fn into_pending(self) -> PendingAnswer<P> {
        let extensions = self.request.wanted.offered();
        PendingAnswer::new(self.key.accept(), self.request.subprotocols, extensions)
    }
}

impl<P> fmt::Debug for ClientUpgrade<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUpgrade").field("request", &self.request).finish_non_exhaustive()
    }
}
