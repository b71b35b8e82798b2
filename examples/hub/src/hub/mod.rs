//! Peers: who has which name, who is linked with whom, and who is in which room; at this hub, and at those beside it.

mod authority;
mod entry;
mod local;
mod name;
mod peers;
mod recent;
mod request;
mod shared;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

pub use authority::{Anyone, Authority, Tokens};
use entry::{Entry, What};
use local::{Asked, Local};
pub use name::Name;
use peers::{Outcome, Peers};
use recent::Recent;

use crate::broker::{Line, Place};
use crate::engine_io::Reason;
use crate::socket_io::{Application, Event, Socket, raw};

/// A hub. What clients may ask of it, and what they hear, is in the README.
///
/// What a client asks for becomes an [`Entry`], and has its effect when that is taken: at once if the hub is alone, and otherwise when
/// it comes back from the broker, at all hubs in the same order.
pub struct Hub<A> {
    /// Its name among all hubs.
    id: String,
    authority: A,
    line: Option<Line>,
    state: RefCell<State>,
    told: Box<dyn Fn(&str)>,
}

#[derive(Default)]
struct State {
    peers: Peers,
    /// The connections of this hub, by their identifiers.
    locals: HashMap<String, Local>,
    /// What waits for its entry to be taken, by the entry's number.
    asked: HashMap<u64, Asked>,
    number: u64,
    recent: Recent,
    position: Place,
}

impl<A: Authority> Hub<A> {
    /// A hub alone. `told` is called with a line for each peer that comes or goes.
    pub fn new(authority: A, told: impl Fn(&str) + 'static) -> Self {
        Self { id: String::new(), authority, line: None, state: RefCell::default(), told: Box::new(told) }
    }

    /// One of several hubs, with a name that no other has.
    pub fn shared(self, id: String, line: Line) -> Self {
        Self { id, line: Some(line), ..self }
    }

    /// Carries out what a client asks for, once all that it has asked for before is done.
    fn ask(&self, socket: &Rc<Socket>, event: Event) {
        let asked = Asked::new(socket, &event);
        match self.plan(socket, &event) {
            Err(reason) => asked.answer(Err(reason)),
            Ok(what) => self.add(&socket.id, what, event.attachments, Some(asked)),
        }
    }

    /// Has an entry taken: now, or when it comes back from the broker.
    fn add(&self, socket: &str, what: What, attachments: Vec<Bytes>, asked: Option<Asked>) {
        let mut state = self.state.borrow_mut();
        state.number += 1;
        let entry = Entry { hub: self.id.clone(), number: state.number, socket: socket.into(), what, attachments };
        if self.line.as_ref().is_some_and(|line| !line.add(entry.to_record())) {
            drop(state);
            let result = self.do_alone(&entry);
            return asked.into_iter().for_each(|asked| asked.answer(result.clone()));
        }
        if let Some(asked) = asked {
            if entry.what.is_change() {
                if let Some(local) = state.locals.get_mut(socket) {
                    local.changes += 1;
                }
            }
            state.asked.insert(entry.number, asked);
        }
        drop(state);
        if self.line.is_none() {
            self.take(entry, None);
        }
    }

    /// Applies an entry, tells those whom it concerns, and answers who has asked for it. It comes back with those whom it was for.
    fn take(&self, mut entry: Entry, place: Option<Place>) -> Entry {
        let mut state = self.state.borrow_mut();
        state.position = place.unwrap_or(state.position);
        let outcome = state.peers.apply(&entry, place);
        let asked = if entry.hub == self.id { state.asked.remove(&entry.number) } else { None };
        drop(state);
        let result = match outcome {
            Ok(outcome) => {
                self.follow(&mut entry, outcome, place);
                Ok(())
            }
            Err(reason) => {
                entry.set_receivers(Vec::new());
                Err(reason)
            }
        };
        if let Some(asked) = asked {
            asked.answer(result);
            if entry.what.is_change() {
                self.go_on(&entry.socket);
            }
        }
        entry
    }

    fn follow(&self, entry: &mut Entry, outcome: Outcome, place: Option<Place>) {
        match outcome {
            Outcome::Done => {}
            Outcome::Told(receivers) => {
                entry.set_receivers(receivers);
                self.tell(entry, place);
            }
            Outcome::Joined { name, missed } => {
                self.announce("peer_connect", &name, place);
                self.welcome(entry, &name, missed, place);
            }
            Outcome::Moved { name, from, missed } => {
                if let Some(old) = self.socket(&from) {
                    old.end(Reason::ServerClosed);
                }
                self.welcome(entry, &name, Some(missed), place);
            }
            Outcome::Left(names) => {
                for name in names {
                    if matches!(entry.what, What::Gone { .. }) {
                        (self.told)(&format!("{name} is gone with its hub"));
                    }
                    self.announce("peer_disconnect", &name, place);
                }
                if matches!(&entry.what, What::Gone { hub } if *hub == self.id) {
                    self.begin_anew("this hub was silent for too long");
                }
            }
        }
    }

    /// Tells all peers of this hub but one that it has come or gone.
    fn announce(&self, event: &str, name: &Name, place: Option<Place>) {
        let argument = raw(name);
        let state = self.state.borrow();
        let others = state.peers.all().filter(|(other, peer)| *other != name && peer.hub == self.id);
        let others: Vec<_> = others.filter_map(|(_, peer)| state.locals.get(&peer.socket)).collect();
        for Local { socket, .. } in others {
            socket.emit_at(event, argument.as_deref(), &[], place);
        }
    }

    /// Tells a peer that has joined here what it has missed, and who is there.
    fn welcome(&self, entry: &Entry, name: &Name, missed: Option<(Place, Place)>, place: Option<Place>) {
        if entry.hub != self.id {
            return;
        }
        let state = self.state.borrow();
        let Some(Local { socket, seen, .. }) = state.locals.get(&entry.socket) else {
            drop(state);
            // It has left before it had joined.
            return self.add(&entry.socket, What::Leave { lost: true }, Vec::new(), None);
        };
        (self.told)(&format!("{name} has joined"));
        if let Some((since, until)) = missed {
            let from = seen.unwrap_or_default().max(since);
            let (entries, whole) = state.recent.told(name, from, until);
            if !whole {
                socket.emit_at("missed", None, &[], Some(from));
            }
            for (place, entry) in entries {
                entry.emit_to(socket, Some(place));
            }
        }
        for (other, _) in state.peers.all().filter(|(other, _)| *other != name) {
            socket.emit_at("peer_connect", raw(other).as_deref(), &[], place);
        }
    }

    /// Hands an event to those of its receivers who are here.
    fn tell(&self, entry: &Entry, place: Option<Place>) {
        let What::Tell { to, .. } = &entry.what else { return };
        let state = self.state.borrow();
        let here = to.iter().filter_map(|name| state.peers.get(name)).filter(|peer| peer.hub == self.id);
        for Local { socket, .. } in here.filter_map(|peer| state.locals.get(&peer.socket)) {
            entry.emit_to(socket, place);
        }
    }

    /// One thing that a client has asked for is done: what it has asked for since comes next.
    fn go_on(&self, socket: &str) {
        if let Some(local) = self.state.borrow_mut().locals.get_mut(socket) {
            local.changes = local.changes.saturating_sub(1);
        }
        loop {
            let next = self.state.borrow_mut().locals.get_mut(socket).and_then(Local::next);
            let Some((socket, event)) = next else { return };
            self.ask(&socket, event);
        }
    }

    fn socket(&self, id: &str) -> Option<Rc<Socket>> {
        self.state.borrow().locals.get(id).map(|local| Rc::clone(&local.socket))
    }
}

impl<A: Authority> Application for Rc<Hub<A>> {
    fn admit(&self, namespace: &str, auth: Option<&RawValue>) -> Result<Option<String>, String> {
        if namespace != "/" {
            return Err("Invalid namespace".into());
        }
        if self.line.is_none() {
            return Ok(None);
        }
        // Who has been here, or at another hub, and says by which key it was known, stays known by that.
        let key = auth.and_then(|auth| serde_json::from_str::<Auth>(auth.get()).ok()).and_then(|auth| auth.pid);
        match key.filter(|key| self.state.borrow().peers.knows_key(key)) {
            Some(key) => Ok(Some(key)),
            None => crate::identifier::random().map(Some).map_err(|error| error.to_string()),
        }
    }

    fn connected(&self, socket: &Rc<Socket>) {
        let auth = socket.auth.as_deref().and_then(|auth| serde_json::from_str::<Auth>(auth.get()).ok());
        let seen = auth.and_then(|auth| auth.offset?.parse().ok());
        self.state.borrow_mut().locals.insert(socket.id.clone(), Local::new(socket, seen));
    }

    fn event(&self, socket: &Rc<Socket>, event: Event) {
        let mut state = self.state.borrow_mut();
        let Some(local) = state.locals.get_mut(&socket.id) else { return };
        let waits = local.changes > 0;
        if waits && !local.wait(event.clone()) {
            drop(state);
            return socket.end(Reason::Violation("too much was asked for before an answer".into()));
        }
        drop(state);
        if !waits {
            self.ask(socket, event);
        }
    }

    fn disconnected(&self, socket: &Rc<Socket>, reason: &Reason) {
        let mut state = self.state.borrow_mut();
        state.locals.remove(&socket.id);
        let Some(name) = state.peers.name(&socket.id).cloned() else { return };
        drop(state);
        (self.told)(&format!("{name} has left: {reason}"));
        let lost = *reason != Reason::ClientClosed;
        self.add(&socket.id, What::Leave { lost }, Vec::new(), None);
    }
}

/// What a client may say when it connects: a token for its name; and by which key it was known, and what it has seen last.
#[derive(Deserialize)]
struct Auth {
    token: Option<String>,
    pid: Option<String>,
    offset: Option<String>,
}

/// The answer to an event.
fn answer(event: &str, result: &Result<(), String>) -> serde_json::Value {
    match result {
        Ok(()) => json!({ "ok": true }),
        Err(reason) => json!({ "ok": false, "event": event, "reason": reason }),
    }
}
