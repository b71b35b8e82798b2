//! The server's side: from bytes to a checked request.

use super::known_fields::KnownFields;
use super::received::Received;
use super::request_error::RequestError;
use crate::http::HeadReader;
use crate::wire::Limits;

/// Reads a client's request, which may arrive in any pieces.
///
/// The caller keeps what it has read in one buffer and calls [`receive`](ServerHandshake::receive) with all of it,
/// each time that more has come. What was looked at is not looked at again, so that even one byte at a time costs
/// linear time. A buffer of [`Limits::max_head_len`] bytes is always enough.
///
/// # Cross-site hijacking
///
/// A browser lets a script of any site connect to any WebSocket server, and sends the cookies of that server along. So a server
/// that knows its users by cookies (or by their address, or by being on a local network) must look at the `Origin`, or a page of
/// somebody else acts in their name (§10.2). Call [`Request::check_same_origin`](super::Request::check_same_origin) or
/// [`Request::check_origin`](super::Request::check_origin) before [`accept`](super::Request::accept), which does not ask.
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
/// let mut buffer = Vec::new();
/// let mut reads = [
///     &b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnec"[..],
///     b"tion: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\x8a\x80",
/// ].into_iter();
/// let request = loop {
///     buffer.extend_from_slice(reads.next().expect("a request"));
///     match handshake.receive(&buffer) {
///         Ok(None) => continue,
///         Ok(Some(Received::Upgrade(request))) => break request,
///         Ok(Some(Received::Http(request))) => panic!("serve {}", request.target()),
///         Err(error) => panic!("write the bytes of {:?} and close", error.response()),
///     }
/// };
/// let mut out = Vec::new();
/// let negotiated = request.accept().write_to(&mut out).unwrap();
/// assert_eq!(buffer[request.head_len()..], [0x8a, 0x80], "the connection's first input");
/// ```
#[derive(Clone, Debug)]
#[must_use = "the request has to be read"]
pub struct ServerHandshake {
    reader: HeadReader,
}

impl ServerHandshake {
    /// Begins to wait for a request.
    pub fn new(limits: &Limits) -> Self {
        Self { reader: HeadReader::request(limits) }
    }

    /// Takes all bytes received so far, from the first on. `Ok(None)` means that the head is not complete yet.
    ///
    /// After any other result the handshake is as new, and can read the next request of a connection that stays open after
    /// [`Received::Http`].
    ///
    /// # Errors
    ///
    /// [`RequestError`]; its [`response`](RequestError::response) is what to write before the transport is closed. It comes with
    /// the first byte that cannot stand where it is, and asked again it is the same.
    pub fn receive<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Received<'b>>, RequestError> {
        if self.reader.wants_more(bytes) {
            return Ok(None);
        }
        let mut known = KnownFields::default();
        let result = match self.reader.read_request(bytes, &mut known) {
            Ok(None) => return Ok(None),
            Ok(Some(head)) => Received::from_head(head, &known).map(Some),
            Err(error) => Err(error.into()),
        };
        // What was remembered is about these bytes. The next ones may be another request on the same connection.
        self.reader.restart();
        result
    }
}
