//! A client's request as parts, for another HTTP/1.1 stack to send (§4.1).

use core::fmt;

use super::client_request::{ClientRequest, StartError};
use super::field_section::FieldSection;
use super::key::Key;
use super::pending::PendingAnswer;
use super::response::Answer;
use super::response_error::ResponseError;
use super::subprotocols::{NoSubprotocols, Subprotocols};
use crate::extension::FieldValue;

/// A client's request for another HTTP/1.1 stack to send, and the check of the response that this stack reads.
///
/// The method is `GET`. [`ClientRequest::upgrade`] makes one.
///
/// ```
/// use websocket_proto::handshake::{Answer, ClientRequest};
///
/// // §1.3
/// let request = ClientRequest::new("server.example.com", "/chat").subprotocols(["chat", "superchat"]);
/// let upgrade = request.upgrade(*b"the sample nonce").unwrap();
/// assert_eq!(upgrade.target(), "/chat");
/// let fields: Vec<(&str, &str)> = upgrade.fields().collect();
/// assert_eq!(fields, [
///     ("host", "server.example.com"),
///     ("upgrade", "websocket"),
///     ("connection", "Upgrade"),
///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("sec-websocket-version", "13"),
///     ("sec-websocket-protocol", "chat"),
///     ("sec-websocket-protocol", "superchat"),
/// ]);
///
/// let fields = [
///     ("upgrade", "websocket"),
///     ("connection", "Upgrade"),
///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
///     ("sec-websocket-protocol", "chat"),
/// ];
/// let Ok(Answer::Open(response)) = upgrade.receive(101, (1, 1), &fields) else { panic!("not open") };
/// assert_eq!(response.subprotocol(), Some("chat"));
/// let negotiated = response.negotiated();
/// # let _ = negotiated;
/// ```
#[derive(Clone, Copy)]
#[must_use = "another HTTP stack has to send it"]
pub struct ClientUpgrade<'a, P = NoSubprotocols> {
    /// Checked.
    request: ClientRequest<'a, P>,
    target: &'a str,
    key: Key,
    extensions: Option<FieldValue>,
}

impl<'a, P: Subprotocols> ClientUpgrade<'a, P> {
    pub(super) fn new(request: ClientRequest<'a, P>, nonce: [u8; 16]) -> Result<Self, StartError> {
        let (target, extensions) = (request.origin_form()?, request.offers.field_value());
        Ok(Self { request, target, key: Key::from_nonce(nonce), extensions })
    }

    /// The target: a path with perhaps a query.
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// The fields: the handshake's, with names in lower case, and then the application's own.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        [
            ("host", self.request.host),
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-key", self.key.as_str()),
            ("sec-websocket-version", "13"),
        ]
        .into_iter()
        .chain(self.request.common_fields(self.extensions.as_ref()))
    }

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
        let subprotocols = self.request.subprotocols.as_slice();
        PendingAnswer::new(self.key.accept(), subprotocols, self.request.offers).receive(status, version, fields)
    }

    /// What the response is judged by, without what the request borrows: it can be kept in a struct until the response comes.
    pub fn into_pending(self) -> PendingAnswer<P> {
        PendingAnswer::new(self.key.accept(), self.request.subprotocols, self.request.offers)
    }
}

impl<P> fmt::Debug for ClientUpgrade<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUpgrade").field("request", &self.request).finish_non_exhaustive()
    }
}
