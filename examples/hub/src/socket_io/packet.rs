//! Packets of Socket.IO, revision 5: the text of an Engine.IO message, and the binary messages that belong to it.

use std::fmt;
use std::fmt::Write;

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

/// A packet. What it carries stays JSON as it came: a hub hands it on, and need not know more of it than the name of an event.
#[derive(Clone, Debug)]
pub struct Packet {
    pub kind: Kind,
    /// It begins with a slash; `/` is the main one.
    pub namespace: String,
    /// Of an event that wants to be acknowledged, and of the acknowledgement.
    pub id: Option<u64>,
    pub data: Option<Box<RawValue>>,
    /// What the placeholders in the data stand for.
    pub attachments: Vec<Bytes>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Connect,
    Disconnect,
    /// With attachments or without.
    Event,
    /// With attachments or without.
    Ack,
    ConnectError,
}

impl Packet {
    pub fn new(kind: Kind, namespace: &str) -> Self {
        Self { kind, namespace: namespace.into(), id: None, data: None, attachments: Vec::new() }
    }

    /// Reads the text of a packet, and says how many attachments follow.
    ///
    /// # Errors
    ///
    /// [`InvalidPacket`], for which the connection ends.
    pub fn decode(text: &str) -> Result<(Self, usize), InvalidPacket> {
        let mut rest = text;
        let first = take_char(&mut rest).ok_or(InvalidPacket::Kind)?;
        let (kind, binary) = match first {
            '0' => (Kind::Connect, false),
            '1' => (Kind::Disconnect, false),
            '2' => (Kind::Event, false),
            '3' => (Kind::Ack, false),
            '4' => (Kind::ConnectError, false),
            '5' => (Kind::Event, true),
            '6' => (Kind::Ack, true),
            _ => return Err(InvalidPacket::Kind),
        };
        let mut count = 0;
        if binary {
            let (digits, after) = rest.split_once('-').ok_or(InvalidPacket::Attachments)?;
            count = number(digits).ok_or(InvalidPacket::Attachments)?;
            rest = after;
            if count > MAX_ATTACHMENTS {
                return Err(InvalidPacket::Attachments);
            }
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
            // A query, as older clients send it, is not part of the name.
            namespace = namespace.split('?').next().unwrap_or(namespace);
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (id, rest) = rest.split_at(digits);
        let id = if id.is_empty() { None } else { Some(number(id).ok_or(InvalidPacket::Id)? as u64) };
        let data: Option<Box<RawValue>> = match rest {
            "" => None,
            rest => Some(serde_json::from_str(rest).map_err(|_| InvalidPacket::Json)?),
        };
        let packet = Self { kind, namespace: namespace.into(), id, data, attachments: Vec::new() };
        packet.check()?;
        Ok((packet, count))
    }

    /// What the data of each kind has to be.
    fn check(&self) -> Result<(), InvalidPacket> {
        let data = self.data.as_deref().map(RawValue::get);
        let holds = match self.kind {
            Kind::Connect => data.is_none_or(|data| data.starts_with('{')),
            Kind::Disconnect => data.is_none(),
            Kind::Event => self.event_name().is_some(),
            Kind::Ack => self.id.is_some() && data.is_some_and(|data| data.starts_with('[')),
            Kind::ConnectError => data.is_some_and(|data| data.starts_with(['{', '"'])),
        };
        if holds { Ok(()) } else { Err(InvalidPacket::Data) }
    }

    /// Whether each placeholder stands for an attachment that is there. A client would end its connection for one that does not, so a
    /// hub hands on none.
    ///
    /// # Errors
    ///
    /// [`InvalidPacket::Attachments`], also if the data is nested too deeply to be looked through.
    pub fn check_attachments(&self) -> Result<(), InvalidPacket> {
        let Some(data) = self.data.as_deref().filter(|_| !self.attachments.is_empty()) else { return Ok(()) };
        let data = serde_json::from_str(data.get()).map_err(|_| InvalidPacket::Attachments)?;
        if placeholders_hold(&data, self.attachments.len()) { Ok(()) } else { Err(InvalidPacket::Attachments) }
    }

    /// The name of an event, its first argument.
    pub fn event_name(&self) -> Option<String> {
        serde_json::from_str(self.arguments().first()?.get()).ok()
    }

    /// The arguments of an event, its name included, or of an acknowledgement.
    pub fn arguments(&self) -> Vec<&RawValue> {
        let data = self.data.as_deref().map_or("[]", RawValue::get);
        serde_json::from_str(data).unwrap_or_default()
    }

    /// Writes the text of the packet; the attachments follow it as binary messages.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        text.push(match (self.kind, self.attachments.is_empty()) {
            (Kind::Connect, _) => '0',
            (Kind::Disconnect, _) => '1',
            (Kind::Event, true) => '2',
            (Kind::Ack, true) => '3',
            (Kind::ConnectError, _) => '4',
            (Kind::Event, false) => '5',
            (Kind::Ack, false) => '6',
        });
        if !self.attachments.is_empty() {
            let _ = write!(text, "{}-", self.attachments.len());
        }
        if self.namespace != "/" {
            text.push_str(&self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            let _ = write!(text, "{id}");
        }
        text.push_str(self.data.as_deref().map_or("", RawValue::get));
        text
    }
}

fn placeholders_hold(data: &Value, count: usize) -> bool {
    match data {
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            fields.get("num").and_then(Value::as_u64).is_some_and(|number| number < count as u64)
        }
        Value::Object(fields) => fields.values().all(|value| placeholders_hold(value, count)),
        Value::Array(values) => values.iter().all(|value| placeholders_hold(value, count)),
        _ => true,
    }
}

fn take_char(rest: &mut &str) -> Option<char> {
    let first = rest.chars().next()?;
    *rest = &rest[first.len_utf8()..];
    Some(first)
}

/// A number as JavaScript holds it exactly.
fn number(digits: &str) -> Option<usize> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|&number: &usize| plain && number < 1 << 53)
}

/// Attachments of one packet.
const MAX_ATTACHMENTS: usize = 100;

/// Why something is no packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvalidPacket {
    Kind,
    Attachments,
    Id,
    Json,
    Data,
}

impl fmt::Display for InvalidPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "expected a packet of kind 0 to 6, found something else",
            Self::Attachments => {
                "expected at most 100 attachments, and placeholders for these alone, found something else"
            }
            Self::Id => "expected the number of an acknowledgement below 2^53, found a larger one",
            Self::Json => "expected JSON, found something else",
            Self::Data => "expected the data that belongs to the kind of packet, found other data",
        })
    }
}

impl std::error::Error for InvalidPacket {}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> (Kind, String, Option<u64>, Option<String>, usize) {
        let (packet, attachments) = Packet::decode(text).unwrap();
        (packet.kind, packet.namespace, packet.id, packet.data.map(|data| data.get().into()), attachments)
    }

    #[test]
    fn packets_of_the_protocols_document_are_read() {
        let main = || String::from("/");
        let admin = || String::from("/admin");
        let data = |text: &str| Some(text.to_owned());
        assert_eq!(decoded("0"), (Kind::Connect, main(), None, None, 0));
        assert_eq!(decoded(r#"0{"token":"123"}"#), (Kind::Connect, main(), None, data(r#"{"token":"123"}"#), 0));
        assert_eq!(decoded("0/admin,"), (Kind::Connect, admin(), None, None, 0));
        assert_eq!(decoded("0/admin"), (Kind::Connect, admin(), None, None, 0));
        assert_eq!(decoded("0/admin?a=b,"), (Kind::Connect, admin(), None, None, 0));
        assert_eq!(decoded("1/admin,"), (Kind::Disconnect, admin(), None, None, 0));
        assert_eq!(decoded(r#"2["foo"]"#), (Kind::Event, main(), None, data(r#"["foo"]"#), 0));
        assert_eq!(decoded(r#"2/admin,["bar"]"#), (Kind::Event, admin(), None, data(r#"["bar"]"#), 0));
        assert_eq!(decoded(r#"212["foo"]"#), (Kind::Event, main(), Some(12), data(r#"["foo"]"#), 0));
        assert_eq!(decoded(r#"3/admin,13["bar"]"#), (Kind::Ack, admin(), Some(13), data(r#"["bar"]"#), 0));
        let placeholder = r#"["baz",{"_placeholder":true,"num":0}]"#;
        assert_eq!(decoded(&format!("51-{placeholder}")), (Kind::Event, main(), None, data(placeholder), 1));
        assert_eq!(
            decoded(&format!("52-/admin,7{placeholder}")),
            (Kind::Event, admin(), Some(7), data(placeholder), 2)
        );
        let answer = r#"[{"_placeholder":true,"num":0}]"#;
        assert_eq!(decoded(&format!("61-15{answer}")), (Kind::Ack, main(), Some(15), data(answer), 1));
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for text in [
            "0",
            r#"0/admin,{"sid":"x"}"#,
            "1",
            "1/admin,",
            r#"2["foo", 12345678901234567890,{"b":1,"a":[2]}]"#,
            r#"2/admin,12["foo"]"#,
            "313[]",
            r#"4/admin,{"message":"Not authorized"}"#,
        ] {
            assert_eq!(Packet::decode(text).unwrap().0.encode(), text);
        }
        let mut packet = Packet::decode(r#"2["a",{"_placeholder":true,"num":0}]"#).unwrap().0;
        packet.attachments.push(Bytes::from_static(&[1]));
        assert_eq!(packet.encode(), r#"51-["a",{"_placeholder":true,"num":0}]"#);
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for (text, error) in [
            ("", InvalidPacket::Kind),
            ("abc", InvalidPacket::Kind),
            ("7", InvalidPacket::Kind),
            ("2", InvalidPacket::Data),
            ("2{}", InvalidPacket::Data),
            ("2[]", InvalidPacket::Data),
            ("2[1]", InvalidPacket::Data),
            (r#"2["a""#, InvalidPacket::Json),
            ("0[]", InvalidPacket::Data),
            ("1{}", InvalidPacket::Data),
            ("3[]", InvalidPacket::Data),
            ("31{}", InvalidPacket::Data),
            (r#"5["a"]"#, InvalidPacket::Attachments),
            (r#"5x-["a"]"#, InvalidPacket::Attachments),
            (r#"5-["a"]"#, InvalidPacket::Attachments),
            (r#"5101-["a"]"#, InvalidPacket::Attachments),
            (r#"29007199254740992["a"]"#, InvalidPacket::Id),
        ] {
            assert_eq!(Packet::decode(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn placeholder_stands_for_an_attachment_that_is_there() {
        let check = |data: &str, count: usize| {
            let mut packet = Packet::decode(&format!("5{count}-{data}")).unwrap().0;
            packet.attachments = vec![Bytes::new(); count];
            packet.check_attachments()
        };
        let with = |num: &str| format!(r#"["a",[{{"b":{{"_placeholder":true,"num":{num}}}}}]]"#);
        assert_eq!((check(&with("0"), 1), check(&with("1"), 2)), (Ok(()), Ok(())));
        assert_eq!(check(r#"["a",{"_placeholder":false,"num":9}]"#, 1), Ok(()), "it is none");
        for num in ["1", "-1", "0.5", "\"0\"", "null", "1e99"] {
            assert_eq!(check(&with(num), 1), Err(InvalidPacket::Attachments), "{num}");
        }
        let deep = format!(r#"["a",{}{}]"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(check(&deep, 1), Err(InvalidPacket::Attachments));
    }
}
