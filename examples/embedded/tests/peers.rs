//! The client as a program, and servers that are not of this repository: tungstenite, or bytes written by hand.
//!
//! With `FIRMWARE=program.elf` in the environment, the program runs on an emulated board, and its UART is the connection.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::{Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(60);

/// The program, and the socket that it has opened.
struct Client(Child);

impl Client {
    fn start() -> (Self, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut command = match std::env::var_os("FIRMWARE") {
            Some(elf) => {
                let mut command = Command::new("qemu-system-arm");
                command.args(["-machine", "mps2-an386", "-display", "none", "-monitor", "none"]);
                command.args(["-serial", &format!("tcp:{address}"), "-kernel"]).arg(elf);
                command
            }
            None => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_firmware"));
                command.arg(address);
                command
            }
        };
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        (Self(child), socket)
    }

    /// The exit status, and the error; a board has none.
    fn end(mut self) -> Option<(i32, String)> {
        if std::env::var_os("FIRMWARE").is_some() {
            return None;
        }
        let start = Instant::now();
        while self.0.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
        let mut error = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        Some((self.0.wait().unwrap().code().unwrap(), error))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the whole request. A UART brings it byte by byte, which tungstenite takes for an attack.
fn await_request(socket: &TcpStream) {
    let (mut request, start) = ([0; 4096], Instant::now());
    loop {
        let n = socket.peek(&mut request).unwrap();
        if request[..n].ends_with(b"\r\n\r\n") {
            return;
        }
        assert!(n > 0 && start.elapsed() < PATIENCE, "no whole request: {n} bytes");
        thread::sleep(Duration::from_millis(1));
    }
}

fn accept() -> (Client, WebSocket<TcpStream>) {
    let (client, socket) = Client::start();
    await_request(&socket);
    let mut socket = tungstenite::accept(socket).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text("Hello from a small machine"));
    (client, socket)
}

#[test]
fn echoes_messages_of_any_length_and_closes() {
    let (client, mut socket) = accept();
    let long = if std::env::var_os("FIRMWARE").is_some() { 100_000 } else { 10 << 20 };
    let bytes: Vec<u8> = (0..long).map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
    for message in
        [Message::text("gr\u{fc}n"), Message::text(""), Message::text("\u{1f600}".repeat(3000)), Message::binary(bytes)]
    {
        // Echoes come while the message is still being sent.
        let mut sending = tungstenite::WebSocket::from_raw_socket(
            socket.get_ref().try_clone().unwrap(),
            tungstenite::protocol::Role::Server,
            None,
        );
        let sent = message.clone();
        let sender = thread::spawn(move || sending.send(sent).unwrap());
        assert!(socket.read().unwrap() == message, "not the same {} bytes", message.len());
        sender.join().unwrap();
    }
    socket.send(Message::Ping(b"are you there?".to_vec().into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong(b"are you there?".to_vec().into()));
    socket.close(Some(tungstenite::protocol::CloseFrame { code: 4000.into(), reason: "done".into() })).unwrap();
    assert!(matches!(socket.read().unwrap(), Message::Close(Some(frame)) if u16::from(frame.code) == 4000));
    assert!(client.end().is_none_or(|(status, _)| status == 0));
}

/// §5.1: "A client MUST close a connection if it detects a masked frame." What was valid before is echoed.
#[test]
fn answers_a_violation_with_the_right_close() {
    let (client, mut socket) = accept();
    let raw = socket.get_mut();
    raw.write_all(&[0x82, 0x01, 7, 0x81, 0x80, 1, 2, 3, 4]).unwrap();
    for expected in [&[0x82, 7][..], &[0x88, 0x03, 0xea]] {
        let mut start = [0; 6];
        raw.read_exact(&mut start).unwrap();
        assert_eq!((start[0], start[1]), (expected[0], 0x80 | (expected.len() as u8 - 1)));
        let mut payload = vec![0; expected.len() - 1];
        raw.read_exact(&mut payload).unwrap();
        payload.iter_mut().zip(&start[2..]).for_each(|(byte, key)| *byte ^= key);
        assert_eq!(payload, expected[1..]);
    }
    if let Some((status, error)) = client.end() {
        assert_eq!((status, error.lines().count()), (1, 1), "{error}");
        assert!(error.contains("Protocol"), "{error}");
    }
}

#[test]
fn names_a_refusal_and_an_end_without_close() {
    let (refused, mut socket) = Client::start();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    assert!(request.starts_with(b"GET / HTTP/1.1\r\n"), "{}", request.escape_ascii());
    socket.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert!(refused.end().is_none_or(|(status, error)| status == 1 && error.contains("Refused(404)")));

    let (left, socket) = accept();
    drop(socket);
    assert!(left.end().is_none_or(|(status, error)| status == 1 && error.contains("Eof")));
}

#[test]
fn wrong_words_and_servers_that_are_not_there_are_named() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (words, status, found) in [(&["--bogus"][..], 2, "--bogus"), (&[], 2, "HOST:PORT"), (&[&gone], 1, &gone)] {
        let output = Command::new(env!("CARGO_BIN_EXE_firmware")).args(words).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(status), 1), "{error}");
        assert!(error.contains(found), "{error}");
    }
}
