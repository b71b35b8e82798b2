//! The server's side of an opening.

use super::lane::Lane;
use super::opening::Opening;
use super::opening_error::OpeningError;
use super::{Config, Endpoint};
use crate::handshake::{Accept, Received, Refusal, RefusalError, Scheme, ServerHandshake};
use crate::{Moment, Negotiated, Server};

/// A server that waits for a request, or answers it.
#[derive(Debug)]
pub struct Accepting {
    handshake: ServerHandshake,
}

impl<I: Moment<D>, D: Copy> Opening<Accepting, I, D> {
    /// Begins to wait for a request.
    pub fn server(config: &Config<D>, now: I) -> Self {
        Self::new(Accepting { handshake: ServerHandshake::new(&config.limits) }, true, config, Lane::default(), now)
    }

    /// Answers the request when it is there, and yields the endpoint if it was accepted.
    ///
    /// Every path is accepted, without a subprotocol. A page may connect to its own host only (§10.2): a request with another `Origin`
    /// gets 403. Plain HTTP gets 426. For other answers there is [`next_with`](Self::next_with).
    pub fn next(&mut self) -> Option<Endpoint<Server, I, D>> {
        self.next_with(|received, answer| match received {
            Received::Upgrade(request) => {
                // Which scheme the page was loaded by is not known here: TLS may end in front of this server.
                let same = request.check_same_origin(Scheme::Https, &[]);
                match same.or_else(|_| request.check_same_origin(Scheme::Http, &[])) {
                    Ok(()) => answer.accept(request.accept()),
                    Err(error) => answer.respond(error.response()),
                }
            }
            Received::Http(request) => answer.respond(request.upgrade_required()),
        })
    }

    /// As [`next`](Self::next), with the application's own answer. A request that breaks the protocol is refused before `decide` is called.
    ///
    /// ```
    /// use std::time::Instant;
    /// use websocket_proto::endpoint::{Config, Opening};
    /// use websocket_proto::handshake::{Received, Refusal};
    ///
    /// let mut opening = Opening::server(&Config::default(), Instant::now());
    /// let head = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// opening.room()[..head.len()].copy_from_slice(head);
    /// opening.filled(head.len());
    /// let endpoint = opening.next_with(|received, answer| match received {
    ///     Received::Upgrade(request) if request.path() == "/chat" => answer.accept(request.accept()),
    ///     Received::Upgrade(_) => answer.respond(Refusal::new(404, &[], b"no such room")),
    ///     Received::Http(request) => answer.respond(request.respond(200, &[("Content-Type", "text/plain")], b"Hello")),
    /// });
    /// assert!(endpoint.is_none());
    /// assert!(opening.output().starts_with(b"HTTP/1.1 200 OK\r\n") && opening.output().ends_with(b"Hello"));
    /// ```
    pub fn next_with(
        &mut self,
        decide: impl for<'b> FnOnce(&Received<'b>, &mut Responder<'_>),
    ) -> Option<Endpoint<Server, I, D>> {
        if self.failed.is_some() {
            return None;
        }
        self.seen = true;
        let mut answer = Responder {
            output: &mut self.output,
            result: None,
            #[cfg(feature = "inflate")]
            deflate: self.config.deflate,
        };
        let head_len = match self.side.handshake.receive(self.input.unread()) {
            Ok(None) => return None,
            Ok(Some(received)) => {
                decide(&received, &mut answer);
                match &received {
                    Received::Upgrade(request) => request.head_len(),
                    Received::Http(request) => request.head_len(),
                }
            }
            Err(error) => {
                answer.respond(error.response());
                answer.result = Some(Err(OpeningError::Request(error)));
                0
            }
        };
        match answer.finish() {
            Ok(negotiated) => Some(self.open(negotiated, Server, head_len)),
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }
}

/// How an application answers a request; a request that it does not answer gets 500.
#[derive(Debug)]
pub struct Responder<'a> {
    output: &'a mut Lane,
    result: Option<Result<Negotiated, OpeningError>>,
    #[cfg(feature = "inflate")]
    deflate: Option<crate::extension::deflate::DeflateConfig>,
}

impl Responder<'_> {
    /// Opens the connection, with the compression that [`Config::deflate`](super::Config) allows.
    pub fn accept<'b>(&mut self, accept: Accept<'_, 'b>) {
        if self.result.is_none() {
            #[cfg(feature = "inflate")]
            let accept = accept.deflate(self.deflate);
            self.result = Some(accept.write_to(&mut self.output.bytes).map_err(OpeningError::Accept));
            if let Some(Err(_)) = self.result {
                self.fail();
            }
        }
    }

    /// Answers without opening a connection: with a refusal, or with a page. An answer that can't be written becomes 500.
    pub fn respond<'a>(&mut self, response: impl IntoResponse<'a>) {
        if self.result.is_some() {
            return;
        }
        match response.into_response() {
            Ok(response) => {
                // A `Vec` has room.
                let _ = response.write_to(&mut self.output.bytes);
                self.result = Some(Err(OpeningError::Answered { status: response.status() }));
            }
            Err(error) => {
                self.result = Some(Err(OpeningError::Response(error)));
                self.fail();
            }
        }
    }

    fn fail(&mut self) {
        if let Ok(response) = Refusal::new(500, &[], b"") {
            let _ = response.write_to(&mut self.output.bytes);
        }
    }

    fn finish(mut self) -> Result<Negotiated, OpeningError> {
        match self.result.take() {
            Some(result) => result,
            None => {
                self.fail();
                Err(OpeningError::Answered { status: 500 })
            }
        }
    }
}

/// A response, or what was wrong with it: so that the result of [`Refusal::new`] can be handed on as it is.
pub trait IntoResponse<'a>: sealed::Sealed {
    /// The response.
    ///
    /// # Errors
    ///
    /// [`RefusalError`], if there is none.
    fn into_response(self) -> Result<Refusal<'a>, RefusalError>;
}

impl<'a> IntoResponse<'a> for Refusal<'a> {
    fn into_response(self) -> Result<Refusal<'a>, RefusalError> {
        Ok(self)
    }
}

impl<'a> IntoResponse<'a> for Result<Refusal<'a>, RefusalError> {
    fn into_response(self) -> Result<Refusal<'a>, RefusalError> {
        self
    }
}

mod sealed {
    use crate::handshake::{Refusal, RefusalError};

    pub trait Sealed {}
    impl Sealed for Refusal<'_> {}
    impl Sealed for Result<Refusal<'_>, RefusalError> {}
}
