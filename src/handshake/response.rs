//! A server's response, checked (§4.1).

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::known_fields::Occurrence;
use super::response_error::ResponseError;
use crate::extension::negotiated::Negotiated;
use crate::extension::{Extension, Negotiate};
use crate::http::{FieldSection, Fields, Head, HttpResponse, Shown};

/// What a server answered.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// let mut out = Vec::new();
/// let mut handshake = ClientRequest::new("example.com", "/").start([7; 16], &Limits::DEFAULT, &mut out).unwrap();
/// match handshake.receive(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n").unwrap() {
///     None => panic!("read more"),
///     Some(Answer::Open(response)) => panic!("make a connection of {:?}", response.negotiated()),
///     Some(Answer::Refused(response)) => assert_eq!(response.status(), 401),
/// }
/// ```
#[derive(Clone)]
pub enum Answer<'b, F = Fields<'b>> {
    /// The connection is open.
    Open(Response<'b, F>),
    /// Another response of HTTP: a redirect, a login, an error (§4.1, 1). It may be followed on a new connection.
    Refused(HttpResponse<'b, F>),
}

/// The response that opened the connection.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// let request = ClientRequest::new("example.com", "/").subprotocols(&["chat"]);
/// let mut handshake = request.start(*b"the sample nonce", &Limits::DEFAULT, &mut Vec::new()).unwrap();
/// let bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSet-Cookie: a=b\r\n\r\n\x89\x00";
/// let Some(Answer::Open(response)) = handshake.receive(bytes).unwrap() else { panic!() };
/// assert_eq!(response.subprotocol(), None, "the server chose none");
/// assert_eq!(response.field("set-cookie").next(), Some(&b"a=b"[..]));
/// assert_eq!(bytes[response.head_len()..], [0x89, 0x00], "the connection's first input");
/// ```
#[derive(Clone)]
#[must_use = "the connection is open, and is made of `negotiated`"]
pub struct Response<'b, F = Fields<'b>> {
    pub(super) head: Head<'b, F>,
    pub(super) subprotocol: Option<&'b str>,
    pub(super) extensions: Occurrence<'b>,
    pub(super) negotiated: Negotiated,
}

impl<'b, F: FieldSection<'b>> Response<'b, F> {
    /// What the connection is made of.
    pub fn negotiated(&self) -> Negotiated {
        self.negotiated
    }

    /// The subprotocol that the server chose: one of those offered. `None` if it chose none; an application that needs one
    /// should close the connection then.
    pub fn subprotocol(&self) -> Option<&'b str> {
        self.subprotocol
    }

    /// The extensions in use, in their order (§9.1).
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'b>> + use<'b, F> {
        self.extensions.extensions(&self.head.section)
    }

    /// What the server has answered to the offers of an extension of the application's own; `None` if it declined them.
    ///
    /// # Errors
    ///
    /// [`ResponseError::ExtensionParam`] or [`ResponseError::ExtensionParamMissing`] if the answer does not fit the offers: the
    /// connection is in no use then, and its transport is closed (§4.1, 5).
    pub fn agreed<N: Negotiate>(&self, wanted: &N) -> Result<Option<N::Params>, ResponseError> {
        let answer = self.extensions().find(|extension| extension.name() == N::NAME);
        answer.map(|answer| wanted.check(&answer).map_err(ResponseError::from)).transpose()
    }
}

impl<'b, F: FieldSection<'b>> HttpResponse<'b, F> {
    /// The status code, whatever its three digits are.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, which may be empty, and means nothing.
    pub fn reason(&self) -> &'b [u8] {
        self.reason
    }
}

impl<'b, F> Deref for Response<'b, F> {
    type Target = Head<'b, F>;

    fn deref(&self) -> &Head<'b, F> {
        &self.head
    }
}

impl<'b, F> Deref for HttpResponse<'b, F> {
    type Target = Head<'b, F>;

    fn deref(&self) -> &Head<'b, F> {
        &self.head
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for Answer<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(response) => f.debug_tuple("Open").field(response).finish(),
            Self::Refused(response) => f.debug_tuple("Refused").field(response).finish(),
        }
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for Response<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("negotiated", &self.negotiated())
            .field("fields", &Shown(|| self.fields()))
            .field("head_len", &self.head_len())
            .finish()
    }
}

impl<'b, F: FieldSection<'b>> fmt::Debug for HttpResponse<'b, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status())
            .field("reason", &format_args!("\"{}\"", self.reason().escape_ascii()))
            .field("fields", &Shown(|| self.fields()))
            .field("head_len", &self.head_len())
            .finish()
    }
}

/// A client's list of subprotocols: `["chat", "superchat"]`, `&["chat"]`, a slice, with an allocator a
/// `Vec<String>`, or a reference to any of them.
///
/// The handshake keeps the list, since the server may choose none but these (§4.1, 6). With a list that owns its names, or names that
/// are `'static`, the handshake borrows nothing and can be kept in a struct.
///
/// ```
/// use websocket_proto::handshake::{ClientHandshake, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// struct Connecting {
///     handshake: ClientHandshake<Vec<String>>,
/// }
///
/// fn begin(host: &str, subprotocols: Vec<String>, out: &mut Vec<u8>) -> Connecting {
///     let request = ClientRequest::new(host, "/").subprotocols(subprotocols);
///     Connecting { handshake: request.start([7; 16], &Limits::DEFAULT, out).unwrap() }
/// }
/// # begin("example.com", vec!["chat".to_owned()], &mut Vec::new());
/// ```
pub trait Subprotocols: sealed::Subprotocols {
    /// One subprotocol.
    type Name: AsRef<str>;

    /// The subprotocols, the preferred one first.
    fn as_slice(&self) -> &[Self::Name];
}

impl<S: AsRef<str>> Subprotocols for [S] {
    type Name = S;

    fn as_slice(&self) -> &[S] {
        self
    }
}

impl<S: AsRef<str>, const LEN: usize> Subprotocols for [S; LEN] {
    type Name = S;

    fn as_slice(&self) -> &[S] {
        self
    }
}

#[cfg(feature = "alloc")]
impl<S: AsRef<str>> Subprotocols for Vec<S> {
    type Name = S;

    fn as_slice(&self) -> &[S] {
        self
    }
}

impl<P: Subprotocols + ?Sized> Subprotocols for &P {
    type Name = P::Name;

    fn as_slice(&self) -> &[P::Name] {
        (**self).as_slice()
    }
}

/// None at all.
pub type NoSubprotocols = [&'static str; 0];

mod sealed {
    pub trait Subprotocols {}
    impl<S> Subprotocols for [S] {}
    impl<S, const LEN: usize> Subprotocols for [S; LEN] {}
    #[cfg(feature = "alloc")]
    impl<S> Subprotocols for alloc::vec::Vec<S> {}
    impl<P: ?Sized> Subprotocols for &P {}
}
