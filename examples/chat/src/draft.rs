//! A message without a number yet.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::letter::Letter;
use crate::names::RoomName;
use crate::protocol::{Told, with_caption};

/// What someone has said, until the room gives it a number.
#[derive(Clone, Debug)]
pub struct Draft {
    pub room: RoomName,
    pub id: String,
    pub nick: String,
    /// Milliseconds since 1970.
    pub at: u64,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Text(String),
    Picture { kind: String, alt: String, bytes: Vec<u8> },
}

impl Draft {
    pub fn new(room: &RoomName, id: &str, nick: &str, content: Content) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Self { room: room.clone(), id: id.into(), nick: nick.into(), at, content }
    }

    /// The message with this number; none if its caption is too long.
    pub fn letter(&self, n: u64) -> Option<Letter> {
        let (room, id, nick, at) = (self.room.as_str().into(), (&self.id).into(), (&self.nick).into(), self.at);
        match &self.content {
            Content::Text(text) => {
                Some(Letter::new(&Told::Message { room, n, id, nick, at, text: text.into() }.to_json()))
            }
            Content::Picture { kind, alt, bytes } => {
                let caption = Told::Picture { room, n, id, nick, at, kind: kind.into(), alt: alt.into() };
                Some(Letter::new(&with_caption(&caption.to_json(), bytes)?))
            }
        }
    }

    /// How many bytes it takes while it waits, nearly.
    pub fn len(&self) -> usize {
        200 + match &self.content {
            Content::Text(text) => text.len(),
            Content::Picture { bytes, .. } => bytes.len(),
        }
    }
}
