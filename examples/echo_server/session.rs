//! One connection from accept to close, on a blocking socket: the crate's receive loop, with nothing left out.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

use websocket_proto::handshake::{HttpRequest, Received, Request, ServerHandshake};
use websocket_proto::{
    Connection, Ending, Incoming, Messages, Negotiated, Server, Timeout, Timeouts, Timers, Transport,
};

use crate::options::Options;

const PAGE: &str = include_str!("page.html");

/// How a session ended.
pub struct Ended {
    /// One line for people.
    pub report: String,
    /// Whether the client asked the server to stop, and was allowed to.
    pub stop_listening: bool,
}

impl Ended {
    fn because(report: impl Into<String>) -> Self {
        Self { report: report.into(), stop_listening: false }
    }
}

/// Serves one client until its connection is closed.
pub fn run(stream: TcpStream, options: &Options) -> io::Result<Ended> {
    stream.set_nodelay(true)?;
    let mut session = Session {
        stream,
        timers: Timers::new(Timeouts::default(), Instant::now()),
        read: vec![0; 64 * 1024],
        out: Vec::new(),
    };
    match session.shake_hands(options)? {
        Ok((negotiated, unread)) => session.echo(negotiated, unread, options),
        Err(ended) => Ok(ended),
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
    fn shake_hands(&mut self, options: &Options) -> io::Result<Result<(Negotiated, Range<usize>), Ended>> {
        let mut handshake = ServerHandshake::new(&options.limits);
        let mut len = 0;
        loop {
            let n = match self.read_more(len)? {
                ReadMore::Bytes(n) => n,
                ReadMore::Eof => return Ok(Err(Ended::because("left before the handshake"))),
                ReadMore::TimedOut(_) => return Ok(Err(Ended::because("sent no request in time"))),
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
                    return Ok(Err(Ended::because(report)));
                }
                Err(error) => {
                    error.response().write_to(&mut self.out).map_err(io::Error::other)?;
                    self.flush()?;
                    self.hang_up()?;
                    return Ok(Err(Ended::because(format!("refused: {error}"))));
                }
            }
        }
    }

    /// Echoes messages until the connection ends.
    fn echo(&mut self, negotiated: Negotiated, mut unread: Range<usize>, options: &Options) -> io::Result<Ended> {
        let mut connection = Connection::new(negotiated, Server, &options.limits);
        let mut messages = Messages::new();
        let mut stop_listening = false;
        let mut closed_with = None;
        self.timers.opened(Instant::now());
        loop {
            let mut input = &mut self.read[unread];
            loop {
                match messages.next(&mut connection, &mut input, &mut self.out) {
                    Ok(None) => break,
                    Ok(Some(Incoming::Text(text))) => {
                        connection.send(text, &mut self.out).map_err(io::Error::other)?;
                        stop_listening |= options.allow_stop && text == "stop-listening";
                    }
                    Ok(Some(Incoming::Binary(bytes))) => {
                        connection.send(&*bytes, &mut self.out).map_err(io::Error::other)?;
                    }
                    Ok(Some(Incoming::Ping(_) | Incoming::Pong(_))) => {}
                    Ok(Some(Incoming::Close(frame))) => closed_with = Some(*frame),
                    // The Close that says why is in `out` already, and the connection is on its way to the end.
                    Err(_) => break,
                }
            }
            self.flush()?;
            self.timers.observe(connection.state(), Instant::now());

            match connection.transport() {
                Transport::KeepOpen => {}
                Transport::HalfClose => {
                    self.hang_up()?;
                    break;
                }
                Transport::AwaitEof | Transport::Close => break,
            }
            unread = match self.read_more(0)? {
                ReadMore::Bytes(n) => 0..n,
                ReadMore::Eof => {
                    let ending = connection.receive_eof();
                    if ending == Ending::Unclean && connection.failure().is_none() {
                        return Ok(Ended { report: "left without a Close".to_owned(), stop_listening });
                    }
                    break;
                }
                ReadMore::TimedOut(Timeout::Idle) => {
                    connection.ping(b"", &mut self.out).map_err(io::Error::other)?;
                    0..0
                }
                ReadMore::TimedOut(timeout @ (Timeout::Handshake | Timeout::Pong | Timeout::Close)) => {
                    return Ok(Ended { report: format!("gone silent: {timeout:?} time-out"), stop_listening });
                }
            };
        }
        let report = match (connection.failure(), closed_with) {
            (Some(error), _) => format!("failed with {}: {error}", error.close_code()),
            (None, Some(frame)) => format!("closed: {frame:?}"),
            (None, None) => "closed".to_owned(),
        };
        Ok(Ended { report, stop_listening })
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
