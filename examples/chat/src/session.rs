//! One connection, from accept to close.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use websocket_proto::{
    CloseCode, CloseFrame, Connection, Ending, Incoming, Messages, Negotiated, Server, State, Timeout, Timers,
    Transport,
};

use crate::allowance::Allowance;
use crate::hall::Hall;
use crate::heartbeat::Heartbeat;
use crate::limits::{self, HIGH_WATER, PICTURE_UNIT};
use crate::opening::{Opened, open};
use crate::outgoing::Outgoing;
use crate::visitor::Visitor;

/// Serves one client until its connection is closed; returns a line for people, if there is something to tell.
pub async fn run(
    mut stream: TcpStream,
    hall: Rc<RefCell<Hall>>,
    origins: &[String],
    ping: Duration,
) -> io::Result<Option<String>> {
    stream.set_nodelay(true)?;
    match open(&stream, origins).await? {
        Opened::Answered(answer) => {
            timeout(WORST_ANSWER, stream.write_all(&answer)).await.map_err(|_| ErrorKind::TimedOut)??;
            linger(stream).await?;
            Ok(None)
        }
        Opened::Chat { negotiated, out, read, unread } => {
            let mut session = Session::new(stream, negotiated, (read, unread), Visitor::new(hall), ping);
            *session.outgoing.own() = out;
            let report = session.talk().await?;
            Ok(Some(session.hang_up(report).await?))
        }
    }
}

/// How long a file of the page may take.
const WORST_ANSWER: Duration = Duration::from_secs(30);

struct Session {
    stream: TcpStream,
    connection: Connection<Server>,
    messages: Messages,
    timers: Timers<Instant>,
    heartbeat: Heartbeat,
    allowance: Allowance,
    visitor: Visitor,
    outgoing: Outgoing,
    read: Vec<u8>,
    /// What was read and is not looked at yet: something only while the client has to wait.
    unread: Range<usize>,
    /// The Close was ours.
    dismissed: bool,
}

impl Session {
    fn new(
        stream: TcpStream,
        negotiated: Negotiated,
        (read, unread): (Vec<u8>, Range<usize>),
        visitor: Visitor,
        ping: Duration,
    ) -> Self {
        let now = Instant::now();
        let mut timers = Timers::new(limits::timeouts(ping), now);
        timers.opened(now);
        Self {
            stream,
            connection: Connection::new(negotiated, Server, &limits::protocol()),
            messages: Messages::new(),
            timers,
            heartbeat: Heartbeat::new(ping, now),
            allowance: Allowance::new(now),
            visitor,
            outgoing: Outgoing::default(),
            read,
            unread,
            dismissed: false,
        }
    }

    /// Goes on until the transport is to be closed; says why that is.
    ///
    /// Whichever branch of the `select!` wins, the others are dropped, and nothing is lost with them: waiting for a socket to be ready
    /// moves no byte, and all that is known of the connection is in `self`.
    async fn talk(&mut self) -> io::Result<String> {
        let seat = self.visitor.seat();
        let mut ended = None;
        loop {
            let paused = self.listen();
            self.speak()?;
            self.timers.observe(self.connection.state(), Instant::now());
            if self.outgoing.is_empty()
                && !matches!(self.connection.transport(), Transport::KeepOpen | Transport::WriteOnly)
            {
                return Ok(match ended {
                    Some(Ending::Unclean) => "left without a Close".to_owned(),
                    Some(Ending::Clean) | None => "closed".to_owned(),
                });
            }

            // A client that does not read its answers, or asks for too much, is not read either: TCP tells it to wait.
            let reads = ended.is_none() && paused.is_none() && self.outgoing.own_len() < HIGH_WATER;
            let socket = match (reads, self.outgoing.is_empty()) {
                (true, true) => Interest::READABLE,
                (true, false) => Interest::READABLE | Interest::WRITABLE,
                (false, _) => Interest::WRITABLE,
            };
            tokio::select! {
                ready = self.stream.ready(socket), if reads || !self.outgoing.is_empty() => {
                    if ready?.is_readable() && reads && self.read()? == Read::End {
                        // It still gets what waits for it.
                        ended = Some(self.connection.receive_eof());
                    }
                }
                () = seat.heard() => {
                    if let Some(why) = seat.dismissed() {
                        self.dismissed = true;
                        close(&mut self.connection, &mut self.outgoing, why);
                    }
                }
                () = until(paused) => {}
                () = sleep_until(self.heartbeat.due()) => self.heartbeat.beat(&mut self.connection, self.outgoing.own()),
                () = until(self.timers.deadline()) => match self.timers.expired(Instant::now()) {
                    Some(Timeout::Idle) => self.heartbeat.beat(&mut self.connection, self.outgoing.own()),
                    Some(Timeout::Pong) => return Ok("gone: no Pong came".to_owned()),
                    Some(Timeout::Write) => return Ok("gone: it reads nothing".to_owned()),
                    Some(_) => return Ok("did not close in time".to_owned()),
                    None => {}
                },
            }
        }
    }

    /// Drains what was read, unless the client has to wait; until when, if so.
    fn listen(&mut self) -> Option<Instant> {
        let Self { connection, messages, heartbeat, allowance, visitor, outgoing, read, unread, .. } = self;
        let mut input = &mut read[unread.clone()];
        let paused = loop {
            if let Some(until) = allowance.exhausted_until(Instant::now()) {
                break Some(until);
            }
            match messages.next(connection, &mut input, outgoing.own()) {
                Ok(Some(incoming)) => hear(incoming, connection, heartbeat, allowance, visitor, outgoing),
                // The Close that tells why is in the output already, if it is an error.
                Ok(None) | Err(_) => break None,
            }
        };
        unread.start = unread.end - input.len();
        paused
    }

    /// Reads once, into the place where the bytes stay if they belong to a picture.
    fn read(&mut self) -> io::Result<Read> {
        let Self { connection, messages, heartbeat, allowance, visitor, outgoing, .. } = self;
        let result = if let Some(space) = messages.space(connection) {
            let result = self.stream.try_read(space);
            if let Ok(n) = result {
                if let Ok(Some(incoming)) = messages.filled(connection, n, outgoing.own()) {
                    hear(incoming, connection, heartbeat, allowance, visitor, outgoing);
                }
            }
            result
        } else {
            let result = self.stream.try_read(&mut self.read);
            self.unread = 0..*result.as_ref().unwrap_or(&0);
            result
        };
        match result {
            Ok(0) => Ok(Read::End),
            Ok(_) => {
                self.timers.received(Instant::now());
                Ok(Read::Some)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(Read::Some),
            Err(error) => Err(error),
        }
    }

    /// Fetches what there is to send, and writes what the socket takes, until one of them comes to its end.
    fn speak(&mut self) -> io::Result<()> {
        loop {
            let more = self.connection.state() == State::Open
                && self.visitor.fetch(&mut self.connection, &mut self.outgoing).map_err(io::Error::other)?;
            let (written, now) = (self.outgoing.write_to(&self.stream)?, Instant::now());
            if written.alive {
                // On a slow line, the only sign of life for a while.
                self.timers.received(now);
            }
            if written.bytes > 0 {
                self.timers.sent(self.outgoing.len(), now);
            } else if !self.outgoing.is_empty() {
                self.timers.blocked(now);
            }
            if !(more && self.outgoing.is_empty()) {
                return Ok(());
            }
        }
    }

    /// Closes the transport in the way that lets the client see the last words.
    async fn hang_up(self, report: String) -> io::Result<String> {
        let report = match self.connection.failure() {
            Some(error) => format!("closed with {}: {error}", error.close_code()),
            None => report,
        };
        // For the others it is gone already.
        drop(self.visitor);
        // A client that answers our Close has read everything before it.
        if !(self.dismissed && self.connection.transport() == Transport::Close) {
            linger(self.stream).await?;
        }
        Ok(report)
    }
}

/// Takes one message. Those that come after a Close of ours are not carried out.
fn hear(
    incoming: Incoming<'_>,
    connection: &mut Connection<Server>,
    heartbeat: &mut Heartbeat,
    allowance: &mut Allowance,
    visitor: &mut Visitor,
    outgoing: &mut Outgoing,
) {
    if connection.state() != State::Open {
        return;
    }
    let answer = match incoming {
        Incoming::Text(text) => {
            allowance.spend(1.0);
            visitor.hear(text)
        }
        Incoming::Binary(message) => {
            allowance.spend(1.0 + (message.len() / PICTURE_UNIT) as f64);
            visitor.see(message)
        }
        Incoming::Pong(payload) => heartbeat.heard(payload),
        _ => None,
    };
    if let Some(answer) = answer {
        let sent = connection.send(&answer, outgoing.own());
        debug_assert!(sent.is_ok(), "it is open, and a vector takes everything");
    }
    if visitor.is_tiresome() {
        let why = CloseFrame::new(CloseCode::POLICY_VIOLATION, "too many commands that make no sense");
        close(connection, outgoing, why.unwrap_or(CloseCode::POLICY_VIOLATION.into()));
    }
}

/// Says goodbye, unless that was done.
fn close(connection: &mut Connection<Server>, outgoing: &mut Outgoing, why: CloseFrame) {
    if connection.close(why).is_ok() {
        let written = connection.write_control(outgoing.own());
        debug_assert!(written.is_ok(), "a vector takes everything");
    }
}

#[derive(Eq, PartialEq)]
enum Read {
    Some,
    End,
}

/// Closes the writing half and takes what still comes: a socket that is closed with unread input resets the connection, and the last
/// words are lost.
async fn linger(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut ignored = [0; 4096];
    // A client that goes on talking is left.
    let _ =
        timeout(Duration::from_secs(2), async { while stream.read(&mut ignored).await.is_ok_and(|n| n > 0) {} }).await;
    Ok(())
}

/// Sleeps until then, or for ever.
async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
