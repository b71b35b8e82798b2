//! What happens in a hub, as hubs tell it to each other.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Name;
use crate::broker::Record;

/// Something that a peer does, or that happens to a hub.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Entry {
    /// The hub that has added it, and its number there.
    pub hub: String,
    pub number: u64,
    /// Whose connection it comes from.
    pub socket: String,
    pub what: What,
    #[serde(skip)]
    pub attachments: Vec<Bytes>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum What {
    /// The connection takes a name. One with the same key is the same client, on another connection.
    Join {
        name: Name,
        key: Option<String>,
    },
    /// The connection has ended. A client that has lost it may come back for what it has missed.
    Leave {
        lost: bool,
    },
    Link {
        with: Name,
    },
    Unlink {
        from: Name,
    },
    Enter {
        room: Name,
    },
    Exit {
        room: Name,
    },
    /// An event for those in a room, or for those who are linked with the sender. Who that is depends on the order of all entries: `to`
    /// is what the sender's hub knows, until the entry is applied.
    Tell {
        to: Vec<Name>,
        room: Option<Name>,
        event: String,
        arguments: Vec<Box<RawValue>>,
    },
    /// All peers of a hub are gone with it.
    Gone {
        hub: String,
    },
}

impl What {
    /// Whether what the same client asks for next may depend on it.
    pub fn is_change(&self) -> bool {
        !matches!(self, Self::Tell { .. } | Self::Leave { .. } | Self::Gone { .. })
    }
}

impl Entry {
    /// Whether it is an event for this peer.
    pub fn is_told(&self, peer: &Name) -> bool {
        matches!(&self.what, What::Tell { to, .. } if to.contains(peer))
    }

    /// Those to whom it goes, if it is an event.
    pub fn set_receivers(&mut self, receivers: Vec<Name>) {
        if let What::Tell { to, .. } = &mut self.what {
            *to = receivers;
        }
    }

    pub fn to_record(&self) -> Record {
        let text = serde_json::to_string(self).unwrap_or_default();
        Record { text, attachments: self.attachments.clone() }
    }

    /// None if it is no entry, or one of another version of this program.
    pub fn from_record(record: Record) -> Option<Self> {
        let entry: Self = serde_json::from_str(&record.text).ok()?;
        Some(Self { attachments: record.attachments, ..entry })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_comes_back_as_it_was_and_garbage_is_none() {
        let name = |name: &str| Name::new(name.into()).unwrap();
        let json = |json: &str| RawValue::from_string(json.into()).unwrap();
        let entry = Entry {
            hub: "h".into(),
            number: 7,
            socket: "s".into(),
            what: What::Tell {
                to: vec![name("ada"), name("€")],
                room: None,
                event: "message".into(),
                arguments: vec![json("12345678901234567890"), json(r#"{"b":1, "a":2}"#)],
            },
            attachments: vec![Bytes::from_static(&[0, 255])],
        };
        let again = Entry::from_record(entry.to_record()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{entry:?}"), "numbers and order of keys included");
        for text in ["", "{}", r#"{"hub":"h","number":1,"socket":"s","what":{"Join":{"name":"","key":null}}}"#] {
            assert!(Entry::from_record(Record { text: text.into(), attachments: vec![] }).is_none(), "{text}");
        }
    }
}
