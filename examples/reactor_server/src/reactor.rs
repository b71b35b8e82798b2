//! The event loop: one thread, one poll, a table of connections.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant, SystemTime};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;
use slab::Slab;
use websocket_proto::{CloseCode, Message};

use crate::client::Client;
use crate::counters::Counters;
use crate::deadlines::Deadlines;
use crate::listeners::{Accepted, Listeners};
use crate::options::{Mode, Options};
use crate::post::Post;
use crate::shared::Shared;

pub struct Reactor {
    poll: Poll,
    signals: Signals,
    listeners: Listeners,
    /// A connection's key is its token. A late event or entry of one that is gone may hit its successor, to whom it says nothing:
    /// reads and writes do not block, and deadlines are compared.
    clients: Slab<Box<Client>>,
    deadlines: Deadlines,
    shared: Shared,
    /// All keys, while a message goes to all.
    receivers: Vec<usize>,
    next_time: Option<Instant>,
    /// When the next line of figures is due, and what they were at the last.
    next_status: Option<Instant>,
    last_status: (Instant, Counters),
    /// When to try to accept again, after there was no room.
    accept_again: Option<Instant>,
    /// When to stop waiting for those who were told to go.
    stopping: Option<Instant>,
}

const SIGNALS: Token = Token(1 << 30);
const LISTENERS: usize = SIGNALS.0 + 1;
/// How many connections are accepted before others get their turn.
const ACCEPTS_PER_TURN: usize = 128;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Reactor {
    /// Takes the ports. The error is one line for people.
    pub fn new(options: Options) -> Result<Self, String> {
        let failed = |error: io::Error| format!("can't set up the poll: {error}");
        let poll = Poll::new().map_err(failed)?;
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE).map_err(failed)?;
        let listeners = Listeners::bind(&options, poll.registry(), LISTENERS)?;
        let now = Instant::now();
        Ok(Self {
            poll,
            signals,
            listeners,
            clients: Slab::new(),
            deadlines: Deadlines::default(),
            receivers: Vec::new(),
            next_time: (options.mode == Mode::Time).then(|| now + options.interval),
            next_status: (!options.quiet).then(|| now + options.status),
            last_status: (now, Counters::default()),
            accept_again: None,
            stopping: None,
            shared: Shared::new(options, now),
        })
    }

    /// Serves until a signal comes, or a client that may ask for it.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while !self.is_over() {
            match self.poll.poll(&mut events, self.wait()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            self.shared.now = Instant::now();
            for event in &events {
                match event.token() {
                    SIGNALS => self.on_signal(),
                    token if self.listeners.has(token) => self.accept(token)?,
                    Token(key) => {
                        let readable = event.is_readable() || event.is_error();
                        self.step(key, |client, shared| client.ready(readable, event.is_read_closed(), shared));
                        if self.shared.posts.weight() > self.shared.options.max_output {
                            self.tell_all();
                        }
                    }
                }
            }
            self.on_time()?;
            self.tell_all();
            if self.shared.stop {
                self.stop();
            }
        }
        Ok(())
    }

    /// Lets one connection take a step, and arranges its next one.
    fn step(&mut self, key: usize, step: impl FnOnce(&mut Client, &mut Shared)) {
        let Some(client) = self.clients.get_mut(key) else { return };
        step(client, &mut self.shared);
        let settled = client.settle(key, self.poll.registry(), &mut self.deadlines, &self.shared);
        if client.is_gone() || settled.is_err() {
            self.clients.remove(key);
        }
    }

    fn accept(&mut self, token: Token) -> io::Result<()> {
        for _ in 0..ACCEPTS_PER_TURN {
            match self.listeners.accept(token) {
                Accepted::Client(socket) => self.welcome(socket),
                Accepted::Nobody => return Ok(()),
                Accepted::Exhausted(error) => {
                    if self.accept_again.is_none() {
                        eprintln!("reactor_server: can't accept now, with {} connections: {error}", self.clients.len());
                    }
                    self.accept_again = Some(self.shared.now + ACCEPT_PAUSE);
                    return Ok(());
                }
            }
        }
        self.listeners.look_again(self.poll.registry())
    }

    fn welcome(&mut self, socket: TcpStream) {
        let entry = self.clients.vacant_entry();
        let key = entry.key();
        // A socket that can't be set up is one that is gone already.
        if let Ok(client) = Client::new(socket, self.poll.registry(), Token(key), &self.shared) {
            entry.insert(Box::new(client));
            self.step(key, |_, _| {});
        }
    }

    /// Writes what was said in this turn to all, each message framed once, and each socket written to once.
    fn tell_all(&mut self) {
        if self.shared.posts.weight() == 0 {
            return;
        }
        let mut receivers = std::mem::take(&mut self.receivers);
        receivers.extend(self.clients.iter().map(|(key, _)| key));
        for key in receivers.drain(..) {
            self.step(key, |client, shared| {
                client.tell(shared);
                client.flush(shared);
            });
        }
        self.receivers = receivers;
        self.shared.posts.clear();
    }

    fn on_time(&mut self) -> io::Result<()> {
        let now = self.shared.now;
        while let Some((deadline, key)) = self.deadlines.due(now) {
            self.step(key, |client, shared| client.come_up(deadline, shared));
        }
        if is_due(self.next_time, now) && self.stopping.is_none() {
            self.next_time = Some(now + self.shared.options.interval);
            let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
            if let Some(post) = Post::new(Message::Text(&time), self.shared.deflaters.as_mut()) {
                self.shared.posts.push(post);
            }
        }
        if is_due(self.next_status, now) {
            self.next_status = Some(now + self.shared.options.status);
            let (then, before) = std::mem::replace(&mut self.last_status, (now, self.shared.counters));
            let line = self.shared.counters.line(&before, now - then, self.clients.len());
            // Nobody has to read it.
            let _ = writeln!(io::stdout(), "{line}");
        }
        self.shared.spare.tidy(now);
        if is_due(self.accept_again, now) {
            self.accept_again = None;
            self.listeners.look_again(self.poll.registry())?;
        }
        Ok(())
    }

    /// The first signal asks everyone to go; the second does not wait for them.
    fn on_signal(&mut self) {
        for _ in self.signals.pending() {
            if self.stopping.is_some() {
                self.stopping = Some(self.shared.now);
            }
            self.stop();
        }
    }

    fn stop(&mut self) {
        self.shared.stop = false;
        if self.stopping.is_some() {
            return;
        }
        self.shared.stopping = true;
        self.listeners.close();
        self.accept_again = None;
        let wait = self.shared.options.timeouts.close.unwrap_or_default();
        self.stopping = Some(self.shared.now + wait);
        self.receivers.extend(self.clients.iter().map(|(key, _)| key));
        for key in std::mem::take(&mut self.receivers) {
            self.step(key, |client, shared| client.close(CloseCode::GOING_AWAY, "the server stops", shared));
        }
    }

    fn is_over(&self) -> bool {
        self.stopping.is_some_and(|until| self.clients.is_empty() || until <= self.shared.now)
    }

    /// How long nothing is to be done, unless something comes.
    fn wait(&self) -> Option<Duration> {
        let spare = self.shared.spare.deadline();
        let next = [self.deadlines.next(), self.next_time, self.next_status, spare, self.accept_again, self.stopping];
        next.into_iter().flatten().min().map(|next| next.saturating_duration_since(Instant::now()))
    }
}

fn is_due(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}
