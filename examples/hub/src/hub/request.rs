//! What clients may ask for.

use std::rc::Rc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Auth, Authority, Hub, Name, What};
use crate::socket_io::{Event, Socket, raw};

impl<A: Authority> Hub<A> {
    /// What an event comes to, if it makes sense.
    pub(super) fn plan(&self, socket: &Rc<Socket>, event: &Event) -> Result<What, String> {
        let state = self.state.borrow();
        if event.name == "join" {
            let join: Join = argument(event, 0)?;
            let name = Name::new(join.id)?;
            let token = join.token.or_else(|| serde_json::from_str::<Auth>(socket.auth.as_ref()?.get()).ok()?.token);
            if !self.authority.admits(&name, token.as_deref()) {
                return Err("this id is not yours".into());
            }
            return Ok(What::Join { name, key: socket.key.clone() });
        }
        let from = state.peers.name(&socket.id).ok_or("join first")?;
        match event.name.as_str() {
            "connect_to_peer" => Ok(What::Link { with: argument(event, 0)? }),
            "disconnect_from_peer" => Ok(What::Unlink { from: argument(event, 0)? }),
            "message" => {
                let what = event.arguments.first().ok_or("expected a message")?;
                Ok(tell("message", [what.clone()], state.peers.receivers(from, None)?, None, from))
            }
            "enter" => Ok(What::Enter { room: argument(event, 0)? }),
            "leave" => Ok(What::Exit { room: argument(event, 0)? }),
            "say" => {
                let room: Name = argument(event, 0)?;
                let what = event.arguments.get(1).ok_or("expected a room and a message")?;
                let to = state.peers.receivers(from, Some(&room))?;
                Ok(tell("said", [event.arguments[0].clone(), what.clone()], to, Some(room), from))
            }
            _ => Err("no such event".into()),
        }
    }
}

/// An event for others, with the name of the sender after what is sent.
fn tell<const N: usize>(event: &str, what: [Box<RawValue>; N], to: Vec<Name>, room: Option<Name>, from: &Name) -> What {
    let arguments = what.into_iter().chain(raw(from)).collect();
    What::Tell { to, room, event: event.into(), arguments }
}

/// What `join` says.
#[derive(Deserialize)]
struct Join {
    id: String,
    token: Option<String>,
}

fn argument<'a, T: Deserialize<'a>>(event: &'a Event, index: usize) -> Result<T, String> {
    let argument = event.arguments.get(index);
    let argument = argument.ok_or_else(|| format!("expected an argument {}, found none", index + 1))?;
    serde_json::from_str(argument.get()).map_err(|error| format!("argument {}: {error}", index + 1))
}
