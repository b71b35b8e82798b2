//! Two peers, the hub between them, and the network, which can be cut.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use messenger::disk::Identity;
use messenger::peer::{Config, Output, Peer};
use messenger::road::Road;
use messenger::signal::{FromHub, Name, Servers, Signal};
use messenger::talk::{Event, Flow, Sending, State};

pub const ANN: usize = 0;
pub const BOB: usize = 1;
const LATENCY: Duration = Duration::from_millis(10);

/// What travels.
enum Parcel {
    Udp(SocketAddr, SocketAddr, Vec<u8>),
    Datagram(usize, Vec<u8>),
    Signal(usize, Signal),
}

/// A peer, its disk, and what its user has seen.
pub struct Person {
    pub peer: Option<Peer>,
    pub identity: Identity,
    pub pinned: Option<String>,
    pub state: State,
    /// Files that come in, by identifier.
    pub parts: BTreeMap<String, Vec<u8>>,
    /// Files that can be sent, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    pub seen: Vec<String>,
    pub notes: Vec<String>,
    pub received: BTreeMap<String, Vec<u8>>,
    pub pieces_sent: u64,
}

pub struct World {
    pub people: [Person; 2],
    pub now: Instant,
    start: Instant,
    way: VecDeque<(Instant, Parcel)>,
    pub udp_is_cut: bool,
    pub hub_is_gone: bool,
    /// One of so many datagrams is lost on UDP, if there is a number.
    pub loss: Option<u32>,
    /// What the hub does to signals.
    pub meddle: fn(&mut Signal),
    /// Everything that went through the hub.
    pub hub_saw: Vec<u8>,
    pub hub_datagrams: usize,
    random: u32,
}

pub fn name(who: usize) -> Name {
    Name::try_from(["ann", "bob"][who].to_owned()).unwrap()
}

fn address(who: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, if who == ANN { 1 } else { 2 }], 5000))
}

impl Person {
    fn new(who: usize) -> Self {
        let state = State { stream: ["00000000000000aa", "00000000000000bb"][who].into(), ..State::default() };
        Self {
            peer: None,
            identity: Identity::generate().unwrap(),
            pinned: None,
            state,
            parts: BTreeMap::new(),
            files: BTreeMap::new(),
            seen: Vec::new(),
            notes: Vec::new(),
            received: BTreeMap::new(),
            pieces_sent: 0,
        }
    }

    pub fn has_noted(&self, what: &str) -> bool {
        self.notes.iter().any(|note| note.contains(what))
    }
}

impl World {
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            people: [Person::new(ANN), Person::new(BOB)],
            now,
            start: now,
            way: VecDeque::new(),
            udp_is_cut: false,
            hub_is_gone: false,
            loss: None,
            meddle: |_| {},
            hub_saw: Vec::new(),
            hub_datagrams: 0,
            random: 1,
        }
    }

    /// Both are there.
    pub fn begun() -> Self {
        let mut world = Self::new();
        world.enter(ANN);
        world.enter(BOB);
        world
    }

    /// Somebody starts the program.
    pub fn enter(&mut self, who: usize) {
        let person = &mut self.people[who];
        let config = Config {
            me: name(who),
            friend: name(1 - who),
            certificate: person.identity.certificate().unwrap(),
            fingerprint: person.pinned.clone(),
            local: address(who),
            max_file: 10_000_000,
            seed: 7 + who as u64,
        };
        person.peer = Some(Peer::new(config, person.state.clone(), self.now));
        self.connect(who);
    }

    /// Somebody's line to the hub is there.
    pub fn connect(&mut self, who: usize) {
        let other = 1 - who;
        let here = if self.people[other].peer.is_some() { vec![name(other)] } else { vec![] };
        self.tell(who, FromHub::Entered { here, servers: Servers::default() });
        self.tell(other, FromHub::Came { name: name(who) });
    }

    /// The program is killed: what it had not kept is lost.
    pub fn kill(&mut self, who: usize) {
        self.people[who].peer = None;
        self.tell(1 - who, FromHub::Left { name: name(who) });
    }

    /// The hub is gone, and calls go on.
    pub fn lose_hub(&mut self) {
        self.hub_is_gone = true;
        self.people.iter_mut().filter_map(|person| person.peer.as_mut()).for_each(Peer::hub_lost);
    }

    pub fn hub_back(&mut self) {
        self.hub_is_gone = false;
        self.connect(ANN);
        self.connect(BOB);
    }

    fn tell(&mut self, who: usize, message: FromHub<Signal>) {
        let now = self.now;
        if let Some(peer) = &mut self.people[who].peer {
            peer.hub(message, now);
        }
        self.settle(who);
    }

    pub fn say(&mut self, who: usize, text: &str) {
        let now = self.now;
        self.people[who].peer.as_mut().unwrap().talk().say(text, now).unwrap();
        self.settle(who);
    }

    pub fn send_file(&mut self, who: usize, name: &str, bytes: Vec<u8>, sha256: &str) {
        let (id, size) = (format!("{:016x}", name.len()), bytes.len() as u64);
        let person = &mut self.people[who];
        person.files.insert(name.to_owned(), bytes);
        let sha256 = sha256.to_owned();
        let file = Sending { id, path: name.into(), name: name.into(), size, sha256, flow: Flow::default() };
        person.peer.as_mut().unwrap().talk().send_file(file);
        self.settle(who);
    }

    pub fn road(&self, who: usize) -> Option<Road> {
        let peer = self.people[who].peer.as_ref()?;
        peer.is_open().then(|| peer.selected().map(|selected| selected.road)).flatten()
    }

    pub fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Lets time pass until something holds; fails after a while.
    pub fn until(&mut self, seconds: u64, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let end = self.now + Duration::from_secs(seconds);
        while !holds(self) {
            let notes = [&self.people[ANN].notes, &self.people[BOB].notes];
            assert!(self.now < end, "after {seconds} s not yet: {what}; {notes:#?}");
            self.step(end);
        }
    }

    pub fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while self.now < end {
            self.step(end);
        }
    }

    /// The next thing that happens.
    fn step(&mut self, end: Instant) {
        let deadlines = self.people.iter().filter_map(|person| person.peer.as_ref()).map(Peer::deadline);
        let next = deadlines.chain(self.way.front().map(|(at, _)| *at)).fold(end, Instant::min);
        self.now = self.now.max(next) + Duration::from_micros(100);
        while self.way.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, parcel) = self.way.pop_front().unwrap();
            self.arrive(parcel);
        }
        for who in [ANN, BOB] {
            if self.people[who].peer.as_ref().is_some_and(|peer| peer.deadline() <= self.now) {
                let now = self.now;
                self.people[who].peer.as_mut().unwrap().timeout(now);
                self.settle(who);
            }
        }
    }

    fn arrive(&mut self, parcel: Parcel) {
        let now = self.now;
        let who = match &parcel {
            Parcel::Udp(_, to, _) => usize::from(*to == address(BOB)),
            Parcel::Datagram(who, _) | Parcel::Signal(who, _) => *who,
        };
        let Some(peer) = &mut self.people[who].peer else { return };
        match parcel {
            Parcel::Udp(from, _, datagram) => peer.datagram(from, &datagram, now),
            Parcel::Datagram(_, datagram) => peer.hub_datagram(&datagram, now),
            Parcel::Signal(_, signal) => peer.hub(FromHub::Signal { from: name(1 - who), signal }, now),
        }
        self.settle(who);
    }

    /// Does what a peer wants done, in the order in which a program has to: shown and written, kept, confirmed.
    fn settle(&mut self, who: usize) {
        let now = self.now;
        loop {
            let is_quiet = !self.take(who);
            let Some(peer) = &mut self.people[who].peer else { return };
            if let Some(state) = peer.talk().changed() {
                self.people[who].state = serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
            }
            let person = &mut self.people[who];
            let peer = person.peer.as_mut().unwrap();
            peer.say(now);
            let mut has_sent = false;
            while let Some((id, path, offset, len)) = peer.next_piece() {
                let at = usize::try_from(offset).unwrap();
                peer.piece(&id, offset, &person.files[&path][at..at + len], now);
                person.pieces_sent += len as u64;
                has_sent = true;
            }
            if is_quiet && !has_sent && !self.take(who) {
                return;
            }
        }
    }

    fn take(&mut self, who: usize) -> bool {
        let mut has_any = false;
        while let Some(output) = self.people[who].peer.as_mut().and_then(|peer| peer.poll(self.now)) {
            has_any = true;
            let at = self.now + LATENCY;
            match output {
                Output::Udp(to, datagram) => {
                    self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let is_lost = self.loss.is_some_and(|one_of| (self.random >> 8) % one_of == 0);
                    let is_known = to == address(ANN) || to == address(BOB);
                    if !self.udp_is_cut && !is_lost && is_known {
                        self.way.push_back((at, Parcel::Udp(address(who), to, datagram)));
                    }
                }
                Output::Datagram(datagram) if !self.hub_is_gone => {
                    self.hub_saw.extend_from_slice(&datagram);
                    self.hub_datagrams += 1;
                    self.way.push_back((at, Parcel::Datagram(1 - who, datagram)));
                }
                Output::Signal(mut signal) if !self.hub_is_gone => {
                    (self.meddle)(&mut signal);
                    self.way.push_back((at, Parcel::Signal(1 - who, signal)));
                }
                Output::Datagram(_) | Output::Signal(_) => {}
                Output::Talk(event) => self.event(who, event),
                Output::Open(fingerprint) => {
                    let person = &mut self.people[who];
                    person.pinned = Some(fingerprint);
                    person.notes.push("OPEN".into());
                }
                other => self.people[who].notes.push(format!("{other:?}")),
            }
        }
        has_any
    }

    fn event(&mut self, who: usize, event: Event) {
        let person = &mut self.people[who];
        let talk = person.peer.as_mut().unwrap().talk();
        match event {
            Event::Message(text) => person.seen.push(text),
            Event::Find(file) => talk.found(&file.id, person.parts.get(&file.id).map_or(0, |part| part.len() as u64)),
            Event::Write { id, offset, bytes } => {
                let part = person.parts.entry(id.clone()).or_default();
                part.resize(usize::try_from(offset).unwrap(), 0);
                part.extend_from_slice(&bytes);
                talk.written(&id, part.len() as u64);
            }
            Event::Check(file) => {
                let digest = digest(person.parts.get(&file.id).map_or(&[][..], |part| part));
                talk.checked(&file.id, &digest);
            }
            Event::Received(file) => {
                let bytes = person.parts.remove(&file.id).unwrap_or_default();
                person.received.insert(file.name, bytes);
            }
            Event::Discard(file, why) => {
                person.parts.remove(&file.id);
                person.notes.push(format!("discarded {}: {why}", file.name));
            }
            other => person.notes.push(format!("{other:?}")),
        }
    }
}

pub fn digest(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
