//! The client's side: from bytes to a checked response.

use super::check::Checked;
use super::head::Scanner;
use super::key::AcceptKey;
use super::response::{Answer, Offered};
use super::response_error::ResponseError;
use crate::extension::Offers;
use crate::wire::Limits;

/// Reads a server's response, which may arrive in any pieces.
///
/// The caller keeps what he has read in one buffer and calls [`receive`](Self::receive) with all of it, each time
/// that more has come. What was looked at is not looked at again. Interim responses stay in front and count towards
/// [`Limits::max_head_len`], so that a buffer of that many bytes is always enough.
/// [`ClientRequest::start`](super::ClientRequest::start) makes one.
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
#[derive(Clone, Debug)]
pub struct ClientHandshake<'p> {
    scanner: Scanner,
    accept: AcceptKey,
    offered: Offered<'p>,
    interim: u32,
    max_interim: u32,
}

impl<'p> ClientHandshake<'p> {
    pub(super) fn new(accept: AcceptKey, subprotocols: &'p [&'p str], extensions: Offers, limits: &Limits) -> Self {
        Self {
            scanner: Scanner::response(limits),
            accept,
            offered: Offered { subprotocols, extensions },
            interim: 0,
            max_interim: limits.max_interim_responses,
        }
    }

    /// Takes all bytes received so far, from the first on. `Ok(None)` means that the head is not complete yet.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: there is nothing to answer, the transport is closed (§4.1, §7.1.7). Asked again it is the same.
    pub fn receive<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Answer<'b>>, ResponseError> {
        loop {
            let mut checked = Checked::default();
            let Some(head) = self.scanner.read_response(bytes, &mut checked)? else { return Ok(None) };
            // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final
            // response".
            // One of another major version is no response that can be skipped: what its status means is not known (RFC 9110 §2.5).
            if !matches!(head.status, 100 | 102..=199) || head.version.0 != 1 {
                return Answer::from_head(&head, &checked, &self.accept, self.offered).map(Some);
            }
            if self.interim >= self.max_interim {
                return Err(ResponseError::TooManyInterim { max: self.max_interim });
            }
            self.interim = self.interim.saturating_add(1);
            self.scanner.next_response(head.len);
        }
    }
}
