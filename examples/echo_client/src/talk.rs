//! The open connection, up to its end.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use mio::Waker;
use websocket_proto::endpoint::{Endpoint, Failure, Status};
use websocket_proto::{Client, CloseCode, Incoming, Message, RandomKeys, State, Timeout};

use crate::link::Link;
use crate::opening::{Opened, Ready};
use crate::options::Options;

/// There are servers that answer nothing more once they have a Close, so the last line gets a moment for its reply.
const LAST_REPLY: Duration = Duration::from_millis(300);

/// With more than this waiting to be written, no line is taken.
const HIGH_WATER: usize = 64 * 1024;

/// Talks until the connection ends; the error is one line for people.
pub fn talk(opened: Opened, options: &Options) -> Result<(), String> {
    let Opened { link, mut events, endpoint, subprotocol } = opened;
    let subprotocol = subprotocol.map(|name| format!(", subprotocol {name}")).unwrap_or_default();
    eprintln!("connected{subprotocol}; lines are sent, Ctrl-D closes");
    let lines = lines(&events).map_err(|error| format!("can't wait for lines: {error}"))?;
    let mut talk = Talk { link, endpoint, lines: Lines::More(lines), options, replies: io::stdout() };
    while talk.endpoint.status() != Status::Close {
        talk.show()?;
        let said = talk.say()?;
        match talk.link.turn(&mut talk.endpoint)? {
            Some(mut wait) if !said && talk.endpoint.status() != Status::Close => {
                wait.until = [wait.until, talk.last_reply()].into_iter().flatten().min();
                events.wait(wait).map_err(|error| error.to_string())?;
            }
            _ => {}
        }
    }
    talk.show()?;
    let _ = talk.link.half_close();
    talk.ending()
}

struct Talk<'o> {
    link: Link,
    endpoint: Endpoint<Client<RandomKeys>, Instant>,
    lines: Lines,
    options: &'o Options,
    replies: io::Stdout,
}

enum Lines {
    More(Receiver<Vec<u8>>),
    /// The last one was read.
    Over,
    /// The last one is written, and its reply has until then.
    Written(Instant),
}

impl Talk<'_> {
    /// Prints the messages that have come.
    fn show(&mut self) -> Result<(), String> {
        while let Some((incoming, _)) = self.endpoint.next() {
            match incoming {
                Incoming::Text(text) => writeln!(self.replies, "{text}"),
                Incoming::Binary(bytes) if self.options.binary => {
                    self.replies.write_all(bytes).and_then(|()| self.replies.write_all(b"\n"))
                }
                Incoming::Binary(bytes) => writeln!(self.replies, "{} bytes: {}", bytes.len(), bytes.escape_ascii()),
                Incoming::Close(frame) => {
                    eprintln!("the server closes: {frame}");
                    Ok(())
                }
                _ => Ok(()),
            }
            .map_err(|error| format!("can't write the reply: {error}"))?;
        }
        Ok(())
    }

    /// Sends a line if there is one, and room for it; closes after the last. Whether it did anything.
    fn say(&mut self) -> Result<bool, String> {
        let waiting = self.endpoint.sender().queued_len();
        if self.endpoint.state() != State::Open || waiting > HIGH_WATER {
            return Ok(false);
        }
        match &self.lines {
            Lines::More(lines) => match lines.try_recv() {
                Ok(line) => self.send(&line).map(|()| true),
                Err(TryRecvError::Empty) => Ok(false),
                Err(TryRecvError::Disconnected) => {
                    self.lines = Lines::Over;
                    Ok(true)
                }
            },
            Lines::Over if waiting == 0 && self.link.is_flushed() => {
                self.lines = Lines::Written(Instant::now() + LAST_REPLY);
                Ok(true)
            }
            Lines::Written(until) if *until <= Instant::now() => {
                self.endpoint.close(CloseCode::NORMAL).map_err(|error| error.to_string()).map(|()| true)
            }
            Lines::Over | Lines::Written(_) => Ok(false),
        }
    }

    fn send(&mut self, line: &[u8]) -> Result<(), String> {
        let message = match std::str::from_utf8(line) {
            _ if self.options.binary => Message::Binary(line),
            Ok(text) => Message::Text(text),
            Err(_) => {
                eprintln!("echo_client: a line is not sent, since it is not UTF-8; --binary sends any bytes");
                return Ok(());
            }
        };
        self.endpoint.send(message).map_err(|error| error.to_string())
    }

    /// When the last line has had its moment.
    fn last_reply(&self) -> Option<Instant> {
        match self.lines {
            Lines::Written(until) if self.endpoint.state() == State::Open => Some(until),
            Lines::Written(_) | Lines::Over | Lines::More(_) => None,
        }
    }

    /// How it ended.
    fn ending(mut self) -> Result<(), String> {
        match self.endpoint.end() {
            Ok(_) => Ok(()),
            Err(Failure::Protocol(error)) if error.close_code() == CloseCode::MESSAGE_TOO_BIG => {
                Err(format!("a message of the server is too large: {error}"))
            }
            Err(Failure::Protocol(error)) => Err(format!("the server broke the protocol: {error}")),
            Err(Failure::Timeout(Timeout::Write)) => {
                let patience = self.options.config.timeouts.write.unwrap_or_default();
                Err(format!("the peer has read nothing for {patience:?}"))
            }
            Err(Failure::Timeout(timeout)) => Err(format!("the server has gone silent: {timeout:?} time-out")),
            Err(_) => Err("the connection ended without a Close from the server".to_owned()),
        }
    }
}

/// Has a thread wait for lines, as a terminal can't be waited for beside a socket everywhere. At most two are read before they are taken.
fn lines(events: &Ready) -> io::Result<Receiver<Vec<u8>>> {
    let (to, lines) = mpsc::sync_channel(1);
    let waker = events.waker();
    thread::Builder::new().spawn(move || {
        read_lines(&to, &waker);
        drop(to);
        waker.wake()
    })?;
    Ok(lines)
}

fn read_lines(to: &SyncSender<Vec<u8>>, waker: &Waker) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = input.read_until(b'\n', &mut line);
        if line.is_empty() || read.is_err() {
            return;
        }
        if line.ends_with(b"\n") {
            line.pop();
            if line.ends_with(b"\r") {
                line.pop();
            }
        }
        if to.send(line).is_err() || waker.wake().is_err() {
            return;
        }
    }
}
