//! A session: what waits to be sent, by which transport, and whether the client still answers.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::{Notify, futures::Notified};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::packet::{Packet, encode_body};
use crate::allowance::Allowance;

/// A session of a client, over one transport after the other.
pub struct Session {
    sid: String,
    state: RefCell<State>,
    /// Something is to be sent, or the transport has changed, or the session has ended.
    changed: Notify,
    /// A Pong has come.
    answered: Notify,
    max_queued: usize,
    used: Cell<bool>,
    /// Until when the Pong has to come, while one is waited for.
    due: Cell<Option<Instant>>,
}

struct State {
    transport: Transport,
    queue: VecDeque<Packet>,
    queued: usize,
    /// Whether a request waits, and whether one is being read.
    polled: bool,
    posted: bool,
    allowance: Allowance,
    ended: Option<Reason>,
}

/// How the client is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// By HTTP requests.
    Polling,
    /// By HTTP requests, while a WebSocket is tried; a request that waits is answered at once.
    Probing,
    WebSocket,
}

/// Why a session has ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The client has said so.
    ClientClosed,
    /// The server has decided so.
    ServerClosed,
    /// The transport is gone.
    TransportLost,
    /// No answer to a Ping in time.
    PingTimeout,
    /// The client reads too slowly.
    QueueFull,
    /// The client has broken a rule.
    Violation(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientClosed => f.write_str("closed by the client"),
            Self::ServerClosed => f.write_str("closed by the server"),
            Self::TransportLost => f.write_str("the transport is gone"),
            Self::PingTimeout => f.write_str("no answer to a Ping"),
            Self::QueueFull => f.write_str("the client reads too slowly"),
            Self::Violation(what) => f.write_str(what),
        }
    }
}

impl Session {
    pub fn new(sid: String, transport: Transport, max_queued: usize) -> Self {
        let state = State {
            transport,
            queue: VecDeque::new(),
            queued: 0,
            polled: false,
            posted: false,
            allowance: Allowance::new(Instant::now()),
            ended: None,
        };
        Self {
            sid,
            state: RefCell::new(state),
            changed: Notify::new(),
            answered: Notify::new(),
            max_queued,
            used: Cell::new(false),
            due: Cell::new(None),
        }
    }

    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Whether something above has a use for the session.
    pub fn set_used(&self, used: bool) {
        self.used.set(used);
    }

    pub fn is_used(&self) -> bool {
        self.used.get()
    }

    pub fn transport(&self) -> Transport {
        self.state.borrow().transport
    }

    pub fn set_transport(&self, transport: Transport) {
        self.state.borrow_mut().transport = transport;
        self.changed.notify_waiters();
    }

    /// Why it has ended, once it has.
    pub fn ended(&self) -> Option<Reason> {
        self.state.borrow().ended.clone()
    }

    /// Queues a packet. A client for which too much waits is given up.
    pub fn send(&self, packet: Packet) {
        let mut state = self.state.borrow_mut();
        if state.ended.is_some() {
            return;
        }
        state.queued += packet.weight();
        state.queue.push_back(packet);
        if state.queued > self.max_queued {
            state.ended = Some(Reason::QueueFull);
            state.queue.clear();
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Ends the session; the first reason counts. What is queued still goes out.
    pub fn end(&self, reason: Reason) {
        self.state.borrow_mut().ended.get_or_insert(reason);
        self.changed.notify_waiters();
        self.answered.notify_waiters();
    }

    /// The next packet for a WebSocket.
    pub fn pop(&self) -> Option<Packet> {
        let mut state = self.state.borrow_mut();
        let packet = state.queue.pop_front()?;
        state.queued -= packet.weight();
        Some(packet)
    }

    /// Takes note of a packet of the client's; more of them than are allowed end the session.
    pub fn count(&self) {
        if !self.state.borrow_mut().allowance.spend(Instant::now()) {
            self.end(Reason::Violation("too many packets at once".into()));
        }
    }

    /// A future of the next change after this call.
    pub fn changed(&self) -> Pin<Box<Notified<'_>>> {
        let mut changed = Box::pin(self.changed.notified());
        changed.as_mut().enable();
        changed
    }

    /// Waits until the session has ended.
    pub async fn over(&self) {
        loop {
            let changed = self.changed();
            if self.ended().is_some() {
                return;
            }
            changed.await;
        }
    }

    pub fn pong(&self) {
        self.answered.notify_waiters();
    }

    /// Whether a request waits.
    pub fn is_polled(&self) -> bool {
        self.state.borrow().polled
    }

    /// Marks that a request brings packets, until the mark is dropped; none if one does already.
    pub fn post(&self) -> Option<Posted<'_>> {
        let before = std::mem::replace(&mut self.state.borrow_mut().posted, true);
        (!before).then_some(Posted(self))
    }

    /// Waits for packets, and returns the body of the answer to a request. There may be one request at a time; a client that gives it up
    /// is gone.
    pub async fn poll(&self, max: usize) -> String {
        let mut polled = Polled::new(self);
        let body = self.next_body(max).await;
        polled.answered = true;
        body
    }

    async fn next_body(&self, max: usize) -> String {
        loop {
            let changed = self.changed();
            {
                let mut state = self.state.borrow_mut();
                if !state.queue.is_empty() {
                    let body = encode_body(&mut state.queue, max);
                    state.queued = state.queue.iter().map(Packet::weight).sum();
                    return body;
                }
                match (&state.ended, state.transport) {
                    // A client that has ended the session itself is told nothing.
                    (Some(Reason::ClientClosed), _) | (None, Transport::Probing | Transport::WebSocket) => {
                        return "6".into();
                    }
                    (Some(_), _) => return "1".into(),
                    (None, Transport::Polling) => {}
                }
            }
            changed.await;
        }
    }

    /// Ends the session if the Pong is overdue: a request may come before the timer does.
    pub fn check(&self, now: Instant) {
        if self.due.get().is_some_and(|due| now >= due) {
            self.end(Reason::PingTimeout);
        }
    }

    /// Sends Pings, and ends the session when one of them is not answered.
    pub async fn heartbeat(&self, interval: Duration, limit: Duration) {
        loop {
            // One moment for both, so that what each timer is late by does not add up.
            let ping = Instant::now() + interval;
            sleep_until(ping).await;
            let answered = self.answered.notified();
            tokio::pin!(answered);
            answered.as_mut().enable();
            self.send(Packet::Ping(String::new()));
            self.due.set(Some(ping + limit));
            if timeout_at(ping + limit, answered).await.is_err() {
                self.end(Reason::PingTimeout);
            }
            self.due.set(None);
        }
    }
}

/// Marks that a request waits, while it does.
struct Polled<'s> {
    session: &'s Session,
    answered: bool,
}

impl<'s> Polled<'s> {
    fn new(session: &'s Session) -> Self {
        session.state.borrow_mut().polled = true;
        Self { session, answered: false }
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.session.state.borrow_mut().polled = false;
        if !self.answered {
            self.session.end(Reason::TransportLost);
        }
    }
}

/// Marks that a request brings packets, while it does.
pub struct Posted<'s>(&'s Session);

impl Drop for Posted<'_> {
    fn drop(&mut self) {
        self.0.state.borrow_mut().posted = false;
    }
}
