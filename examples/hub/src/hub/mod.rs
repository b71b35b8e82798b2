//! Peers: who has which name, who is linked with whom, and who is in which room.

mod authority;
mod name;
mod peers;

use std::cell::RefCell;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

pub use authority::{Anyone, Authority, Tokens};
pub use name::Name;
use peers::{Peer, Peers};

use crate::engine_io::Reason;
use crate::socket_io::{Application, Event, Socket, raw};

/// A hub. What clients may ask of it, and what they hear, is in the README.
pub struct Hub<A> {
    authority: A,
    peers: RefCell<Peers>,
    told: Box<dyn Fn(&str)>,
}

impl<A: Authority> Hub<A> {
    /// `told` is called with a line for each peer that comes or goes.
    pub fn new(authority: A, told: impl Fn(&str) + 'static) -> Self {
        Self { authority, peers: RefCell::default(), told: Box::new(told) }
    }

    fn join(&self, socket: &Rc<Socket>, arguments: &[Box<RawValue>]) -> Result<(), String> {
        let join: Join = argument(arguments, 0)?;
        let name = Name::new(join.id)?;
        let token = join.token.or_else(|| serde_json::from_str::<Auth>(socket.auth.as_ref()?.get()).ok()?.token);
        if !self.authority.admits(&name, token.as_deref()) {
            return Err("this id is not yours".into());
        }
        let mut peers = self.peers.borrow_mut();
        peers.join(&name, socket)?;
        (self.told)(&format!("{name} has joined"));
        let (mine, others) = (raw(&name), peers.others(&name));
        drop(peers);
        for (other, beside) in others {
            beside.emit("peer_connect", &[mine.as_deref().unwrap_or(RawValue::NULL)], &[]);
            socket.emit("peer_connect", &[raw(&other).as_deref().unwrap_or(RawValue::NULL)], &[]);
        }
        Ok(())
    }

    /// Sends an event to peers, with the name of the sender after what is sent.
    fn tell(&self, name: &str, to: Vec<Rc<Socket>>, what: &[&RawValue], from: &Name, event: &Event) {
        let from = raw(from);
        let mut arguments = what.to_vec();
        arguments.extend(from.as_deref());
        for socket in to {
            socket.emit(name, &arguments, &event.attachments);
        }
    }

    fn act(&self, socket: &Rc<Socket>, event: &Event) -> Result<(), String> {
        if event.name == "join" {
            return self.join(socket, &event.arguments);
        }
        let from = self.peers.borrow().name(&socket.id).ok_or("join first")?;
        match event.name.as_str() {
            "connect_to_peer" => self.peers.borrow_mut().link(&from, &Name::new(argument(&event.arguments, 0)?)?),
            "disconnect_from_peer" => {
                self.peers.borrow_mut().unlink(&from, &Name::new(argument(&event.arguments, 0)?)?)
            }
            "message" => {
                let what = event.arguments.first().ok_or("expected a message")?;
                let linked = self.peers.borrow().linked(&from);
                self.tell("message", linked, &[&**what], &from, event);
                Ok(())
            }
            "enter" => self.peers.borrow_mut().enter(&from, Name::new(argument(&event.arguments, 0)?)?),
            "leave" => self.peers.borrow_mut().leave(&from, &Name::new(argument(&event.arguments, 0)?)?),
            "say" => {
                let room = Name::new(argument(&event.arguments, 0)?)?;
                let what = event.arguments.get(1).ok_or("expected a room and a message")?;
                let others = self.peers.borrow().in_room(&from, &room)?;
                self.tell("said", others, &[&*event.arguments[0], &**what], &from, event);
                Ok(())
            }
            _ => Err("no such event".into()),
        }
    }
}

impl<A: Authority> Application for Hub<A> {
    fn admit(&self, namespace: &str, _auth: Option<&RawValue>) -> Result<(), String> {
        if namespace == "/" { Ok(()) } else { Err("Invalid namespace".into()) }
    }

    fn connected(&self, _socket: &Rc<Socket>) {}

    fn event(&self, socket: &Rc<Socket>, event: Event) {
        let answer = match self.act(socket, &event) {
            Ok(()) => json!({ "ok": true }),
            Err(reason) => {
                let answer = json!({ "ok": false, "event": event.name, "reason": reason });
                if event.id.is_none() {
                    socket.emit("refused", &[raw(&answer).as_deref().unwrap_or(RawValue::NULL)], &[]);
                }
                answer
            }
        };
        socket.acknowledge(event.id, &[raw(&answer).as_deref().unwrap_or(RawValue::NULL)], &[]);
    }

    fn disconnected(&self, socket: &Rc<Socket>, reason: &Reason) {
        let left = self.peers.borrow_mut().remove(&socket.id);
        let Some((name, Peer { .. })) = left else { return };
        (self.told)(&format!("{name} has left: {reason}"));
        let (mine, others) = (raw(&name), self.peers.borrow().others(&name));
        for (_, other) in others {
            other.emit("peer_disconnect", &[mine.as_deref().unwrap_or(RawValue::NULL)], &[]);
        }
    }
}

/// What `join` says.
#[derive(Deserialize)]
struct Join {
    id: String,
    token: Option<String>,
}

/// What a client may say when it connects.
#[derive(Deserialize)]
struct Auth {
    token: Option<String>,
}

fn argument<'a, T: Deserialize<'a>>(arguments: &'a [Box<RawValue>], index: usize) -> Result<T, String> {
    let argument = arguments.get(index).ok_or_else(|| format!("expected an argument {}, found none", index + 1))?;
    serde_json::from_str(argument.get()).map_err(|error| format!("argument {}: {error}", index + 1))
}
