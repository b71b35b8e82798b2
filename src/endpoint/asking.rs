//! The client's side of an opening.

use super::input::Input;
use super::lane::Lane;
use super::opening::Opening;
use super::opening_error::OpeningError;
use super::{Config, Endpoint};
use crate::handshake::{Answer, ClientHandshake, ClientRequest, NoSubprotocols, StartError, Subprotocols};
use crate::{Client, MaskingKeys, Moment};

/// A client that waits for the response. `P` is the list of subprotocols that it offers, `K` the source of its masking keys.
#[derive(Debug)]
pub struct Asking<K, P = NoSubprotocols> {
    handshake: ClientHandshake<P>,
    /// Taken when the connection opens.
    role: Option<Client<K>>,
}

impl<I: Moment<D>, D: Copy, K: MaskingKeys, P: Subprotocols> Opening<Asking<K, P>, I, D> {
    /// Writes the request, with the compression that [`Config::deflate`](super::Config) offers, and begins to wait for the response.
    ///
    /// `nonce` are 16 random bytes, chosen anew for each connection (§4.1, 7); see [`ClientRequest::start`].
    ///
    /// ```
    /// use std::time::Instant;
    /// use websocket_proto::endpoint::{Config, Opening};
    /// use websocket_proto::handshake::ClientRequest;
    /// use websocket_proto::Client;
    ///
    /// // Random ones, in a program; see `RandomKeys`.
    /// let (nonce, keys) = ([7; 16], Client::from_fn(|| [1, 2, 3, 4]));
    /// let request = ClientRequest::new("example.com", "/chat").subprotocols(["chat"]);
    /// let mut opening = Opening::client(request, nonce, keys, &Config::default(), Instant::now())?;
    /// assert!(opening.output().starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
    /// assert!(opening.next().is_none(), "the response is still to come");
    /// # Ok::<(), websocket_proto::handshake::StartError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`]: a value of the application's that must not be written.
    pub fn client(
        request: ClientRequest<'_, P>,
        nonce: [u8; 16],
        role: Client<K>,
        config: &Config<D>,
        now: I,
    ) -> Result<Self, StartError> {
        let mut output = Lane::default();
        #[cfg(feature = "inflate")]
        let request = request.deflate(config.deflate);
        let handshake = request.start(nonce, &config.limits, &mut output.bytes)?;
        Ok(Self::new(Asking { handshake, role: Some(role) }, false, config, output, now))
    }

    /// The endpoint, once the server has accepted.
    pub fn next(&mut self) -> Option<Endpoint<Client<K>, I, D>> {
        if self.failed.is_some() {
            return None;
        }
        self.seen = true;
        let opened = match self.side.handshake.receive(self.input.unread()) {
            Ok(None) => return None,
            Ok(Some(Answer::Open(response))) => Ok((response.negotiated(), response.head_len())),
            Ok(Some(Answer::Refused(response))) => Err(OpeningError::Refused { status: response.status() }),
            Err(error) => Err(OpeningError::Server(error)),
        };
        match (opened, self.side.role.take()) {
            (Ok((negotiated, head_len)), Some(role)) => {
                let head = self.input.unread().get(..head_len).unwrap_or_default().into();
                let endpoint = self.open(negotiated, role, head_len);
                self.input = Input::new(head);
                Some(endpoint)
            }
            (Ok(_), None) => None,
            (Err(error), _) => {
                self.failed = Some(error);
                None
            }
        }
    }

    /// The response, once [`next`](Self::next) has found one that keeps to the rules: the subprotocol and the fields of one that
    /// accepted, or status and fields of one that did not, for a redirect or a login.
    pub fn answer(&mut self) -> Option<Answer<'_>> {
        self.side.handshake.receive(self.input.unread()).ok().flatten()
    }

    /// What has come of the body of a response that did not accept.
    pub fn body(&mut self) -> &[u8] {
        let head_len = match self.answer() {
            Some(Answer::Refused(response)) => response.head_len(),
            Some(Answer::Open(_)) | None => usize::MAX,
        };
        self.input.unread().get(head_len..).unwrap_or_default()
    }
}
