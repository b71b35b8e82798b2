//! One connection: handshake → open → closing → gone.

use std::io::{self, ErrorKind, Write};
use std::rc::Rc;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use websocket_proto::{CloseCode, CloseFrame, Timeout, Timers, Transport};

use crate::answers::Answers;
use crate::deadlines::Deadlines;
use crate::handshake::{Greeting, Handshake};
use crate::link::Link;
use crate::open::Open;
use crate::options::SlowReader;
use crate::output::Output;
use crate::shared::Shared;

pub struct Client {
    link: Link,
    state: State,
    output: Output,
    timers: Timers<Instant>,
    /// The entry among the deadlines that counts.
    entered: Option<Instant>,
    /// What the poll tells of.
    told: Interest,
    /// The last read may have left something.
    more: bool,
}

enum State {
    /// The request is to come.
    Handshake(Handshake),
    /// The protocol is at work, up to and with its closing handshake.
    Open(Box<Open>),
    /// The last word is in the output.
    Closing(Last),
    /// The socket can be dropped.
    Gone,
}

/// What is left to do when the last word is said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Last {
    /// Write it, then close: nothing can come any more.
    Close,
    /// Write it, then close the writing half.
    HalfClose,
    /// Read to the end of input and ignore it: closing with unread input would destroy what the peer has not read yet.
    AwaitEof,
}

/// How much of a large message is read before others get their turn.
const BYTES_PER_TURN: usize = 1024 * 1024;

impl Client {
    /// Begins to listen to a socket.
    pub fn new(socket: TcpStream, registry: &Registry, token: Token, shared: &Shared) -> io::Result<Self> {
        let mut link = Link::new(socket, shared.options.tls.as_ref())?;
        link.register(registry, token, Interest::READABLE)?;
        Ok(Self {
            link,
            state: State::Handshake(Handshake::new(&shared.options.limits)),
            output: Output::default(),
            timers: Timers::new(shared.options.timeouts, shared.now),
            entered: None,
            told: Interest::READABLE,
            more: false,
        })
    }

    pub fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// The socket has something to tell.
    pub fn ready(&mut self, readable: bool, ended: bool, shared: &mut Shared) {
        if self.flush(shared) > 0 {
            // A peer that takes what had to wait is alive, though it may have nothing to say, or we may not listen.
            self.timers.received(shared.now);
        }
        if (readable || ended) && self.reads(shared) {
            self.read(ended, shared);
        }
    }

    /// The entry of `deadline` came up; it may be one that does not count any more.
    pub fn come_up(&mut self, deadline: Instant, shared: &mut Shared) {
        if self.entered != Some(deadline) {
            return;
        }
        self.entered = None;
        match self.timers.expired(shared.now) {
            None => {}
            Some(Timeout::Idle) => {
                if let State::Open(open) = &mut self.state {
                    open.rest();
                    let _ = open.connection().ping(b"", &mut shared.replies); // it is open, or would not be idle
                    self.send_replies(Ok(0), shared);
                }
            }
            Some(_) => {
                shared.counters.timeouts += 1;
                self.state = State::Gone;
            }
        }
    }

    /// Queues what all are told, as far as this one was not told it yet; [`flush`](Self::flush) writes it. A client that has not read
    /// what was told before is dropped, or misses this.
    pub fn tell(&mut self, shared: &mut Shared) {
        let State::Open(open) = &mut self.state else { return };
        let since = open.next_post(shared.posts.next());
        let posts = std::mem::take(&mut shared.posts);
        for post in posts.since(since) {
            if self.output.weight() > shared.options.max_output {
                self.flush(shared);
            }
            let State::Open(open) = &mut self.state else { break };
            let Ok(bytes) = post.admit(open.connection()) else { break }; // it is closing
            if self.output.weight() <= shared.options.max_output {
                self.output.push(Rc::clone(bytes));
                continue;
            }
            match shared.options.slow {
                SlowReader::Skip => shared.counters.skipped += 1,
                SlowReader::Drop => {
                    shared.counters.dropped += 1;
                    self.output.forget_shared();
                    self.close(CloseCode::POLICY_VIOLATION, "reads too slowly", shared);
                }
            }
        }
        shared.posts = posts;
    }

    /// Tells the peer that the connection ends.
    pub fn close(&mut self, code: CloseCode, reason: &str, shared: &mut Shared) {
        match &mut self.state {
            State::Handshake(_) => self.state = State::Gone,
            State::Open(open) => {
                open.close(CloseFrame::new(code, reason).unwrap_or(code.into()), &mut shared.replies);
                self.timers.observe(open.state(), shared.now);
                self.send_replies(Ok(0), shared);
            }
            // It has been told.
            State::Closing(Last::AwaitEof) => self.state = State::Gone,
            State::Closing(Last::Close | Last::HalfClose) | State::Gone => {}
        }
    }

    /// Writes what the socket takes of that which waits. Returns how many bytes that were.
    pub fn flush(&mut self, shared: &mut Shared) -> usize {
        if self.is_written() {
            return 0;
        }
        let kept = self.link.wants_write();
        match self.link.flush().and_then(|()| self.output.flush(&mut self.link)) {
            Ok(mut n) => {
                // What TLS has kept counts as a byte, as far as it is a sign of life that the socket takes it.
                n += usize::from(kept && !self.link.wants_write());
                shared.counters.bytes_out += n as u64;
                self.written(n, shared);
                n
            }
            Err(_) => {
                self.state = State::Gone;
                0
            }
        }
    }

    /// Arranges to be called again, when there is reason to.
    pub fn settle(
        &mut self,
        key: usize,
        registry: &Registry,
        deadlines: &mut Deadlines,
        shared: &Shared,
    ) -> io::Result<()> {
        if self.is_gone() {
            return Ok(());
        }
        deadlines.enter(key, self.timers.deadline(), &mut self.entered);
        let wanted = match (self.reads(shared), self.is_written()) {
            (true, false) => Interest::READABLE | Interest::WRITABLE,
            (false, false) => Interest::WRITABLE,
            (_, true) => Interest::READABLE,
        };
        // Registering anew also tells again of what is there already.
        if wanted != self.told || self.more {
            self.link.reregister(registry, Token(key), wanted)?;
            (self.told, self.more) = (wanted, false);
        }
        Ok(())
    }

    /// Whether what comes from the peer is read now. While it does not take our output, it gets no chance to cause more.
    fn reads(&self, shared: &Shared) -> bool {
        match self.state {
            State::Handshake(_) | State::Open(_) => self.output.weight() <= shared.options.max_output,
            State::Closing(Last::HalfClose | Last::AwaitEof) => true,
            State::Closing(Last::Close) | State::Gone => false,
        }
    }

    /// Reads once, so that a peer that sends without pause gets one turn like all others; but goes on with a large message for a while.
    fn read(&mut self, ended: bool, shared: &mut Shared) {
        let mut turn = BYTES_PER_TURN;
        loop {
            let in_place = self.link.is_plain() && self.space().is_some();
            let n = self.read_once(in_place, ended, shared);
            turn = turn.saturating_sub(n);
            let large = in_place || (self.link.is_plain() && self.space().is_some());
            if n == 0 || turn == 0 || !large || !self.more || !self.reads(shared) {
                return;
            }
        }
    }

    /// Reads, into the place of a large message or where all read, and uses up what has come. Returns how many bytes.
    fn read_once(&mut self, in_place: bool, ended: bool, shared: &mut Shared) -> usize {
        let read = match &mut self.state {
            State::Open(open) if in_place => self.link.read(open.space().unwrap_or_default()),
            State::Handshake(_) | State::Open(_) | State::Closing(_) | State::Gone => self.link.read(&mut shared.read),
        };
        let (n, more) = match read {
            Ok((0, _)) => {
                self.end_of_input(shared);
                return 0;
            }
            Ok(read) => read,
            Err(error) => {
                match error.kind() {
                    ErrorKind::WouldBlock => self.more = false,
                    ErrorKind::Interrupted => self.more = true,
                    _ => self.state = State::Gone,
                }
                // TLS may have something to say of its own.
                if self.link.flush().is_err() {
                    self.state = State::Gone;
                }
                return 0;
            }
        };
        // The end of input is still to be read.
        self.more = ended || more;
        shared.counters.bytes_in += n as u64;
        self.timers.received(shared.now);
        let written = self.receive(in_place, n, shared);
        self.send_replies(written, shared);
        if self.link.has_ended() && !self.is_gone() {
            self.end_of_input(shared);
        }
        n
    }

    /// The place where the rest of a large message stays.
    fn space(&mut self) -> Option<&mut [u8]> {
        match &mut self.state {
            State::Open(open) => open.space(),
            State::Handshake(_) | State::Closing(_) | State::Gone => None,
        }
    }

    /// Takes the first `n` bytes of the read buffer, or of a large message's place. Returns how many bytes of answers were written already.
    fn receive(&mut self, in_place: bool, n: usize, shared: &mut Shared) -> io::Result<usize> {
        // What was said to all before this was read comes before the replies to it.
        self.tell(shared);
        let (mut read, mut replies) = (std::mem::take(&mut shared.read), std::mem::take(&mut shared.replies));
        let mut answers = Answers::new(&mut replies, &mut self.output, &mut self.link);
        match &mut self.state {
            State::Handshake(handshake) => match handshake.receive(&mut read[..n], &shared.options, answers.replies) {
                Greeting::Unfinished => {}
                Greeting::Open(negotiated, rest) => {
                    let mut open = Box::new(Open::new(negotiated, &shared.options.limits, shared.posts.next()));
                    self.timers.opened(shared.now);
                    open.receive(rest, &mut answers, shared);
                    self.state = State::Open(open);
                }
                Greeting::Page => self.state = State::Closing(Last::HalfClose),
                Greeting::Refused => {
                    shared.counters.refused += 1;
                    self.state = State::Closing(Last::HalfClose);
                }
            },
            State::Open(open) if in_place => open.filled(n, &mut answers, shared),
            State::Open(open) => open.receive(&mut read[..n], &mut answers, shared),
            State::Closing(_) | State::Gone => {}
        }
        let written = answers.into_written();
        (shared.read, shared.replies) = (read, replies);
        match &self.state {
            State::Open(open) => {
                self.timers.observe(open.state(), shared.now);
                match open.transport() {
                    Transport::KeepOpen | Transport::WriteOnly => {}
                    Transport::AwaitEof => self.state = State::Closing(Last::AwaitEof),
                    // After a clean close there should be nothing to read. Where there is, the peer gets what is queued all the same.
                    _ => self.state = State::Closing(Last::HalfClose),
                }
            }
            State::Closing(_) => self.timers.observe(websocket_proto::State::Closed, shared.now),
            State::Handshake(_) | State::Gone => {}
        }
        written
    }

    /// A peer that closed its writing half still gets what is queued.
    fn end_of_input(&mut self, shared: &mut Shared) {
        self.state = match &mut self.state {
            State::Open(open) => {
                open.connection().receive_eof();
                self.timers.observe(open.state(), shared.now);
                State::Closing(Last::Close)
            }
            State::Closing(Last::HalfClose) => State::Closing(Last::Close),
            State::Handshake(_) | State::Closing(Last::Close | Last::AwaitEof) | State::Gone => State::Gone,
        };
        self.advance(shared);
    }

    /// Writes the replies, after so many bytes that were written.
    fn send_replies(&mut self, written: io::Result<usize>, shared: &mut Shared) {
        let sent = written.and_then(|before| Ok(before + self.output.send(&shared.replies, &mut self.link)?));
        match sent {
            Ok(n) => {
                shared.counters.bytes_out += n as u64;
                self.written(n, shared);
            }
            Err(_) => self.state = State::Gone,
        }
        shared.replies.clear();
    }

    /// The socket took so many bytes, and takes no more for now if there are any left.
    fn written(&mut self, n: usize, shared: &Shared) {
        if n > 0 {
            self.timers.sent(self.output.len() + usize::from(self.link.wants_write()), shared.now);
        } else if !self.is_written() {
            self.timers.blocked(shared.now);
        }
        self.advance(shared);
    }

    /// Whether the socket has taken all that there was for it.
    fn is_written(&self) -> bool {
        self.output.is_empty() && !self.link.wants_write()
    }

    /// Takes the steps that waited for the output to be written.
    fn advance(&mut self, shared: &Shared) {
        if !self.is_written() {
            return;
        }
        if let State::Closing(Last::Close | Last::HalfClose) = self.state {
            if self.link.close_notify().is_ok() && self.link.wants_write() {
                return;
            }
        }
        match self.state {
            State::Closing(Last::Close) => self.state = State::Gone,
            State::Closing(Last::HalfClose) => {
                self.state = match self.link.shut_down() {
                    Ok(()) if !shared.stopping => State::Closing(Last::AwaitEof),
                    Ok(()) | Err(_) => State::Gone,
                };
            }
            State::Handshake(_) | State::Open(_) | State::Closing(Last::AwaitEof) | State::Gone => {}
        }
    }
}
