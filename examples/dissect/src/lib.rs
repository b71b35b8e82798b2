//! WebSocket conversations out of packet captures; `main.rs` is the program, `README.md` says how to use it.

pub mod capture;
mod conversation;
pub mod event;
pub mod finding;
mod handshake;
mod http;
pub mod json;
mod messages;
mod segment;
mod tcp;
pub mod text;
mod utf8;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use capture::Packet;
use conversation::Conversation;
use event::{Event, Stream, Way};
use segment::Segment;

/// All connections of a capture.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Ports whose connections are WebSocket from their first byte on, because the capture has no handshake.
    ports: Vec<u16>,
    connections: HashMap<(SocketAddr, SocketAddr), Connection>,
    streams: usize,
    packets: u64,
}

#[derive(Debug)]
struct Connection {
    stream: Stream,
    conversation: Conversation,
    last: Duration,
}

/// Connections that were silent are given up beyond this number, the oldest first.
const MAX_CONNECTIONS: usize = 100_000;

impl Analysis {
    pub fn new(ports: Vec<u16>) -> Self {
        Self { ports, ..Self::default() }
    }

    /// How many packets came.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// How many connections were shown.
    pub fn streams(&self) -> usize {
        self.streams
    }

    /// A packet came; what it shows is handed to `found`.
    pub fn packet(&mut self, packet: &Packet<'_>, mut found: impl FnMut(&Stream, Duration, Event)) {
        self.packets += 1;
        let Some(segment) = Segment::read(packet.link, packet.data) else { return };
        let Some((key, way)) = self.connection(&segment, packet.time) else { return };
        let Some(connection) = self.connections.get_mut(&key) else { return };
        connection.last = packet.time;
        let mut events = Vec::new();
        connection.conversation.segment(way, &segment, packet.time, &mut |time, event| events.push((time, event)));
        let finished = connection.conversation.is_finished();
        connection.tell(events, &mut self.streams, &mut found);
        if finished {
            self.end(key, found);
        } else if self.connections.len() > MAX_CONNECTIONS {
            self.end_older_half(found);
        }
    }

    /// Gives up the connections that were silent for longest.
    fn end_older_half(&mut self, mut found: impl FnMut(&Stream, Duration, Event)) {
        let mut times: Vec<_> = self.connections.iter().map(|(&key, connection)| (connection.last, key)).collect();
        times.sort_unstable();
        for (_, key) in times.drain(..MAX_CONNECTIONS / 2) {
            self.end(key, &mut found);
        }
    }

    /// The capture has ended.
    pub fn end_all(&mut self, mut found: impl FnMut(&Stream, Duration, Event)) {
        let mut keys: Vec<_> =
            self.connections.iter().map(|(&key, connection)| (connection.stream.number, key)).collect();
        keys.sort_unstable();
        for (_, key) in keys {
            self.end(key, &mut found);
        }
    }

    fn end(&mut self, key: (SocketAddr, SocketAddr), mut found: impl FnMut(&Stream, Duration, Event)) {
        if let Some(mut connection) = self.connections.remove(&key) {
            let mut events = Vec::new();
            let conversation = std::mem::replace(&mut connection.conversation, Conversation::new(false));
            conversation.end(&mut |time, event| events.push((time, event)));
            connection.tell(events, &mut self.streams, &mut found);
        }
    }

    /// The connection that a segment belongs to, as (client, server), and which way it goes.
    fn connection(&mut self, segment: &Segment<'_>, time: Duration) -> Option<((SocketAddr, SocketAddr), Way)> {
        let there = (segment.from, segment.to);
        let back = (segment.to, segment.from);
        let begins = segment.syn && segment.acknowledged.is_none();
        if begins {
            // The ports are used again.
            self.connections.remove(&back);
            if self.connections.get(&there).is_some_and(|connection| connection.conversation.is_finished()) {
                self.connections.remove(&there);
            }
        }
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
        let (key, way) = if from_server { (back, Way::ToClient) } else { (there, Way::ToServer) };
        let stream = Stream { number: UNNUMBERED, client: key.0, server: key.1 };
        let conversation = Conversation::new(frames);
        self.connections.insert(key, Connection { stream, conversation, last: time });
        Some((key, way))
    }
}

fn is_method(word: &[u8]) -> bool {
    (3..=7).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

impl Connection {
    /// Hands events on; the connection gets its number when it first has something to show.
    fn tell(
        &mut self,
        events: Vec<(Duration, Event)>,
        streams: &mut usize,
        found: &mut impl FnMut(&Stream, Duration, Event),
    ) {
        for (time, event) in events {
            if self.stream.number == UNNUMBERED {
                self.stream.number = *streams;
                *streams += 1;
                if !matches!(event, Event::Began) {
                    found(&self.stream, time, Event::Began);
                }
            }
            found(&self.stream, time, event);
        }
    }
}

const UNNUMBERED: usize = usize::MAX;
