//! The answer to a request that opens nothing.

use std::fmt;

use hyper::http::{HeaderValue, Method, Response, StatusCode, header};
use websocket_proto::handshake::{Refusal, RequestError};

use crate::Body;

/// A request that was refused, with the complete response to send.
///
/// ```
/// use hyper::Request;
/// use websocket_proto_hyper::{Config, upgrade};
///
/// let mut request = Request::post("/").header("host", "example.com").header("upgrade", "websocket").body(()).unwrap();
/// let refused = upgrade(&mut request, &Config::default()).unwrap_err();
/// assert_eq!(refused.to_string(), "expected the method GET, found 'POST'");
/// let response = refused.into_response();
/// assert_eq!(response.status(), 405);
/// assert_eq!(response.headers()["allow"], "GET");
/// ```
#[must_use = "the response has to be sent"]
pub struct Refused {
    response: Box<Response<Vec<u8>>>,
    plain: bool,
}

impl Refused {
    pub(crate) fn new(refusal: &Refusal<'_>) -> Self {
        // The fields of a refusal without the application's are few and short.
        let response = refusal.to_http().unwrap_or_default();
        Self { response: Box::new(response), plain: false }
    }

    /// The same on a stream of HTTP/2.
    pub(crate) fn on_stream(error: &RequestError) -> Self {
        Self::new(&error.response_to_connect())
    }

    /// One that is the server's fault.
    pub(crate) fn by_server(reason: impl fmt::Display) -> Self {
        let mut refused = Self::own(StatusCode::INTERNAL_SERVER_ERROR, &format!("{reason}\n"));
        // What comes after the head may be frames, and must not be read as a request. hyper leaves this out of HTTP/2.
        refused.response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        refused
    }

    fn own(status: StatusCode, reason: &str) -> Self {
        let mut response = Response::new(reason.as_bytes().to_vec());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        Self { response: Box::new(response), plain: false }
    }

    /// What is no CONNECT, on a stream of HTTP/2. RFC 9110 §15.5.22: a 426 would name its protocol in `Upgrade`, which HTTP/2 does not have
    /// (RFC 9113 §8.6).
    #[cfg(feature = "http2")]
    pub(crate) fn no_connect() -> Self {
        let mut refused =
            Self::own(StatusCode::METHOD_NOT_ALLOWED, "expected a CONNECT for the protocol websocket\n").plain();
        refused.response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("CONNECT"));
        refused
    }

    /// RFC 9110 §9.3.2: to HEAD, "the server MUST NOT send content in the response".
    pub(crate) fn without_body_for(mut self, method: &Method) -> Self {
        if method == Method::HEAD {
            self.response.body_mut().clear();
        }
        self
    }

    pub(crate) fn plain(self) -> Self {
        Self { plain: true, ..self }
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Whether the request does not ask for a WebSocket at all, so that a page may be served in place of the refusal.
    pub fn is_plain_http(&self) -> bool {
        self.plain
    }

    /// The response to send, with a body of one line that names the reason.
    pub fn into_response(self) -> Response<Body> {
        self.response.map(Body::from)
    }
}

impl From<Refused> for Response<Body> {
    fn from(refused: Refused) -> Self {
        refused.into_response()
    }
}

/// The reason.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.response.body().trim_ascii_end() {
            b"" => write!(f, "the request was refused with status {}", self.status()),
            line => String::from_utf8_lossy(line).fmt(f),
        }
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("status", &self.status()).field("reason", &self.to_string()).finish()
    }
}

impl std::error::Error for Refused {}
