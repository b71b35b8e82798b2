//! The answer that opens a WebSocket connection (§4.2.2).

use core::fmt;

use super::key::{AcceptKey, Key};
use super::known_fields::WRITTEN;
use super::refusal::{emit_fields, write_whole};
use super::request::{Request, RequestKey};
#[cfg(feature = "inflate")]
use crate::extension::deflate::DeflateConfig;
use crate::extension::negotiated::Negotiated;
use crate::extension::{AcceptedExtension, FieldValue, Negotiate, ServerExtensions};
use crate::http::{FieldSection, Fields, InvalidField, Shown};
use crate::wire::{Output, OutputFull, error_type};

/// An acceptance in the making: which subprotocol, and which fields of the application's own.
///
/// ```
/// use websocket_proto::handshake::{Received, ServerHandshake};
/// use websocket_proto::wire::Limits;
///
/// // §1.3
/// let head = b"GET /chat HTTP/1.1\r\n\
///     Host: server.example.com\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\n\
///     Sec-WebSocket-Version: 13\r\n\r\n";
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap();
/// let Some(Received::Upgrade(request)) = received else { panic!("plain HTTP, or cut") };
/// let mut out = Vec::new();
/// let negotiated = request.accept().subprotocol("chat").fields(&[("Server", "mine")]).write_to(&mut out).unwrap();
/// assert_eq!(out, b"HTTP/1.1 101 Switching Protocols\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///     Sec-WebSocket-Protocol: chat\r\n\
///     Server: mine\r\n\
///     \r\n");
/// ```
#[derive(Clone, Copy)]
#[must_use = "nothing is written before `write_to`"]
pub struct Accept<'r, 'b, F = Fields<'b>, K = Key> {
    request: &'r Request<'b, F, K>,
    subprotocol: Option<&'r str>,
    fields: &'r [(&'r str, &'r str)],
    extensions: ServerExtensions<'r>,
}

impl<'b, F: FieldSection<'b>, K: RequestKey> Request<'b, F, K> {
    /// Begins to accept; see [`Accept`].
    pub fn accept(&self) -> Accept<'_, 'b, F, K> {
        Accept { request: self, subprotocol: None, fields: &[], extensions: ServerExtensions::NONE }
    }

    /// Answers the offers of an extension of the application's own, with the first of them that can be honoured; `None` if there is
    /// none. What comes of it goes to [`Accept::extension`]. See [`Negotiate`] for an example.
    pub fn negotiate<N: Negotiate>(&self, wanted: &N) -> Option<AcceptedExtension<N::Params>> {
        AcceptedExtension::to_offers(wanted, self.extensions()).filter(AcceptedExtension::is_well_formed)
    }
}

impl<'r, 'b, F: FieldSection<'b>, K: RequestKey> Accept<'r, 'b, F, K> {
    /// Chooses one of the offered [`subprotocols`](Request::subprotocols), in its letter case. Without this, and with `None`, none
    /// is chosen.
    ///
    /// ```
    /// # use websocket_proto::handshake::{Parts, Received};
    /// # let fields = [("host", "server.example.com"), ("upgrade", "websocket"), ("connection", "Upgrade"),
    /// #     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-version", "13")];
    /// # let Ok(Received::Upgrade(request)) = Received::from_parts(Parts::new("GET", "/", (1, 1), &fields)) else { panic!() };
    /// let chosen = request.subprotocols().find(|offered| ["chat.v2", "chat.v1"].contains(offered));
    /// let response = request.accept().subprotocol(chosen).response()?;
    /// # assert_eq!(response.fields().count(), 3, "none was offered");
    /// # Ok::<(), websocket_proto::handshake::AcceptError>(())
    /// ```
    pub fn subprotocol(self, subprotocol: impl Into<Option<&'r str>>) -> Self {
        Self { subprotocol: subprotocol.into(), ..self }
    }

    /// Adds fields to the response, such as `Set-Cookie`.
    pub fn fields(self, fields: &'r [(&'r str, &'r str)]) -> Self {
        Self { fields, ..self }
    }

    /// Accepts permessage-deflate, if the client offers it in a way that `config` allows (RFC 7692); with `None` it does not.
    #[cfg(feature = "inflate")]
    pub fn deflate(self, config: impl Into<Option<DeflateConfig>>) -> Self {
        Self { extensions: self.extensions.with_deflate(config.into()), ..self }
    }

    /// Accepts an extension of the application's own, which [`Request::negotiate`] has answered; with `None` it does not.
    ///
    /// The order of the calls of this and of `deflate` is the order in the response, in which a sender applies the extensions (§9.1).
    /// permessage-deflate is declined where another one that is accepted owns its reserved bit (RFC 7692 §5).
    pub fn extension<A: 'r>(self, accepted: impl Into<Option<&'r AcceptedExtension<A>>>) -> Self {
        match accepted.into() {
            Some(accepted) => Self { extensions: self.extensions.with_own(accepted), ..self },
            None => self,
        }
    }

    /// The response as status and fields, for another HTTP stack to write.
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: a subprotocol that was not offered, or a field that is not to be written.
    pub fn response(self) -> Result<AcceptResponse<'r>, AcceptError> {
        let Self { request, subprotocol, fields, .. } = self;
        let mut extensions = None;
        let negotiated = self.agree(&mut extensions)?;
        Ok(AcceptResponse { accept: request.key.accept_key(), subprotocol, fields, negotiated, extensions })
    }

    /// What is agreed on, with the value of `Sec-WebSocket-Extensions` in its place; checks all else that is to be written.
    #[inline]
    fn agree(&self, extensions: &mut Option<FieldValue>) -> Result<Negotiated, AcceptError> {
        // §4.2.2, 4: "selecting one of the values from the |Sec-WebSocket-Protocol| field".
        if self.subprotocol.is_some_and(|chosen| !self.request.subprotocols().any(|offered| offered == chosen)) {
            return Err(AcceptError::SubprotocolNotOffered);
        }
        InvalidField::check(self.fields, &[WRITTEN])?;
        self.extensions.answer(self.request.extensions(), extensions).map_err(|name| AcceptError::Extension { name })
    }
}

impl<'b, F: FieldSection<'b>> Accept<'_, 'b, F, Key> {
    /// Appends the whole response, or nothing. From then on both sides send frames.
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: a subprotocol that was not offered, a field that is not to be written, or no room.
    pub fn write_to(self, out: &mut impl Output) -> Result<Negotiated, AcceptError> {
        let mut extensions = None;
        let negotiated = self.agree(&mut extensions)?;
        let accept = self.request.key.accept();
        write_whole(out, |emit| {
            emit(SWITCHING);
            emit(accept.as_bytes());
            emit(b"\r\n");
            if let Some(subprotocol) = self.subprotocol {
                emit_fields(emit, &[("Sec-WebSocket-Protocol", subprotocol)]);
            }
            if let Some(value) = &extensions {
                emit_fields(emit, &[("Sec-WebSocket-Extensions", value.as_str())]);
            }
            emit_fields(emit, self.fields);
            emit(b"\r\n");
        })?;
        Ok(negotiated)
    }
}

/// The response that opens a connection, as status and fields.
///
/// ```
/// use websocket_proto::handshake::{Parts, Received};
///
/// let fields = [
///     ("host", "server.example.com"),
///     ("upgrade", "websocket"),
///     ("connection", "Upgrade"),
///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("sec-websocket-version", "13"),
/// ];
/// let parts = Parts::new("GET", "/chat", (1, 1), &fields);
/// let Received::Upgrade(request) = Received::from_parts(parts).unwrap() else { panic!("plain HTTP") };
/// let response = request.accept().fields(&[("server", "mine")]).response().unwrap();
/// assert_eq!(response.status(), 101);
/// assert!(response.fields().eq([
///     ("upgrade", "websocket"),
///     ("connection", "Upgrade"),
///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
///     ("server", "mine"),
/// ]));
/// ```
#[derive(Clone, Copy)]
#[must_use = "the response has to be sent"]
pub struct AcceptResponse<'r> {
    accept: Option<AcceptKey>,
    subprotocol: Option<&'r str>,
    fields: &'r [(&'r str, &'r str)],
    negotiated: Negotiated,
    extensions: Option<FieldValue>,
}

impl<'r> AcceptResponse<'r> {
    /// 101; on a stream of HTTP/2 or HTTP/3 it is 200.
    pub fn status(&self) -> u16 {
        if self.accept.is_some() { 101 } else { 200 }
    }

    /// The fields; the handshake's own names are in lower case, as HTTP/2 wants them.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let accept = self.accept.as_ref();
        let upgrade: &[_] = if accept.is_some() { &[("upgrade", "websocket"), ("connection", "Upgrade")] } else { &[] };
        upgrade
            .iter()
            .copied()
            .chain(accept.map(|accept| ("sec-websocket-accept", accept.as_str())))
            .chain(self.subprotocol.map(|value| ("sec-websocket-protocol", value)))
            .chain(self.extensions.as_ref().map(|value| ("sec-websocket-extensions", value.as_str())))
            .chain(self.fields.iter().copied())
    }

    /// What the connection is made of, once the response is sent.
    pub fn negotiated(&self) -> Negotiated {
        self.negotiated
    }
}

impl<'b, F: FieldSection<'b>, K: RequestKey> fmt::Debug for Accept<'_, 'b, F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept")
            .field("request", self.request)
            .field("fields", &Shown(|| self.fields.iter().copied()))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AcceptResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptResponse")
            .field("status", &self.status())
            .field("fields", &Shown(|| self.fields()))
            .finish()
    }
}

error_type! {
    /// Why an acceptance was not written: the application's fault, or no room.
    ///
    /// ```
    /// use websocket_proto::handshake::{AcceptError, Received, ServerHandshake};
    /// use websocket_proto::wire::{FixedOutput, Limits};
    /// # let head = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    /// #     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    /// # let received = ServerHandshake::new(&Limits::DEFAULT).receive(head).unwrap();
    /// # let Some(Received::Upgrade(request)) = received else { panic!() };
    /// let mut out = Vec::new();
    /// let error = request.accept().subprotocol("chat").write_to(&mut out).unwrap_err();
    /// assert_eq!(error, AcceptError::SubprotocolNotOffered);
    /// let error = request.accept().write_to(&mut FixedOutput::new(&mut [0; 100])).unwrap_err();
    /// assert_eq!(error.to_string(), "expected room for 129 bytes in the output, found room for 100");
    /// ```
    #[non_exhaustive]
    pub enum AcceptError {
        /// The client did not offer the subprotocol.
        SubprotocolNotOffered => "the client did not offer that subprotocol";
        /// An extension of the application's own can't be accepted: there are three already, another has its name or one of its reserved
        /// bits, or the answers take more than 512 bytes.
        Extension {
            /// Its name.
            name: &'static str,
        } => "expected a free name, free reserved bits and room for the extension {name}, found them taken";
        /// A field must not be written.
        Field(error: InvalidField) => "{error}";
        /// There is no room for the response.
        Output(error: OutputFull) => "{error}";
        /// The crate `http` can't hold the response: a field's name is too long, or there are too many fields.
        #[cfg(feature = "http")]
        HttpCrate => "the response has a longer name, or more fields, than the crate `http` can hold";
    }
}

/// What all acceptances begin with.
const SWITCHING: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
