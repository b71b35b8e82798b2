//! One connection from accept to close, on a blocking socket: the duties of a transport's owner, with nothing left out.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use websocket_proto::endpoint::{Duties, Endpoint, Failure, Opening, OpeningError, Responder, Status};
use websocket_proto::handshake::{Received, Request, Scheme};
use websocket_proto::{CloseCode, CloseFrame, Incoming, ProtocolError, Server as Role, State, Timeout};

use crate::Server;
use crate::link::Link;
use crate::page;

/// A read that waits can't be told that the server leaves, so it waits no longer than this at a time.
const TURN: Duration = Duration::from_millis(500);

/// How long a client that was told the end may take to close its side.
const LINGER: Duration = Duration::from_secs(2);

/// Serves one client until its connection is closed, and returns how it ended, in one line for people.
pub fn run(stream: TcpStream, server: &Server) -> io::Result<String> {
    let mut session = Session { server, link: Link::new(stream, server.options.tls.as_ref())?, told: None };
    let mut opening = Opening::server(&server.options.config, Instant::now());
    let mut answered = String::new();
    while opening.status() != Status::Close && !session.has_lingered() {
        let turned = session.turn(&mut opening);
        if let Some(endpoint) = opening.next_with(|received, responder| answered = session.answer(received, responder))
        {
            return turned.and_then(|()| session.echo(endpoint));
        }
        match (turned, opening.end()) {
            (Err(error), OpeningError::Ended) => return Err(error),
            (Err(_), _) => break, // it is answered
            (Ok(()), OpeningError::Ended) if server.is_leaving() => return Ok("came too late".to_owned()),
            (Ok(()), _) => {}
        }
    }
    Ok(match opening.end() {
        OpeningError::Timeout => "sent no request in time".to_owned(),
        OpeningError::Ended => "left before the handshake".to_owned(),
        OpeningError::Answered { .. } if !answered.is_empty() => answered,
        error => format!("refused: {error}"),
    })
}

struct Session<'s> {
    server: &'s Server,
    link: Link,
    /// When the client was told the end.
    told: Option<Instant>,
}

impl Session<'_> {
    /// Answers a request: opens a connection, or shows the page. Returns what it was, if it opens nothing.
    fn answer(&self, received: &Received<'_>, responder: &mut Responder<'_>) -> String {
        match received {
            Received::Upgrade(request) => self.accept(request, responder),
            Received::Http(request) => {
                let answer = page::answer(request);
                let status = answer.as_ref().map_or(500, |answer| answer.status());
                responder.respond(answer);
                format!("{} {} got {status}", request.method(), request.target())
            }
        }
    }

    /// Accepts with the first of the offered subprotocols that the options allow.
    fn accept(&self, request: &Request<'_>, responder: &mut Responder<'_>) -> String {
        let options = &self.server.options;
        // A page from elsewhere could make its readers speak here.
        let allowed = options.origins.iter().map(String::as_str).collect::<Vec<_>>();
        let scheme = if options.tls.is_some() { Scheme::Https } else { Scheme::Http };
        if let Err(error) = request.check_same_origin(scheme, &allowed) {
            responder.respond(error.response());
            return format!("refused: {error}");
        }
        let known = |offered: &&str| options.subprotocols.iter().any(|name| name == offered);
        responder.accept(request.accept().subprotocol(request.subprotocols().find(known)));
        String::new()
    }

    /// Echoes messages until the connection ends.
    fn echo(&mut self, mut endpoint: Endpoint<Role, Instant>) -> io::Result<String> {
        let mut closed_with = None;
        while endpoint.status() != Status::Close && !self.has_lingered() {
            while let Some((incoming, mut sender)) = endpoint.next() {
                // Once we have closed, nothing more is sent.
                match incoming {
                    Incoming::Text(text) => {
                        let _ = sender.send(text);
                        if self.server.options.allow_stop && text == "stop-listening" {
                            self.server.stop_listening();
                        }
                    }
                    Incoming::Binary(bytes) => drop(sender.send(&*bytes)),
                    Incoming::Close(frame) => closed_with = Some(*frame),
                    _ => {} // a Ping is answered already
                }
            }
            if self.server.is_leaving() && endpoint.state() == State::Open {
                let frame = CloseFrame::new(CloseCode::GOING_AWAY, "the server stops").map_err(io::Error::other)?;
                endpoint.close(frame).map_err(io::Error::other)?;
            }
            if let Err(error) = self.turn(&mut endpoint) {
                // What breaks after the closing handshake, or a violation, breaks nothing.
                match endpoint.end() {
                    Err(Failure::NoClose) => return Err(error),
                    _ => break,
                }
            }
        }
        // A client that was first to end its side still learns by TLS that nothing was cut.
        let _ = self.link.half_close();
        Ok(match (endpoint.end(), closed_with) {
            (Err(Failure::Protocol(error)), _) => failed(&error),
            (Err(Failure::Timeout(Timeout::Write)), _) => return Err(self.reads_nothing()),
            (Err(Failure::Timeout(timeout)), _) => format!("gone silent: {timeout:?} time-out"),
            (Err(_), _) => "left without a Close".to_owned(),
            (Ok(_), Some(frame)) => format!("closed with {frame}"),
            (Ok(_), None) => "closed".to_owned(),
        })
    }

    /// One turn of the loop: looks at the clock, and writes or reads once; it does not wait past the next deadline, nor for long.
    fn turn(&mut self, machine: &mut impl Duties<Instant>) -> io::Result<()> {
        let now = Instant::now();
        let wait = machine.tick(now).map_or(TURN, |at| at.saturating_duration_since(now));
        let most = self.told.map_or(TURN, |told| LINGER.saturating_sub(now.saturating_duration_since(told)).min(TURN));
        self.link.set_patience(wait.min(most).max(Duration::from_millis(1)))?;
        // What TLS has taken is written for `machine`, so that time runs here.
        let waits = self.link.waits_since().map(|since| now.saturating_duration_since(since));
        if waits.is_some_and(|span| span >= self.server.options.config.timeouts.write.unwrap_or(Duration::MAX)) {
            return Err(self.reads_nothing());
        }
        let done = match machine.status() {
            Status::Close => Ok(()),
            _ if waits.is_some() || !machine.output().is_empty() => {
                self.link.write(machine.output()).map(|n| machine.written(n))
            }
            Status::HalfClose => self.link.half_close().map(|done| {
                if done {
                    machine.half_closed();
                    self.told = Some(now);
                }
            }),
            status if status.reads() => self.link.read(machine.room()).map(|n| machine.filled(n)),
            _ => Ok(()),
        };
        use ErrorKind::{Interrupted, TimedOut, WouldBlock};
        done.or_else(|error| {
            let nothing_in_time = matches!(error.kind(), Interrupted | TimedOut | WouldBlock);
            if nothing_in_time { Ok(()) } else { Err(error) }
        })
    }

    /// Whether the client has had its time to close its side, in which it got what was on the way: closing with unread input would destroy it.
    fn has_lingered(&self) -> bool {
        self.told.is_some_and(|told| told.elapsed() >= LINGER)
    }

    fn reads_nothing(&self) -> io::Error {
        let patience = self.server.options.config.timeouts.write.unwrap_or_default();
        io::Error::new(ErrorKind::TimedOut, format!("the peer has read nothing for {patience:?}"))
    }
}

fn failed(error: &ProtocolError) -> String {
    format!("failed with {}: {error}", error.close_code())
}
