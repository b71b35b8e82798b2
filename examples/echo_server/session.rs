//! One connection from accept to close, on a blocking socket: the crate's receive loop, with nothing left out.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{HttpRequest, Received, Request, ServerHandshake};
use websocket_proto::{
    Connection, Ending, Incoming, Messages, Negotiated, Server, Timeout, Timeouts, Timers, Transport,
};

use crate::options::Options;
use crate::outgoing::Outgoing;

const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
const PAGE: &str = include_str!("page.html");

/// Serves one client until its connection is closed, and returns how it ended, in one line for people.
///
/// `stop_listening` is called when the client asks for it, and may.
pub fn run(stream: TcpStream, options: &Options, stop_listening: &dyn Fn()) -> io::Result<String> {
    stream.set_nodelay(true)?;
    // A client that sends and never reads would hold the thread for ever.
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let mut session = Session {
        stream,
        timers: Timers::new(Timeouts::default(), Instant::now()),
        read: vec![0; 64 * 1024],
        out: Vec::new(),
    };
    match session.shake_hands(options)? {
        Ok((negotiated, unread)) => session.echo(negotiated, unread, options, stop_listening),
        Err(report) => Ok(report),
    }
}

struct Session {
    stream: TcpStream,
    timers: Timers<Instant>,
    read: Vec<u8>,
    out: Vec<u8>,
}

impl Session {
    /// Reads the request's head, however it is cut, and answers it. What lies behind the head are frames already.
    fn shake_hands(&mut self, options: &Options) -> io::Result<Result<(Negotiated, Range<usize>), String>> {
        let mut handshake = ServerHandshake::new(&options.limits);
        let mut len = 0;
        loop {
            let n = match self.read_more(len)? {
                ReadMore::Bytes(n) => n,
                ReadMore::Eof => return Ok(Err("left before the handshake".to_owned())),
                ReadMore::TimedOut(_) => return Ok(Err("sent no request in time".to_owned())),
            };
            len += n;
            match handshake.receive(&self.read[..len]) {
                Ok(None) => {}
                Ok(Some(Received::Upgrade(request))) => {
                    let accepted = accept(&request, options, &mut self.out)?;
                    let unread = request.head_len()..len;
                    self.flush()?;
                    return Ok(Ok((accepted, unread)));
                }
                Ok(Some(Received::Http(request))) => {
                    let report = serve_page(&request, &mut self.out)?;
                    self.flush()?;
                    self.hang_up()?;
                    return Ok(Err(report));
                }
                Err(error) => {
                    error.response().write_to(&mut self.out).map_err(io::Error::other)?;
                    self.flush()?;
                    self.hang_up()?;
                    return Ok(Err(format!("refused: {error}")));
                }
            }
        }
    }

    /// Echoes messages until the connection ends.
    fn echo(
        &mut self,
        negotiated: Negotiated,
        mut unread: Range<usize>,
        options: &Options,
        stop_listening: &dyn Fn(),
    ) -> io::Result<String> {
        let mut connection = Connection::new(negotiated, Server, &options.limits);
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
                        if options.allow_stop && text == "stop-listening" {
                            stop_listening();
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
                ReadMore::TimedOut(timeout) => return Ok(format!("gone silent: {timeout:?} time-out")),
            };
        }
        Ok(match (connection.failure(), closed_with) {
            (Some(error), _) => format!("failed with {}: {error}", error.close_code()),
            (None, Some(frame)) => format!("closed with {frame}"),
            (None, None) => "closed".to_owned(),
        })
    }

    /// Reads behind the first `len` bytes of the buffer, until the next deadline.
    fn read_more(&mut self, len: usize) -> io::Result<ReadMore> {
        if len == self.read.len() {
            self.read.resize(2 * len, 0);
        }
        loop {
            let now = Instant::now();
            if let Some(timeout) = self.timers.expired(now) {
                return Ok(ReadMore::TimedOut(timeout));
            }
            // A span of zero would mean "for ever".
            let span = self.timers.deadline().map(|deadline| (deadline - now).max(Duration::from_millis(1)));
            self.stream.set_read_timeout(span)?;
            match self.stream.read(&mut self.read[len..]) {
                Ok(0) => return Ok(ReadMore::Eof),
                Ok(n) => {
                    self.timers.received(Instant::now());
                    return Ok(ReadMore::Bytes(n));
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Closes the writing half, so that the peer sees the end of what was said, and takes what it is still sending: a socket that
    /// is closed with unread input resets the connection, and the last words are lost.
    fn hang_up(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + Duration::from_secs(2);
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

/// Answers what is plain HTTP: the page, or that there is nothing else.
fn serve_page(request: &HttpRequest<'_>, out: &mut Vec<u8>) -> io::Result<String> {
    let (status, body) = match (request.method(), request.target()) {
        ("GET" | "HEAD", "/") => ("200 OK", PAGE),
        ("GET" | "HEAD", _) => ("404 Not Found", "There is nothing but the page at /.\n"),
        _ => ("405 Method Not Allowed", "Only GET and HEAD are understood.\n"),
    };
    let kind = if status == "200 OK" { "text/html" } else { "text/plain" };
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\r\n{}",
        body.len(),
        if request.method() == "HEAD" { "" } else { body },
    )?;
    Ok(format!("{} {} got {status}", request.method(), request.target()))
}
