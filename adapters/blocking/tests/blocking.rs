//! An endpoint over sockets that block, seen from a peer that reads and writes bytes.

use std::error::Error as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use testkit::{bytes::frame, reference::Side};
use websocket_proto::endpoint::{Config, Endpoint, Failure, Opening, OpeningError};
use websocket_proto::handshake::{Answer, ClientRequest, Received, Refusal, RequestError};
use websocket_proto::{Client, CloseCode, Incoming, Negotiated, SendError, Server, Timeout, Timeouts};
use websocket_proto_blocking::{Error, Socket, WebSocket};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(Side::Server, first, payload)
}

fn short(timeouts: Timeouts) -> Config {
    Config::with_timeouts(timeouts)
}

const MOMENT: Duration = Duration::from_millis(60);

/// Echoes until the end, as everybody writes it.
fn serve(socket: TcpStream, config: &Config) -> Result<(), Error> {
    let mut websocket = WebSocket::accept(socket, config)?;
    while let Some((incoming, mut sender)) = websocket.next()? {
        match incoming {
            Incoming::Text(text) => sender.send(text)?,
            Incoming::Binary(bytes) => sender.send(bytes)?,
            _ => {}
        }
    }
    Ok(())
}

/// A server in a thread, and the socket of its client.
fn served(config: Config) -> (TcpStream, JoinHandle<Result<(), Error>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let accepted = listener.accept().unwrap().0;
    (socket, thread::spawn(move || serve(accepted, &config)))
}

/// The same, after the handshake.
fn opened(config: Config) -> (TcpStream, JoinHandle<Result<(), Error>>) {
    let (mut socket, server) = served(config);
    socket.write_all(REQUEST.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    (socket, server)
}

fn rest(mut socket: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).unwrap();
    rest
}

#[test]
fn messages_are_echoed_and_both_ends_agree() {
    let (mut socket, server) = opened(Config::default());
    let long = vec![7; 300_000];
    socket.write_all(&[masked(0x81, b"Hello"), masked(0x89, b"?"), masked(0x82, &long)].concat()).unwrap();
    // Five fragments, of which four have headers for 64 bits.
    let mut echo = vec![0; 7 + 3 + 4 * 10 + 4 + 300_000];
    socket.read_exact(&mut echo).unwrap();
    // The Pong goes out at the first border between frames.
    let (pong, hello) = (b"\x8a\x01?", b"\x81\x05Hello");
    assert!(echo.starts_with(&[&pong[..], hello].concat()) || echo.starts_with(&[&hello[..], pong].concat()));
    assert_eq!(echo.iter().filter(|&&byte| byte == 7).count(), 300_000);
    socket.write_all(&masked(0x88, &[3, 0xe8])).unwrap();
    assert_eq!(rest(socket), [0x88, 2, 3, 0xe8]);
    server.join().unwrap().unwrap();
}

#[test]
fn the_close_of_a_violation_is_written_and_told() {
    let (mut socket, server) = opened(Config::default());
    socket.write_all(&[masked(0x81, b"Hello"), masked(0xc1, b"")].concat()).unwrap();
    let wire = rest(socket);
    assert!(wire.starts_with(b"\x81\x05Hello\x88") && wire[9..11] == [3, 0xea], "{wire:?}");
    assert!(matches!(server.join().unwrap(), Err(Error::Failure(Failure::Protocol(_)))));
}

#[test]
fn a_request_that_breaks_a_rule_gets_its_answer() {
    let (mut socket, server) = served(Config::default());
    socket.write_all(REQUEST.replace(": 13", ": 8").as_bytes()).unwrap();
    assert!(rest(socket).starts_with(b"HTTP/1.1 426 "));
    let error = server.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Opening(OpeningError::Request(RequestError::UnsupportedVersion { .. }))), "{error}");
}

#[test]
fn time_runs_while_the_thread_waits() {
    // A head that does not end.
    let (mut socket, server) = served(short(Timeouts::default().with_handshake(MOMENT)));
    socket.write_all(b"GET / HT").unwrap();
    assert!(matches!(server.join().unwrap(), Err(Error::Opening(OpeningError::Timeout))));

    // Silence: a Ping, and then the end.
    let (socket, server) = opened(short(Timeouts::default().with_idle(MOMENT).with_pong(MOMENT)));
    assert_eq!(rest(socket), [0x89, 0]);
    assert!(matches!(server.join().unwrap(), Err(Error::Failure(Failure::Timeout(Timeout::Pong)))));

    // A peer that sends and reads nothing.
    let (mut socket, server) = opened(short(Timeouts::default().with_write(MOMENT)));
    let sending = thread::spawn(move || {
        let long = masked(0x82, &vec![7; 1 << 20]);
        while socket.write_all(&long).is_ok() {}
    });
    assert!(matches!(server.join().unwrap(), Err(Error::Failure(Failure::Timeout(Timeout::Write)))));
    sending.join().unwrap();
}

#[test]
fn the_end_of_input_is_told() {
    let (socket, server) = opened(Config::default());
    socket.shutdown(Shutdown::Write).unwrap();
    assert!(rest(socket).is_empty());
    assert!(matches!(server.join().unwrap(), Err(Error::Failure(Failure::NoClose))));
}

#[test]
fn a_client_and_a_server_talk_and_close() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let socket = listener.accept().unwrap().0;
        let mut websocket = WebSocket::accept_with(socket, &Config::default(), |received, answer| match received {
            Received::Upgrade(request) if request.path() == "/chat" => {
                answer.accept(request.accept().subprotocol("chat"));
            }
            _ => answer.respond(Refusal::new(404, &[], b"no such room")),
        })
        .unwrap();
        websocket.endpoint().send("welcome").unwrap();
        while let Some((incoming, mut sender)) = websocket.next().unwrap() {
            if let Incoming::Text(text) = incoming {
                sender.send(text).unwrap();
            }
        }
    });
    let client = |path| {
        let request = ClientRequest::new("example.com", path).subprotocols(["chat"]);
        let keys = Client::from_fn(|| [1, 2, 3, 4]);
        Opening::client(request, *b"the sample nonce", keys, &Config::default(), Instant::now()).unwrap()
    };
    let mut opening = client("/chat");
    let mut websocket = WebSocket::connect(TcpStream::connect(address).unwrap(), &mut opening).unwrap();
    assert!(matches!(opening.answer(), Some(Answer::Open(response)) if response.subprotocol() == Some("chat")));
    websocket.send("Hello").unwrap();
    for expected in ["welcome", "Hello"] {
        assert!(matches!(websocket.next().unwrap(), Some((Incoming::Text(text), _)) if text == expected));
    }
    websocket.close(CloseCode::NORMAL).unwrap();
    assert!(matches!(websocket.send("late"), Err(Error::Send(SendError::NotOpen { .. }))));
    while websocket.next().unwrap().is_some() {}
    assert!(websocket.next().unwrap().is_none(), "asked again, the same");
    server.join().unwrap();
}

/// A transport that can't half-close, takes one byte at a time, is interrupted now and then, and breaks at its end.
struct Odd<'a> {
    input: &'a [u8],
    output: Vec<u8>,
    calls: usize,
    flushed: usize,
}

impl Odd<'_> {
    fn interrupted(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.calls % 3 == 0 { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl Read for Odd<'_> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        self.interrupted()?;
        let [first, rest @ ..] = self.input else { return Err(ErrorKind::ConnectionReset.into()) };
        (place[0], self.input) = (*first, rest);
        Ok(1)
    }
}

impl Write for Odd<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupted()?;
        self.output.push(bytes[0]);
        Ok(1)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.interrupted()?;
        self.flushed = self.output.len();
        Ok(())
    }
}

impl Socket for Odd<'_> {}

fn run_odd(input: &[u8]) -> (Result<(), Error>, Vec<u8>) {
    let endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &Config::default(), b"", Instant::now());
    let mut websocket = WebSocket::new(Odd { input, output: Vec::new(), calls: 0, flushed: 0 }, endpoint);
    let result = loop {
        match websocket.next() {
            Ok(Some((Incoming::Text(text), mut sender))) => sender.send(text).unwrap(),
            Ok(Some(_)) => {}
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let (socket, _) = websocket.into_parts();
    assert_eq!(socket.flushed, socket.output.len(), "what is written is flushed");
    (result, socket.output)
}

#[test]
fn a_socket_with_ways_of_its_own_is_served() {
    let messages = masked(0x81, b"Hello");
    let (result, wire) = run_odd(&[&messages[..], &masked(0x88, &[3, 0xe8])].concat());
    assert_eq!(wire, b"\x81\x05Hello\x88\x02\x03\xe8");
    assert!(result.is_ok(), "how the peer hangs up after both Closes does not matter");
    let (result, wire) = run_odd(&messages);
    assert_eq!(wire, b"\x81\x05Hello");
    let error = result.unwrap_err();
    assert!(
        matches!(&error, Error::Io(error) if error.kind() == ErrorKind::ConnectionReset) && error.source().is_some()
    );
    assert_eq!(io::Error::from(error).kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_caller_hears_that_what_was_sent_could_not_be_written() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _takes_nothing = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut timeouts = Timeouts::none();
    (timeouts.write, timeouts.close) = (Some(MOMENT), Some(MOMENT));
    let endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &short(timeouts), b"", Instant::now());
    let mut websocket = WebSocket::new(listener.accept().unwrap().0, endpoint);
    let sent = websocket.send(&vec![7; 50_000_000][..]);
    assert!(matches!(sent, Err(Error::Failure(Failure::Timeout(Timeout::Write)))), "{sent:?}");
}
