//! One connection, from accept to close.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;
use websocket_proto::endpoint::{Endpoint, Status};
use websocket_proto::{CloseCode, CloseFrame, Incoming, Server, State};

use crate::allowance::Allowance;
use crate::hall::Hall;
use crate::heartbeat::Heartbeat;
use crate::letter::Letter;
use crate::limits::PICTURE_UNIT;
use crate::opening::open;
use crate::seat::Seat;
use crate::turn;
use crate::visitor::Visitor;

/// Serves one client until its connection is closed; returns a line for people, if there is something to tell.
pub async fn run(
    mut stream: TcpStream,
    hall: Rc<RefCell<Hall>>,
    origins: &[String],
    ping: Duration,
) -> io::Result<Option<String>> {
    stream.set_nodelay(true)?;
    let Some(endpoint) = open(&mut stream, origins, ping).await? else { return Ok(None) };
    let now = Instant::now();
    let session = Session {
        stream,
        endpoint,
        heartbeat: Heartbeat::new(ping, now),
        allowance: Allowance::new(now),
        visitor: Some(Visitor::new(hall)),
        eof: false,
        dismissed: false,
    };
    session.talk().await.map(Some)
}

struct Session {
    stream: TcpStream,
    endpoint: Endpoint<Server, Instant>,
    heartbeat: Heartbeat,
    allowance: Allowance,
    /// Gone for the others as soon as the connection is about to close.
    visitor: Option<Visitor>,
    /// The client has ended its half. It still gets what waits for it, before the endpoint is told.
    eof: bool,
    /// The guest was asked to leave.
    dismissed: bool,
}

impl Session {
    /// Goes on until the transport is to be closed; says why that is.
    ///
    /// Whichever branch of the `select!` wins, the others are dropped, and nothing is lost with them: waiting for a socket to be ready
    /// moves no byte, and all that is known of the connection is in `self`.
    async fn talk(mut self) -> io::Result<String> {
        loop {
            let paused = self.listen();
            let due = self.speak().await?;
            let status = self.endpoint.status();
            // A client that answers our Close has read everything before it: nothing is lost by closing at once.
            let answered =
                self.dismissed && self.endpoint.state() == State::Closed && self.endpoint.output().is_empty();
            if answered {
                return Ok("dismissed".to_owned());
            }
            if status == Status::Close {
                return Ok(match self.endpoint.end() {
                    Ok(_) => "closed".to_owned(),
                    Err(failure) => failure.to_string(),
                });
            }
            let seat = self.visitor.as_ref().map(Visitor::seat);
            // A client that does not read its answers, or asks for too much, is not read either: TCP tells it to wait.
            let reads = status.reads() && !self.eof && paused.is_none();
            let writes = !self.endpoint.output().is_empty();
            tokio::select! {
                readable = turn::ready(&self.stream, reads, writes) => {
                    if readable? {
                        self.eof = turn::read(&self.stream, &mut self.endpoint)?;
                    }
                }
                dismissed = heard(seat) => {
                    if let Some(why) = dismissed {
                        self.dismissed = true;
                        self.close(why);
                    }
                }
                () = turn::until(paused) => {}
                () = turn::until(Some(self.heartbeat.due())) => self.heartbeat.beat(&mut self.endpoint.sender()),
                () = turn::until(due) => {}
            }
        }
    }

    /// Takes what was read, unless the client has to wait; until when, if so.
    fn listen(&mut self) -> Option<Instant> {
        loop {
            if let Some(until) = self.allowance.exhausted_until(Instant::now()) {
                return Some(until);
            }
            let (incoming, mut sender) = self.endpoint.next()?;
            // What comes after a Close of ours is not carried out.
            let Some(visitor) = &mut self.visitor else { continue };
            let answer = match incoming {
                Incoming::Text(text) => {
                    self.allowance.spend(1.0);
                    visitor.hear(text)
                }
                Incoming::Binary(message) => {
                    self.allowance.spend(1.0 + (message.len() / PICTURE_UNIT) as f64);
                    visitor.see(message)
                }
                Incoming::Pong(payload) => self.heartbeat.heard(payload),
                _ => None,
            };
            if let Some(answer) = answer {
                Letter::answer(&answer).send(&mut sender);
            }
            if visitor.is_tiresome() {
                let why = CloseFrame::new(CloseCode::POLICY_VIOLATION, "too many commands that make no sense");
                self.close(why.unwrap_or(CloseCode::POLICY_VIOLATION.into()));
            }
        }
    }

    /// Fetches what there is to send, and writes what the socket takes; when to look at the clock again.
    async fn speak(&mut self) -> io::Result<Option<Instant>> {
        loop {
            let more = match &mut self.visitor {
                Some(visitor) if self.endpoint.state() == State::Open => visitor.fetch(&mut self.endpoint.sender()),
                Some(_) | None => {
                    self.visitor = None;
                    false
                }
            };
            if self.eof && !more {
                self.endpoint.filled(0);
                while self.endpoint.next().is_some() {}
            }
            turn::write(&mut self.stream, &mut self.endpoint).await?;
            if !(more && self.endpoint.output().is_empty()) {
                return Ok(self.endpoint.tick(Instant::now()));
            }
        }
    }

    /// Says goodbye, unless that was done.
    fn close(&mut self, why: CloseFrame) {
        let _ = self.endpoint.close(why);
        self.visitor = None;
    }
}

/// Waits for the bell of a seat, if there is one still.
async fn heard(seat: Option<Rc<Seat>>) -> Option<CloseFrame> {
    match seat {
        Some(seat) => seat.dismissed().await,
        None => std::future::pending().await,
    }
}
