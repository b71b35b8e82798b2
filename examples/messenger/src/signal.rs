//! What peers and the hub say to each other: JSON in text messages, and datagrams in binary ones.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The longest text message, in bytes: an offer has a few thousand.
pub const MAX_TEXT: u64 = 16 * 1024;
/// The longest datagram, in bytes: what fits into one of UDP on any road.
pub const MAX_DATAGRAM: usize = 1500;

/// The name of somebody at the hub: 1 to 24 small letters, digits and hyphens.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=24).contains(&text.len()) && text.bytes().all(is_allowed) {
            true => Ok(Self(text)),
            false => Err("expected a name of 1 to 24 small letters, digits and hyphens".into()),
        }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// From a peer to the hub; `S` is a [`Signal`], or what the hub passes on without a look.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum ToHub<S> {
    /// The first message. Who knows the key has the name, also on a second connection, which replaces the first.
    Enter { name: Name, key: String },
    /// To be passed on.
    Signal { to: Name, signal: S },
}

/// From the hub to a peer.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum FromHub<S> {
    /// The name is taken, and these are here already.
    Entered { here: Vec<Name>, servers: Servers },
    /// Somebody has entered.
    Came { name: Name },
    /// Somebody has left.
    Left { name: Name },
    /// From somebody else.
    Signal { from: Name, signal: S },
    /// What was asked for was not done.
    Refused { why: String },
}

/// Servers that help peers to find a road.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Servers {
    /// For STUN (RFC 8489).
    pub stun: Option<SocketAddr>,
    /// For TURN (RFC 8656).
    pub turn: Option<Turn>,
}

/// A TURN server, and the right to use it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Turn {
    pub address: SocketAddr,
    pub user: String,
    pub password: String,
}

/// From one peer to the other, by way of the hub.
///
/// Of two peers, the one whose name comes first in the alphabet calls, always, so that two calls never cross. A call has a number; an
/// offer with the number of a call that is open already restarts its ICE (RFC 8445 §2.4).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Signal {
    /// Please call: there is no call here, or nothing is heard on it.
    Call,
    /// An offer in SDP.
    Offer { call: u32, sdp: String },
    /// The answer to it.
    Answer { call: u32, sdp: String },
    /// A candidate that was found later (RFC 8838).
    Candidate { call: u32, candidate: String },
}

/// A datagram with the name of the one it goes to or comes from before it: the name's length in one byte, the name, the datagram.
pub fn address_datagram(name: &Name, datagram: &[u8]) -> Vec<u8> {
    let len = u8::try_from(name.0.len()).unwrap_or(u8::MAX); // a name has 24 bytes at most
    [&[len], name.0.as_bytes(), datagram].concat()
}

/// The reverse.
///
/// # Errors
///
/// What was expected. Besides the name, the datagram must be of STUN or DTLS (RFC 7983 §7): nothing else goes through the hub.
pub fn read_datagram(message: &[u8]) -> Result<(Name, &[u8]), String> {
    let cut = message.split_first().and_then(|(len, rest)| rest.split_at_checked(usize::from(*len)));
    let (name, datagram) = cut.ok_or("expected a name before the datagram, found less")?;
    let name = Name::try_from(String::from_utf8_lossy(name).into_owned())?;
    match datagram.first() {
        _ if datagram.len() > MAX_DATAGRAM => {
            Err(format!("expected a datagram of at most {MAX_DATAGRAM} bytes, found {}", datagram.len()))
        }
        Some(0..=3 | 20..=63) => Ok((name, datagram)),
        Some(byte) => Err(format!("expected a datagram of STUN or DTLS, found one that begins with {byte}")),
        None => Err("expected a datagram of STUN or DTLS, found an empty one".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn names_are_short_and_plain() {
        for text in ["", "Ann", "a b", "é", "a/b", &"a".repeat(25)] {
            assert!(Name::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(name("ann-2").as_str(), "ann-2");
        assert!(serde_json::from_str::<ToHub<Signal>>(r#"{"do":"enter","name":"A","key":"k"}"#).is_err());
    }

    #[test]
    fn datagrams_are_of_stun_or_dtls_and_no_plain_text_passes() {
        let ann = name("ann");
        for first in [0, 1, 3, 20, 22, 63] {
            let message = address_datagram(&ann, &[first, 7]);
            assert_eq!(message, [3, b'a', b'n', b'n', first, 7]);
            assert_eq!(read_datagram(&message), Ok((ann.clone(), &[first, 7][..])));
        }
        for first in [4, 19, 64, b'{', 128, 255] {
            assert!(read_datagram(&address_datagram(&ann, &[first, 7])).is_err(), "{first}");
        }
        for message in [&[][..], &[0], &[3, b'a'], &[3, b'a', b'n', b'n'], &[1, b'A', 22], &[255]] {
            assert!(read_datagram(message).is_err(), "{message:?}");
        }
        let longest = vec![22; MAX_DATAGRAM];
        assert!(read_datagram(&address_datagram(&ann, &longest)).is_ok());
        assert!(read_datagram(&address_datagram(&ann, &[&longest[..], &[0]].concat())).is_err());
    }
}
