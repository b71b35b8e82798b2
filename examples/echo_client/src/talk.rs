//! The open connection, up to its end.

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use websocket_proto::{
    Client, CloseCode, Connection, Ending, Incoming, Message, Messages, RandomKeys, State, Timeout, Timers,
};

use crate::link::Link;
use crate::opening::Opened;
use crate::options::Options;
use crate::outgoing::Outgoing;
use crate::waiting::{self, Input, WAITING};

/// There are servers that answer nothing more once they have a Close, so the last line gets a moment for its reply.
const LAST_REPLY: Duration = Duration::from_millis(300);

/// With more than this waiting to be written, no line is read.
const HIGH_WATER: usize = 64 * 1024;

/// Talks until the connection ends; the error is one line for people.
pub fn talk(opened: Opened, options: &Options) -> Result<(), String> {
    let subprotocol = opened.subprotocol.as_ref().map(|name| format!(", subprotocol {name}")).unwrap_or_default();
    eprintln!("connected{subprotocol}; lines are sent, Ctrl-D closes");
    let (mut talk, inputs, unread) = Talk::start(opened, options).map_err(|error| error.to_string())?;
    talk.receive(unread)?;
    loop {
        if talk.on_time(Instant::now())? {
            return talk.ending();
        }
        talk.send()?;
        if talk.input_ended && !talk.writing && (talk.gone || talk.out.is_empty()) {
            return talk.ending();
        }
        let wait = talk.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match inputs.recv_timeout(wait.unwrap_or(Duration::MAX)) {
            Ok(Input::Line(line)) => talk.say(&line)?,
            Ok(Input::EndOfLines) => talk.lines = Lines::Over,
            Ok(Input::Bytes(bytes)) => {
                talk.timers.received(Instant::now());
                let mut plain = Vec::new();
                talk.link.receive(&bytes, &mut plain)?;
                talk.receive(plain)?;
            }
            Ok(Input::Moved) => talk.moved(),
            Ok(Input::Written) => {
                talk.writing = false;
                talk.timers.sent(0, Instant::now());
            }
            Ok(Input::Stuck(error)) if error.kind() == ErrorKind::TimedOut => return Err(error.to_string()),
            // The server is gone; what it said before is still to be read.
            Ok(Input::Stuck(_)) => (talk.writing, talk.gone) = (false, true),
            Ok(Input::EndOfBytes) | Err(RecvTimeoutError::Disconnected) => talk.input_ended = true,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

struct Talk<'o> {
    stream: TcpStream,
    link: Link,
    connection: Connection<Client<RandomKeys>>,
    messages: Messages,
    outgoing: Outgoing,
    timers: Timers<Instant>,
    options: &'o Options,
    replies: io::Stdout,
    /// Frames that wait to be written.
    out: Vec<u8>,
    /// Where bytes for the socket go, one chunk at a time, and whether one is being written.
    chunks: SyncSender<Vec<u8>>,
    writing: bool,
    /// Asks for a line, and whether one is asked for.
    ask: SyncSender<()>,
    asked: bool,
    /// How far the end of the lines has got.
    lines: Lines,
    /// The server has closed its writing half, or is gone.
    input_ended: bool,
    /// Our writing half is closed.
    output_ended: bool,
    /// The socket takes nothing any more.
    gone: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lines {
    More,
    /// The last one was read.
    Over,
    /// The last one is written, and its reply has until then.
    Written(Instant),
}

impl<'o> Talk<'o> {
    /// Starts the threads that wait.
    fn start(opened: Opened, options: &'o Options) -> io::Result<(Self, Receiver<Input>, Vec<u8>)> {
        let Opened { stream, link, connection, mut timers, unread, subprotocol: _ } = opened;
        let (events, inputs) = mpsc::sync_channel(WAITING);
        let (chunks, to_write) = mpsc::sync_channel(1);
        let (ask, asked) = mpsc::sync_channel(1);
        let (reading, writing, patience) = (stream.try_clone()?, stream.try_clone()?, options.timeouts.write);
        let (of_bytes, of_room) = (events.clone(), events.clone());
        thread::spawn(move || waiting::for_lines(&asked, &events));
        thread::spawn(move || waiting::for_bytes(reading, &of_bytes));
        thread::spawn(move || waiting::for_room(&writing, &to_write, patience, &of_room));
        timers.opened(Instant::now());
        let talk = Self {
            outgoing: Outgoing::new(&connection),
            stream,
            link,
            connection,
            messages: Messages::new(),
            timers,
            options,
            replies: io::stdout(),
            out: Vec::new(),
            chunks,
            writing: false,
            ask,
            asked: false,
            lines: Lines::More,
            input_ended: false,
            output_ended: false,
            gone: false,
        };
        Ok((talk, inputs, unread))
    }

    /// Sends a line.
    fn say(&mut self, line: &[u8]) -> Result<(), String> {
        self.asked = false;
        if self.connection.state() != State::Open {
            return Ok(());
        }
        let message = match std::str::from_utf8(line) {
            _ if self.options.binary => Message::Binary(line),
            Ok(text) => Message::Text(text),
            Err(_) => {
                eprintln!("echo_client: a line is not sent, since it is not UTF-8; --binary sends any bytes");
                return Ok(());
            }
        };
        self.outgoing.send(&mut self.connection, message, &mut self.out).map_err(|error| error.to_string())
    }

    /// Takes frames, or pieces of them, and prints what they say.
    fn receive(&mut self, mut bytes: Vec<u8>) -> Result<(), String> {
        let mut input = &mut bytes[..];
        // A violation is told at the end, by `connection.failure()`.
        while let Ok(Some(incoming)) = self.messages.next(&mut self.connection, &mut input, &mut self.out) {
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

    /// What is due by now; whether that is the end.
    fn on_time(&mut self, now: Instant) -> Result<bool, String> {
        if self.lines == Lines::Over && !self.writing && self.out.is_empty() {
            self.lines = Lines::Written(now + LAST_REPLY);
        }
        if matches!(self.lines, Lines::Written(until) if until <= now) && self.connection.state() == State::Open {
            self.connection.close(CloseCode::NORMAL).map_err(|error| error.to_string())?;
        }
        self.timers.observe(self.connection.state(), now);
        match self.timers.expired(now) {
            None => Ok(false),
            // It is written in this same turn.
            Some(Timeout::Idle) => {
                self.connection.ping(b"", &mut self.out).map(|()| false).map_err(|error| error.to_string())
            }
            // §7.1.1: a client waits for the server to close the connection, but not for ever.
            Some(Timeout::Close) => Ok(true),
            Some(timeout) => Err(format!("the server has gone silent: {timeout:?} time-out")),
        }
    }

    /// When to look again, if nothing comes before.
    fn deadline(&self) -> Option<Instant> {
        let last_reply = match self.lines {
            Lines::Written(until) if self.connection.state() == State::Open => Some(until),
            Lines::Written(_) | Lines::Over | Lines::More => None,
        };
        [self.timers.deadline(), last_reply].into_iter().flatten().min()
    }

    /// Hands on what is to be written, and asks for another line if there is room for it.
    fn send(&mut self) -> Result<(), String> {
        self.connection.write_control(&mut self.out).map_err(|error| error.to_string())?;
        if !self.writing && !self.gone && !self.output_ended {
            let mut wire = Vec::new();
            self.link.send(&self.out, &mut wire)?;
            self.out.clear();
            if !wire.is_empty() {
                self.writing = self.chunks.try_send(wire).is_ok();
            } else if self.connection.failure().is_some() && !self.output_ended {
                // The Close that says why is written; a server that heeds nothing else heeds the end of input.
                let _ = self.stream.shutdown(Shutdown::Write);
                self.output_ended = true;
            }
        }
        if !self.asked && !self.input_ended && self.lines == Lines::More && self.out.len() < HIGH_WATER {
            self.asked = self.ask.try_send(()).is_ok();
        }
        Ok(())
    }

    /// The server takes what had to wait: it lives, and a connection that closes has not come to a stop.
    fn moved(&mut self) {
        let now = Instant::now();
        self.timers.received(now);
        self.timers.sent(0, now);
    }

    /// How it ended.
    fn ending(mut self) -> Result<(), String> {
        match (self.connection.failure(), self.connection.receive_eof()) {
            (Some(error), _) if error.close_code() == CloseCode::MESSAGE_TOO_BIG => {
                Err(format!("a message of the server is too large: {error}"))
            }
            (Some(error), _) => Err(format!("the server broke the protocol: {error}")),
            (None, Ending::Unclean) => Err("the connection ended without a Close from the server".to_owned()),
            (None, Ending::Clean) => Ok(()),
        }
    }
}
