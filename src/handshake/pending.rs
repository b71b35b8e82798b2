//! What a client keeps between its request and the answer.

use core::fmt;

use super::check::Checked;
use super::field_section::FieldSection;
use super::head::ResponseHead;
use super::key::AcceptKey;
use super::response::{Answer, Offered};
use super::response_error::ResponseError;
use super::subprotocols::{NoSubprotocols, Subprotocols};
use crate::extension::Offers;

/// What a response is judged by, where another HTTP stack reads it: what was offered, and the proof that the key was read.
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
#[must_use = "the answer has to be judged by it"]
pub struct PendingAnswer<P = NoSubprotocols, K = AcceptKey> {
    key: K,
    subprotocols: P,
    extensions: Offers,
}

impl<P: Subprotocols, K> PendingAnswer<P, K> {
    pub(super) fn new(key: K, subprotocols: P, extensions: Offers) -> Self {
        Self { key, subprotocols, extensions }
    }

    fn offered(&self) -> Offered<'_, P> {
        Offered { subprotocols: &self.subprotocols, extensions: self.extensions }
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
        let checked = Checked::collect_parsed(fields.clone());
        self.judge(ResponseHead { version, status, reason: b"", fields, len: 0 }, &checked)
    }

    /// The same for a head of which the fields that matter were picked out.
    pub(super) fn judge<'b, F: FieldSection<'b>>(
        &self,
        head: ResponseHead<'b, F>,
        checked: &Checked<'b>,
    ) -> Result<Answer<'b, F>, ResponseError> {
        Answer::from_head(head, checked, &self.key, self.offered())
    }
}

impl<P: Subprotocols> PendingAnswer<P, ()> {
    /// Checks the final response to an extended CONNECT: its status, and its fields without pseudo-header fields.
    ///
    /// # Errors
    ///
    /// [`ResponseError`]: the stream is reset.
    pub fn receive<'b, F: FieldSection<'b>>(&self, status: u16, fields: F) -> Result<Answer<'b, F>, ResponseError> {
        Answer::from_connect(status, fields, self.offered())
    }
}

impl<P, K> fmt::Debug for PendingAnswer<P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Subprotocols are left out: some hold a credential.
        f.debug_struct("PendingAnswer").field("extensions", &self.extensions).finish_non_exhaustive()
    }
}
