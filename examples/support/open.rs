//! Opens a connection as a client, on a blocking socket.
#![allow(dead_code)] // each program uses a part

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{Answer, ClientRequest, HttpResponse, WsUrl};
use websocket_proto::{Client, Connection, Limits, RandomKeys};

/// A connection that is open, and the socket under it.
pub struct Opened {
    pub stream: TcpStream,
    pub connection: Connection<Client<RandomKeys>>,
    /// What came after the head of the response: frames already.
    pub unread: Vec<u8>,
}

/// How long it may take to connect and to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Connects and shakes hands with a server that needs no TLS, and offers compression if it can; the error is one line for people.
pub fn open(url: &str, limits: &Limits) -> Result<Opened, String> {
    open_with(url, limits, |request| {
        #[cfg(feature = "deflate")]
        let request = request.deflate(DeflateConfig::DEFAULT);
        request
    })
}

/// The same, with a request to which the caller has added something.
pub fn open_with(
    url: &str,
    limits: &Limits,
    add: impl for<'u> FnOnce(ClientRequest<'u>) -> ClientRequest<'u>,
) -> Result<Opened, String> {
    let url = WsUrl::parse(url).map_err(|error| format!("{url}: {error}"))?;
    if url.is_secure() {
        return Err("wss needs TLS, which is not a part of this program".to_owned());
    }
    let deadline = Instant::now() + HANDSHAKE;
    let stream = connect(&url, deadline)?;
    let request = add(ClientRequest::from_url(&url));
    let (connection, unread) = shake_hands(&mut InTime { socket: &stream, deadline }, request, limits)?;
    stream.set_read_timeout(None).map_err(|error| error.to_string())?;
    stream.set_write_timeout(None).map_err(|error| error.to_string())?;
    Ok(Opened { stream, connection, unread })
}

/// Connects to the first of a host's addresses that accepts before the deadline.
pub fn connect(url: &WsUrl<'_>, deadline: Instant) -> Result<TcpStream, String> {
    let failed = |error: io::Error| format!("can't connect to {}: {error}", url.host_field());
    let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
    for address in (url.host(), url.port()).to_socket_addrs().map_err(failed)? {
        match time_left(deadline).and_then(|span| TcpStream::connect_timeout(&address, span)) {
            Ok(stream) => return stream.set_nodelay(true).map(|()| stream).map_err(failed),
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

/// Sends the request, and reads the answer; returns the connection, and what came after the head of the response.
fn shake_hands(
    stream: &mut InTime<'_>,
    request: ClientRequest<'_>,
    limits: &Limits,
) -> Result<(Connection<Client<RandomKeys>>, Vec<u8>), String> {
    let mut keys = RandomKeys::from_os().map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let mut handshake = request.start(keys.nonce(), limits, &mut out).map_err(|error| error.to_string())?;
    let failed = |error: io::Error| format!("the handshake broke off: {error}");
    stream.write_all(&out).map_err(failed)?;

    let mut head = Vec::new();
    let mut read = [0; 4096];
    loop {
        let n = stream.read(&mut read).map_err(failed)?;
        if n == 0 {
            let how = if head.is_empty() { "without an answer" } else { "in the middle of its answer" };
            return Err(format!("the server closed the connection {how}"));
        }
        head.extend_from_slice(&read[..n]);
        match handshake.receive(&head) {
            Ok(None) => {}
            Ok(Some(Answer::Open(response))) => {
                let connection = Connection::new(response.negotiated(), Client::new(keys), limits);
                return Ok((connection, head[response.head_len()..].to_vec()));
            }
            Ok(Some(Answer::Refused(response))) => return Err(refused(&response)),
            Err(error) => return Err(format!("the handshake failed: {error}")),
        }
    }
}

/// What a server has answered that opens no connection, in one line for people.
pub fn refused(response: &HttpResponse<'_>) -> String {
    let (status, reason) = (response.status(), response.reason().escape_ascii());
    let location = response.field("Location").next();
    let elsewhere = location.map(|url| format!(", and points to {}", url.escape_ascii())).unwrap_or_default();
    format!("the server refused: {status} {reason}{elsewhere}")
}

/// A socket on which everything has to be done by one moment, however many reads and writes it takes.
struct InTime<'s> {
    socket: &'s TcpStream,
    deadline: Instant,
}

impl Read for InTime<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A process that was stopped and goes on finds a read with a time limit interrupted: nothing has failed.
        loop {
            self.socket.set_read_timeout(Some(time_left(self.deadline)?))?;
            match self.socket.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return done.map_err(in_words),
            }
        }
    }
}

impl Write for InTime<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(time_left(self.deadline)?))?;
        self.socket.write(bytes).map_err(in_words)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// How long it is to a deadline; never zero, which the system takes for "for ever".
fn time_left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(time_is_up()),
        span => Ok(span),
    }
}

/// Systems have two words for a time-out, and neither says so.
fn in_words(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => time_is_up(),
        _ => error,
    }
}

fn time_is_up() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "it took too long")
}
