//! One client's part in the chat: what it asks for, and what it is to be sent.

use std::cell::RefCell;
use std::rc::Rc;

use websocket_proto::Server;
use websocket_proto::endpoint::Sender;

use crate::hall::{Hall, Said};
use crate::letter::Letter;
use crate::limits::{HIGH_WATER, MAX_FAULTS};
use crate::names::RoomName;
use crate::protocol::{Caption, Command, Fault, Told, split_caption};
use crate::seat::{GuestId, Seat};

/// The rooms that a client is in, and how far it has read each of them.
pub struct Visitor {
    hall: Rc<RefCell<Hall>>,
    id: GuestId,
    seat: Rc<Seat>,
    cursors: Vec<Cursor>,
    directory_seen: u64,
    faults: u32,
}

struct Cursor {
    room: RoomName,
    /// The number of the message to send next.
    next: u64,
    people_seen: u64,
}

impl Visitor {
    pub fn new(hall: Rc<RefCell<Hall>>) -> Self {
        let (id, seat) = hall.borrow_mut().arrive();
        Self { hall, id, seat, cursors: Vec::new(), directory_seen: 0, faults: 0 }
    }

    pub fn seat(&self) -> Rc<Seat> {
        Rc::clone(&self.seat)
    }

    /// Carries out a text message; the answer, if there is one, is JSON.
    pub fn hear(&mut self, text: &str) -> Option<String> {
        let answer = serde_json::from_str(text)
            .map_err(|error| Fault::new(format!("This is no command: {error}.")))
            .and_then(|command| self.carry_out(command));
        self.answer(answer)
    }

    /// Carries out a binary message: a picture.
    pub fn see(&mut self, message: &[u8]) -> Option<String> {
        let answer = split_caption(message)
            .and_then(|(caption, picture)| Some((serde_json::from_slice(caption).ok()?, picture)))
            .ok_or_else(|| Fault::new("This is no picture with a caption."))
            .and_then(|(Caption { room, id, alt }, picture)| {
                let said = RoomName::new(&room)
                    .and_then(|name| self.hall.borrow_mut().show(self.id, &name, &id, &alt, picture))
                    .map_err(|fault| fault.about(&id))?;
                Ok(had(said, &room, &id))
            });
        self.answer(answer)
    }

    /// Whether the client has made more mistakes than a page would.
    pub fn is_tiresome(&self) -> bool {
        self.faults >= MAX_FAULTS
    }

    fn carry_out(&mut self, command: Command) -> Result<Option<String>, Fault> {
        let mut hall = self.hall.borrow_mut();
        match command {
            Command::Hello { nick, token } => hall.greet(self.id, &nick, &token).map_err(|fault| fault.about(&nick)),
            Command::Join { room, after } => {
                let (name, next) = RoomName::new(&room)
                    .and_then(|name| hall.join(self.id, &name, after).map(|next| (name, next)))
                    .map_err(|fault| fault.about(&room))?;
                self.cursors.retain(|cursor| cursor.room != name);
                self.cursors.push(Cursor { room: name, next, people_seen: 0 });
                Ok(Some(Told::Joined { room: &room, next }.to_json()))
            }
            Command::Leave { room } => {
                let name = RoomName::new(&room)?;
                hall.leave(self.id, &name)?;
                self.cursors.retain(|cursor| cursor.room != name);
                Ok(Some(Told::Left { room: &room }.to_json()))
            }
            Command::Say { room, id, text } => {
                let said = RoomName::new(&room)
                    .and_then(|name| hall.say(self.id, &name, &id, &text))
                    .map_err(|fault| fault.about(&id))?;
                Ok(had(said, &room, &id))
            }
        }
    }

    fn answer(&mut self, answer: Result<Option<String>, Fault>) -> Option<String> {
        answer.unwrap_or_else(|Fault { about, text }| {
            self.faults += 1;
            Some(Told::Error { about: about.as_deref(), text: &text }.to_json())
        })
    }

    /// Fetches what there is to send, up to [`HIGH_WATER`]; whether there may be more.
    ///
    /// A connection that closes takes nothing more.
    pub fn fetch(&mut self, sender: &mut Sender<'_, Server>) -> bool {
        let hall = self.hall.borrow();
        for answer in self.seat.answers() {
            Letter::answer(&answer).send(sender);
        }
        if hall.knows(self.id) {
            if let Some(letter) = hall.directory.news(&mut self.directory_seen) {
                letter.send(sender);
            }
        }
        for Cursor { room: name, next, people_seen } in &mut self.cursors {
            let Some(room) = hall.room(name) else { continue };
            if let Some(letter) = room.people.news(people_seen) {
                letter.send(sender);
            }
            if *next < room.log.first() {
                let missed = Told::Missed { room: name.as_str(), from: *next, to: room.log.first() - 1 };
                Letter::answer(&missed.to_json()).send(sender);
                *next = room.log.first();
            }
            while let Some(letter) = room.log.get(*next) {
                if sender.queued_len() >= HIGH_WATER {
                    return true;
                }
                letter.send(sender);
                *next += 1;
            }
        }
        false
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.hall.borrow_mut().depart(self.id);
    }
}

/// Who said something new hears it like everyone else; who said it again is told its number.
fn had(said: Said, room: &str, id: &str) -> Option<String> {
    match said {
        Said::New => None,
        Said::Had(n) => Some(Told::Had { room, id, n }.to_json()),
    }
}
