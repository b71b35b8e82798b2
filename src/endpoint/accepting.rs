//! The server's side of an opening.

use core::ops::Add;

use super::lane::Lane;
use super::opening::Opening;
use super::opening_error::OpeningError;
use super::{Config, Endpoint};
use crate::handshake::{Accept, HttpRequest, Received, Refusal, ServerHandshake};
use crate::wire::Output;
use crate::{Negotiated, Server};

/// A server that waits for a request, or answers it.
#[derive(Debug)]
pub struct Accepting {
    handshake: ServerHandshake,
}

impl<I, D> Opening<Accepting, I, D>
where
    I: Copy + Ord + Add<D, Output = I>,
    D: Copy,
{
    /// Begins to wait for a request.
    pub fn server(config: &Config<D>, now: I) -> Self {
        Self::new(Accepting { handshake: ServerHandshake::new(&config.limits) }, config, Lane::default(), now)
    }

    /// Answers the request when it is there, and yields the endpoint if it was accepted.
    ///
    /// Every path is accepted, from no other origin than the server's own (§10.2), and plain HTTP is answered with 426. For more there
    /// is [`next_with`](Self::next_with).
    pub fn next(&mut self) -> Option<Endpoint<Server, I, D>> {
        self.next_with(|received, answer| match received {
            Received::Upgrade(request) => match request.check_same_origin(&[]) {
                Ok(()) => answer.accept(request.accept()),
                Err(error) => answer.refuse(error.response()),
            },
            Received::Http(request) => answer.refuse(request.upgrade_required()),
        })
    }

    /// The same, with the application's own answer. A request that breaks the protocol is refused before.
    ///
    /// ```
    /// use websocket_proto::endpoint::{Config, Opening};
    /// use websocket_proto::handshake::Received;
    /// # use websocket_proto::Timeouts;
    ///
    /// let mut opening = Opening::server(&Config::with_timeouts(Timeouts::none()), 0_u64);
    /// # type O = websocket_proto::endpoint::Opening<websocket_proto::endpoint::Accepting, u64, u64>;
    /// # let opening: &mut O = &mut opening;
    /// let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    /// opening.room()[..head.len()].copy_from_slice(head);
    /// opening.filled(head.len());
    /// let endpoint = opening.next_with(|received, answer| match received {
    ///     Received::Upgrade(request) if request.path() == "/chat" => answer.accept(request.accept().subprotocol("chat")),
    ///     Received::Upgrade(_) => answer.page(404, "text/plain", b"there is no such room"),
    ///     Received::Http(_) => answer.page(200, "text/html", b"<!doctype html><title>Chat</title>"),
    /// });
    /// assert!(endpoint.is_none());
    /// assert!(opening.output().starts_with(b"HTTP/1.1 200 OK\r\n"));
    /// ```
    pub fn next_with(
        &mut self,
        decide: impl for<'b> FnOnce(&Received<'b>, &mut Answer<'_>),
    ) -> Option<Endpoint<Server, I, D>> {
        if self.failed.is_some() {
            return None;
        }
        let mut answer = Answer {
            output: &mut self.output,
            head_only: false,
            result: None,
            #[cfg(feature = "deflate")]
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
                answer.refuse(error.response());
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
pub struct Answer<'a> {
    output: &'a mut Lane,
    head_only: bool,
    result: Option<Result<Negotiated, OpeningError>>,
    #[cfg(feature = "deflate")]
    deflate: Option<crate::extension::deflate::DeflateConfig>,
}

impl Answer<'_> {
    /// Opens the connection, with the compression that [`Config::deflate`](super::Config) allows.
    pub fn accept<'b>(&mut self, accept: Accept<'_, 'b>) {
        if self.result.is_none() {
            #[cfg(feature = "deflate")]
            let accept = accept.deflate(self.deflate);
            self.result = Some(accept.write_to(&mut self.output.bytes).map_err(OpeningError::Accept));
            if let Some(Err(_)) = self.result {
                self.write(500, "text/plain", b"the server can't answer this request\n");
            }
        }
    }

    /// Refuses, with a response of the crate's or of the application's own.
    pub fn refuse(&mut self, refusal: Refusal<'_>) {
        if self.result.is_none() {
            // A `Vec` has room.
            let _ = refusal.write_to(&mut self.output.bytes);
            self.result = Some(Err(OpeningError::Answered { status: refusal.status() }));
        }
    }

    /// Answers with a page: to plain HTTP, or in place of the connection that was asked for.
    pub fn page(&mut self, status: u16, content_type: &str, body: &[u8]) {
        if self.result.is_none() {
            self.write(status, content_type, body);
            self.result = Some(Err(OpeningError::Answered { status }));
        }
    }
}
