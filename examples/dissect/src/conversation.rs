//! One TCP connection: HTTP, then frames.

use std::collections::VecDeque;
use std::time::Duration;

use websocket_proto::extension::deflate::Compression;

use crate::event::{Event, Summary, Way};
use crate::handshake;
use crate::http::{Head, Http};
use crate::messages::{CLOSE, Messages, PING, PONG};
use crate::segment::Segment;
use crate::tcp::{Direction, Next};

#[derive(Debug)]
pub struct Conversation {
    directions: [Direction; 2],
    stages: [Stage; 2],
    requests: VecDeque<Head>,
    began: Option<Duration>,
    last: Duration,
    summary: Summary,
    /// Pings that wait for their Pong.
    pings: [VecDeque<(Vec<u8>, Duration)>; 2],
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
            directions: Default::default(),
            stages: Way::BOTH.map(stage),
            requests: VecDeque::new(),
            began: None,
            last: Duration::ZERO,
            summary: Summary::default(),
            pings: Default::default(),
            shown: frames,
            kept: Vec::new(),
        }
    }

    /// A segment came this way.
    pub fn segment(
        &mut self,
        way: Way,
        segment: &Segment<'_>,
        time: Duration,
        found: &mut impl FnMut(Duration, Event),
    ) {
        self.began.get_or_insert(time);
        self.last = time;
        let direction = &mut self.directions[way.index()];
        if segment.syn {
            direction.begin(segment.sequence);
        }
        direction.segment(segment.sequence, segment.payload, segment.missing, segment.fin);
        if let Some(acknowledged) = segment.acknowledged {
            self.directions[way.back().index()].acknowledge(acknowledged);
        }
        if (segment.fin || segment.rst) && self.summary.end.is_empty() {
            let what = if segment.rst { "reset" } else { "closed" };
            self.summary.end = format!("{what} by the {}", way.sender());
        }
        for way in [way.back(), way] {
            self.advance(way, segment.rst, time, found);
        }
    }

    /// Whether both sides have ended.
    pub fn is_finished(&self) -> bool {
        self.summary.end.starts_with("reset") || self.directions.iter().all(Direction::is_finished)
    }

    /// Nothing comes any more.
    pub fn end(mut self, found: &mut impl FnMut(Duration, Event)) {
        let time = self.last;
        for way in Way::BOTH {
            self.advance(way, true, time, found);
        }
        if self.summary.end.is_empty() {
            self.summary.end = "not ended in this capture".into();
        }
        self.summary.lasted = self.last.saturating_sub(self.began.unwrap_or(self.last));
        if self.shown {
            let summary = Box::new(std::mem::take(&mut self.summary));
            found(time, Event::Ended(summary));
        }
    }

    fn advance(&mut self, way: Way, ended: bool, time: Duration, found: &mut impl FnMut(Duration, Event)) {
        while let Some(next) = self.directions[way.index()].next(ended) {
            match next {
                Next::Bytes(bytes) => self.bytes(way, bytes, time, found),
                Next::Gap(len) => self.gap(way, len, time, found),
            }
        }
    }

    fn gap(&mut self, way: Way, len: u64, time: Duration, found: &mut impl FnMut(Duration, Event)) {
        self.summary.gaps[way.index()] += len;
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

    fn bytes(&mut self, way: Way, mut bytes: Vec<u8>, time: Duration, found: &mut impl FnMut(Duration, Event)) {
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
                            self.bytes(Way::ToServer, waiting, time, found);
                        }
                        self.bytes(way, rest, time, found);
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
        self.requests.push_back(head);
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
        let agreed = handshake::response(request.as_ref(), head);
        let deflate = agreed.deflate;
        let positions = [waiting.as_ref().map_or(0, Vec::len), rest_len];
        self.stages = Way::BOTH.map(|way| {
            // What was handed out by TCP, less what is read from here on.
            let position = self.directions[way.index()].position().saturating_sub(positions[way.index()] as u64);
            let compression = deflate.map(|deflate| if way == Way::ToServer { deflate.client } else { deflate.server });
            Stage::Frames(Box::new(Messages::new(way, position, compression)))
        });
        let (extensions, subprotocol, findings) = (agreed.extensions, agreed.subprotocol, agreed.findings);
        events.push(Event::Opened { extensions, subprotocol, findings });
        waiting
    }

    /// Counts what was found, and hands it on, if this is a conversation to be shown.
    fn tell(&mut self, events: Vec<Event>, time: Duration, found: &mut impl FnMut(Duration, Event)) {
        for event in events {
            self.count(&event, time);
            if !self.shown && matches!(event, Event::Opened { .. }) {
                self.shown = true;
                let began = self.kept.first().map_or(time, |&(time, _)| time);
                found(began, Event::Began);
                for (time, event) in std::mem::take(&mut self.kept) {
                    found(time, event);
                }
            }
            match event {
                event if self.shown => found(time, event),
                Event::Head { .. }
                    if self.requests.back().is_some_and(Head::asks_for_websocket) || self.kept.len() < MAX_KEPT =>
                {
                    self.kept.push((time, event));
                }
                _ => {}
            }
        }
    }

    fn count(&mut self, event: &Event, time: Duration) {
        let summary = &mut self.summary;
        match event {
            Event::Frame { way, header, payload, findings, .. } => {
                summary.frames[way.index()] += 1;
                summary.findings += findings.len() as u64;
                match header.opcode() {
                    PING => {
                        let pings = &mut self.pings[way.index()];
                        pings.push_back((payload.bytes.clone(), time));
                        pings.truncate(MAX_KEPT);
                    }
                    PONG => {
                        // A Pong answers its Ping and all before it (§5.5.3).
                        let pings = &mut self.pings[way.back().index()];
                        if let Some(at) = pings.iter().position(|(bytes, _)| *bytes == payload.bytes) {
                            let (_, sent) = pings[at];
                            pings.drain(..=at);
                            summary.round_trips.push(time.saturating_sub(sent));
                        }
                    }
                    CLOSE => {
                        let code = payload.bytes.first_chunk().map(|&code| u16::from_be_bytes(code));
                        let reason = payload.bytes.get(2..).map(String::from_utf8_lossy).unwrap_or_default();
                        summary.closes.push((*way, code, reason.into_owned()));
                    }
                    _ => {}
                }
            }
            Event::Message { way, wire_len, payload, findings, .. } => {
                summary.messages[way.index()] += 1;
                summary.payload[way.index()] += payload.len;
                summary.wire[way.index()] += wire_len;
                summary.findings += findings.len() as u64;
            }
            Event::Head { findings, .. } | Event::Opened { findings, .. } => summary.findings += findings.len() as u64,
            Event::Began | Event::Gap { .. } | Event::Ended(_) => {}
        }
    }
}

/// So many heads, and Pings, are kept.
const MAX_KEPT: usize = 64;
