//! A WebSocket conversation: HTTP, then frames. What carries its bytes, TCP, TLS or a stream of HTTP/2, is not its matter.

use std::collections::VecDeque;
use std::time::Duration;

use websocket_proto::extension::deflate::{Compression, DeflateParams};

use crate::event::{Event, Way};
use crate::handshake::{self, Agreed};
use crate::http::{Head, Http};
use crate::messages::Messages;
use crate::tally::Tally;

/// Takes what was found, with its time.
pub type Found<'f> = dyn FnMut(Duration, Event) + 'f;

#[derive(Debug)]
pub struct Conversation {
    stages: [Stage; 2],
    requests: VecDeque<Head>,
    /// How many bytes came, or are missing, in each direction.
    positions: [u64; 2],
    tally: Tally,
    /// Whether it has shown to be about WebSocket; what came before is kept until then.
    shown: bool,
    kept: Vec<(Duration, Event)>,
}

#[derive(Debug)]
enum Stage {
    Http(Http),
    /// The client has asked for WebSocket; what follows waits for the answer.
    Waiting(Vec<u8>),
    Frames(Box<Messages>),
    /// Neither HTTP nor frames.
    Other,
}

/// More than this is not kept while an answer is awaited.
const MAX_WAITING: usize = 1 << 20;
/// So many heads of other requests are kept.
const MAX_KEPT: usize = 64;

impl Conversation {
    /// Begins with HTTP; with `frames` in the middle of a conversation, whose extensions are unknown.
    pub fn new(frames: bool) -> Self {
        let stage = |way| {
            if frames {
                Stage::Frames(Box::new(Messages::new(way, 0, Some(Compression::DEFAULT))))
            } else {
                Stage::Http(Http::default())
            }
        };
        Self {
            stages: Way::BOTH.map(stage),
            requests: VecDeque::new(),
            positions: [0; 2],
            tally: Tally::default(),
            shown: frames,
            kept: Vec::new(),
        }
    }

    /// Begins with an extended CONNECT (RFC 8441).
    pub fn connect(head: Head, time: Duration, found: &mut Found<'_>) -> Self {
        let mut conversation = Self::new(false);
        let findings = handshake::connect(&head);
        let events = vec![Event::Head { way: Way::ToServer, lines: head.lines.clone(), findings }];
        conversation.stages = [Stage::Waiting(Vec::new()), Stage::Waiting(Vec::new())];
        conversation.requests.push_back(head);
        conversation.tell(events, time, found);
        conversation
    }

    /// The answer to an extended CONNECT.
    pub fn connected(&mut self, head: &Head, time: Duration, found: &mut Found<'_>) {
        let mut events = vec![Event::Head { way: Way::ToClient, lines: head.lines.clone(), findings: Vec::new() }];
        let mut waiting = [Vec::new(), Vec::new()];
        match (head.status(), self.requests.front()) {
            (Some(200..=299), Some(request)) if matches!(self.stages[1], Stage::Waiting(_)) => {
                let agreed = handshake::connected(request, head);
                for (stage, waiting) in self.stages.iter_mut().zip(&mut waiting) {
                    if let Stage::Waiting(bytes) = stage {
                        *waiting = std::mem::take(bytes);
                    }
                }
                self.positions = [0; 2];
                self.open(agreed, &mut events);
            }
            (Some(100..=199), _) => {}
            _ if matches!(self.stages[1], Stage::Waiting(_)) => self.stages = [Stage::Other, Stage::Other],
            _ => {}
        }
        self.tell(events, time, found);
        for (way, waiting) in Way::BOTH.into_iter().zip(waiting) {
            self.bytes(way, waiting, time, found);
        }
    }

    /// Something of it was captured at this time.
    pub fn at(&mut self, time: Duration) {
        self.tally.at(time);
    }

    /// About how many bytes of memory it holds.
    pub fn held(&self) -> usize {
        let stages = self.stages.iter().map(|stage| match stage {
            Stage::Http(http) => http.held(),
            Stage::Waiting(bytes) => bytes.len(),
            Stage::Frames(messages) => messages.held(),
            Stage::Other => 0,
        });
        stages.sum::<usize>() + size_of::<Self>()
    }

    /// Nothing comes any more; `end` says why.
    pub fn end(mut self, end: String, found: &mut Found<'_>) {
        for stage in &mut self.stages {
            if let Stage::Frames(messages) = stage {
                messages.end(|event| found(self.tally.last(), event));
            }
        }
        if self.shown {
            let (time, summary) = self.tally.end(end);
            found(time, Event::Ended(Box::new(summary)));
        }
    }

    /// Bytes are missing.
    pub fn gap(&mut self, way: Way, len: u64, time: Duration, found: &mut Found<'_>) {
        self.positions[way.index()] += len;
        let mut events = Vec::new();
        match &mut self.stages[way.index()] {
            Stage::Frames(messages) => messages.gap(len, |event| events.push(event)),
            stage => {
                *stage = Stage::Other;
                events.push(Event::Gap { way, len, in_step: false });
            }
        }
        self.tell(events, time, found);
    }

    /// Bytes came.
    pub fn bytes(&mut self, way: Way, bytes: Vec<u8>, time: Duration, found: &mut Found<'_>) {
        self.positions[way.index()] += bytes.len() as u64;
        self.take(way, bytes, time, found);
    }

    fn take(&mut self, way: Way, mut bytes: Vec<u8>, time: Duration, found: &mut Found<'_>) {
        let mut events = Vec::new();
        match &mut self.stages[way.index()] {
            Stage::Frames(messages) => messages.bytes(&mut bytes, |event| events.push(event)),
            Stage::Waiting(waiting) if waiting.len() < MAX_WAITING => waiting.append(&mut bytes),
            Stage::Waiting(_) | Stage::Other => {}
            Stage::Http(http) => {
                let mut input = &bytes[..];
                match http.head(&mut input) {
                    Err(()) => self.stages[way.index()] = Stage::Other,
                    Ok(None) => {}
                    Ok(Some(head)) => {
                        let rest = input.to_vec();
                        let waiting = match way {
                            Way::ToServer => {
                                self.request(head, &mut events);
                                None
                            }
                            Way::ToClient => self.response(&head, rest.len(), &mut events),
                        };
                        self.tell(events, time, found);
                        if let Some(waiting) = waiting {
                            self.take(Way::ToServer, waiting, time, found);
                        }
                        self.take(way, rest, time, found);
                        return;
                    }
                }
            }
        }
        self.tell(events, time, found);
    }

    fn request(&mut self, head: Head, events: &mut Vec<Event>) {
        if let Stage::Http(http) = &mut self.stages[0] {
            http.body_of(&head, None);
        }
        let asks = head.asks_for_websocket();
        let findings = if asks { handshake::request(&head) } else { Vec::new() };
        events.push(Event::Head { way: Way::ToServer, lines: head.lines.clone(), findings });
        if self.requests.len() < MAX_KEPT {
            self.requests.push_back(head);
        }
        if asks {
            self.stages[0] = Stage::Waiting(Vec::new());
        }
    }

    /// A response, after which `rest_len` bytes came with it; hands back what the client had sent before it was answered.
    fn response(&mut self, head: &Head, rest_len: usize, events: &mut Vec<Event>) -> Option<Vec<u8>> {
        // 100 and 103 come before the answer.
        let interim = matches!(head.status(), Some(100 | 102..=199));
        let request = if interim { self.requests.front().cloned() } else { self.requests.pop_front() };
        events.push(Event::Head { way: Way::ToClient, lines: head.lines.clone(), findings: Vec::new() });
        if let Stage::Http(http) = &mut self.stages[1] {
            http.body_of(head, Some(request.as_ref().map_or("GET", Head::method)));
        }
        if interim {
            return None;
        }
        let waiting = match &mut self.stages[0] {
            Stage::Waiting(waiting) => Some(std::mem::take(waiting)),
            _ => None,
        };
        if head.status() != Some(101) {
            if waiting.is_some() {
                self.stages[0] = Stage::Http(Http::default());
            }
            return waiting;
        }
        // Where the frames begin.
        self.positions[0] -= waiting.as_ref().map_or(0, Vec::len) as u64;
        self.positions[1] -= rest_len as u64;
        self.open(handshake::response(request.as_ref(), head), events);
        self.positions[0] += waiting.as_ref().map_or(0, Vec::len) as u64;
        self.positions[1] += rest_len as u64;
        waiting
    }

    fn open(&mut self, agreed: Agreed, events: &mut Vec<Event>) {
        let Agreed { deflate, accept, extensions, subprotocol, findings } = agreed;
        self.stages = Way::BOTH.map(|way| {
            let of_way = |deflate: DeflateParams| if way == Way::ToServer { deflate.client } else { deflate.server };
            Stage::Frames(Box::new(Messages::new(way, self.positions[way.index()], deflate.map(of_way))))
        });
        events.push(Event::Opened { accept, extensions, subprotocol, findings });
    }

    /// Counts what was found, and hands it on, if this is a conversation to be shown.
    fn tell(&mut self, events: Vec<Event>, time: Duration, found: &mut Found<'_>) {
        for event in events {
            self.tally.count(&event, time);
            let asks = self.requests.back().is_some_and(Head::asks_for_websocket);
            if !self.shown && (asks || matches!(event, Event::Opened { .. })) {
                self.shown = true;
                let began = self.kept.first().map_or(time, |&(time, _)| time);
                found(began, Event::Began);
                for (time, event) in std::mem::take(&mut self.kept) {
                    found(time, event);
                }
            }
            match event {
                event if self.shown => found(time, event),
                Event::Head { .. } if self.kept.len() < MAX_KEPT => self.kept.push((time, event)),
                _ => {}
            }
        }
    }
}
