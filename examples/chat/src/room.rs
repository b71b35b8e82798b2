//! One room: its people and its messages.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::letter::Letter;
use crate::log::Log;
use crate::names::{Nick, RoomName};
use crate::protocol::Told;
use crate::seat::{GuestId, Seat};

/// A room, and what those in it are to be shown.
#[derive(Debug)]
pub struct Room {
    pub log: Log,
    pub people: Notice,
    seats: BTreeMap<GuestId, (Nick, Rc<Seat>)>,
    /// Who is in it at other servers, by server.
    elsewhere: BTreeMap<String, Vec<String>>,
}

impl Room {
    pub fn new(name: &RoomName, keep: usize) -> Self {
        let mut room =
            Self { log: Log::new(keep), people: Notice::default(), seats: BTreeMap::new(), elsewhere: BTreeMap::new() };
        room.show_people(name);
        room
    }

    /// Lets someone in, or changes a nickname.
    pub fn enter(&mut self, name: &RoomName, guest: GuestId, nick: &Nick, seat: &Rc<Seat>) {
        self.seats.insert(guest, (nick.clone(), Rc::clone(seat)));
        self.show_people(name);
    }

    pub fn leave(&mut self, name: &RoomName, guest: GuestId) {
        if self.seats.remove(&guest).is_some() {
            self.show_people(name);
        }
    }

    /// How many people are in it.
    pub fn count(&self) -> usize {
        self.seats.len() + self.elsewhere.values().map(Vec::len).sum::<usize>()
    }

    /// Who is in it here.
    pub fn nicks(&self) -> Vec<&str> {
        self.seats.values().map(|(nick, _)| nick.as_str()).collect()
    }

    /// Who is in it at another server: all of them.
    pub fn set_elsewhere(&mut self, name: &RoomName, server: &str, nicks: Vec<String>) {
        let before = if nicks.is_empty() {
            self.elsewhere.remove(server).unwrap_or_default()
        } else {
            self.elsewhere.insert(server.into(), nicks).unwrap_or_default()
        };
        if Some(&before) != self.elsewhere.get(server).or(Some(&Vec::new())) {
            self.show_people(name);
        }
    }

    /// Whether there is nothing to lose.
    pub fn is_forgotten(&self) -> bool {
        self.seats.is_empty() && self.elsewhere.is_empty() && self.log.next() == 1
    }

    /// Adds a message and tells everyone to look.
    pub fn add(&mut self, id: &str, letter: Letter) {
        self.log.push(id.to_owned(), letter);
        self.ring();
    }

    /// A message that has its number already. One that was there before is passed over.
    pub fn receive(&mut self, number: u64, id: &str, letter: Letter) {
        if number >= self.log.next() {
            self.log.restore(number, id.to_owned(), letter);
            self.ring();
        }
    }

    fn show_people(&mut self, name: &RoomName) {
        let here = self.seats.values().map(|(nick, _)| nick.as_str());
        let mut nicks: Vec<&str> = here.chain(self.elsewhere.values().flatten().map(String::as_str)).collect();
        nicks.sort_by_key(|nick| nick.to_lowercase());
        self.people.set(&Told::People { room: name.as_str(), nicks });
        self.ring();
    }

    fn ring(&self) {
        for (_, seat) in self.seats.values() {
            seat.ring();
        }
    }
}

/// Something that changes, and of which only the newest is worth telling: who sleeps through three changes sees the last one.
#[derive(Debug)]
pub struct Notice {
    version: u64,
    letter: Rc<Letter>,
}

impl Notice {
    pub fn set(&mut self, told: &Told<'_>) {
        *self = Self { version: self.version + 1, letter: Rc::new(Letter::new(&told.to_json())) };
    }

    /// The letter, if it is newer than what was `seen`.
    pub fn news(&self, seen: &mut u64) -> Option<&Rc<Letter>> {
        let news = *seen < self.version;
        *seen = self.version;
        news.then_some(&self.letter)
    }
}

impl Default for Notice {
    fn default() -> Self {
        Self { version: 0, letter: Rc::new(Letter::new("")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::Form;

    #[test]
    fn notice_is_news_once_and_only_the_newest_is_told() {
        let (mut notice, mut seen) = (Notice::default(), 0);
        assert!(notice.news(&mut seen).is_none());
        for ms in [1.0, 2.0] {
            notice.set(&Told::Latency { ms });
        }
        assert!(notice.news(&mut seen).unwrap().bytes(Form::Plain).ends_with(b"2.0}"));
        assert!(notice.news(&mut seen).is_none());
    }
}
