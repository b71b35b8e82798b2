//! The client's side, once the request is made: what was offered, and the answer that is read.

use core::fmt;

use super::key::AcceptKey;
use super::known_fields::{KnownFields, Occurrence};
use super::response::{Answer, NoSubprotocols, Response, Subprotocols};
use super::response_error::ResponseError;
use crate::extension::OfferedExtensions;
use crate::extension::negotiated::Negotiated;
use crate::http::{Excerpt, FieldSection, Head, HeadReader, HttpResponse, ascii};
use crate::wire::Limits;

/// Reads a server's response, which may arrive in any pieces.
///
/// The caller keeps what it has read in one buffer and calls [`receive`](Self::receive) with all of it, each time
/// that more has come. What was looked at is not looked at again. Interim responses stay in front and count towards
/// [`Limits::max_head_len`], so that a buffer of that many bytes is always enough.
/// [`ClientRequest::start`](super::ClientRequest::start) makes one; `P` is the list of [`Subprotocols`] that were offered.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// let mut out = Vec::new();
/// let mut handshake = ClientRequest::new("example.com", "/").start([7; 16], &Limits::DEFAULT, &mut out).unwrap();
/// assert!(handshake.receive(b"HTTP/1.1 302 Fo").unwrap().is_none(), "not complete yet");
/// let answer = handshake.receive(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n").unwrap();
/// let Some(Answer::Refused(response)) = answer else { panic!("{answer:?}") };
/// assert_eq!(response.status(), 302);
/// assert_eq!(response.field("location").next(), Some(&b"/elsewhere"[..]));
/// ```
#[derive(Clone)]
#[must_use = "the response has to be read"]
pub struct ClientHandshake<P = NoSubprotocols> {
    reader: HeadReader,
    pending: PendingAnswer<P>,
    interim: u32,
    max_interim: u32,
}

impl<P: Subprotocols> ClientHandshake<P> {
    pub(super) fn new(pending: PendingAnswer<P>, limits: &Limits) -> Self {
        Self { reader: HeadReader::response(limits), pending, interim: 0, max_interim: limits.max_interim_responses }
    }

    /// Takes all bytes received so far, from the first on. `Ok(None)` means that the head is not complete yet.
    ///
    /// After any other result the handshake is as new.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: there is nothing to answer, the transport is closed (§4.1, §7.1.7). Asked again it is the same.
    pub fn receive<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Answer<'b>>, ResponseError> {
        let result = self.read(bytes);
        if !matches!(result, Ok(None)) {
            // What was remembered is about these bytes.
            self.reader.restart();
            self.interim = 0;
        }
        result
    }

    fn read<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Answer<'b>>, ResponseError> {
        loop {
            if self.reader.wants_more(bytes) {
                return Ok(None);
            }
            let mut known = KnownFields::default();
            let Some(response) = self.reader.read_response(bytes, &mut known)? else { return Ok(None) };
            // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final
            // response".
            // One of another major version is no response that can be skipped: what its status means is not known (RFC 9110 §2.5).
            if !matches!(response.status, 100 | 102..=199) || response.version.0 != 1 {
                return self.pending.check(response, &known).map(Some);
            }
            if self.interim >= self.max_interim {
                return Err(ResponseError::TooManyInterim { max: self.max_interim });
            }
            self.interim = self.interim.saturating_add(1);
            self.reader.go_on(response.head.len);
        }
    }
}

impl<P> fmt::Debug for ClientHandshake<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandshake")
            .field("reader", &self.reader)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

/// What a response is checked against, where another HTTP stack reads it: what was offered, and the expected `Sec-WebSocket-Accept`.
///
/// It borrows nothing but what `P`, the list of [`Subprotocols`], borrows. [`ClientUpgrade::into_pending`](super::ClientUpgrade::into_pending)
/// makes one for HTTP/1.1, [`ClientConnect::into_pending`](super::ClientConnect::into_pending) one for HTTP/2 and HTTP/3, where
/// there is no key and `K` is `()`.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest, PendingAnswer};
///
/// struct Stream {
///     pending: PendingAnswer,
/// }
///
/// let upgrade = ClientRequest::new("server.example.com", "/chat").upgrade(*b"the sample nonce").unwrap();
/// // Here the other stack sends `upgrade.target()` and `upgrade.fields()`.
/// let stream = Stream { pending: upgrade.into_pending() };
/// let fields = [
///     ("upgrade", "websocket"),
///     ("connection", "upgrade"),
///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
/// ];
/// assert!(matches!(stream.pending.receive(101, (1, 1), &fields), Ok(Answer::Open(_))));
/// ```
#[derive(Clone, Copy)]
#[must_use = "the answer has to be checked against it"]
pub struct PendingAnswer<P = NoSubprotocols, K = AcceptKey> {
    key: K,
    subprotocols: P,
    extensions: OfferedExtensions,
}

impl<P: Subprotocols, K> PendingAnswer<P, K> {
    pub(super) fn new(key: K, subprotocols: P, extensions: OfferedExtensions) -> Self {
        Self { key, subprotocols, extensions }
    }

    /// What every response that opens the connection must keep to, whichever version of HTTP it came by: no more than was offered.
    fn agree<'b, F: FieldSection<'b>>(
        &self,
        head: Head<'b, F>,
        known: &KnownFields<'b>,
    ) -> Result<Answer<'b, F>, ResponseError> {
        let names = self.subprotocols.as_slice();
        let subprotocol =
            known.chosen_subprotocol(|chosen| names.iter().any(|name| name.as_ref().as_bytes() == chosen))?;
        // Erratum 3433: `Sec-WebSocket-Extensions` "MAY appear multiple times in an HTTP response".
        known.check_extensions(&head.section, ResponseError::ExtensionsEmpty)?;
        let extensions = known.extensions;
        // Most responses accept none, which needs no search.
        let negotiated = match extensions {
            Occurrence::Missing => Negotiated::elsewhere(),
            Occurrence::Once(_) | Occurrence::Repeated => {
                self.extensions.check(extensions.extensions(&head.section))?
            }
        };
        Ok(Answer::Open(Response { head, subprotocol, extensions, negotiated }))
    }
}

impl<P: Subprotocols> PendingAnswer<P> {
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
        let known = KnownFields::collect_parsed(fields.clone());
        self.check(HttpResponse { version, status, reason: b"", head: Head::new(fields, 0) }, &known)
    }

    /// The same for a head of which the fields that matter were picked out.
    pub(super) fn check<'b, F: FieldSection<'b>>(
        &self,
        response: HttpResponse<'b, F>,
        known: &KnownFields<'b>,
    ) -> Result<Answer<'b, F>, ResponseError> {
        let HttpResponse { version: (major, minor), status, .. } = response;
        // RFC 9110 §2.5: a later minor version is read as the highest that is known of that major version.
        if major != 1 || status == 101 && minor < 1 {
            return Err(ResponseError::HttpVersion { major, minor });
        }
        if status != 101 {
            return Ok(Answer::Refused(response));
        }
        known.upgraded()?;
        if !known.connection {
            return Err(ResponseError::ConnectionWithoutUpgrade);
        }
        known.accepted(&self.key)?;
        self.agree(response.head, known)
    }
}

impl<P: Subprotocols> PendingAnswer<P, ()> {
    /// Checks the final response to an extended CONNECT: its status, and its fields without pseudo-header fields.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the stream is reset.
    pub fn receive<'b, F: FieldSection<'b>>(&self, status: u16, fields: F) -> Result<Answer<'b, F>, ResponseError> {
        let known = KnownFields::collect_parsed(fields.clone());
        let head = Head::new(fields, 0);
        match status {
            // RFC 8441 §5: there is no key, and success is what it is for CONNECT: 2xx (RFC 9110 §9.3.6).
            200..=299 => self.agree(head, &known),
            _ => Ok(Answer::Refused(HttpResponse { version: (2, 0), status, reason: b"", head })),
        }
    }
}

/// What the fields of a response have to be, each for itself (§4.1).
impl<'b> KnownFields<'b> {
    /// §4.1, 2: "an ASCII case-insensitive match for the value 'websocket'".
    pub(super) fn upgraded(&self) -> Result<(), ResponseError> {
        match self.upgrade.once(ResponseError::UpgradeMissing, ResponseError::UpgradeRepeated)? {
            value if value.eq_ignore_ascii_case(b"websocket") => Ok(()),
            other => Err(ResponseError::Upgrade { upgrade: Excerpt::new(other) }),
        }
    }

    /// §4.1, 4: "ignoring any leading and trailing whitespace", which is gone already.
    pub(super) fn accepted(&self, accept: &AcceptKey) -> Result<(), ResponseError> {
        // §11.3.3: it "MUST NOT appear more than once in an HTTP response".
        let value = self.accept.once(ResponseError::AcceptMissing, ResponseError::AcceptRepeated)?;
        if value == accept.as_bytes() { Ok(()) } else { Err(ResponseError::AcceptWrong) }
    }

    /// The subprotocol that the server chose of those that were offered.
    pub(super) fn chosen_subprotocol(
        &self,
        is_offered: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Option<&'b str>, ResponseError> {
        // §11.3.4: it "MUST NOT appear more than once in an HTTP response".
        match self.subprotocols.at_most_once(ResponseError::SubprotocolRepeated)? {
            // §4.1, 6: "a subprotocol that was not present in the client's handshake". Letter case counts.
            Some(chosen) if !is_offered(chosen) => {
                Err(ResponseError::SubprotocolNotOffered { subprotocol: Excerpt::new(chosen) })
            }
            chosen => Ok(chosen.map(ascii)),
        }
    }
}

impl<P, K> fmt::Debug for PendingAnswer<P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Subprotocols are left out: some hold a credential.
        f.debug_struct("PendingAnswer").field("extensions", &self.extensions).finish_non_exhaustive()
    }
}
