//! Adds up a conversation: what its summary says.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::{Event, Summary};
use crate::messages::{CLOSE, PING, PONG};

#[derive(Debug, Default)]
pub struct Tally {
    summary: Summary,
    began: Option<Duration>,
    last: Duration,
    /// Pings that wait for their Pong.
    pings: [VecDeque<(Vec<u8>, Duration)>; 2],
}

/// So many Pings that were not answered, and so many Close frames, are kept; §5.5.1 has one Close from each side.
const MAX_KEPT: usize = 64;
/// §5.5: a control frame has no more.
const MAX_CONTROL: usize = 125;

impl Tally {
    pub fn at(&mut self, time: Duration) {
        self.began.get_or_insert(time);
        self.last = time;
    }

    /// The time of the last packet.
    pub fn last(&self) -> Duration {
        self.last
    }

    /// The time of the last packet, and the sums; `end` says how the transport ended.
    pub fn end(mut self, end: String) -> (Duration, Summary) {
        self.summary.end = end;
        self.summary.lasted = self.last.saturating_sub(self.began.unwrap_or(self.last));
        (self.last, self.summary)
    }

    pub fn count(&mut self, event: &Event, time: Duration) {
        let summary = &mut self.summary;
        match event {
            Event::Frame { way, header, payload, findings, .. } => {
                summary.frames[way.index()] += 1;
                summary.findings += findings.len() as u64;
                let bytes = &payload.bytes[..payload.bytes.len().min(MAX_CONTROL)];
                match header.opcode() {
                    PING => {
                        let pings = &mut self.pings[way.index()];
                        if pings.len() == MAX_KEPT {
                            pings.pop_front();
                        }
                        pings.push_back((bytes.to_vec(), time));
                    }
                    PONG => {
                        // A Pong answers its Ping and all before it (§5.5.3).
                        let pings = &mut self.pings[way.back().index()];
                        if let Some(at) = pings.iter().position(|(ping, _)| ping == bytes) {
                            let (_, sent) = pings[at];
                            pings.drain(..=at);
                            summary.round_trips.add(time.saturating_sub(sent));
                        }
                    }
                    CLOSE if summary.closes.len() < MAX_KEPT => {
                        let code = bytes.first_chunk().map(|&code| u16::from_be_bytes(code));
                        let reason = bytes.get(2..).map(String::from_utf8_lossy).unwrap_or_default();
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
            Event::Gap { way, len, .. } => summary.gaps[way.index()] += len,
            Event::Head { findings, .. } | Event::Opened { findings, .. } => summary.findings += findings.len() as u64,
            Event::Began | Event::Cut { .. } | Event::Ended(_) => {}
        }
    }
}
