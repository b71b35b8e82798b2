//! WebSocket conversations out of packet captures; `main.rs` is the program, `README.md` says how to use it.

pub mod capture;
mod connection;
mod conversation;
pub mod event;
pub mod finding;
pub mod flv;
mod handshake;
mod http;
mod http2;
pub mod json;
mod messages;
pub mod pcapng;
mod segment;
mod tally;
mod tcp;
pub mod text;
pub mod tls;
mod utf8;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use capture::{Block, Packet};
use connection::Connection;
use event::{Event, Stream, Way};
use segment::Segment;
use tls::KeyLog;

/// All connections of a capture.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Ports whose connections are WebSocket from their first byte on, because the capture has no handshake.
    ports: Vec<u16>,
    keys: KeyLog,
    connections: HashMap<(SocketAddr, SocketAddr), Known>,
    streams: usize,
    packets: u64,
    held: usize,
    unread: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Known {
    connection: Connection,
    /// The number of the conversation, or those of the streams of HTTP/2.
    numbers: HashMap<Option<u32>, usize>,
    held: usize,
}

type Ends = (SocketAddr, SocketAddr);

/// Connections that were silent for longest are given up beyond this number, or beyond so many bytes in all of them.
const MAX_CONNECTIONS: usize = 100_000;
const MAX_HELD: usize = 512 << 20;

impl Analysis {
    pub fn new(ports: Vec<u16>, keys: KeyLog) -> Self {
        Self { ports, keys, ..Self::default() }
    }

    /// How many packets came.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// About how many bytes of memory all connections hold.
    pub fn held(&self) -> usize {
        self.held
    }

    /// How many conversations were shown.
    pub fn streams(&self) -> usize {
        self.streams
    }

    /// Connections that are encrypted and could not be read, by the reason, when they have ended.
    pub fn unread(&self) -> &BTreeMap<String, u64> {
        &self.unread
    }

    /// Something of a capture came; what it shows is handed to `found`.
    pub fn block(&mut self, block: &Block<'_>, found: impl FnMut(&Stream, Duration, Event)) {
        match block {
            Block::Packet(packet) => self.packet(packet, found),
            Block::Secrets(lines) => self.keys.add(lines),
        }
    }

    fn packet(&mut self, packet: &Packet<'_>, mut found: impl FnMut(&Stream, Duration, Event)) {
        self.packets += 1;
        let Some(segment) = Segment::read(packet.link, packet.data) else { return };
        if segment.syn && segment.acknowledged.is_none() {
            let there = (segment.from, segment.to);
            if self.connections.get(&there).is_some_and(|known| known.connection.is_before(segment.sequence)) {
                self.end(there, &mut found);
            }
            self.end((segment.to, segment.from), &mut found);
        }
        let Some((ends, way)) = self.connection(&segment) else { return };
        let Self { connections, keys, streams, .. } = self;
        let Some(known) = connections.get_mut(&ends) else { return };
        known.tell(ends, streams, &mut found, |connection, found| {
            connection.segment(way, &segment, packet.time, keys, found);
        });
        let (before, after) = (known.held, known.connection.held());
        known.held = after;
        self.held = self.held.saturating_sub(before).saturating_add(after);
        if self.connections[&ends].connection.is_finished() {
            self.end(ends, &mut found);
        } else if self.connections.len() > MAX_CONNECTIONS || self.held > MAX_HELD {
            self.end_older_half(&mut found);
        }
    }

    /// Gives up the connections that were silent for longest, and at least one.
    fn end_older_half(&mut self, found: &mut impl FnMut(&Stream, Duration, Event)) {
        let mut times: Vec<_> = self.connections.iter().map(|(&ends, known)| (known.connection.last(), ends)).collect();
        times.sort_unstable();
        times.truncate(times.len().div_ceil(2));
        for (_, ends) in times {
            self.end(ends, found);
        }
    }

    /// The capture has ended.
    pub fn end_all(&mut self, mut found: impl FnMut(&Stream, Duration, Event)) {
        let number = |known: &Known| known.numbers.values().min().copied().unwrap_or(usize::MAX);
        let mut all: Vec<_> = self.connections.iter().map(|(&ends, known)| (number(known), ends)).collect();
        all.sort_unstable();
        for (_, ends) in all {
            self.end(ends, &mut found);
        }
    }

    fn end(&mut self, ends: Ends, found: &mut impl FnMut(&Stream, Duration, Event)) {
        if let Some(mut known) = self.connections.remove(&ends) {
            let Self { keys, streams, .. } = self;
            known.tell(ends, streams, found, |connection, found| connection.end(keys, found));
            self.held = self.held.saturating_sub(known.held);
            if let Some(why) = known.connection.unread() {
                *self.unread.entry(why).or_default() += 1;
            }
        }
    }

    /// The connection that a segment belongs to, as (client, server), and which way it goes.
    fn connection(&mut self, segment: &Segment<'_>) -> Option<(Ends, Way)> {
        let there = (segment.from, segment.to);
        let back = (segment.to, segment.from);
        if self.connections.contains_key(&there) {
            return Some((there, Way::ToServer));
        }
        if self.connections.contains_key(&back) {
            return Some((back, Way::ToClient));
        }
        // Who is the client: the one that begins; or the other one of a known port; or the one that asks.
        let known = |address: SocketAddr| self.ports.contains(&address.port());
        let from_server = known(segment.from) && !known(segment.to)
            || segment.syn && segment.acknowledged.is_some()
            || segment.payload.starts_with(b"HTTP/1.");
        let is_http = segment.payload.starts_with(b"HTTP/1.")
            || segment.payload.split(|&b| b == b' ').next().is_some_and(is_method);
        let frames = (known(segment.from) || known(segment.to)) && !segment.syn && !is_http;
        if !frames && !segment.syn && segment.payload.is_empty() && segment.missing == 0 {
            return None;
        }
        let (ends, way) = if from_server { (back, Way::ToClient) } else { (there, Way::ToServer) };
        let connection = Connection::new(frames);
        self.connections.insert(ends, Known { connection, numbers: HashMap::new(), held: 0 });
        Some((ends, way))
    }
}

fn is_method(word: &[u8]) -> bool {
    (3..=7).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

impl Known {
    /// Hands events on; a conversation gets its number when it first has something to show.
    fn tell(
        &mut self,
        (client, server): Ends,
        streams: &mut usize,
        found: &mut impl FnMut(&Stream, Duration, Event),
        show: impl FnOnce(&mut Connection, &mut connection::Found<'_>),
    ) {
        let mut events = Vec::new();
        show(&mut self.connection, &mut |http2, time, event| events.push((http2, time, event)));
        let tls = self.connection.tls();
        for (http2, time, event) in events {
            let mut begins = false;
            let number = *self.numbers.entry(http2).or_insert_with(|| {
                begins = true;
                *streams += 1;
                *streams - 1
            });
            let stream = Stream { number, client, server, tls, http2 };
            if begins && !matches!(event, Event::Began) {
                found(&stream, time, Event::Began);
            }
            if matches!(event, Event::Ended(_)) {
                self.numbers.remove(&http2);
            }
            found(&stream, time, event);
        }
    }
}
