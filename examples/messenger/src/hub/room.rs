//! Who is at the hub. It does no I/O: each guest has a queue of what is to be sent to it.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc::Sender;

use crate::signal::{FromHub, Name, Servers, ToHub, address_datagram, read_datagram};

/// What is sent to a guest.
#[derive(Clone, Debug, PartialEq)]
pub enum Letter {
    Text(String),
    Binary(Vec<u8>),
}

/// All who are here, and whose names these are.
#[derive(Debug)]
pub struct Room {
    servers: Servers,
    guests: HashMap<Name, Guest>,
    visits: u64,
}

#[derive(Debug)]
struct Guest {
    key: String,
    /// Which visit it is, and where its letters go; or since when it is away.
    here: Result<(u64, Sender<Letter>), Instant>,
}

/// Somebody who may send.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    name: Name,
    number: u64,
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl Room {
    pub fn new(servers: Servers) -> Self {
        Self { servers, guests: HashMap::new(), visits: 0 }
    }

    /// The first message of somebody.
    ///
    /// # Errors
    ///
    /// What was expected; the name is not taken then.
    pub fn enter(&mut self, text: &str, queue: Sender<Letter>, now: Instant) -> Result<Visit, String> {
        let (name, key) = match serde_json::from_str(text) {
            Ok(ToHub::<Value>::Enter { name, key }) => (name, key),
            Ok(ToHub::Signal { .. }) => return Err("expected to hear a name first, found a signal".into()),
            Err(error) => return Err(format!("expected to hear a name first, found what is no message: {error}")),
        };
        if !(16..=64).contains(&key.len()) {
            return Err(format!("expected a key of 16 to 64 bytes, found {}", key.len()));
        }
        self.forget(now);
        let owner = self.guests.get(&name);
        if owner.is_some_and(|owner| owner.key != key) {
            return Err(format!("expected a name that is free, found that {name} is taken"));
        }
        if owner.is_none() && self.guests.len() >= MAX_GUESTS {
            return Err(format!("expected at most {MAX_GUESTS} names, found one more"));
        }
        // A second connection of the same one: the first was lost, or will find its queue closed.
        if let Some(Guest { here: Ok(_), .. }) = owner {
            self.tell_others(&name, &FromHub::Left { name: name.clone() });
        }
        let here = self.guests.iter().filter(|(other, guest)| **other != name && guest.here.is_ok());
        let here = here.map(|(other, _)| other.clone()).collect();
        let entered: FromHub<Value> = FromHub::Entered { here, servers: self.servers.clone() };
        let _ = queue.try_send(letter(&entered)); // an empty queue has room
        self.visits += 1;
        self.guests.insert(name.clone(), Guest { key, here: Ok((self.visits, queue)) });
        self.tell_others(&name, &FromHub::Came { name: name.clone() });
        Ok(Visit { name, number: self.visits })
    }

    /// A text message of somebody who is here.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn text(&mut self, visit: &Visit, text: &str) -> Result<(), String> {
        match serde_json::from_str(text) {
            Ok(ToHub::<Value>::Signal { to, signal }) => {
                let message = FromHub::Signal { from: visit.name.clone(), signal };
                match self.post(&to, letter(&message)) {
                    true => Ok(()),
                    false => Err(format!("expected the name of somebody who is here, found {to}")),
                }
            }
            Ok(ToHub::Enter { .. }) => {
                Err(format!("expected one name for a connection, found one after {}", visit.name))
            }
            Err(error) => Err(format!("expected a message, found what is none: {error}")),
        }
    }

    /// Tells a guest that what it asked for was not done.
    pub fn refuse(&mut self, visit: &Visit, why: String) {
        self.post(&visit.name, letter(&FromHub::Refused { why }));
    }

    /// A datagram of somebody who is here. For one who is away it is lost, as datagrams may be.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn datagram(&mut self, visit: &Visit, message: &[u8]) -> Result<(), String> {
        let (to, datagram) = read_datagram(message)?;
        if let Some(Guest { here: Ok((_, queue)), .. }) = self.guests.get(&to) {
            // A queue that is full drops it; the sender learns of that as of any road.
            let _ = queue.try_send(Letter::Binary(address_datagram(&visit.name, datagram)));
        }
        Ok(())
    }

    /// Somebody has left; the name is kept for it for a while.
    pub fn leave(&mut self, visit: &Visit, now: Instant) {
        let guest = self.guests.get_mut(&visit.name);
        let Some(guest) = guest.filter(|guest| matches!(&guest.here, Ok((number, _)) if *number == visit.number))
        else {
            return;
        };
        guest.here = Err(now);
        self.tell_others(&visit.name, &FromHub::Left { name: visit.name.clone() });
    }

    fn tell_others(&mut self, name: &Name, message: &FromHub<Value>) {
        let letter = letter(message);
        let others: Vec<Name> = self.guests.keys().filter(|other| *other != name).cloned().collect();
        for other in others {
            self.post(&other, letter.clone());
        }
    }

    /// Whether it was taken. A guest that reads nothing for so long that its queue is full is dropped: closing the queue ends its visit.
    fn post(&mut self, to: &Name, letter: Letter) -> bool {
        let Some(guest) = self.guests.get_mut(to) else { return false };
        let Ok((_, queue)) = &guest.here else { return false };
        let is_taken = queue.try_send(letter).is_ok();
        if !is_taken {
            guest.here = Err(Instant::now());
        }
        is_taken
    }

    fn forget(&mut self, now: Instant) {
        self.guests.retain(|_, guest| match guest.here {
            Ok(_) => true,
            Err(since) => now.saturating_duration_since(since) < KEPT,
        });
    }
}

/// A message as a letter.
pub fn letter(message: &FromHub<Value>) -> Letter {
    Letter::Text(serde_json::to_string(message).unwrap_or_default()) // it has no map with keys that are no strings
}

const MAX_GUESTS: usize = 10_000;
/// How long a name is kept for one who left.
const KEPT: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{Receiver, channel};

    use super::*;

    fn enter(room: &mut Room, name: &str, key: &str) -> Result<(Visit, Receiver<Letter>), String> {
        let (sender, receiver) = channel(8);
        let text = format!(r#"{{"do":"enter","name":"{name}","key":"{key}"}}"#);
        room.enter(&text, sender, Instant::now()).map(|visit| (visit, receiver))
    }

    fn text(receiver: &mut Receiver<Letter>) -> String {
        match receiver.try_recv() {
            Ok(Letter::Text(text)) => text,
            other => panic!("expected a text, found {other:?}"),
        }
    }

    const KEY: &str = "0123456789abcdef";

    #[test]
    fn a_name_cannot_be_taken_twice_but_by_its_owner() {
        let mut room = Room::new(Servers::default());
        let (visit, mut first) = enter(&mut room, "ann", KEY).unwrap();
        assert_eq!(text(&mut first), r#"{"is":"entered","here":[],"servers":{"stun":null,"turn":null}}"#);
        let refused = enter(&mut room, "ann", "another key of 16 bytes").map(drop);
        assert_eq!(refused, Err("expected a name that is free, found that ann is taken".into()));
        let (_again, _second) = enter(&mut room, "ann", KEY).unwrap();
        assert!(first.is_closed() || first.try_recv().is_err(), "the first connection is replaced");
        room.leave(&visit, Instant::now());
        let refused = enter(&mut room, "ann", "another key of 16 bytes").map(drop);
        assert!(refused.is_err(), "the end of the first connection does not free the name");
    }

    #[test]
    fn a_name_is_kept_for_one_who_left_and_not_for_ever() {
        let mut room = Room::new(Servers::default());
        let (visit, _first) = enter(&mut room, "ann", KEY).unwrap();
        room.leave(&visit, Instant::now());
        assert!(enter(&mut room, "ann", "another key of 16 bytes").is_err());
        let (sender, _receiver) = channel(8);
        let text = r#"{"do":"enter","name":"ann","key":"another key of 16 bytes"}"#;
        assert!(room.enter(text, sender, Instant::now() + KEPT).is_ok());
    }

    #[test]
    fn the_hub_says_who_sends_whatever_the_sender_says() {
        let mut room = Room::new(Servers::default());
        let (ann, _ann) = enter(&mut room, "ann", KEY).unwrap();
        let (_, mut bob) = enter(&mut room, "bob", KEY).unwrap();
        text(&mut bob);
        room.text(&ann, r#"{"do":"signal","to":"bob","from":"eve","signal":{"from":"eve","kind":"call"}}"#).unwrap();
        assert_eq!(text(&mut bob), r#"{"is":"signal","from":"ann","signal":{"from":"eve","kind":"call"}}"#);
        room.datagram(&ann, b"\x03bob\x16abc").unwrap();
        assert_eq!(bob.try_recv(), Ok(Letter::Binary(b"\x03ann\x16abc".to_vec())));
    }

    #[test]
    fn presence_is_told() {
        let mut room = Room::new(Servers::default());
        let (ann, mut to_ann) = enter(&mut room, "ann", KEY).unwrap();
        text(&mut to_ann);
        let (bob, mut to_bob) = enter(&mut room, "bob", KEY).unwrap();
        assert_eq!(text(&mut to_ann), r#"{"is":"came","name":"bob"}"#);
        assert!(text(&mut to_bob).contains(r#""here":["ann"]"#));
        room.leave(&bob, Instant::now());
        assert_eq!(text(&mut to_ann), r#"{"is":"left","name":"bob"}"#);
        assert!(room.text(&ann, r#"{"do":"signal","to":"bob","signal":1}"#).is_err());
    }

    #[test]
    fn what_is_no_message_is_refused_in_one_line() {
        let mut room = Room::new(Servers::default());
        let (ann, _ann) = enter(&mut room, "ann", KEY).unwrap();
        for text in
            ["", "{}", "[1]", r#"{"do":"enter","name":"ann","key":"0123456789abcdef"}"#, r#"{"do":"signal","to":"A"}"#]
        {
            let why = room.text(&ann, text).unwrap_err();
            assert!(why.starts_with("expected ") && !why.contains('\n'), "{why}");
        }
        assert!(room.datagram(&ann, b"\x03annHello").is_err());
        assert!(enter(&mut room, "bob", "short").is_err());
    }

    #[test]
    fn a_guest_that_reads_nothing_is_dropped_and_costs_the_others_nothing() {
        let mut room = Room::new(Servers::default());
        let (ann, _ann) = enter(&mut room, "ann", KEY).unwrap();
        let (_bob, bob) = enter(&mut room, "bob", KEY).unwrap();
        let posts = (0..20).filter(|_| room.text(&ann, r#"{"do":"signal","to":"bob","signal":1}"#).is_ok()).count();
        assert_eq!(posts, 7, "the queue has room for eight, and one told who is here");
        assert_eq!(bob.len(), 8);
        assert!(bob.sender_strong_count() == 0, "its connection will end");
    }
}
