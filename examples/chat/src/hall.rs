//! All rooms and all guests.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::rc::Rc;

use websocket_proto::{CloseCode, CloseFrame, RandomKeys};

use crate::backlog::{Backlog, Request};
use crate::draft::{Content, Draft};
use crate::letter::Letter;
use crate::limits::{
    FOR_A_NEWCOMER, FOR_THE_PAGE, MAX_ALT_LEN, MAX_PICTURE_LEN, MAX_ROOMS, MAX_ROOMS_EACH, MAX_TEXT_LEN,
};
use crate::names::{Nick, RoomName, check_id};
use crate::picture::media_type;
use crate::protocol::{Fault, Told};
use crate::room::{Notice, Room};
use crate::seat::{GuestId, Seat};
use crate::store::Store;

/// The state of the chat. It knows nothing of sockets: guests are reached by ringing, and fetch for themselves.
#[derive(Debug)]
pub struct Hall {
    /// The identity of all numbers: another one after a restart without a file.
    pub(crate) log: String,
    pub(crate) rooms: BTreeMap<RoomName, Room>,
    /// Which rooms there are.
    pub directory: Notice,
    pub(crate) guests: HashMap<GuestId, Guest>,
    arrived: u64,
    keep: usize,
    pub(crate) backlog: Backlog,
}

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) seat: Rc<Seat>,
    /// Nickname and token, once the guest has said hello.
    pub(crate) name: Option<(Nick, String)>,
    rooms: BTreeSet<RoomName>,
}

/// What became of a message.
#[derive(Debug, Eq, PartialEq)]
pub enum Said {
    /// It gets the next number, and everyone in the room will be told.
    New,
    /// It came before, and had this number already.
    Had(u64),
}

impl Hall {
    /// Opens the hall, with the history of a file if there is one. Each room keeps as many messages as told.
    pub fn open(keep: usize, history: Option<&Path>) -> io::Result<Self> {
        let nonce = RandomKeys::from_os().map_err(io::Error::other)?.nonce();
        let mut hall = Self {
            log: nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
            rooms: BTreeMap::new(),
            directory: Notice::default(),
            guests: HashMap::new(),
            arrived: 0,
            keep,
            backlog: Backlog::Memory,
        };
        if let Some(path) = history {
            Store::read(path, |told, letter| hall.restore(&told, letter))?;
            // The identity first, and without what rooms no longer keep.
            hall.backlog = Backlog::File(Store::create(path, hall.letters())?);
        }
        hall.show_directory();
        Ok(hall)
    }

    fn restore(&mut self, told: &Told<'_>, letter: Letter) {
        match told {
            Told::Log { log } => self.log = log.clone().into_owned(),
            Told::Message { room, n, id, .. } | Told::Picture { room, n, id, .. } => {
                if let Ok(name) = RoomName::new(room) {
                    let room = self.rooms.entry(name).or_insert_with_key(|name| Room::new(name, self.keep));
                    room.log.restore(*n, id.clone().into_owned(), letter);
                }
            }
            // What else clients are told is never written to a file.
            _ => {}
        }
    }

    /// Everything that is kept: the identity, and room by room the messages.
    fn letters(&self) -> impl Iterator<Item = Rc<Letter>> {
        let log = Told::Log { log: (&self.log).into() }.to_json();
        [Rc::new(Letter::new(&log))].into_iter().chain(self.rooms.values().flat_map(|room| room.log.letters().cloned()))
    }

    /// Whether a guest has a name.
    pub fn knows(&self, guest: GuestId) -> bool {
        self.guests.get(&guest).is_some_and(|guest| guest.name.is_some())
    }

    pub fn room(&self, name: &RoomName) -> Option<&Room> {
        self.rooms.get(name)
    }

    /// A connection is open.
    pub fn arrive(&mut self) -> (GuestId, Rc<Seat>) {
        self.arrived += 1;
        let (guest, seat) = (GuestId(self.arrived), Rc::new(Seat::default()));
        self.guests.insert(guest, Guest { seat: Rc::clone(&seat), name: None, rooms: BTreeSet::new() });
        (guest, seat)
    }

    /// A connection is over. To be called at its end, however it ended.
    pub fn depart(&mut self, guest: GuestId) {
        let Some(Guest { rooms, name, .. }) = self.guests.remove(&guest) else { return };
        if let Some((nick, token)) = name {
            self.backlog.release(nick, token);
        }
        for name in &rooms {
            self.take_out(guest, name);
        }
        self.show_directory();
    }

    /// Gives a guest a nickname that nobody else has; the answer is what to tell, if that is known already.
    pub fn greet(&mut self, guest: GuestId, nick: &str, token: &str) -> Result<Option<String>, Fault> {
        let nick = Nick::new(nick)?;
        check_id(token)?;
        if let Backlog::Shared(requests) = &self.backlog {
            let request = Request::Greet { guest, nick, token: token.into() };
            return if requests.push(request) { Ok(None) } else { Err(busy()) };
        }
        self.admit(guest, nick, token).map(Some)
    }

    /// The same at this server alone.
    pub(crate) fn admit(&mut self, guest: GuestId, nick: Nick, token: &str) -> Result<String, Fault> {
        let namesake = self.guests.iter().find_map(|(other, Guest { name, .. })| match name {
            Some((taken, held_by)) if *other != guest && taken.reads_like(&nick) => Some((*other, held_by == token)),
            Some(_) | None => None,
        });
        match namesake {
            Some((_, false)) => return Err(Fault::new(format!("The nickname {} is taken.", nick.as_str()))),
            // The same person, whose earlier connection is dead, or in another window.
            Some((other, true)) => self.dismiss(other, 4001, "continued on another connection"),
            None => {}
        }
        let Some(Guest { seat, name, rooms }) = self.guests.get_mut(&guest) else { return Err(gone()) };
        if let Some((earlier, token)) = name.take().filter(|(earlier, _)| !earlier.reads_like(&nick)) {
            self.backlog.release(earlier, token);
        }
        for room in rooms.iter() {
            if let Some(entered) = self.rooms.get_mut(room) {
                entered.enter(room, guest, &nick, seat);
            }
        }
        let welcome = Told::Welcome { nick: nick.as_str(), log: &self.log, limits: FOR_THE_PAGE }.to_json();
        *name = Some((nick, token.to_owned()));
        self.backlog.people_changed();
        Ok(welcome)
    }

    /// Lets a guest into a room, which is made if it is not there; returns the first number to send.
    pub fn join(&mut self, guest: GuestId, name: &RoomName, after: Option<u64>) -> Result<u64, Fault> {
        let Some(Guest { seat, name: who, rooms }) = self.guests.get_mut(&guest) else { return Err(gone()) };
        let Some((nick, _)) = who else { return Err(Fault::new("Say hello first.")) };
        if rooms.len() >= MAX_ROOMS_EACH && !rooms.contains(name) {
            return Err(Fault::new(format!("Nobody can be in more than {MAX_ROOMS_EACH} rooms at a time.")));
        }
        if self.rooms.len() >= MAX_ROOMS && !self.rooms.contains_key(name) {
            return Err(Fault::new(format!("There are {MAX_ROOMS} rooms already: choose one of them.")));
        }
        let room = self.rooms.entry(name.clone()).or_insert_with(|| Room::new(name, self.keep));
        room.enter(name, guest, nick, seat);
        rooms.insert(name.clone());
        let next = match after {
            Some(after) if after < room.log.next() => after + 1,
            // Numbers that were never given are no reason to wait for them.
            Some(_) | None => room.log.first().max(room.log.next().saturating_sub(FOR_A_NEWCOMER)),
        };
        self.show_directory();
        Ok(next)
    }

    pub fn leave(&mut self, guest: GuestId, name: &RoomName) -> Result<(), Fault> {
        self.expect_in(guest, name)?;
        if let Some(Guest { rooms, .. }) = self.guests.get_mut(&guest) {
            rooms.remove(name);
        }
        self.take_out(guest, name);
        self.show_directory();
        Ok(())
    }

    pub fn say(&mut self, guest: GuestId, name: &RoomName, id: &str, text: &str) -> Result<Said, Fault> {
        if text.trim().is_empty() {
            return Err(Fault::new("There is nothing in this message."));
        }
        if text.len() > MAX_TEXT_LEN {
            return Err(Fault::new(format!("A message has at most {MAX_TEXT_LEN} bytes, not {}.", text.len())));
        }
        self.add(guest, name, id, Content::Text(text.into()))
    }

    pub fn show(
        &mut self,
        guest: GuestId,
        name: &RoomName,
        id: &str,
        alt: &str,
        picture: &[u8],
    ) -> Result<Said, Fault> {
        if picture.len() > MAX_PICTURE_LEN {
            return Err(Fault::new(format!("A picture has at most {MAX_PICTURE_LEN} bytes, not {}.", picture.len())));
        }
        if alt.len() > MAX_ALT_LEN {
            return Err(Fault::new(format!("A description has at most {MAX_ALT_LEN} bytes, not {}.", alt.len())));
        }
        let Some(kind) = media_type(picture) else {
            return Err(Fault::new("This is no picture: PNG, JPEG, GIF and WebP can be sent."));
        };
        self.add(guest, name, id, Content::Picture { kind: kind.into(), alt: alt.into(), bytes: picture.into() })
    }

    /// Gives a message its number, writes it to the file, and then to the room: what anyone is told will be there after a restart.
    fn add(&mut self, guest: GuestId, name: &RoomName, id: &str, content: Content) -> Result<Said, Fault> {
        check_id(id)?;
        self.expect_in(guest, name)?;
        let Some(nick) = self.guests.get(&guest).and_then(|guest| guest.name.as_ref()) else { return Err(gone()) };
        let Some(room) = self.rooms.get_mut(name) else { return Err(gone()) };
        if let Some(number) = room.log.number_of(id) {
            return Ok(Said::Had(number));
        }
        let draft = Draft::new(name, id, nick.0.as_str(), content);
        let letter = draft.letter(room.log.next()).ok_or_else(|| Fault::new("This caption is too long."))?;
        match &mut self.backlog {
            Backlog::Memory => {}
            Backlog::File(store) => store
                .append(&letter)
                .map_err(|error| Fault::new(format!("The server can't keep this message: {error}.")))?,
            Backlog::Shared(requests) => {
                return if requests.push(Request::Say { guest, draft }) { Ok(Said::New) } else { Err(busy()) };
            }
        }
        room.add(id, letter);
        self.tidy();
        Ok(Said::New)
    }

    /// Rewrites the file when most of it is no longer kept.
    fn tidy(&mut self) {
        match std::mem::replace(&mut self.backlog, Backlog::Memory) {
            Backlog::File(mut store) if store.is_overgrown() => {
                if let Err(error) = store.rewrite(self.letters()) {
                    eprintln!("chat: can't tidy the history's file, which goes on growing: {error}");
                }
                self.backlog = Backlog::File(store);
            }
            backlog => self.backlog = backlog,
        }
    }

    /// Asks everyone to leave: the server goes down, and may come back.
    pub fn close(&mut self) {
        let guests: Vec<GuestId> = self.guests.keys().copied().collect();
        for guest in guests {
            self.dismiss(guest, CloseCode::SERVICE_RESTART.get(), "the server is going down");
        }
    }

    pub(crate) fn dismiss(&mut self, guest: GuestId, code: u16, reason: &str) {
        let code = CloseCode::new(code).unwrap_or(CloseCode::NORMAL);
        if let Some(Guest { seat, .. }) = self.guests.get(&guest) {
            seat.dismiss(CloseFrame::new(code, reason).unwrap_or(code.into()));
        }
        self.depart(guest);
    }

    fn expect_in(&self, guest: GuestId, name: &RoomName) -> Result<(), Fault> {
        match self.guests.get(&guest) {
            Some(Guest { rooms, .. }) if rooms.contains(name) => Ok(()),
            Some(_) | None => Err(Fault::new(format!("You are not in the room {name}."))),
        }
    }

    fn take_out(&mut self, guest: GuestId, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.leave(name, guest);
        self.forget_if_empty(name);
    }

    /// Forgets a room in which there is nothing to lose.
    pub(crate) fn forget_if_empty(&mut self, name: &RoomName) {
        if self.rooms.get(name).is_some_and(Room::is_forgotten) {
            self.rooms.remove(name);
        }
    }

    /// The room with this name, which is made if it is not there.
    pub(crate) fn room_mut(&mut self, name: &RoomName) -> &mut Room {
        self.rooms.entry(name.clone()).or_insert_with(|| Room::new(name, self.keep))
    }

    /// Tells everyone which rooms there are, and other servers who is here.
    pub(crate) fn show_directory(&mut self) {
        self.backlog.people_changed();
        self.set_directory();
    }

    /// Tells everyone which rooms there are.
    pub(crate) fn set_directory(&mut self) {
        let rooms = self.rooms.iter().map(|(name, room)| (name.as_str(), room.count())).collect();
        self.directory.set(&Told::Rooms { rooms });
        for Guest { seat, .. } in self.guests.values() {
            seat.ring();
        }
    }
}

fn gone() -> Fault {
    Fault::new("This connection is about to close.")
}

fn busy() -> Fault {
    Fault::new("Too much waits to be kept: try again later.")
}
