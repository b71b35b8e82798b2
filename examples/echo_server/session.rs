//! One connection from accept to close, on a blocking socket: the crate's receive loop, with nothing left out.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{Received, Request, Scheme, ServerHandshake};
use websocket_proto::{
    CloseCode, CloseFrame, Connection, Ending, Incoming, Messages, Negotiated, Server as Role, State, Timeout, Timers,
    Transport,
};

use crate::Server;
use crate::options::Options;
use crate::outgoing::Outgoing;
use crate::page;
use crate::write::write_all;

/// A read that waits can't be told that the server leaves, so it waits no longer than this at a time.
const TURN: Duration = Duration::from_millis(500);

/// How long a client that was told the end may take to close its side.
const LINGER: Duration = Duration::from_secs(2);

/// Serves one client until its connection is closed, and returns how it ended, in one line for people.
pub fn run(stream: TcpStream, server: &Server) -> io::Result<String> {
    stream.set_nodelay(true)?;
    let mut session = Session {
        server,
        stream,
        timers: Timers::new(server.options.timeouts, Instant::now()),
        read: vec![0; 64 * 1024],
        out: Vec::new(),
    };
    match session.shake_hands()? {
        Ok((negotiated, unread)) => session.echo(negotiated, unread),
        Err(report) => Ok(report),
    }
}

struct Session<'s> {
    server: &'s Server,
    stream: TcpStream,
    timers: Timers<Instant>,
    read: Vec<u8>,
    out: Vec<u8>,
}

impl Session<'_> {
    /// Reads the request's head, however it is cut, and answers it. What lies after the head are frames already.
    fn shake_hands(&mut self) -> io::Result<Result<(Negotiated, Range<usize>), String>> {
        let mut handshake = ServerHandshake::new(&self.server.options.limits);
        let mut len = 0;
        loop {
            let n = match self.read_more(len)? {
                ReadMore::Bytes(n) => n,
                ReadMore::Eof => return Ok(Err("left before the handshake".to_owned())),
                ReadMore::TimedOut(_) => return Ok(Err("sent no request in time".to_owned())),
                ReadMore::Nothing if self.server.is_leaving() => return Ok(Err("came too late".to_owned())),
                ReadMore::Nothing => 0,
            };
            len += n;
            match handshake.receive(&self.read[..len]) {
                Ok(None) => {}
                Ok(Some(Received::Upgrade(request))) => {
                    // A page from elsewhere could make its readers speak here.
                    let allowed = self.server.options.origins.iter().map(String::as_str).collect::<Vec<_>>();
                    if let Err(error) = request.check_same_origin(Scheme::Http, &allowed) {
                        error.response().write_to(&mut self.out).map_err(io::Error::other)?;
                        return self.end(format!("refused: {error}")).map(Err);
                    }
                    let accepted = accept(&request, &self.server.options, &mut self.out)?;
                    let unread = request.head_len()..len;
                    self.flush()?;
                    return Ok(Ok((accepted, unread)));
                }
                Ok(Some(Received::Http(request))) => {
                    let status = page::serve(&request, &mut self.out).map_err(io::Error::other)?;
                    return self.end(format!("{} {} got {status}", request.method(), request.target())).map(Err);
                }
                Err(error) => {
                    error.response().write_to(&mut self.out).map_err(io::Error::other)?;
                    return self.end(format!("refused: {error}")).map(Err);
                }
            }
        }
    }

    /// Echoes messages until the connection ends.
    fn echo(&mut self, negotiated: Negotiated, mut unread: Range<usize>) -> io::Result<String> {
        let mut connection = Connection::new(negotiated, Role, &self.server.options.limits);
        let mut outgoing = Outgoing::new(&connection);
        let mut messages = Messages::new();
        let mut closed_with = None;
        self.timers.opened(Instant::now());
        loop {
            let mut input = &mut self.read[unread];
            loop {
                match messages.next(&mut connection, &mut input, &mut self.out) {
                    Ok(None) => break,
                    Ok(Some(Incoming::Text(text))) => {
                        outgoing.send(&mut connection, text, &mut self.out).map_err(io::Error::other)?;
                        if self.server.options.allow_stop && text == "stop-listening" {
                            self.server.stop_listening();
                        }
                    }
                    Ok(Some(Incoming::Binary(bytes))) => {
                        outgoing.send(&mut connection, &*bytes, &mut self.out).map_err(io::Error::other)?;
                    }
                    Ok(Some(Incoming::Close(frame))) => closed_with = Some(*frame),
                    Ok(Some(_)) => {}
                    // The Close that says why is in `out` already, and the connection is on its way to the end.
                    Err(_) => break,
                }
            }
            if self.server.is_leaving() && connection.state() == State::Open {
                let frame = CloseFrame::new(CloseCode::GOING_AWAY, "the server stops").map_err(io::Error::other)?;
                connection.close(frame).map_err(io::Error::other)?;
                connection.write_control(&mut self.out).map_err(io::Error::other)?;
            }
            self.flush()?;
            self.timers.observe(connection.state(), Instant::now());

            match connection.transport() {
                Transport::KeepOpen | Transport::WriteOnly => {}
                // After a clean close there should be nothing to read. Where there is, the peer gets the Close all the same.
                _ => {
                    self.hang_up()?;
                    break;
                }
            }
            unread = match self.read_more(0)? {
                ReadMore::Bytes(n) => 0..n,
                ReadMore::Eof => {
                    let ending = connection.receive_eof();
                    if ending == Ending::Unclean && connection.failure().is_none() {
                        return Ok("left without a Close".to_owned());
                    }
                    break;
                }
                ReadMore::TimedOut(Timeout::Idle) => {
                    connection.ping(b"", &mut self.out).map_err(io::Error::other)?;
                    0..0
                }
                ReadMore::Nothing => 0..0,
                ReadMore::TimedOut(timeout) => return Ok(format!("gone silent: {timeout:?} time-out")),
            };
        }
        Ok(match (connection.failure(), closed_with) {
            (Some(error), _) => format!("failed with {}: {error}", error.close_code()),
            (None, Some(frame)) => format!("closed with {frame}"),
            (None, None) => "closed".to_owned(),
        })
    }

    /// Reads after the first `len` bytes of the buffer, until the next deadline; not for long, though.
    fn read_more(&mut self, len: usize) -> io::Result<ReadMore> {
        if len == self.read.len() {
            self.read.resize(2 * len, 0);
        }
        let now = Instant::now();
        if let Some(timeout) = self.timers.expired(now) {
            return Ok(ReadMore::TimedOut(timeout));
        }
        // A span of zero would mean "for ever".
        let span = self.timers.deadline().map_or(TURN, |deadline| (deadline - now).max(Duration::from_millis(1)));
        self.stream.set_read_timeout(Some(span.min(TURN)))?;
        match self.stream.read(&mut self.read[len..]) {
            Ok(0) => Ok(ReadMore::Eof),
            Ok(n) => {
                self.timers.received(Instant::now());
                Ok(ReadMore::Bytes(n))
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(ReadMore::Nothing),
                _ => Err(error),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // A client that sends and never reads would hold the thread for ever.
        let patience = self.server.options.timeouts.write.unwrap_or(Duration::MAX);
        write_all(&self.stream, &self.out, patience, || {})?;
        self.out.clear();
        self.timers.sent(0, Instant::now());
        Ok(())
    }

    /// Writes the last word, and closes; hands the report on.
    fn end(&mut self, report: String) -> io::Result<String> {
        self.flush()?;
        self.hang_up()?;
        Ok(report)
    }

    /// Closes the writing half, so that the peer sees the end of what was said, and takes what it is still sending: a socket that
    /// is closed with unread input resets the connection, and the last words are lost.
    fn hang_up(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + LINGER;
        while let Some(span) = deadline.checked_duration_since(Instant::now()).filter(|span| !span.is_zero()) {
            self.stream.set_read_timeout(Some(span))?;
            match self.stream.read(&mut self.read) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

/// What came of reading.
enum ReadMore {
    Bytes(usize),
    Eof,
    TimedOut(Timeout),
    /// Neither: it is time to look whether the server leaves.
    Nothing,
}

/// Accepts with the first of the offered subprotocols that the options allow.
fn accept(request: &Request<'_>, options: &Options, out: &mut Vec<u8>) -> io::Result<Negotiated> {
    let mut answer = request.accept();
    if let Some(name) = request.subprotocols().find(|offered| options.subprotocols.iter().any(|name| name == offered)) {
        answer = answer.subprotocol(name);
    }
    #[cfg(feature = "deflate")]
    let answer = answer.deflate(DeflateConfig::DEFAULT);
    answer.write_to(out).map_err(io::Error::other)
}
