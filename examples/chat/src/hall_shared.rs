//! The hall of one server among several.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::backlog::{Backlog, Requests};
use crate::draft::Draft;
use crate::hall::Hall;
use crate::names::{Nick, RoomName};
use crate::protocol::{Fault, Told};
use crate::seat::GuestId;

/// Who is in which room.
pub type People = BTreeMap<String, Vec<String>>;

impl Hall {
    /// From now on, several servers share the rooms.
    pub fn share(&mut self) -> Rc<Requests> {
        let requests = Rc::new(Requests::default());
        self.backlog = Backlog::Shared(Rc::clone(&requests));
        requests
    }

    /// The identity of all numbers. If it is another one than before, what is known of the rooms means nothing any more, and the guests
    /// come back for what there is now.
    pub fn set_log(&mut self, log: String, first: bool) {
        if self.log != log && !first {
            self.close();
            self.rooms.clear();
        }
        self.log = log;
    }

    pub fn log(&self) -> &str {
        &self.log
    }

    /// The name was asked for and is free, or not.
    pub fn greeted(&mut self, guest: GuestId, nick: &Nick, token: &str, free: bool) {
        let Some(seat) = self.guests.get(&guest).map(|guest| Rc::clone(&guest.seat)) else {
            return if free {
                self.backlog.release(nick.clone(), token.into())
            };
        };
        let taken = || Fault::new(format!("The nickname {} is taken.", nick.as_str()));
        let welcome = if free { self.admit(guest, nick.clone(), token) } else { Err(taken()) };
        seat.tell(
            welcome
                .unwrap_or_else(|Fault { text, .. }| Told::Error { about: Some(nick.as_str()), text: &text }.to_json()),
        );
    }

    /// Whether someone here has this name, by this token.
    pub fn holds(&self, nick: &Nick, token: &str) -> bool {
        let names = self.guests.values().filter_map(|guest| guest.name.as_ref());
        names.into_iter().any(|(held, by)| held.reads_like(nick) && by == token)
    }

    /// All names that are held here, and by which tokens.
    pub fn names(&self) -> Vec<(Nick, String)> {
        self.guests.values().filter_map(|guest| guest.name.clone()).collect()
    }

    /// The same person is at another server now.
    pub fn moved(&mut self, folded: &str) {
        let guest = self.guests.iter().find_map(|(id, guest)| {
            guest.name.as_ref().is_some_and(|(nick, _)| nick.folded() == folded).then_some(*id)
        });
        if let Some(guest) = guest {
            self.dismiss(guest, 4001, "continued on another connection");
        }
    }

    /// A message came again, and has this number already.
    pub fn had(&mut self, guest: GuestId, draft: &Draft, n: u64) {
        if let Some(guest) = self.guests.get(&guest) {
            guest.seat.tell(Told::Had { room: draft.room.as_str(), id: &draft.id, n }.to_json());
        }
    }

    /// A message of a room has come.
    pub fn receive(&mut self, n: u64, draft: &Draft) {
        let Some(letter) = draft.letter(n) else { return };
        let fresh = !self.rooms.contains_key(&draft.room);
        self.room_mut(&draft.room).receive(n, &draft.id, letter);
        if fresh {
            self.show_directory();
        }
    }

    /// Who is in which room here.
    pub fn people(&self) -> People {
        let rooms = self.rooms.iter().map(|(name, room)| (name, room.nicks())).filter(|(_, nicks)| !nicks.is_empty());
        rooms.map(|(name, nicks)| (name.as_str().into(), nicks.into_iter().map(str::to_owned).collect())).collect()
    }

    /// Who is in which room at another server: all of them.
    pub fn set_people(&mut self, server: &str, mut people: People) {
        let names = people.keys().filter_map(|name| RoomName::new(name).ok());
        let names: BTreeSet<RoomName> = names.chain(self.rooms.keys().cloned()).collect();
        for name in names {
            let nicks = people.remove(name.as_str()).unwrap_or_default();
            if self.rooms.contains_key(&name) || !nicks.is_empty() {
                self.room_mut(&name).set_elsewhere(&name, server, nicks);
                self.forget_if_empty(&name);
            }
        }
        self.set_directory();
    }

    /// Tells everyone that what they write has to wait.
    pub fn tell_all(&self, text: &str) {
        for guest in self.guests.values() {
            guest.seat.tell(Told::Error { about: None, text }.to_json());
        }
    }
}
