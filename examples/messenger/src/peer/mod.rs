//! One end of a friendship: finds a road to the friend and keeps it, and has messages and files delivered on it. It does no I/O: what came is
//! told to it with the time, and what it wants done is polled.

mod calls;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::Candidate;
use str0m::config::DtlsCert;

use crate::backoff::Backoff;
use crate::link::{self, Gatherer, Link, Received};
use crate::road::{Road, Selected};
use crate::signal::{FromHub, Name, Servers, Signal};
use crate::talk::frame::Frame;
use crate::talk::{self, State, Talk};

/// What does not change.
pub struct Config {
    pub me: Name,
    pub friend: Name,
    pub certificate: DtlsCert,
    /// The friend's fingerprint, if it is known: any other is refused.
    pub fingerprint: Option<String>,
    /// Our socket's address.
    pub local: SocketAddr,
    /// The largest file that is taken, in bytes.
    pub max_file: u64,
    /// Makes numbers differ from those of others.
    pub seed: u64,
}

/// What is to be done, or told to the user.
#[derive(Debug)]
pub enum Output {
    /// To be sent from our socket.
    Udp(SocketAddr, Vec<u8>),
    /// To be sent to the friend through the hub, as a binary message.
    Datagram(Vec<u8>),
    /// The same as a text message.
    Signal(Signal),
    Talk(talk::Event),
    /// The friend is there; its fingerprint.
    Open(String),
    Road(Selected),
    /// A new road is looked for while the call goes on, and why.
    Restart(&'static str),
    /// The friend is not there any more, and why. It is tried again.
    Gone(String),
    /// Somebody who is not the friend answers to its name.
    Refused {
        expected: String,
        found: String,
    },
}

/// One end of a friendship.
pub struct Peer {
    config: Config,
    gatherer: Gatherer,
    servers: Option<Servers>,
    candidates: Vec<Candidate>,
    link: Option<Link>,
    talk: Talk,
    held: Option<Frame>,
    is_online: bool,
    friend_is_here: bool,
    calls: u32,
    /// When a call has to be open.
    open_by: Instant,
    heard_at: Instant,
    ping_at: Instant,
    /// ICE was restarted in this silence already.
    has_restarted: bool,
    better_road: Backoff,
    better_road_at: Instant,
    retry: Backoff,
    retry_at: Option<Instant>,
    out: VecDeque<Output>,
}

impl Peer {
    pub fn new(config: Config, state: State, now: Instant) -> Self {
        let gatherer = Gatherer::new(config.local, &Servers::default(), now);
        let talk = Talk::new(state, config.max_file, config.seed);
        Self {
            gatherer,
            servers: None,
            candidates: Vec::new(),
            link: None,
            talk,
            held: None,
            is_online: false,
            friend_is_here: false,
            calls: (config.seed >> 32) as u32,
            open_by: now,
            heard_at: now,
            ping_at: now,
            has_restarted: false,
            better_road: Backoff::new(Duration::from_secs(15), Duration::from_secs(300), config.seed),
            better_road_at: now,
            retry: Backoff::new(Duration::from_millis(500), Duration::from_secs(30), config.seed.rotate_left(7)),
            retry_at: None,
            out: VecDeque::new(),
            config,
        }
    }

    /// For messages and files of the user, and answers of the disk; [`poll`](Self::poll) is to be called afterwards.
    pub fn talk(&mut self) -> &mut Talk {
        &mut self.talk
    }

    pub fn is_open(&self) -> bool {
        self.link.as_ref().is_some_and(Link::is_open)
    }

    pub fn selected(&self) -> Option<Selected> {
        self.link.as_ref().and_then(Link::selected)
    }

    /// What the hub has said.
    pub fn hub(&mut self, message: FromHub<Signal>, now: Instant) {
        match message {
            FromHub::Entered { here, servers } => {
                self.is_online = true;
                if self.servers.as_ref() != Some(&servers) {
                    self.gatherer = Gatherer::new(self.config.local, &servers, now);
                    self.candidates.clear();
                    self.servers = Some(servers);
                }
                self.friend_is_here = here.contains(&self.config.friend);
                if self.friend_is_here {
                    self.friend_came(true, now);
                }
            }
            FromHub::Came { name } if name == self.config.friend => {
                self.friend_is_here = true;
                self.friend_came(false, now);
            }
            FromHub::Left { name } if name == self.config.friend => self.friend_is_here = false,
            FromHub::Signal { from, signal } if from == self.config.friend => {
                self.friend_is_here = true;
                self.signal(signal, now);
            }
            FromHub::Came { .. } | FromHub::Left { .. } | FromHub::Signal { .. } | FromHub::Refused { .. } => {}
        }
        self.collect(now);
    }

    /// The connection to the hub is gone. A call does not end by that.
    pub fn hub_lost(&mut self) {
        (self.is_online, self.friend_is_here) = (false, false);
    }

    /// A datagram that came through the hub, from the friend.
    pub fn hub_datagram(&mut self, datagram: &[u8], now: Instant) {
        if let Some(link) = &mut self.link {
            link.receive_from_hub(datagram, now);
        }
        self.collect(now);
    }

    /// A datagram that came to our socket.
    pub fn datagram(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        let received = self.gatherer.receive(from, datagram, now);
        if let Some(link) = &mut self.link {
            match received {
                Received::Taken => {}
                Received::Relayed(from, datagram) => link.receive(Road::Relayed, from, &datagram, now),
                Received::Other => link.receive(Road::Direct, from, datagram, now),
            }
        }
        self.collect(now);
    }

    pub fn timeout(&mut self, now: Instant) {
        if self.gatherer.deadline() <= now {
            self.gatherer.timeout(now);
        }
        if let Some(link) = self.link.as_mut().filter(|link| link.deadline() <= now) {
            link.timeout(now);
        }
        self.talk.timeout(now);
        self.look_after(now);
        self.collect(now);
    }

    /// When [`timeout`](Self::timeout) is to be called.
    pub fn deadline(&self) -> Instant {
        let mut deadline = self.gatherer.deadline();
        if let Some(link) = &self.link {
            deadline = deadline.min(link.deadline());
            let next = if link.is_open() { self.ping_at.min(self.heard_at + calls::GIVEN_UP) } else { self.open_by };
            deadline = deadline.min(next);
        }
        [self.talk.deadline(), self.retry_at].into_iter().flatten().fold(deadline, Instant::min)
    }

    /// A piece of a file that has room on its way: identifier, path, offset and length.
    pub fn next_piece(&mut self) -> Option<(String, String, u64, usize)> {
        if !self.link.as_mut().is_some_and(Link::has_room) {
            return None;
        }
        self.talk.next_piece().map(|(file, offset, len)| (file.id.clone(), file.path.clone(), offset, len))
    }

    /// That piece, as it was read.
    pub fn piece(&mut self, id: &str, offset: u64, bytes: &[u8], now: Instant) {
        let frame = talk::frame::write_piece(id, offset, bytes);
        if self.link.as_mut().is_some_and(|link| link.write(true, &frame, now)) {
            self.talk.piece_sent(id, bytes.len());
        }
        self.collect(now);
    }

    pub fn poll(&mut self, now: Instant) -> Option<Output> {
        self.collect(now);
        self.out.pop_front()
    }

    /// Collects what comes of anything that has happened.
    fn collect(&mut self, now: Instant) {
        while let Some(out) = self.link.as_mut().and_then(Link::poll) {
            self.link_out(out, now);
        }
        while let Some(candidate) = self.gatherer.poll_candidate() {
            self.found(candidate, now);
        }
        while let Some((to, datagram)) = self.gatherer.poll_transmit() {
            self.out.push_back(Output::Udp(to, datagram));
        }
        while let Some(event) = self.talk.poll_event() {
            self.out.push_back(Output::Talk(event));
        }
    }

    /// Writes what is to be said, as far as the channel takes it. The state is to be kept before.
    pub fn say(&mut self, now: Instant) {
        while let Some(link) = self.link.as_mut().filter(|link| link.is_open()) {
            let Some(frame) = self.held.take().or_else(|| self.talk.poll_frame()) else { break };
            if !link.write(false, &frame.write(), now) {
                self.held = Some(frame);
                break;
            }
        }
        self.collect(now);
    }

    fn link_out(&mut self, out: link::Out, now: Instant) {
        use link::Out;
        let is_well = match out {
            Out::Udp(to, datagram) => {
                self.out.push_back(Output::Udp(to, datagram));
                true
            }
            Out::Relayed(to, datagram) => {
                self.gatherer.send_relayed(to, &datagram, now);
                true
            }
            Out::Hub(datagram) => {
                self.out.push_back(Output::Datagram(datagram));
                true
            }
            Out::Open(fingerprint) => {
                self.opened(fingerprint, now);
                true
            }
            Out::Text(frame) => {
                self.heard(now);
                self.talk.text(&frame, now)
            }
            Out::Binary(frame) => {
                self.heard(now);
                self.talk.binary(&frame)
            }
            Out::Selected(selected) => {
                self.out.push_back(Output::Road(selected));
                true
            }
            Out::Over(why) => {
                self.gone(why, now);
                true
            }
        };
        if !is_well {
            self.gone("expected a friend that keeps to the rules, found one that breaks them".into(), now);
        }
    }

    fn found(&mut self, candidate: Candidate, now: Instant) {
        if self.candidates.iter().any(|known| known.addr() == candidate.addr()) {
            return;
        }
        self.candidates.push(candidate.clone());
        if let Some(link) = &mut self.link {
            if let Some(candidate) = link.add_candidate(candidate, now) {
                self.out.push_back(Output::Signal(Signal::Candidate { call: link.call, candidate }));
            }
        }
        self.permit(now);
    }

    fn permit(&mut self, now: Instant) {
        if let (Some(link), Some(_)) = (&self.link, self.gatherer.relayed()) {
            for address in link.remote() {
                self.gatherer.permit(address.ip(), now);
            }
        }
    }
}
