//! The opening of a connection between two others, as a proxy or an analyser sees it (§4).

use super::known_fields::KnownFields;
use super::request::Parts;
use super::request_error::RequestError;
use super::response_error::ResponseError;
use crate::extension::negotiated::Negotiated;
use crate::extension::observe_extensions;
use crate::http::{Collect, Excerpt, FieldSection, Fields, HeadError, HeadReader, Target};
use crate::wire::{Limits, error_type};

/// Checks the opening of a connection between two others: a request as it was seen, and the response to it.
///
/// Each violation of both heads is added to `violations`, in the order in which an endpoint looks for them; not only the first one.
/// Returns what was agreed on, which the frame readers of both directions need; `None` if the request asked for no WebSocket connection,
/// or the status is not 101. An extension of an application's own that was offered and accepted is no violation, and is not part of what
/// is returned: see [`Negotiated::with_extension`].
///
/// ```
/// use websocket_proto::Limits;
/// use websocket_proto::handshake::{Parts, ResponseError, ResponseParts, Violation, observe};
///
/// let request = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n";
/// let (request, _head_len) = Parts::from_bytes(request, &Limits::DEFAULT)?.ok_or("the request is cut")?;
/// let (response, _head_len) = ResponseParts::from_bytes(response, &Limits::DEFAULT)?.ok_or("the response is cut")?;
///
/// let mut violations = Vec::new();
/// let negotiated = observe(request, response, &mut violations);
/// assert!(negotiated.is_some());
/// assert_eq!(violations, [
///     Violation::Response(ResponseError::ConnectionWithoutUpgrade),
///     Violation::Response(ResponseError::AcceptWrong),
/// ]);
/// assert_eq!(violations[0].section(), "RFC 6455 §4.1, 3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn observe<'q, 's, F: FieldSection<'q>, G: FieldSection<'s>>(
    request: Parts<'q, F>,
    response: ResponseParts<G>,
    violations: &mut impl Extend<Violation>,
) -> Option<Negotiated> {
    let (asked, answered) =
        (KnownFields::collect_parsed(request.fields.clone()), KnownFields::collect_parsed(response.fields.clone()));
    if !asked.websocket {
        return None;
    }
    let (major, minor) = request.version;
    let target = Target::new(request.target);
    let key = asked.key();
    let in_request = [
        require(request.method == "GET", || RequestError::Method { method: Excerpt::new(request.method.as_bytes()) }),
        require(major == 1 && minor > 0, || RequestError::HttpVersion { major, minor }),
        require(target.is_some(), || RequestError::Target { target: Excerpt::new(request.target.as_bytes()) }),
        asked.host(target.and_then(|target| target.authority)).map(drop),
        asked.no_body(),
        require(asked.connection, || RequestError::ConnectionWithoutUpgrade),
        asked.version(),
        key.map(drop),
        asked.origin().map(drop),
        asked.offered_subprotocols(&request.fields),
        asked.check_extensions(&request.fields, RequestError::ExtensionsEmpty),
    ];
    violations.extend(in_request.into_iter().filter_map(Result::err).map(Violation::Request));
    if response.status != 101 {
        return None;
    }
    let (major, minor) = response.version;
    let offers = || asked.subprotocols.subprotocols(&request.fields);
    let in_response = [
        require(major == 1 && minor > 0, || ResponseError::HttpVersion { major, minor }),
        answered.upgraded(),
        require(answered.connection, || ResponseError::ConnectionWithoutUpgrade),
        // Without a key there is nothing that the answer could be compared with.
        key.map_or(Ok(()), |key| answered.accepted(&key.accept())),
        answered.chosen_subprotocol(|chosen| offers().any(|offer| offer == chosen)).map(drop),
        answered.check_extensions(&response.fields, ResponseError::ExtensionsEmpty),
    ];
    violations.extend(in_response.into_iter().filter_map(Result::err).map(Violation::Response));
    let offers = || asked.extensions.extensions(&request.fields);
    let answers = || answered.extensions.extensions(&response.fields);
    Some(observe_extensions(offers, answers, |mismatch| {
        violations.extend([Violation::Response(mismatch.into())]);
    }))
}

fn require<E>(holds: bool, error: impl FnOnce() -> E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error()) }
}

error_type! {
    /// A rule that an opening breaks: see [`observe`].
    pub enum Violation {
        /// The client's, in the request.
        Request(error: RequestError) => "{error}";
        /// The server's, in the response.
        Response(error: ResponseError) => "{error}";
    }
}

impl Violation {
    /// The section with the rule.
    pub const fn section(&self) -> &'static str {
        match self {
            Self::Request(error) => error.section(),
            Self::Response(error) => error.section(),
        }
    }
}

/// The head of a response, for [`observe`]: parsed by another stack, or from bytes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResponseParts<F> {
    /// The status code.
    pub status: u16,
    /// The two digits of the version.
    pub version: (u8, u8),
    /// The fields: see [`FieldSection`] for what can be given.
    pub fields: F,
}

impl<F> ResponseParts<F> {
    /// The status, the two digits of the version, and the fields.
    pub const fn new(status: u16, version: (u8, u8), fields: F) -> Self {
        Self { status, version, fields }
    }
}

impl<'b> ResponseParts<Fields<'b>> {
    /// Reads the head in front of `bytes`, and says how long it is; `None` if it is not complete. Only its grammar is checked.
    ///
    /// # Errors
    ///
    /// [`HeadError`]: no HTTP/1, or beyond a limit.
    pub fn from_bytes(bytes: &'b [u8], limits: &Limits) -> Result<Option<(Self, usize)>, HeadError> {
        let head = HeadReader::response(limits).read_response(bytes, &mut Nothing)?;
        Ok(head.map(|found| (Self::new(found.status, found.version, found.head.section), found.head.len)))
    }
}

impl<'b> Parts<'b, Fields<'b>> {
    /// Reads the head in front of `bytes`, and says how long it is; `None` if it is not complete. Only its grammar is checked: it is
    /// for [`observe`].
    ///
    /// # Errors
    ///
    /// [`HeadError`]: no HTTP/1, or beyond a limit.
    pub fn from_bytes(bytes: &'b [u8], limits: &Limits) -> Result<Option<(Self, usize)>, HeadError> {
        let head = HeadReader::request(limits).read_request(bytes, &mut Nothing)?;
        Ok(head.map(|found| (Self::new(found.method, found.target, found.version, found.head.section), found.head.len)))
    }
}

/// Wants no field while a head is read.
struct Nothing;

impl<'b> Collect<'b> for Nothing {
    fn add(&mut self, _name: &[u8], _value: &'b [u8]) {}
}
