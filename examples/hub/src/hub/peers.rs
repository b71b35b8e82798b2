//! The peers of a hub.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::Name;
use crate::socket_io::Socket;

/// Links and rooms that a peer may have.
const MAX_LINKS: usize = 1000;
const MAX_ROOMS: usize = 100;

/// Who is there. A name belongs to the socket that has joined with it, until that is gone.
#[derive(Default)]
pub struct Peers {
    peers: BTreeMap<Name, Peer>,
    /// By the identifier of the socket.
    names: HashMap<String, Name>,
    rooms: BTreeMap<Name, BTreeSet<Name>>,
}

pub struct Peer {
    socket: Rc<Socket>,
    links: BTreeSet<Name>,
    rooms: BTreeSet<Name>,
}

impl Peers {
    pub fn join(&mut self, name: &Name, socket: &Rc<Socket>) -> Result<(), String> {
        if let Some(name) = self.names.get(&socket.id) {
            return Err(format!("this connection has joined as {name} already"));
        }
        if self.peers.contains_key(name) {
            return Err("this id is taken".into());
        }
        let peer = Peer { socket: Rc::clone(socket), links: BTreeSet::new(), rooms: BTreeSet::new() };
        self.peers.insert(name.clone(), peer);
        self.names.insert(socket.id.clone(), name.clone());
        Ok(())
    }

    /// The name that a socket has joined with.
    pub fn name(&self, socket: &str) -> Option<Name> {
        self.names.get(socket).cloned()
    }

    /// Forgets a socket, its links and its rooms.
    pub fn remove(&mut self, socket: &str) -> Option<(Name, Peer)> {
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
        Some((name, peer))
    }

    /// All but one.
    pub fn others(&self, name: &Name) -> Vec<(Name, Rc<Socket>)> {
        let others = self.peers.iter().filter(|(other, _)| *other != name);
        others.map(|(other, peer)| (other.clone(), Rc::clone(&peer.socket))).collect()
    }

    pub fn link(&mut self, from: &Name, to: &Name) -> Result<(), String> {
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
        Ok(())
    }

    pub fn unlink(&mut self, from: &Name, to: &Name) -> Result<(), String> {
        for (one, other) in [(from, to), (to, from)] {
            self.peers.get_mut(one).ok_or("no such peer")?.links.remove(other);
        }
        Ok(())
    }

    /// The sockets of those whom a peer is linked with.
    pub fn linked(&self, name: &Name) -> Vec<Rc<Socket>> {
        let links = self.peers.get(name).into_iter().flat_map(|peer| &peer.links);
        links.filter_map(|other| Some(Rc::clone(&self.peers.get(other)?.socket))).collect()
    }

    pub fn enter(&mut self, name: &Name, room: Name) -> Result<(), String> {
        let peer = self.peers.get_mut(name).ok_or("no such peer")?;
        if peer.rooms.len() >= MAX_ROOMS && !peer.rooms.contains(&room) {
            return Err("you are in as many rooms as are allowed".into());
        }
        peer.rooms.insert(room.clone());
        self.rooms.entry(room).or_default().insert(name.clone());
        Ok(())
    }

    pub fn leave(&mut self, name: &Name, room: &Name) -> Result<(), String> {
        let peer = self.peers.get_mut(name).ok_or("no such peer")?;
        if !peer.rooms.remove(room) {
            return Err("you are not in this room".into());
        }
        self.forget_in_room(name, room);
        Ok(())
    }

    fn forget_in_room(&mut self, name: &Name, room: &Name) {
        if let Some(inside) = self.rooms.get_mut(room) {
            inside.remove(name);
            if inside.is_empty() {
                self.rooms.remove(room);
            }
        }
    }

    /// The sockets of the others in a room that a peer is in.
    pub fn in_room(&self, name: &Name, room: &Name) -> Result<Vec<Rc<Socket>>, String> {
        let inside = self.rooms.get(room).filter(|inside| inside.contains(name)).ok_or("you are not in this room")?;
        let others = inside.iter().filter(|other| *other != name);
        Ok(others.filter_map(|other| Some(Rc::clone(&self.peers.get(other)?.socket))).collect())
    }
}
