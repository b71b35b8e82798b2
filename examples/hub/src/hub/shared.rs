//! A hub among others.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Authority, Entry, Hub, Peers, Recent, State, What};
use crate::broker::{Line, Place, Record, Replica};
use crate::engine_io::Reason;

impl<A: Authority> Hub<A> {
    /// Does what can be done without the broker: peers of this hub talk to each other. What all hubs have to agree on is refused.
    pub(super) fn do_alone(&self, entry: &Entry) -> Result<(), String> {
        if self.line.as_ref().is_some_and(Line::is_there) {
            return Err("the broker is too slow: try again later".into());
        }
        let What::Tell { to, .. } = &entry.what else { return Err("the broker is away: try again later".into()) };
        let state = self.state.borrow();
        let here = |name| state.peers.get(name).is_none_or(|peer| peer.hub == self.id);
        if let Some(name) = to.iter().find(|name| !here(name)) {
            return Err(format!("the broker is away, and {name} is at another hub"));
        }
        let position = state.position;
        drop(state);
        self.tell(entry, Some(position));
        Ok(())
    }

    /// Ends all connections that have joined: what the others know of them no longer holds. Clients come back, and join again.
    pub(super) fn begin_anew(&self, why: &str) {
        let sockets: Vec<_> = self.state.borrow().locals.values().map(|local| Rc::clone(&local.socket)).collect();
        if !sockets.is_empty() {
            (self.told)(&format!("{why}: its {} clients have to connect again", sockets.len()));
        }
        for socket in sockets {
            socket.end(Reason::ServerClosed);
        }
    }
}

impl<A: Authority> Replica for Hub<A> {
    fn apply(&self, place: Place, record: Record) {
        let len = size(&record);
        let Some(entry) = Entry::from_record(record) else { return };
        let entry = self.take(entry, Some(place));
        self.state.borrow_mut().recent.push(place, len, entry);
    }

    fn recall(&self, place: Place, record: Record) {
        let len = size(&record);
        if let Some(entry) = Entry::from_record(record) {
            self.state.borrow_mut().recent.push(place, len, entry);
        }
    }

    fn snapshot(&self) -> String {
        serde_json::to_string(&self.state.borrow().peers).unwrap_or_default()
    }

    fn restore(&self, snapshot: Option<&str>) {
        self.begin_anew("the broker has lost its memory");
        let mut state = self.state.borrow_mut();
        state.recent = Recent::default();
        state.peers = match snapshot.map(Peers::from_snapshot) {
            Some(Ok(peers)) => peers,
            Some(Err(error)) => {
                eprintln!("hub: expected a snapshot of the peers, found something else: {error}");
                Peers::default()
            }
            None => Peers::default(),
        };
    }

    fn oldest(&self) -> Option<Place> {
        self.state.borrow().recent.oldest()
    }

    fn found(&self) {
        self.line.iter().for_each(|line| line.set_there(true));
        self.tick();
    }

    fn lost(&self) {
        self.line.iter().for_each(|line| line.set_there(false));
        let mut state = self.state.borrow_mut();
        let State { asked, locals, .. } = &mut *state;
        for (_, asked) in asked.drain() {
            asked.answer(Err("the broker went away: whether this was done is not known".into()));
        }
        locals.values_mut().for_each(|local| local.changes = 0);
        let sockets: Vec<String> = locals.keys().cloned().collect();
        drop(state);
        for socket in sockets {
            self.go_on(&socket);
        }
    }

    fn tick(&self) {
        let state = self.state.borrow();
        let mine = state.peers.all().filter(|(_, peer)| peer.hub == self.id);
        let left: Vec<String> =
            mine.map(|(_, peer)| peer.socket.clone()).filter(|id| !state.locals.contains_key(id)).collect();
        drop(state);
        // They left while the broker was away.
        for socket in left {
            self.add(&socket, What::Leave { lost: true }, Vec::new(), None);
        }
    }

    fn others(&self) -> BTreeSet<String> {
        let state = self.state.borrow();
        state.peers.all().map(|(_, peer)| &peer.hub).filter(|hub| **hub != self.id).cloned().collect()
    }

    fn gone(&self, hub: &str) {
        self.add("", What::Gone { hub: hub.into() }, Vec::new(), None);
    }
}

fn size(record: &Record) -> usize {
    record.text.len() + record.attachments.iter().map(bytes::Bytes::len).sum::<usize>()
}
