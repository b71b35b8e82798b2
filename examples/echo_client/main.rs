//! An interactive client: lines from standard input become text messages, replies are printed, Ctrl-D closes cleanly.
//!
//! ```sh
//! cargo run --example echo_client -- ws://127.0.0.1:9002/
//! ```
//!
//! What to look at: the connection lives on one thread, and is fed by two others that do nothing but read. No lock is needed, and
//! no read can be cancelled half-way.

#[path = "../support/open.rs"]
mod open;
#[path = "../support/outgoing.rs"]
mod outgoing;

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use open::{Opened, open};
use outgoing::Outgoing;
use websocket_proto::{CloseCode, Ending, Incoming, Limits, Messages, State, Timeout, Timeouts, Timers};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let result = match (words.next().as_deref(), words.next()) {
        (Some("--help"), None) => {
            println!("{USAGE}\n\nLines from standard input become text messages, replies are printed, Ctrl-D closes.");
            Ok(())
        }
        (Some(url), None) if !url.starts_with('-') => open(url, &Limits::default()).and_then(talk),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("echo_client: {message}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "usage: echo_client ws://HOST[:PORT]/PATH";

const LAST_REPLY: Duration = Duration::from_millis(300);

/// What the reading threads bring.
enum Input {
    Line(String),
    EndOfLines,
    Bytes(Vec<u8>),
    EndOfBytes,
}

fn talk(opened: Opened) -> Result<(), String> {
    let Opened { mut stream, mut connection, unread } = opened;
    eprintln!("connected; lines are sent, Ctrl-D closes");
    let (sender, inputs) = mpsc::channel();
    let socket = stream.try_clone().map_err(|error| error.to_string())?;
    let lines = sender.clone();
    thread::spawn(move || read_lines(&lines));
    thread::spawn(move || read_socket(socket, &sender));

    let mut outgoing = Outgoing::new(&connection);
    let mut messages = Messages::new();
    let mut replies = io::stdout();
    let mut out = Vec::new();
    let mut timers = Timers::new(Timeouts::default(), Instant::now());
    timers.opened(Instant::now());
    let mut input = Some(Input::Bytes(unread));
    loop {
        match input {
            Some(Input::Line(line)) if connection.state() == State::Open => {
                outgoing.send(&mut connection, &line, &mut out).map_err(|error| error.to_string())?;
            }
            Some(Input::EndOfLines) if connection.state() == State::Open => {
                connection.close(CloseCode::NORMAL).map_err(|error| error.to_string())?;
            }
            Some(Input::Bytes(mut bytes)) => {
                timers.received(Instant::now());
                let mut input = &mut bytes[..];
                // A violation is told at the end, by `connection.failure()`.
                while let Ok(Some(incoming)) = messages.next(&mut connection, &mut input, &mut out) {
                    match incoming {
                        Incoming::Text(text) => writeln!(replies, "{text}"),
                        Incoming::Binary(bytes) => writeln!(replies, "{} bytes: {}", bytes.len(), bytes.escape_ascii()),
                        Incoming::Close(frame) => {
                            eprintln!("the server closes: {frame}");
                            Ok(())
                        }
                        _ => Ok(()),
                    }
                    .map_err(|error| format!("can't write the reply: {error}"))?;
                }
            }
            Some(Input::EndOfBytes) => {
                return match (connection.failure(), connection.receive_eof()) {
                    (Some(error), _) => Err(format!("the server broke the protocol: {error}")),
                    (None, Ending::Unclean) => Err("the connection ended without a Close from the server".to_owned()),
                    (None, Ending::Clean) => Ok(()),
                };
            }
            Some(Input::Line(_) | Input::EndOfLines) | None => {}
        }
        connection.write_control(&mut out).map_err(|error| error.to_string())?;
        // A server that is gone is noticed by the thread that reads.
        let _ = stream.write_all(&out);
        out.clear();
        if connection.failure().is_some() {
            // The Close that says why is written; a server that heeds nothing else heeds the end of input.
            let _ = stream.shutdown(Shutdown::Write);
        }

        let now = Instant::now();
        timers.observe(connection.state(), now);
        match timers.expired(now) {
            Some(Timeout::Idle) => connection.ping(b"", &mut out).map_err(|error| error.to_string())?,
            // §7.1.1: a client waits for the server to close the connection, but not for ever.
            Some(Timeout::Close) => {
                input = Some(Input::EndOfBytes);
                continue;
            }
            Some(timeout) => return Err(format!("the server has gone silent: {timeout:?} time-out")),
            None => {}
        }
        let wait = timers.deadline().map_or(Duration::MAX, |deadline| deadline - now);
        input = match inputs.recv_timeout(wait) {
            Ok(input) => Some(input),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Input::EndOfBytes),
        };
    }
}

fn read_lines(to: &Sender<Input>) {
    for line in io::stdin().lock().lines() {
        match line {
            Ok(line) => match to.send(Input::Line(line)) {
                Ok(()) => {}
                Err(_) => return,
            },
            Err(error) if error.kind() == ErrorKind::InvalidData => eprintln!("not sent, since it is not UTF-8"),
            Err(_) => break,
        }
    }
    // There are servers that answer nothing more once they have a Close, so the last line gets a moment for its reply.
    thread::sleep(LAST_REPLY);
    let _ = to.send(Input::EndOfLines);
}

fn read_socket(mut socket: TcpStream, to: &Sender<Input>) {
    let mut read = [0; 16 * 1024];
    while let Ok(n @ 1..) = socket.read(&mut read) {
        if to.send(Input::Bytes(read[..n].to_vec())).is_err() {
            return;
        }
    }
    let _ = to.send(Input::EndOfBytes);
}
