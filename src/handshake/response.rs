//! A server's response, checked (§4.1).

use super::Negotiated;
use super::check::has_token;
use super::excerpt::Excerpt;
use super::fields::Fields;
use super::head::ResponseHead;
use super::key::AcceptKey;
use super::request::values;
use super::response_error::ResponseError;
use crate::extension::token::ascii;
use crate::extension::{Agreed, Extension, Extensions, Offers};

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
#[derive(Clone, Debug)]
pub enum Answer<'b, F = Fields<'b>> {
    /// The connection is open.
    Open(Response<'b, F>),
    /// Another response of HTTP: a redirect, a login, an error (§4.1, 1). It may be followed on a new connection.
    Refused(HttpResponse<'b, F>),
}

/// What a client offered, which the answer must not go beyond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offered<'p> {
    pub(super) subprotocols: &'p [&'p str],
    pub(super) extensions: Offers,
}

impl<'b> Answer<'b> {
    pub(super) fn from_head(
        head: ResponseHead<'b>,
        accept: &AcceptKey,
        offered: Offered<'_>,
    ) -> Result<Self, ResponseError> {
        let ResponseHead { version: (major, minor), status, reason, fields, len } = head;
        if major != 1 || status == 101 && minor != 1 {
            return Err(ResponseError::HttpVersion { major, minor });
        }
        if status != 101 {
            return Ok(Self::Refused(HttpResponse { status, reason, fields, head_len: len }));
        }
        let mut upgrade = values(fields, "Upgrade");
        match (upgrade.next(), upgrade.next()) {
            // §4.1, 2: "an ASCII case-insensitive match for the value 'websocket'".
            (Some(value), None) if value.eq_ignore_ascii_case(b"websocket") => {}
            (None, _) => return Err(ResponseError::UpgradeMissing),
            (Some(value), _) => return Err(ResponseError::Upgrade { upgrade: Excerpt::new(value) }),
        }
        if !values(fields, "Connection").any(|value| has_token(value, b"upgrade")) {
            return Err(ResponseError::ConnectionWithoutUpgrade);
        }
        let mut accepts = values(fields, "Sec-WebSocket-Accept");
        match (accepts.next(), accepts.next()) {
            // §4.1, 4: "ignoring any leading and trailing whitespace", which is gone already.
            (Some(value), None) if value == accept.as_str().as_bytes() => {}
            (Some(_), None) => return Err(ResponseError::AcceptWrong),
            (None, _) => return Err(ResponseError::AcceptMissing),
            // §11.3.3: it "MUST NOT appear more than once in an HTTP response".
            (Some(_), Some(_)) => return Err(ResponseError::AcceptRepeated),
        }
        Response::agree(fields, offered, len).map(Self::Open)
    }
}

impl<'b, F: Iterator<Item = (&'b str, &'b [u8])> + Clone> Answer<'b, F> {
    /// RFC 8441 §5: there is no key, and success is what it is for CONNECT: 2xx (RFC 9110 §9.3.6).
    pub(super) fn from_connect(status: u16, fields: F, offered: Offered<'_>) -> Result<Self, ResponseError> {
        match status {
            200..=299 => Response::agree(fields, offered, 0).map(Self::Open),
            status => Ok(Self::Refused(HttpResponse { status, reason: b"", fields, head_len: 0 })),
        }
    }
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
#[derive(Clone, Debug)]
pub struct Response<'b, F = Fields<'b>> {
    fields: F,
    subprotocol: Option<&'b str>,
    agreed: Agreed,
    head_len: usize,
}

impl<'b, F: Iterator<Item = (&'b str, &'b [u8])> + Clone> Response<'b, F> {
    /// What every response must keep to, whichever version of HTTP it came by: no more than was offered.
    fn agree(fields: F, offered: Offered<'_>, head_len: usize) -> Result<Self, ResponseError> {
        let mut subprotocols = values(fields.clone(), "Sec-WebSocket-Protocol");
        let subprotocol = match (subprotocols.next(), subprotocols.next()) {
            (None, _) => None,
            // §4.1, 6: "a subprotocol that was not present in the client's handshake". Letter case counts.
            (Some(chosen), None) if offered.subprotocols.iter().any(|offer| offer.as_bytes() == chosen) => {
                Some(ascii(chosen))
            }
            (Some(chosen), None) => {
                return Err(ResponseError::SubprotocolNotOffered { subprotocol: Excerpt::new(chosen) });
            }
            // §11.3.4: it "MUST NOT appear more than once in an HTTP response".
            (Some(_), Some(_)) => return Err(ResponseError::SubprotocolRepeated),
        };
        // Erratum 3433: `Sec-WebSocket-Extensions` "MAY appear multiple times in an HTTP response".
        let mut extensions = values(fields.clone(), "Sec-WebSocket-Extensions").flat_map(Extensions::new).peekable();
        if extensions.peek().is_none() && values(fields.clone(), "Sec-WebSocket-Extensions").next().is_some() {
            return Err(ResponseError::ExtensionsEmpty);
        }
        if let Some(error) = extensions.clone().find_map(Result::err) {
            return Err(ResponseError::InvalidExtension(error));
        }
        let agreed = offered.extensions.check(extensions.filter_map(Result::ok)).map_err(ResponseError::from)?;
        Ok(Self { fields, subprotocol, agreed, head_len })
    }

    /// What the connection is made of.
    pub fn negotiated(&self) -> Negotiated {
        Negotiated::new(self.agreed)
    }

    /// The subprotocol that the server chose: one of those offered. None where it chose none, which an application that
    /// cannot do without should close for.
    pub fn subprotocol(&self) -> Option<&'b str> {
        self.subprotocol
    }

    /// The extensions in use, in their order (§9.1).
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'b>> + Clone + use<'b, F> {
        self.field("Sec-WebSocket-Extensions").flat_map(Extensions::new).filter_map(Result::ok)
    }

    /// All fields, in their order.
    pub fn fields(&self) -> F {
        self.fields.clone()
    }

    /// The values of each field with this name; names compare without ASCII case.
    pub fn field<'n>(&self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + Clone + use<'b, 'n, F> {
        values(self.fields.clone(), name)
    }

    /// How many bytes the head has, with the interim responses in front of it. The bytes behind it are frames: the
    /// first input of the connection. 0 for a head that another stack has parsed.
    pub fn head_len(&self) -> usize {
        self.head_len
    }
}

/// A response that opened nothing.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// let request = ClientRequest::new("example.com", "/");
/// let mut handshake = request.start([7; 16], &Limits::DEFAULT, &mut Vec::new()).unwrap();
/// let bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";
/// let Some(Answer::Refused(response)) = handshake.receive(bytes).unwrap() else { panic!() };
/// assert_eq!((response.status(), response.reason()), (404, &b"Not Found"[..]));
/// assert_eq!(&bytes[response.head_len()..], b"none", "what came of the body");
/// ```
#[derive(Clone, Debug)]
pub struct HttpResponse<'b, F = Fields<'b>> {
    status: u16,
    reason: &'b [u8],
    fields: F,
    head_len: usize,
}

impl<'b, F: Iterator<Item = (&'b str, &'b [u8])> + Clone> HttpResponse<'b, F> {
    /// The status code, whatever its three digits are.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, which may be empty, and means nothing.
    pub fn reason(&self) -> &'b [u8] {
        self.reason
    }

    /// All fields, in their order.
    pub fn fields(&self) -> F {
        self.fields.clone()
    }

    /// The values of each field with this name; names compare without ASCII case.
    pub fn field<'n>(&self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + Clone + use<'b, 'n, F> {
        values(self.fields.clone(), name)
    }

    /// How many bytes the head has, with the interim responses in front of it. The bytes behind it are what came of
    /// the body.
    pub fn head_len(&self) -> usize {
        self.head_len
    }
}
