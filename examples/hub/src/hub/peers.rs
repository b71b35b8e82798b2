//! The peers of all hubs: the state that the entries lead to, in their order.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Entry, Name, What};
use crate::broker::Place;

/// Links and rooms that a peer may have.
const MAX_LINKS: usize = 1000;
const MAX_ROOMS: usize = 100;
/// Peers that have lost their connection, and may come back for what they have missed.
const MAX_PARTED: usize = 10_000;

/// Who is there. A name belongs to the connection that has joined with it, until that is gone.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Peers {
    peers: BTreeMap<Name, Peer>,
    parted: VecDeque<Parted>,
    /// By connection, by key and by room: what `peers` says already.
    #[serde(skip)]
    names: HashMap<String, Name>,
    #[serde(skip)]
    keys: HashMap<String, Name>,
    #[serde(skip)]
    rooms: BTreeMap<Name, BTreeSet<Name>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Peer {
    /// Where it is connected.
    pub hub: String,
    pub socket: String,
    key: Option<String>,
    /// When it has joined.
    since: Place,
    links: BTreeSet<Name>,
    rooms: BTreeSet<Name>,
}

/// A peer that has lost its connection: what it was told in between, it may still ask for.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Parted {
    key: String,
    name: Name,
    since: Place,
    until: Place,
}

/// What follows from an entry that holds.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing that others have to be told.
    Done,
    /// A peer has come. If it was there before, this is what it may have missed: after the first place, and before the second.
    Joined { name: Name, missed: Option<(Place, Place)> },
    /// A peer has come back before anyone has missed it, and its earlier connection is to be ended.
    Moved { name: Name, from: String, missed: (Place, Place) },
    /// These peers have left.
    Left(Vec<Name>),
    /// An event goes to these peers.
    Told(Vec<Name>),
}

impl Peers {
    /// What the entry leads to; `place` is none where there is no broker.
    ///
    /// # Errors
    ///
    /// Why it does not hold. All hubs find the same.
    pub fn apply(&mut self, entry: &Entry, place: Option<Place>) -> Result<Outcome, String> {
        let place = place.unwrap_or_default();
        match (&entry.what, self.names.get(&entry.socket).cloned()) {
            (What::Gone { hub }, _) => {
                let gone = self.peers.values().filter(|peer| peer.hub == *hub).map(|peer| peer.socket.clone());
                let gone: Vec<String> = gone.collect();
                Ok(Outcome::Left(gone.iter().filter_map(|socket| self.remove(socket, Some(place))).collect()))
            }
            (What::Join { name, key }, None) => self.join(entry, name, key, place),
            (What::Join { name, .. }, Some(joined)) if *name == joined => Ok(Outcome::Done),
            (What::Join { .. }, Some(joined)) => Err(format!("this connection has joined as {joined} already")),
            (What::Leave { .. }, None) => Ok(Outcome::Done),
            (_, None) => Err("join first".into()),
            (What::Leave { lost }, Some(_)) => {
                Ok(Outcome::Left(self.remove(&entry.socket, lost.then_some(place)).into_iter().collect()))
            }
            (What::Link { with }, Some(from)) => self.link(&from, with),
            (What::Unlink { from: other }, Some(from)) => {
                for (one, other) in [(&from, other), (other, &from)] {
                    self.peers.get_mut(one).ok_or("no such peer")?.links.remove(other);
                }
                Ok(Outcome::Done)
            }
            (What::Enter { room }, Some(name)) => self.enter(&name, room),
            (What::Exit { room }, Some(name)) => {
                if !self.peers.get_mut(&name).is_some_and(|peer| peer.rooms.remove(room)) {
                    return Err("you are not in this room".into());
                }
                self.forget_in_room(&name, room);
                Ok(Outcome::Done)
            }
            (What::Tell { room, .. }, Some(from)) => self.receivers(&from, room.as_ref()).map(Outcome::Told),
        }
    }

    fn join(&mut self, entry: &Entry, name: &Name, key: &Option<String>, place: Place) -> Result<Outcome, String> {
        if let Some(peer) = self.peers.get_mut(name) {
            if key.is_none() || peer.key != *key {
                return Err("this id is taken".into());
            }
            let missed = (peer.since, place);
            peer.hub.clone_from(&entry.hub);
            let from = std::mem::replace(&mut peer.socket, entry.socket.clone());
            self.names.remove(&from);
            self.names.insert(entry.socket.clone(), name.clone());
            return Ok(Outcome::Moved { name: name.clone(), from, missed });
        }
        let parted = self.parted.iter().position(|parted| Some(&parted.key) == key.as_ref() && parted.name == *name);
        let missed = parted.and_then(|index| self.parted.remove(index)).map(|parted| (parted.since, parted.until));
        let peer = Peer {
            hub: entry.hub.clone(),
            socket: entry.socket.clone(),
            key: key.clone(),
            since: place,
            links: BTreeSet::new(),
            rooms: BTreeSet::new(),
        };
        self.names.insert(peer.socket.clone(), name.clone());
        self.keys.extend(key.clone().map(|key| (key, name.clone())));
        self.peers.insert(name.clone(), peer);
        Ok(Outcome::Joined { name: name.clone(), missed })
    }

    /// Forgets a connection, its name, its links and its rooms; one that was lost at a place is remembered for a while.
    fn remove(&mut self, socket: &str, lost: Option<Place>) -> Option<Name> {
        let name = self.names.remove(socket)?;
        let peer = self.peers.remove(&name)?;
        for other in &peer.links {
            if let Some(other) = self.peers.get_mut(other) {
                other.links.remove(&name);
            }
        }
        for room in &peer.rooms {
            self.forget_in_room(&name, room);
        }
        if let Some(key) = peer.key {
            self.keys.remove(&key);
            if let Some(until) = lost {
                self.parted.push_back(Parted { key, name: name.clone(), since: peer.since, until });
                if self.parted.len() > MAX_PARTED {
                    self.parted.pop_front();
                }
            }
        }
        Some(name)
    }

    fn link(&mut self, from: &Name, to: &Name) -> Result<Outcome, String> {
        if from == to {
            return Err("expected another peer, found this one".into());
        }
        for (one, other) in [(from, to), (to, from)] {
            let peer = self.peers.get(one).ok_or("no such peer")?;
            if peer.links.len() >= MAX_LINKS && !peer.links.contains(other) {
                return Err(format!("{one} has as many links as are allowed"));
            }
        }
        for (one, other) in [(from, to), (to, from)] {
            if let Some(peer) = self.peers.get_mut(one) {
                peer.links.insert(other.clone());
            }
        }
        Ok(Outcome::Done)
    }

    fn enter(&mut self, name: &Name, room: &Name) -> Result<Outcome, String> {
        let peer = self.peers.get_mut(name).ok_or("no such peer")?;
        if peer.rooms.len() >= MAX_ROOMS && !peer.rooms.contains(room) {
            return Err("you are in as many rooms as are allowed".into());
        }
        peer.rooms.insert(room.clone());
        self.rooms.entry(room.clone()).or_default().insert(name.clone());
        Ok(Outcome::Done)
    }

    fn forget_in_room(&mut self, name: &Name, room: &Name) {
        if let Some(inside) = self.rooms.get_mut(room) {
            inside.remove(name);
            if inside.is_empty() {
                self.rooms.remove(room);
            }
        }
    }

    /// The name that a connection has joined with.
    pub fn name(&self, socket: &str) -> Option<&Name> {
        self.names.get(socket)
    }

    pub fn get(&self, name: &Name) -> Option<&Peer> {
        self.peers.get(name)
    }

    pub fn all(&self) -> impl Iterator<Item = (&Name, &Peer)> {
        self.peers.iter()
    }

    /// Whether a client with this key is there, or was lately.
    pub fn knows_key(&self, key: &str) -> bool {
        self.keys.contains_key(key) || self.parted.iter().any(|parted| parted.key == key)
    }

    /// The others in a room that a peer is in; without a room, those whom it is linked with.
    ///
    /// # Errors
    ///
    /// The peer is not in the room.
    pub fn receivers(&self, from: &Name, room: Option<&Name>) -> Result<Vec<Name>, String> {
        let Some(room) = room else {
            return Ok(self.peers.get(from).into_iter().flat_map(|peer| &peer.links).cloned().collect());
        };
        let inside = self.rooms.get(room).filter(|inside| inside.contains(from)).ok_or("you are not in this room")?;
        Ok(inside.iter().filter(|other| *other != from).cloned().collect())
    }

    /// The same state from a snapshot.
    pub fn from_snapshot(text: &str) -> Result<Self, serde_json::Error> {
        let mut peers: Self = serde_json::from_str(text)?;
        for (name, peer) in &peers.peers {
            peers.names.insert(peer.socket.clone(), name.clone());
            peers.keys.extend(peer.key.clone().map(|key| (key, name.clone())));
            for room in &peer.rooms {
                peers.rooms.entry(room.clone()).or_default().insert(name.clone());
            }
        }
        Ok(peers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Name {
        Name::new(name.into()).unwrap()
    }

    fn entry(hub: &str, socket: &str, what: What) -> Entry {
        Entry { hub: hub.into(), number: 0, socket: socket.into(), what, attachments: Vec::new() }
    }

    fn join(id: &str, key: &str) -> What {
        What::Join { name: name(id), key: Some(key.into()) }
    }

    /// Applies entries at places 1-0, 2-0 and so on; what the last of them led to.
    fn after(entries: &[Entry]) -> (Peers, Result<Outcome, String>) {
        let mut peers = Peers::default();
        let mut last = Ok(Outcome::Done);
        for (number, entry) in entries.iter().enumerate() {
            last = peers.apply(entry, format!("{}-0", number + 1).parse().ok());
        }
        (peers, last)
    }

    fn place(number: u64) -> Place {
        format!("{number}-0").parse().unwrap()
    }

    #[test]
    fn of_two_that_take_a_name_the_first_in_the_order_has_it() {
        let (peers, last) = after(&[entry("h1", "s1", join("ada", "k1")), entry("h2", "s2", join("ada", "k2"))]);
        assert_eq!(last.unwrap_err(), "this id is taken");
        assert_eq!((peers.name("s1"), peers.name("s2")), (Some(&name("ada")), None));
    }

    #[test]
    fn client_that_comes_back_by_its_key_keeps_name_and_links_and_has_missed_what_came_since() {
        let (peers, last) = after(&[
            entry("h1", "s1", join("ada", "k1")),
            entry("h2", "s2", join("bob", "k2")),
            entry("h2", "s2", What::Link { with: name("ada") }),
            entry("h2", "s3", join("ada", "k1")),
            entry("h1", "s1", What::Leave { lost: true }),
            entry("h2", "s2", What::Tell { to: vec![], room: None, event: "message".into(), arguments: vec![] }),
        ]);
        assert!(matches!(last, Ok(Outcome::Told(to)) if to == [name("ada")]), "the old connection ended nothing");
        assert_eq!(peers.get(&name("ada")).map(|peer| (&*peer.hub, &*peer.socket)), Some(("h2", "s3")));
        let (_, last) = after(&[entry("h1", "s1", join("ada", "k1")), entry("h2", "s3", join("ada", "k1"))]);
        assert!(
            matches!(last, Ok(Outcome::Moved { from, missed, .. }) if from == "s1" && missed == (place(1), place(2)))
        );
    }

    #[test]
    fn peers_of_a_hub_that_is_gone_are_gone_and_may_ask_for_what_came_until_then() {
        let entries = [
            entry("h1", "s1", join("ada", "k1")),
            entry("h2", "s2", join("bob", "k2")),
            entry("h2", "", What::Gone { hub: "h1".into() }),
        ];
        let (peers, last) = after(&entries);
        assert!(matches!(last, Ok(Outcome::Left(names)) if names == [name("ada")]));
        assert!(peers.get(&name("ada")).is_none() && peers.get(&name("bob")).is_some());
        let mut back = entries.to_vec();
        for (key, expected) in [("k1", Some((place(1), place(3)))), ("k9", None)] {
            back.push(entry("h2", "s4", join("ada", key)));
            let (_, last) = after(&back);
            assert!(matches!(last, Ok(Outcome::Joined { missed, .. }) if missed == expected), "{key}");
            back.pop();
        }
    }

    #[test]
    fn snapshot_is_the_same_state() {
        let (peers, _) = after(&[
            entry("h1", "s1", join("ada", "k1")),
            entry("h2", "s2", join("bob", "k2")),
            entry("h2", "s2", What::Link { with: name("ada") }),
            entry("h1", "s1", What::Enter { room: name("hall") }),
            entry("h2", "s2", What::Enter { room: name("hall") }),
            entry("h2", "s5", join("eve", "k5")),
            entry("h2", "s5", What::Leave { lost: true }),
        ]);
        let again = Peers::from_snapshot(&serde_json::to_string(&peers).unwrap()).unwrap();
        assert_eq!(again.receivers(&name("ada"), None), Ok(vec![name("bob")]));
        assert_eq!(again.receivers(&name("ada"), Some(&name("hall"))), Ok(vec![name("bob")]));
        assert!(again.knows_key("k1") && again.knows_key("k5") && !again.knows_key("k9"));
        assert_eq!(again.name("s2"), Some(&name("bob")));
    }
}
