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

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use open::{Opened, open};
use websocket_proto::{CloseCode, Ending, Incoming, Limits, Messages, State, Timeout, Timeouts, Timers, Transport};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let result = match (words.next(), words.next()) {
        (Some(url), None) if url.starts_with("ws") => open(&url, &Limits::default()).and_then(talk),
        _ => Err("usage: echo_client ws://HOST[:PORT]/PATH".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("echo_client: {message}");
            ExitCode::FAILURE
        }
    }
}

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

    let mut messages = Messages::new();
    let mut out = Vec::new();
    let mut timers = Timers::new(Timeouts::default(), Instant::now());
    timers.opened(Instant::now());
    let mut input = Some(Input::Bytes(unread));
    loop {
        match input {
            Some(Input::Line(line)) => connection.send(&line, &mut out).map_err(|error| error.to_string())?,
            Some(Input::EndOfLines) if connection.state() == State::Open => {
                connection.close(CloseCode::NORMAL.into()).map_err(|error| error.to_string())?;
            }
            Some(Input::Bytes(mut bytes)) => {
                timers.received(Instant::now());
                let mut input = &mut bytes[..];
                while let Some(incoming) =
                    messages.next(&mut connection, &mut input, &mut out).unwrap_or_else(|error| {
                        eprintln!("the server broke the protocol: {error}");
                        None
                    })
                {
                    match incoming {
                        Incoming::Text(text) => println!("{text}"),
                        Incoming::Binary(bytes) => println!("{} bytes: {}", bytes.len(), bytes.escape_ascii()),
                        Incoming::Ping(_) | Incoming::Pong(_) => {}
                        Incoming::Close(frame) => eprintln!("the server closes: {frame:?}"),
                    }
                }
            }
            Some(Input::EndOfBytes) => {
                return match (connection.receive_eof(), connection.failure()) {
                    (Ending::Clean, _) => Ok(()),
                    (Ending::Unclean, Some(error)) => Err(format!("connection failed: {error}")),
                    (Ending::Unclean, None) => Err("the server left without a Close".to_owned()),
                };
            }
            Some(Input::EndOfLines) | None => {}
        }
        connection.write_control(&mut out).map_err(|error| error.to_string())?;
        // A server that is gone is noticed by the thread that reads.
        let _ = stream.write_all(&out);
        out.clear();

        let now = Instant::now();
        timers.observe(connection.state(), now);
        match (connection.transport(), timers.expired(now)) {
            (Transport::Close, _) => return Ok(()),
            (_, Some(Timeout::Idle)) => connection.ping(b"", &mut out).map_err(|error| error.to_string())?,
            (_, Some(timeout)) => return Err(format!("the server has gone silent: {timeout:?} time-out")),
            (Transport::KeepOpen | Transport::AwaitEof | Transport::HalfClose, None) => {}
        }
        let wait = timers.deadline().map_or(std::time::Duration::MAX, |deadline| deadline - now);
        input = match inputs.recv_timeout(wait) {
            Ok(input) => Some(input),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Input::EndOfBytes),
        };
    }
}

fn read_lines(to: &Sender<Input>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if to.send(Input::Line(line)).is_err() {
            return;
        }
    }
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
