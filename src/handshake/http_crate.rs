//! Heads in the types of the crate `http`, which hyper, axum, h2 and reqwest share.

use alloc::vec::Vec;

use super::accept::{Accept, AcceptError, AcceptResponse};
use super::client::PendingAnswer;
use super::connect::{ClientConnect, ClientUpgrade, ConnectHead, ConnectRequest};
use super::key::AcceptKey;
use super::known_fields::KnownFields;
use super::received::Received;
use super::refusal::Refusal;
use super::request::{Parts, Request, RequestKey};
use super::request_error::RequestError;
use super::response::{Answer, Subprotocols};
use super::response_error::ResponseError;
use crate::extension::negotiated::Negotiated;
use crate::http::{FieldSection, Target};

/// Checks a request that a server made with the crate `http` has read.
///
/// The [`target`](super::HttpRequest::target) is the path with the query; for an absolute target, the host is that of the target
/// (RFC 9112 §3.2.2).
///
/// ```
/// use websocket_proto::handshake::Received;
///
/// fn answer(request: &http::Request<()>) -> http::Response<Vec<u8>> {
///     let response = match Received::try_from(request) {
///         // Here the server's upgrade is awaited, and the connection made of `negotiated`.
///         Ok(Received::Upgrade(request)) => {
///             let accepted = request.accept().response().unwrap();
///             let _negotiated = accepted.negotiated();
///             accepted.to_http().map(|response| response.map(|()| Vec::new()))
///         }
///         Ok(Received::Http(request)) => request.upgrade_required().to_http(), // or a page
///         Err(error) => error.response().to_http(),
///     };
///     response.unwrap()
/// }
///
/// let request = http::Request::get("/").header("host", "example.com").body(()).unwrap();
/// assert_eq!(answer(&request).status(), 426);
/// ```
impl<'b, B> TryFrom<&'b http::Request<B>> for Received<'b, &'b http::HeaderMap> {
    type Error = RequestError;

    fn try_from(request: &'b http::Request<B>) -> Result<Self, RequestError> {
        let (uri, fields) = (request.uri(), request.headers());
        let authority = uri.authority().map(http::uri::Authority::as_str);
        // The authority form, which CONNECT has, is that without a path.
        let resource = uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        let target = resource.or(authority).unwrap_or_default();
        let parts = Parts::new(request.method().as_str(), target, digits(request.version()), fields);
        let known = KnownFields::collect_parsed(fields);
        Self::check(parts.into_head(), || Target::of_uri(uri.scheme_str(), authority, target), &known)
    }
}

/// Checks a request where there is nothing but WebSocket: a plain HTTP request is refused, too, with 426. Whatever is refused, the
/// refusal is the complete answer.
///
/// ```
/// use websocket_proto::handshake::Request;
///
/// fn answer(request: &http::Request<()>) -> Result<http::Response<Vec<u8>>, Box<dyn std::error::Error>> {
///     let (response, negotiated) = match Request::try_from(request) {
///         Ok(request) => request.accept().http_response()?,
///         Err(refusal) => return Ok(refusal.to_http()?),
///     };
///     // Here the server's upgrade is awaited, and the connection made of `negotiated`.
///     # let _ = negotiated;
///     Ok(response.map(|()| Vec::new()))
/// }
///
/// let request = http::Request::get("/").header("host", "example.com").body(()).unwrap();
/// assert_eq!(answer(&request).unwrap().status(), 426);
/// ```
impl<'b, B> TryFrom<&'b http::Request<B>> for Request<'b, &'b http::HeaderMap> {
    type Error = Refusal<'static>;

    fn try_from(request: &'b http::Request<B>) -> Result<Self, Refusal<'static>> {
        match Received::try_from(request) {
            Ok(Received::Upgrade(request)) => Ok(request),
            Ok(Received::Http(request)) => Err(request.upgrade_required()),
            Err(error) => Err(error.response()),
        }
    }
}

impl<'b> ConnectRequest<'b, &'b http::HeaderMap> {
    /// Checks an extended CONNECT. The `:protocol` is in the request's extensions, in a type of the stack's own, such as
    /// `hyper::ext::Protocol`.
    ///
    /// # Errors
    ///
    /// [`RequestError`]; its [`response_to_connect`](RequestError::response_to_connect) is the answer.
    ///
    /// ```
    /// use websocket_proto::handshake::ConnectRequest;
    ///
    /// let request = http::Request::connect("https://example.com/chat").header("sec-websocket-version", "13").body(()).unwrap();
    /// let request = ConnectRequest::from_http("websocket", &request).unwrap();
    /// assert_eq!((request.host(), request.path()), ("example.com", "/chat"));
    /// ```
    pub fn from_http<B>(protocol: &'b str, request: &'b http::Request<B>) -> Result<Self, RequestError> {
        let uri = request.uri();
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let path = uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
        let scheme = uri.scheme_str().unwrap_or_default();
        Self::from_connect(ConnectHead::new(protocol, scheme, authority, path), request.headers())
    }
}

impl<'b, F: FieldSection<'b>, K: RequestKey> Accept<'_, 'b, F, K> {
    /// The response in the types of the crate `http`, and what the connection is made of once it is sent.
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: a subprotocol that was not offered, a field that is not to be written, or more than that crate can hold.
    pub fn http_response(self) -> Result<(http::Response<()>, Negotiated), AcceptError> {
        let response = self.response()?;
        Ok((response.to_http().map_err(|_| AcceptError::HttpCrate)?, response.negotiated()))
    }
}

impl AcceptResponse<'_> {
    /// The response in the types of the crate `http`.
    ///
    /// # Errors
    ///
    /// More fields, or a longer name, than that crate allows.
    pub fn to_http(&self) -> Result<http::Response<()>, http::Error> {
        build_response(self.status(), self.fields(), ())
    }
}

impl Refusal<'_> {
    /// The response in the types of the crate `http`.
    ///
    /// # Errors
    ///
    /// More fields, or a longer name, than that crate allows.
    pub fn to_http(&self) -> Result<http::Response<Vec<u8>>, http::Error> {
        build_response(self.status(), self.fields(), self.body().to_vec())
    }
}

impl<P: Subprotocols> ClientUpgrade<'_, P> {
    /// The request in the types of the crate `http`: its URI is a path with perhaps a query, as `hyper::client::conn` wants it.
    ///
    /// # Errors
    ///
    /// A longer target, more fields or a longer name than that crate allows.
    ///
    /// ```
    /// use websocket_proto::handshake::{Answer, ClientRequest};
    ///
    /// let upgrade = ClientRequest::new("server.example.com", "/chat").upgrade(*b"the sample nonce")?;
    /// let request = upgrade.to_http()?;
    /// assert_eq!(request.uri().path(), "/chat");
    /// assert_eq!(request.headers()["host"], "server.example.com");
    ///
    /// // What the server answered.
    /// let response = http::Response::builder().status(101)
    ///     .header("upgrade", "websocket")
    ///     .header("connection", "upgrade")
    ///     .header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    ///     .body(())?;
    /// assert!(matches!(upgrade.into_pending().receive_http(&response), Ok(Answer::Open(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_http(&self) -> Result<http::Request<()>, http::Error> {
        build_request(http::Request::get(self.target()), self.fields())
    }
}

impl<P: Subprotocols> ClientConnect<'_, P> {
    /// The request in the types of the crate `http`. The `:protocol` is to be put into its extensions, in the stack's own type, such
    /// as `hyper::ext::Protocol::from_static("websocket")`.
    ///
    /// # Errors
    ///
    /// A longer target, more fields or a longer name than that crate allows.
    pub fn to_http(&self) -> Result<http::Request<()>, http::Error> {
        let uri =
            http::Uri::builder().scheme(self.scheme.as_str()).authority(self.request.host).path_and_query(self.path);
        let builder = http::Request::connect(uri.build()?).version(http::Version::HTTP_2);
        build_request(builder, self.fields().filter(|(name, _)| !name.starts_with(':')))
    }
}

impl<P: Subprotocols> PendingAnswer<P, AcceptKey> {
    /// Checks the final response in the types of the crate `http`.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the transport is closed (§4.1, §7.1.7).
    pub fn receive_http<'b, B>(
        &self,
        response: &'b http::Response<B>,
    ) -> Result<Answer<'b, &'b http::HeaderMap>, ResponseError> {
        self.receive(response.status().as_u16(), digits(response.version()), response.headers())
    }
}

impl<P: Subprotocols> PendingAnswer<P, ()> {
    /// Checks the final response to an extended CONNECT in the types of the crate `http`.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the stream is reset.
    pub fn receive_http<'b, B>(
        &self,
        response: &'b http::Response<B>,
    ) -> Result<Answer<'b, &'b http::HeaderMap>, ResponseError> {
        self.receive(response.status().as_u16(), response.headers())
    }
}

fn build_request<'f>(
    builder: http::request::Builder,
    fields: impl Iterator<Item = (&'f str, &'f str)>,
) -> Result<http::Request<()>, http::Error> {
    fields.fold(builder, |builder, (name, value)| builder.header(name, value.as_bytes())).body(())
}

fn build_response<'f, B>(
    status: u16,
    fields: impl Iterator<Item = (&'f str, &'f str)>,
    body: B,
) -> Result<http::Response<B>, http::Error> {
    let builder = http::Response::builder().status(status);
    fields.fold(builder, |builder, (name, value)| builder.header(name, value.as_bytes())).body(body)
}

/// The two digits of a version; 0.0 for one that this crate does not know, which can't be upgraded.
fn digits(version: http::Version) -> (u8, u8) {
    match version {
        http::Version::HTTP_09 => (0, 9),
        http::Version::HTTP_10 => (1, 0),
        http::Version::HTTP_11 => (1, 1),
        http::Version::HTTP_2 => (2, 0),
        http::Version::HTTP_3 => (3, 0),
        _ => (0, 0),
    }
}
