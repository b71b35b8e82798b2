//! Packets of Engine.IO, revision 4, as text: of a WebSocket message each, or several in a body of HTTP.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

/// A packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Packet {
    /// `0`: the server's first, with what the client has to know of the session.
    Open(String),
    /// `1`: the session ends.
    Close,
    /// `2`: the server's heartbeat; a client's is `2probe`.
    Ping(String),
    /// `3`: the answer, with what the Ping said.
    Pong(String),
    /// `4`: text.
    Text(String),
    /// Bytes: a binary message of WebSocket, `b` and base64 in HTTP.
    Binary(Bytes),
    /// `5`: the client goes on by WebSocket.
    Upgrade,
    /// `6`: nothing, to end a request that waits.
    Noop,
}

impl Packet {
    /// Reads a packet from text.
    ///
    /// # Errors
    ///
    /// [`InvalidPacket`], for which the session ends.
    pub fn decode(text: &str) -> Result<Self, InvalidPacket> {
        let (kind, rest) = match text.chars().next() {
            Some(kind) => (kind, &text[kind.len_utf8()..]),
            None => return Err(InvalidPacket::Empty),
        };
        match (kind, rest) {
            ('0', rest) => Ok(Self::Open(rest.into())),
            ('1', "") => Ok(Self::Close),
            ('2', rest) => Ok(Self::Ping(rest.into())),
            ('3', rest) => Ok(Self::Pong(rest.into())),
            ('4', rest) => Ok(Self::Text(rest.into())),
            ('5', "") => Ok(Self::Upgrade),
            ('6', "") => Ok(Self::Noop),
            ('b', rest) => match STANDARD.decode(rest) {
                Ok(bytes) => Ok(Self::Binary(bytes.into())),
                Err(_) => Err(InvalidPacket::Base64),
            },
            ('1' | '5' | '6', _) => Err(InvalidPacket::Trailing { kind }),
            (kind, _) => Err(InvalidPacket::Kind { kind }),
        }
    }

    /// Writes the packet as text.
    pub fn encode(&self, out: &mut String) {
        let (kind, rest) = match self {
            Self::Open(rest) => ('0', rest.as_str()),
            Self::Close => ('1', ""),
            Self::Ping(rest) => ('2', rest.as_str()),
            Self::Pong(rest) => ('3', rest.as_str()),
            Self::Text(rest) => ('4', rest.as_str()),
            Self::Upgrade => ('5', ""),
            Self::Noop => ('6', ""),
            Self::Binary(bytes) => {
                out.push('b');
                STANDARD.encode_string(bytes, out);
                return;
            }
        };
        out.push(kind);
        out.push_str(rest);
    }

    /// How many bytes of memory it takes while it waits, nearly.
    pub fn weight(&self) -> usize {
        32 + match self {
            Self::Open(rest) | Self::Ping(rest) | Self::Pong(rest) | Self::Text(rest) => rest.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Close | Self::Upgrade | Self::Noop => 0,
        }
    }

    /// How many bytes it takes in a body of HTTP.
    fn encoded_len(&self) -> usize {
        match self {
            Self::Binary(bytes) => 1 + bytes.len().div_ceil(3) * 4,
            other => other.weight() - 31,
        }
    }
}

/// Reads the packets of a body.
///
/// # Errors
///
/// [`InvalidPacket`]: none of them is taken then.
pub fn decode_body(body: &str) -> Result<Vec<Packet>, InvalidPacket> {
    body.split(SEPARATOR).map(Packet::decode).collect()
}

/// Writes packets from the front of `packets` as a body of at most `max` bytes; the first of them in any case.
pub fn encode_body(packets: &mut std::collections::VecDeque<Packet>, max: usize) -> String {
    let mut body = String::new();
    while let Some(packet) = packets.front() {
        if !body.is_empty() {
            if body.len() + 1 + packet.encoded_len() > max {
                break;
            }
            body.push(SEPARATOR);
        }
        packet.encode(&mut body);
        packets.pop_front();
    }
    body
}

/// The record separator between the packets of a body.
const SEPARATOR: char = '\x1e';

/// Why something is no packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvalidPacket {
    /// There is not even a kind.
    Empty,
    /// The kind is not one of `0` to `6`, nor `b`.
    Kind {
        /// The character.
        kind: char,
    },
    /// Something follows where nothing may.
    Trailing {
        /// The kind.
        kind: char,
    },
    /// What follows `b` is no base64.
    Base64,
}

impl fmt::Display for InvalidPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a packet, found nothing"),
            Self::Kind { kind } => write!(f, "expected a packet of kind 0 to 6 or b, found {kind:?}"),
            Self::Trailing { kind } => write!(f, "expected nothing after the kind {kind}, found more"),
            Self::Base64 => f.write_str("expected base64 after b, found something else"),
        }
    }
}

impl std::error::Error for InvalidPacket {}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn packets_of_the_protocols_document_are_read_and_written() {
        for (text, packet) in [
            ("0{}", Packet::Open("{}".into())),
            ("1", Packet::Close),
            ("2", Packet::Ping(String::new())),
            ("2probe", Packet::Ping("probe".into())),
            ("3probe", Packet::Pong("probe".into())),
            ("4hello", Packet::Text("hello".into())),
            ("4€", Packet::Text("€".into())),
            ("4", Packet::Text(String::new())),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
            ("bAQIDBA==", Packet::Binary(Bytes::from_static(&[1, 2, 3, 4]))),
        ] {
            assert_eq!(Packet::decode(text), Ok(packet.clone()));
            let mut written = String::new();
            packet.encode(&mut written);
            assert_eq!(written, text);
            assert_eq!(packet.encoded_len(), text.len());
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        assert_eq!(Packet::decode(""), Err(InvalidPacket::Empty));
        assert_eq!(Packet::decode("abc"), Err(InvalidPacket::Kind { kind: 'a' }));
        assert_eq!(Packet::decode("7"), Err(InvalidPacket::Kind { kind: '7' }));
        assert_eq!(Packet::decode("€"), Err(InvalidPacket::Kind { kind: '€' }));
        assert_eq!(Packet::decode("1x"), Err(InvalidPacket::Trailing { kind: '1' }));
        assert_eq!(Packet::decode("b!"), Err(InvalidPacket::Base64));
        assert_eq!(Packet::decode("bAQIDBA"), Err(InvalidPacket::Base64), "without padding");
    }

    #[test]
    fn body_with_one_bad_packet_is_refused_as_a_whole() {
        assert_eq!(decode_body("4a\x1e4b").map(|packets| packets.len()), Ok(2));
        assert_eq!(decode_body("4a\x1e"), Err(InvalidPacket::Empty));
        assert_eq!(decode_body("4a\x1ex"), Err(InvalidPacket::Kind { kind: 'x' }));
    }

    #[test]
    fn body_holds_as_many_packets_as_are_allowed_and_at_least_one() {
        let all: VecDeque<_> = ["aaa", "bbb", "ccc"].map(|text| Packet::Text(text.into())).into();
        let mut packets = all.clone();
        assert_eq!(encode_body(&mut packets, 14), "4aaa\x1e4bbb\x1e4ccc");
        assert!(packets.is_empty());
        let mut packets = all.clone();
        assert_eq!(encode_body(&mut packets, 13), "4aaa\x1e4bbb");
        assert_eq!(packets.len(), 1);
        let mut packets = all;
        assert_eq!(encode_body(&mut packets, 0), "4aaa");
        assert_eq!(packets.len(), 2);
    }
}
