//! A connection of this hub, and what it waits for.

use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::value::RawValue;

use super::{Entry, What, answer};
use crate::broker::Place;
use crate::socket_io::{Event, Socket, raw};

/// A connection. What it asks for takes effect in the order in which it was asked for.
pub struct Local {
    pub socket: Rc<Socket>,
    /// What the client has seen last on an earlier connection.
    pub seen: Option<Place>,
    /// Changes that are not made yet, and on which what is asked for later may depend.
    pub changes: usize,
    waiting: VecDeque<Event>,
    waiting_len: usize,
}

/// Events, and bytes of them, that may wait for a change.
const MAX_WAITING: usize = 1000;
const MAX_WAITING_LEN: usize = 4 << 20;

impl Local {
    pub fn new(socket: &Rc<Socket>, seen: Option<Place>) -> Self {
        Self { socket: Rc::clone(socket), seen, changes: 0, waiting: VecDeque::new(), waiting_len: 0 }
    }

    /// Keeps an event until the changes are made; false if too many wait.
    pub fn wait(&mut self, event: Event) -> bool {
        self.waiting_len += len(&event);
        self.waiting.push_back(event);
        self.waiting.len() <= MAX_WAITING && self.waiting_len <= MAX_WAITING_LEN
    }

    /// The next event, if nothing has to be waited for.
    pub fn next(&mut self) -> Option<(Rc<Socket>, Event)> {
        let event = if self.changes == 0 { self.waiting.pop_front()? } else { return None };
        self.waiting_len -= len(&event);
        Some((Rc::clone(&self.socket), event))
    }
}

fn len(event: &Event) -> usize {
    event.arguments.iter().map(|argument| argument.get().len()).sum::<usize>()
        + event.attachments.iter().map(bytes::Bytes::len).sum::<usize>()
}

/// A client that waits for an answer.
pub struct Asked {
    socket: Rc<Socket>,
    event: String,
    id: Option<u64>,
}

impl Asked {
    pub fn new(socket: &Rc<Socket>, event: &Event) -> Self {
        Self { socket: Rc::clone(socket), event: event.name.clone(), id: event.id }
    }

    /// Where no acknowledgement is wanted, a refusal is an event.
    pub fn answer(&self, result: Result<(), String>) {
        let data = raw(&answer(&self.event, &result));
        let data: Vec<&RawValue> = data.as_deref().into_iter().collect();
        match self.id {
            Some(_) => self.socket.acknowledge(self.id, &data, &[]),
            None if result.is_err() => self.socket.emit("refused", &data, &[]),
            None => {}
        }
    }
}

impl Entry {
    /// Sends the event that it is to one of those whom it is for.
    pub fn emit_to(&self, socket: &Socket, place: Option<Place>) {
        if let What::Tell { event, arguments, .. } = &self.what {
            socket.emit_at(event, arguments.iter().map(|argument| &**argument), &self.attachments, place);
        }
    }
}

impl Socket {
    /// Sends an event, with its place after all else to a client that may come back and say what it has seen last.
    pub fn emit_at<'a>(
        &self,
        event: &str,
        arguments: impl IntoIterator<Item = &'a RawValue>,
        attachments: &[bytes::Bytes],
        place: Option<Place>,
    ) {
        let place = place.filter(|_| self.key.is_some()).and_then(|place| raw(&place.to_string()));
        let mut all: Vec<&RawValue> = arguments.into_iter().map(|argument| -> &RawValue { argument }).collect();
        all.extend(place.as_deref());
        self.emit(event, &all, attachments);
    }
}
