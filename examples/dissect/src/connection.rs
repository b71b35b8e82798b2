//! One TCP connection, and what is in it: perhaps TLS, then HTTP/1.1 with one conversation or HTTP/2 with many.

use std::time::Duration;

use crate::conversation::Conversation;
use crate::event::{Event, Way};
use crate::http2::{Http2, PREFACE};
use crate::segment::Segment;
use crate::tcp::{Direction, Next};
use crate::tls::{KeyLog, Session};

/// Takes what was found: in which stream of HTTP/2, if in one; when; and what.
pub type Found<'f> = dyn FnMut(Option<u32>, Duration, Event) + 'f;

#[derive(Debug)]
pub struct Connection {
    directions: [Direction; 2],
    security: Security,
    /// Whether of a direction no more has come than the first byte of what may be TLS.
    first: [bool; 2],
    protocol: Protocol,
    last: Duration,
    /// How TCP ended, as far as it was seen.
    end: String,
}

#[derive(Debug)]
enum Security {
    /// No byte came yet.
    Unknown,
    None,
    Tls(Box<Session>),
}

#[derive(Debug)]
enum Protocol {
    /// What came before the client has shown which it is.
    Unknown([Vec<u8>; 2]),
    Http1(Box<Conversation>),
    Http2(Box<Http2>),
}

const TLS_HANDSHAKE: u8 = 22;
/// What the server sends is not kept beyond this before the client's first bytes.
const MAX_EARLY: usize = 1 << 16;

impl Connection {
    /// With `frames`, the connection is WebSocket from its first byte on, because the capture has no handshake.
    pub fn new(frames: bool) -> Self {
        let (security, protocol) = if frames {
            (Security::None, Protocol::Http1(Box::new(Conversation::new(true))))
        } else {
            (Security::Unknown, Protocol::Unknown(Default::default()))
        };
        Self {
            directions: Default::default(),
            security,
            first: [false; 2],
            protocol,
            last: Duration::ZERO,
            end: String::new(),
        }
    }

    /// When something of it came last.
    pub fn last(&self) -> Duration {
        self.last
    }

    /// The version of TLS that it is encrypted with.
    pub fn tls(&self) -> Option<&'static str> {
        match &self.security {
            Security::Tls(session) => session.version(),
            Security::Unknown | Security::None => None,
        }
    }

    /// Why it can't be read, if it is encrypted and can't.
    pub fn unread(&self) -> Option<String> {
        match &self.security {
            Security::Tls(session) => session.unread(),
            Security::Unknown | Security::None => None,
        }
    }

    /// About how many bytes of memory it holds.
    pub fn held(&self) -> usize {
        let security = match &self.security {
            Security::Tls(session) => session.held(),
            Security::Unknown | Security::None => 0,
        };
        let protocol = match &self.protocol {
            Protocol::Unknown(early) => early.iter().map(Vec::len).sum(),
            Protocol::Http1(conversation) => conversation.held(),
            Protocol::Http2(http2) => http2.held(),
        };
        self.directions.iter().map(Direction::held).sum::<usize>() + security + protocol + size_of::<Self>()
    }

    /// A segment came this way.
    pub fn segment(
        &mut self,
        way: Way,
        segment: &Segment<'_>,
        time: Duration,
        keys: &mut KeyLog,
        found: &mut Found<'_>,
    ) {
        self.last = time;
        match &mut self.protocol {
            Protocol::Unknown(_) => {}
            Protocol::Http1(conversation) => conversation.at(time),
            Protocol::Http2(http2) => http2.at(time),
        }
        let direction = &mut self.directions[way.index()];
        if segment.syn {
            direction.begin(segment.sequence);
        }
        direction.segment(segment.sequence, segment.payload, segment.missing, segment.fin);
        if let Some(acknowledged) = segment.acknowledged {
            self.directions[way.back().index()].acknowledge(acknowledged);
        }
        if (segment.fin || segment.rst) && self.end.is_empty() {
            let what = if segment.rst { "reset" } else { "closed" };
            self.end = format!("TCP {what} by the {}", way.sender());
        }
        for way in [way.back(), way] {
            self.advance(way, segment.rst, keys, found);
        }
    }

    /// Whether a client's SYN is not of this connection, but of a later one between the same ports.
    pub fn is_before(&self, syn: u32) -> bool {
        self.directions[0].is_other_than(syn)
    }

    /// Whether both sides have ended.
    pub fn is_finished(&self) -> bool {
        self.end.contains("reset") || self.directions.iter().all(Direction::is_finished)
    }

    /// Nothing comes any more.
    pub fn end(&mut self, keys: &mut KeyLog, found: &mut Found<'_>) {
        for way in Way::BOTH {
            self.advance(way, true, keys, found);
        }
        if matches!(self.protocol, Protocol::Unknown(_)) {
            self.decide(true, found);
        }
        let mut end = std::mem::take(&mut self.end);
        if end.is_empty() {
            end = "not ended in this capture".into();
        } else if let Security::Tls(session) = &self.security
            && let Some(rude) = session.without_close_notify()
        {
            end += &format!(", without a close_notify of the {}", rude.sender());
        }
        match std::mem::replace(&mut self.protocol, Protocol::Unknown(Default::default())) {
            Protocol::Unknown(_) => {}
            Protocol::Http1(conversation) => conversation.end(end, &mut |time, event| found(None, time, event)),
            Protocol::Http2(http2) => http2.end(&end, found),
        }
    }

    fn advance(&mut self, way: Way, ended: bool, keys: &mut KeyLog, found: &mut Found<'_>) {
        while let Some(next) = self.directions[way.index()].next(ended) {
            let next = match next {
                Next::Bytes(mut bytes) if matches!(self.security, Security::Unknown) => {
                    if std::mem::take(&mut self.first[way.index()]) {
                        bytes.insert(0, TLS_HANDSHAKE);
                    }
                    if bytes == [TLS_HANDSHAKE] {
                        self.first[way.index()] = true;
                        continue;
                    }
                    // RFC 8446 §5.1: the type of the record, and the major version of all of TLS.
                    let is_tls = bytes.starts_with(&[TLS_HANDSHAKE, 3]);
                    self.security = if is_tls { Security::Tls(Box::default()) } else { Security::None };
                    Next::Bytes(bytes)
                }
                next => next,
            };
            match &mut self.security {
                Security::Tls(session) => {
                    let mut plain = Vec::new();
                    session.input(way, next, keys, &mut plain);
                    for (way, next) in plain {
                        self.plain(way, next, found);
                    }
                }
                Security::Unknown | Security::None => self.plain(way, next, found),
            }
        }
    }

    fn plain(&mut self, way: Way, next: Next, found: &mut Found<'_>) {
        let time = self.last;
        match (&mut self.protocol, next) {
            (Protocol::Unknown(early), Next::Bytes(bytes)) => {
                early[way.index()].extend_from_slice(&bytes);
                self.decide(false, found);
            }
            (Protocol::Unknown(_), Next::Gap(len)) => {
                self.decide(true, found);
                self.plain(way, Next::Gap(len), found);
            }
            (Protocol::Http1(conversation), Next::Bytes(bytes)) => {
                conversation.bytes(way, bytes, time, &mut |time, event| found(None, time, event));
            }
            (Protocol::Http1(conversation), Next::Gap(len)) => {
                conversation.gap(way, len, time, &mut |time, event| found(None, time, event));
            }
            (Protocol::Http2(http2), Next::Bytes(bytes)) => http2.bytes(way, &bytes, time, found),
            (Protocol::Http2(http2), Next::Gap(len)) => http2.gap(way, len, time, found),
        }
    }

    /// Looks at the client's first bytes; if it has to be decided, for HTTP/1.1.
    fn decide(&mut self, forced: bool, found: &mut Found<'_>) {
        let Protocol::Unknown(early) = &mut self.protocol else { return };
        let [client, server] = early;
        // RFC 9113 §3.4: what a client of HTTP/2 begins with.
        let begins = PREFACE.starts_with(&client[..client.len().min(PREFACE.len())]);
        if !forced && begins && client.len() < PREFACE.len() && server.len() < MAX_EARLY {
            return;
        }
        let is_http2 = begins && client.len() >= PREFACE.len();
        let early = std::mem::take(early);
        self.protocol = if is_http2 {
            Protocol::Http2(Box::default())
        } else {
            let mut conversation = Conversation::new(false);
            conversation.at(self.last);
            Protocol::Http1(Box::new(conversation))
        };
        for (way, bytes) in Way::BOTH.into_iter().zip(early) {
            if !bytes.is_empty() {
                self.plain(way, Next::Bytes(bytes), found);
            }
        }
    }
}
