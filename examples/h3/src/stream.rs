//! One stream: a WebSocket, or a page.

use std::time::Instant;

use quiche::h3::{self, Header};
use websocket_proto::endpoint::{Endpoint, Failure, Status};
use websocket_proto::{CloseCode, CloseFrame, Incoming, Server, State};

use crate::options::Options;
use crate::server::say;

/// RFC 9114 §8.1, as RFC 9220 §3 wants it for the reset of a TCP connection.
const H3_REQUEST_CANCELLED: u64 = 0x010c;

pub struct Stream {
    /// The head of the response, until it is sent.
    head: Option<Vec<Header>>,
    content: Content,
    /// The client has sent all that it has to say.
    finished: bool,
    /// Why the stream is of no more use.
    broken: Option<String>,
    over: bool,
}

enum Content {
    WebSocket(Box<Endpoint<Server, Instant>>),
    /// What is still to be sent of a page.
    Page(Vec<u8>),
}

/// What a stream does on its connection.
pub enum Part<'p> {
    Head(&'p [Header]),
    Send(&'p [u8]),
    End,
    Read(&'p mut [u8]),
    Reset,
}

impl Part<'_> {
    /// Does it, and says for how many bytes.
    pub fn on(self, connection: &mut quiche::Connection, http: &mut h3::Connection, id: u64) -> h3::Result<usize> {
        match self {
            Part::Head(head) => http.send_response(connection, id, head, false).map(|()| 0),
            Part::Send(bytes) => http.send_body(connection, id, bytes, false),
            Part::End => http.send_body(connection, id, b"", true),
            Part::Read(room) => http.recv_body(connection, id, room),
            Part::Reset => {
                // Whichever direction is over already is left alone.
                let _ = connection.stream_shutdown(id, quiche::Shutdown::Write, H3_REQUEST_CANCELLED);
                let _ = connection.stream_shutdown(id, quiche::Shutdown::Read, H3_REQUEST_CANCELLED);
                Ok(0)
            }
        }
    }
}

/// A stream's way to its connection.
type Does<'d> = dyn FnMut(Part<'_>) -> h3::Result<usize> + 'd;

impl Stream {
    pub fn open(head: Vec<Header>, endpoint: Endpoint<Server, Instant>) -> Self {
        Self::new(head, Content::WebSocket(Box::new(endpoint)))
    }

    pub fn page(head: Vec<Header>, body: Vec<u8>) -> Self {
        Self::new(head, Content::Page(body))
    }

    fn new(head: Vec<Header>, content: Content) -> Self {
        Self { head: Some(head), content, finished: false, broken: None, over: false }
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The end of what the client sends; quiche tells it when all that came before is read.
    pub fn finished(&mut self) {
        self.finished = true;
        if let Content::WebSocket(endpoint) = &mut self.content {
            endpoint.filled(0);
        }
    }

    pub fn reset(&mut self, code: u64) {
        self.broken = Some(format!("the stream was reset: {code:#x}"));
    }

    /// Tells the client that the server stops.
    pub fn leave(&mut self) {
        if let Content::WebSocket(endpoint) = &mut self.content {
            if endpoint.state() == State::Open {
                let frame = CloseFrame::new(CloseCode::GOING_AWAY, "the server stops");
                let _ = endpoint.close(frame.unwrap_or(CloseCode::GOING_AWAY.into())); // it is open
            }
        }
    }

    /// Does what can be done now, and says when to look again at the latest.
    pub fn turn(&mut self, now: Instant, does: &mut Does<'_>, options: &Options) -> Option<Instant> {
        let next = match self.run(now, does) {
            Ok(next) => next,
            Err(error) => {
                self.broken.get_or_insert(format!("the stream has failed: {error}"));
                None
            }
        };
        if self.broken.is_some() {
            let _ = does(Part::Reset);
            self.over = true;
        }
        if let (true, false, Content::WebSocket(endpoint)) = (self.over, options.quiet, &mut self.content) {
            say(&match (endpoint.end(), self.broken.take()) {
                (Ok(code), _) => format!("HTTP/3: closed with {}", code.map_or(1005, CloseCode::get)),
                (Err(Failure::NoClose), Some(broken)) => format!("HTTP/3: {broken}"),
                (Err(failure), _) => format!("HTTP/3: {failure}"),
            });
        }
        next
    }

    fn run(&mut self, now: Instant, does: &mut Does<'_>) -> h3::Result<Option<Instant>> {
        if let Some(head) = &self.head {
            if done(does(Part::Head(head)))?.is_none() {
                return Ok(None); // quiche tells when there is room
            }
            self.head = None;
        }
        match &mut self.content {
            Content::Page(rest) => {
                while !rest.is_empty() {
                    match done(does(Part::Send(rest)))? {
                        Some(n) => drop(rest.drain(..n)),
                        None => return Ok(None),
                    }
                }
                self.over = done(does(Part::End))?.is_some();
                Ok(None)
            }
            Content::WebSocket(endpoint) => {
                let deadline = echo(endpoint, now, self.finished, does)?;
                if endpoint.status() == Status::Close {
                    // What has no Close is reset, unless both directions have ended.
                    if endpoint.end().is_err() && !self.finished {
                        does(Part::Reset)?;
                    } else {
                        done(does(Part::End)).or_else(|error| if self.finished { Ok(None) } else { Err(error) })?;
                    }
                    self.over = true;
                }
                Ok(deadline)
            }
        }
    }
}

/// The four duties of a transport's owner, until nothing more can be done at once.
fn echo(
    endpoint: &mut Endpoint<Server, Instant>,
    now: Instant,
    finished: bool,
    does: &mut Does<'_>,
) -> h3::Result<Option<Instant>> {
    loop {
        let mut moved = false;
        while let Some((incoming, mut sender)) = endpoint.next() {
            // Once we have closed, nothing more is sent.
            match incoming {
                Incoming::Text(text) => drop(sender.send(text)),
                Incoming::Binary(bytes) => drop(sender.send(&*bytes)),
                _ => {} // a Ping is answered already
            }
            moved = true;
        }
        let deadline = endpoint.tick(now);
        // As much as the windows of the stream and the connection have room for.
        while !endpoint.output().is_empty() {
            match done(does(Part::Send(endpoint.output())))? {
                Some(n) if n > 0 => {
                    endpoint.written(n);
                    moved = true;
                }
                _ => break,
            }
        }
        match endpoint.status() {
            Status::HalfClose => {
                if done(does(Part::End))?.is_some() {
                    endpoint.half_closed();
                    moved = true;
                }
            }
            // What is not read, the windows of QUIC keep from being sent.
            status if status.reads() && !finished => {
                if let Some(n) = done(does(Part::Read(endpoint.room())))?.filter(|&n| n > 0) {
                    endpoint.filled(n);
                    moved = true;
                }
            }
            _ => {}
        }
        if !moved {
            return Ok(deadline);
        }
    }
}

/// `None` for what can't be done yet.
fn done(result: h3::Result<usize>) -> h3::Result<Option<usize>> {
    match result {
        Ok(n) => Ok(Some(n)),
        Err(h3::Error::Done | h3::Error::StreamBlocked) => Ok(None),
        Err(error) => Err(error),
    }
}
