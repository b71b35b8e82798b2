//! What an echoing endpoint answers, according to what a strict one hears.

use super::script::Sent;
use crate::case::{Content, Heard, Limits, Literal};

/// Something that a subject's application hears.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Event {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

/// What one alternative expects.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// Whether it is text, and the data.
    pub(super) data: Vec<(bool, Vec<u8>)>,
    /// The payloads of Pongs.
    pub(super) pongs: Vec<Vec<u8>>,
    /// The opcodes and payloads of control frames that its application has it send.
    pub(super) own: Vec<(u8, Vec<u8>)>,
    /// In order; a Pong without a payload may be any.
    pub(super) heard: Vec<(Event, bool)>,
}

impl Expected {
    /// None if a limit is not declared, or there is nothing that `@` could stand for.
    pub(super) fn new(heard: &[Heard], sent: &Sent, limits: &Limits) -> Option<Self> {
        let mut expected = Self::default();
        expected.extend(heard, sent, limits)?;
        Some(expected)
    }

    fn extend(&mut self, heard: &[Heard], sent: &Sent, limits: &Limits) -> Option<()> {
        for item in heard {
            match item {
                Heard::Text(content) | Heard::Binary(content) => {
                    let text = matches!(item, Heard::Text(_));
                    let bytes = content_of(content, &sent.messages, self.data.len(), limits)?;
                    self.heard
                        .push((if text { Event::Text(bytes.clone()) } else { Event::Binary(bytes.clone()) }, true));
                    self.data.push((text, bytes));
                }
                Heard::Ping(content) => {
                    let bytes = content_of(content, &sent.pings, self.pongs.len(), limits)?;
                    self.heard.push((Event::Ping(bytes.clone()), true));
                    self.pongs.push(bytes);
                }
                Heard::Pong(literal) => {
                    let bytes = literal.as_ref().map_or(Some(Vec::new()), |literal: &Literal| literal.bytes(limits))?;
                    self.heard.push((Event::Pong(bytes), literal.is_some()));
                }
                Heard::Sends { opcode, payload } => self.own.push((*opcode, payload.bytes(limits)?)),
                Heard::Repeat(items, times) => {
                    for _ in 0..times.value(limits)? {
                        self.extend(items, sent, limits)?;
                    }
                }
            }
        }
        Some(())
    }

    /// Whether the events are what is expected; `Some(false)` if they are a beginning of it.
    pub(super) fn is_heard(&self, events: &[Event]) -> Option<bool> {
        let same = |(expected, event): (&(Event, bool), &Event)| match (expected, event) {
            ((Event::Pong(_), false), Event::Pong(_)) => true,
            ((expected, _), event) => expected == event,
        };
        let fits = events.len() <= self.heard.len() && self.heard.iter().zip(events).all(same);
        fits.then_some(events.len() == self.heard.len())
    }
}

fn content_of(content: &Content, sent: &[Vec<u8>], at: usize, limits: &Limits) -> Option<Vec<u8>> {
    match content {
        Content::Sent => sent.get(at).cloned(),
        Content::Literal(literal) => literal.bytes(limits),
    }
}
