//! The first state of a connection: waiting for a request.

use websocket_proto::handshake::{Received, Request, Scheme, ServerHandshake};
use websocket_proto::{Limits, Negotiated};

use crate::deflaters::DEFLATE;
use crate::options::Options;
use crate::page;

pub struct Handshake {
    protocol: ServerHandshake,
    /// What has come of a head that did not come in one read.
    head: Vec<u8>,
}

/// What came of some more bytes.
pub enum Greeting<'b> {
    /// The head is not all there.
    Unfinished,
    /// The connection is open. The bytes after the head are frames already.
    Open(Negotiated, &'b mut [u8]),
    /// The answer is a page.
    Page,
    /// The answer says what was wrong.
    Refused,
}

impl Handshake {
    pub fn new(limits: &Limits) -> Self {
        Self { protocol: ServerHandshake::new(limits), head: Vec::new() }
    }

    /// Takes what was read, and appends the answer when the head is complete, or wrong.
    pub fn receive<'b>(&'b mut self, read: &'b mut [u8], options: &Options, out: &mut Vec<u8>) -> Greeting<'b> {
        // A head that came in one read, as most do, is judged where it lies.
        let cut = !self.head.is_empty();
        if cut {
            self.head.extend_from_slice(read);
        }
        let accepted = match self.protocol.receive(if cut { &self.head } else { read }) {
            Ok(None) => None,
            Ok(Some(Received::Upgrade(request))) => match accept(&request, options, out) {
                Some(negotiated) => Some((negotiated, request.head_len())),
                None => return Greeting::Refused,
            },
            Ok(Some(Received::Http(request))) => {
                let Ok(answer) = page::answer(&request) else { return Greeting::Refused };
                let _ = answer.write_to(out); // a vector has room
                return if answer.status() == 200 { Greeting::Page } else { Greeting::Refused };
            }
            Err(error) => {
                let _ = error.response().write_to(out); // a vector has room
                return Greeting::Refused;
            }
        };
        match accepted {
            Some((negotiated, head_len)) => {
                let bytes = if cut { &mut self.head[..] } else { read };
                Greeting::Open(negotiated, &mut bytes[head_len..])
            }
            None => {
                if !cut {
                    self.head = read.to_vec();
                }
                Greeting::Unfinished
            }
        }
    }
}

/// Accepts with the first of the offered subprotocols that the options allow; or refuses, since a page from elsewhere could make its
/// readers speak here.
fn accept(request: &Request<'_>, options: &Options, out: &mut Vec<u8>) -> Option<Negotiated> {
    let scheme = if options.tls.is_some() { Scheme::Https } else { Scheme::Http };
    let allowed = options.origins.iter().map(String::as_str).collect::<Vec<_>>();
    if let Err(error) = request.check_same_origin(scheme, &allowed) {
        let _ = error.response().write_to(out); // a vector has room
        return None;
    }
    let mut answer = request.accept().deflate(options.deflate.then_some(DEFLATE));
    if let Some(name) = request.subprotocols().find(|offered| options.subprotocols.iter().any(|name| name == offered)) {
        answer = answer.subprotocol(name);
    }
    answer.write_to(out).ok()
}
