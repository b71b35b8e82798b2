//! What client and server say to each other.
//!
//! A text message is one JSON object. A binary message is a picture: two bytes with the length of its caption (the higher first), the
//! caption, which is one JSON object, and the picture's own bytes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::limits::{ForThePage, MAX_FAULT_CHARS};

/// What a client asks for, in a text message.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Command {
    /// Comes first, and again to change the nickname. The token, a secret of the client's, lets it take its own name over from a
    /// connection that has died without anyone noticing.
    Hello {
        nick: String,
        token: String,
    },
    /// Enters a room; what was said after message `after` comes at once, and then what is said. A newcomer, who has seen nothing,
    /// gets the end of the history.
    Join {
        room: String,
        after: Option<u64>,
    },
    Leave {
        room: String,
    },
    /// Says something; a message whose `id` the room has had is not said again.
    Say {
        room: String,
        id: String,
        text: String,
    },
}

/// What a client writes before a picture.
#[derive(Debug, Deserialize)]
pub struct Caption {
    pub room: String,
    pub id: String,
    #[serde(default)]
    pub alt: String,
}

/// What a client is told. `Message` and `Picture` are also what the history's file holds.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum Told<'a> {
    /// The answer to `Hello`. Numbers that were seen under another `log` mean nothing any more.
    #[serde(skip_deserializing)]
    Welcome { nick: &'a str, log: &'a str, limits: ForThePage },
    /// The answer to `Join`: the messages from number `next` on will follow.
    #[serde(skip_deserializing)]
    Joined { room: &'a str, next: u64 },
    #[serde(skip_deserializing)]
    Left { room: &'a str },
    /// These messages are no longer kept.
    #[serde(skip_deserializing)]
    Missed { room: &'a str, from: u64, to: u64 },
    /// Number `n` of a room, said `at` these milliseconds since 1970.
    Message { room: Cow<'a, str>, n: u64, id: Cow<'a, str>, nick: Cow<'a, str>, at: u64, text: Cow<'a, str> },
    /// The caption of number `n`; `kind` is a media type.
    Picture {
        room: Cow<'a, str>,
        n: u64,
        id: Cow<'a, str>,
        nick: Cow<'a, str>,
        at: u64,
        kind: Cow<'a, str>,
        alt: Cow<'a, str>,
    },
    /// A message came again, and is number `n` already.
    #[serde(skip_deserializing)]
    Had { room: &'a str, id: &'a str, n: u64 },
    /// Who is in the room.
    #[serde(skip_deserializing)]
    People { room: &'a str, nicks: Vec<&'a str> },
    /// Which rooms there are, and how many people are in each.
    #[serde(skip_deserializing)]
    Rooms { rooms: Vec<(&'a str, usize)> },
    /// How long the last Ping took to be answered.
    #[serde(skip_deserializing)]
    Latency { ms: f64 },
    /// A command was not carried out; `about` is the message's identifier, the nickname or the room that it was about.
    #[serde(skip_deserializing)]
    Error { about: Option<&'a str>, text: &'a str },
    /// The first entry of the history's file: the identity of its numbers.
    Log { log: Cow<'a, str> },
}

impl Told<'_> {
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers are always JSON")
    }
}

/// Why a command was not carried out, in one line for people.
#[derive(Debug)]
pub struct Fault {
    pub about: Option<String>,
    pub text: String,
}

impl Fault {
    pub fn new(text: impl Into<String>) -> Self {
        Self { about: None, text: excerpt(text.into()) }
    }

    /// The same, about the message, nickname or room with this name.
    pub fn about(self, name: &str) -> Self {
        Self { about: Some(excerpt(name.to_owned())), ..self }
    }
}

/// The text, or the beginning of one that is too long to be quoted.
fn excerpt(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(MAX_FAULT_CHARS) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// Puts a caption before a picture.
pub fn with_caption(caption: &str, picture: &[u8]) -> Option<Vec<u8>> {
    let len = u16::try_from(caption.len()).ok()?;
    Some([&len.to_be_bytes(), caption.as_bytes(), picture].concat())
}

/// Takes a picture and its caption apart.
pub fn split_caption(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = message.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caption_and_picture_are_put_together_and_taken_apart() {
        let message = with_caption("{}", b"GIF89a").unwrap();
        assert_eq!(message, b"\x00\x02{}GIF89a");
        assert_eq!(split_caption(&message), Some((&b"{}"[..], &b"GIF89a"[..])));
    }

    #[test]
    fn caption_that_is_longer_than_its_message_is_none() {
        assert_eq!(split_caption(b"\x00\x03{}"), None);
        assert_eq!(split_caption(b"\x00"), None);
    }

    #[test]
    fn command_that_does_not_exist_is_an_error_that_lists_those_that_do() {
        let error = serde_json::from_str::<Command>(r#"{"do":"dance"}"#).unwrap_err().to_string();
        assert!(error.contains("dance") && error.contains("join"), "{error}");
    }
}
