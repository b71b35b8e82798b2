//! The server's side: from bytes to a checked request.

use super::check::Checked;
use super::head::Scanner;
use super::request::Received;
use super::request_error::RequestError;
use crate::wire::Limits;

/// Reads a client's request, which may arrive in any pieces.
///
/// The caller keeps what he has read in one buffer and calls [`receive`](ServerHandshake::receive) with all of it,
/// each time that more has come. What was looked at is not looked at again, so that even one byte at a time costs
/// linear time. A buffer of [`Limits::max_head_len`] bytes is always enough.
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
pub struct ServerHandshake {
    scanner: Scanner,
}

impl ServerHandshake {
    /// Begins to wait for a request.
    pub fn new(limits: &Limits) -> Self {
        Self { scanner: Scanner::request(limits) }
    }

    /// Takes all bytes received so far, from the first on. `Ok(None)` means that the head is not complete yet.
    ///
    /// # Errors
    ///
    /// [`RequestError`]; its [`response`](RequestError::response) is what to write before the transport is closed. It comes with
    /// the first byte that cannot stand where it is, and asked again it is the same.
    pub fn receive<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Received<'b>>, RequestError> {
        let mut checked = Checked::default();
        match self.scanner.read_request(bytes, &mut checked)? {
            Some(head) => Received::from_head(&head, &checked).map(Some),
            None => Ok(None),
        }
    }
}
