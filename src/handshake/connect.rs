//! The handshake on a stream of HTTP/2 or HTTP/3: the extended CONNECT (RFC 8441, RFC 9220).
//!
//! There is no key, no `Connection` and no `Upgrade`; the HTTP stack reads and writes the fields, and the stream is
//! the transport.

use super::check::Checked;
use super::client_request::{ClientRequest, StartError};
use super::excerpt::Excerpt;
use super::request::{Request, Target};
use super::request_error::RequestError;
use super::response::{Answer, Offered};
use super::response_error::ResponseError;
use crate::extension::FieldValue;

/// The pseudo-header fields of an extended CONNECT (RFC 8441 §4); its `:method` is `CONNECT`.
///
/// ```
/// use websocket_proto::handshake::{ConnectHead, ConnectRequest, RequestError};
///
/// let head = ConnectHead { protocol: "connect-udp", scheme: "https", authority: "example.com", path: "/" };
/// let error = ConnectRequest::from_connect(head, core::iter::empty()).unwrap_err();
/// assert!(matches!(error, RequestError::ConnectProtocol { .. }));
/// assert_eq!(error.response_to_connect().status(), 501);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ConnectHead<'b> {
    /// `:protocol`. A CONNECT without it is no extended one, and not for us.
    pub protocol: &'b str,
    /// `:scheme`: `https` for `wss`, `http` for `ws`.
    pub scheme: &'b str,
    /// `:authority`: what `Host` is in HTTP/1.1.
    pub authority: &'b str,
    /// `:path`, with the query.
    pub path: &'b str,
}

/// A request for a WebSocket connection by extended CONNECT, checked: every one can be accepted.
///
/// ```
/// use websocket_proto::handshake::{ConnectHead, ConnectRequest};
///
/// // RFC 8441 §5.1
/// let head =
///     ConnectHead { protocol: "websocket", scheme: "https", authority: "server.example.com", path: "/chat" };
/// let fields = [
///     ("sec-websocket-protocol", &b"chat, superchat"[..]),
///     ("sec-websocket-extensions", b"permessage-deflate"),
///     ("sec-websocket-version", b"13"),
///     ("origin", b"http://www.example.com"),
/// ];
/// let request = ConnectRequest::from_connect(head, fields.into_iter()).unwrap();
/// let response = request.accept().subprotocol("chat").response().unwrap();
/// assert_eq!(response.status(), 200);
/// assert!(response.fields().eq([("sec-websocket-protocol", "chat")]));
/// let negotiated = response.negotiated();
/// # let _ = negotiated;
/// ```
pub type ConnectRequest<'b, F> = Request<'b, F, ()>;

impl<'b, F: Iterator<Item = (&'b str, &'b [u8])> + Clone> ConnectRequest<'b, F> {
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
        if !["http", "https"].iter().any(|known| head.scheme.eq_ignore_ascii_case(known)) {
            return Err(RequestError::ConnectScheme { scheme: Excerpt::new(head.scheme.as_bytes()) });
        }
        let target = Target::path_only(head.path)?;
        let checked = Checked::collect_parsed(fields.clone());
        let host = checked.same_host(head.authority)?;
        // RFC 8441 §5: Connection and Upgrade "MUST NOT be included in the CONNECT request".
        if checked.hop {
            return Err(RequestError::ConnectionField);
        }
        checked.no_body()?;
        checked.version()?;
        let origin = checked.origin()?;
        checked.lists(&fields)?;
        let Checked { subprotocols, extensions, .. } = checked;
        Ok(Request { target, host, origin, subprotocols, extensions, fields, head_len: 0, key: () })
    }
}

/// A client's extended CONNECT: the fields to send, and the check of the answer.
///
/// The server must have sent `SETTINGS_ENABLE_CONNECT_PROTOCOL` (RFC 8441 §3). [`ClientRequest::connect`] makes one.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
///
/// // RFC 8441 §5.1
/// let request = ClientRequest::new("server.example.com", "/chat").subprotocols(&["chat", "superchat"]);
/// let connect = request.connect(true).unwrap();
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
/// let answer = connect.receive(200, [("sec-websocket-protocol", &b"chat"[..])].into_iter());
/// let Ok(Answer::Open(response)) = answer else { panic!("{answer:?}") };
/// assert_eq!(response.subprotocol(), Some("chat"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ClientConnect<'a, 'p> {
    /// Checked.
    request: ClientRequest<'a, 'p>,
    path: &'a str,
    secure: bool,
    extensions: Option<FieldValue>,
}

impl<'a, 'p> ClientConnect<'a, 'p> {
    pub(super) fn new(request: ClientRequest<'a, 'p>, secure: bool) -> Result<Self, StartError> {
        let path = match request.target {
            "" => "/",
            // A path cannot be put before the query here: the application has to.
            query if query.starts_with('?') => return Err(StartError::Target),
            path => path,
        };
        Ok(Self { request, path, secure, extensions: request.offers.field_value() })
    }

    /// What to send: pseudo-header fields, the handshake's, and then the application's own.
    ///
    /// The application's names come as they were given; HTTP/2 and HTTP/3 want lower case.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let ClientRequest { host, origin, subprotocols, fields, .. } = self.request;
        [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", if self.secure { "https" } else { "http" }),
            (":authority", host),
            (":path", self.path),
            ("sec-websocket-version", "13"),
        ]
        .into_iter()
        .chain(origin.map(|origin| ("origin", origin)))
        // One field each: a list over all its occurrences.
        .chain(subprotocols.iter().map(|subprotocol| ("sec-websocket-protocol", *subprotocol)))
        .chain(self.extensions.as_ref().map(|value| ("sec-websocket-extensions", value.as_str())))
        .chain(fields.iter().copied())
    }

    /// Checks the final response: its status, and its fields without pseudo-header fields.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the stream is reset.
    pub fn receive<'b, F>(&self, status: u16, fields: F) -> Result<Answer<'b, F>, ResponseError>
    where
        F: Iterator<Item = (&'b str, &'b [u8])> + Clone,
    {
        let offered = Offered { subprotocols: self.request.subprotocols, extensions: self.request.offers };
        Answer::from_connect(status, fields, offered)
    }
}
