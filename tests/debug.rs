//! `Debug` shows no payload and no masking key: they have no place in a log.
#![cfg(feature = "alloc")]

use std::fmt::Debug;

use testkit::{bytes::frame, drive, reference::Side};
use websocket_proto::frame::{Masking, Reader};
use websocket_proto::wire::{
    ControlFrame, ControlOpcode, DataOpcode, EncodedHeader, FixedOutput, Header, Masker, MaskingKey, Output,
    OutputFull, PartialChar,
};
use websocket_proto::{
    Client, CloseCode, CloseFrame, Connection, ControlPayload, Event, Incoming, Limits, Message, Messages, Negotiated,
    OwnedMessage, Part, Prepared, Server,
};

/// As text, and as bytes in decimal, hexadecimal and escaped.
const SECRET: &str = "s3cr\u{eb}t";
const KEY: [u8; 4] = [201, 202, 203, 204];

#[track_caller]
fn expect_discreet(value: impl Debug, shown: &str) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        // Any two neighbours of the secret's bytes or the key's in the way that a slice, a string or a number would show them.
        for bytes in [SECRET.as_bytes(), &KEY] {
            for pair in bytes.windows(2) {
                for [a, b] in [
                    [format!("{}", pair[0]), format!("{}", pair[1])],
                    [format!("{:02x}", pair[0]), format!("{:02x}", pair[1])],
                ] {
                    for between in ["", ", ", " ", ",\n    ", "\\x"] {
                        assert!(!text.contains(&format!("{a}{between}{b}")), "{text}");
                    }
                }
            }
        }
        assert!(!text.contains("s3c") && !text.contains("cr\u{eb}") && !text.contains("cr\\x"), "{text}");
        assert!(text.contains(shown), "{text} should contain {shown}");
    }
}

fn payload() -> ControlPayload {
    ControlPayload::new(SECRET.as_bytes()).unwrap()
}

#[test]
fn values_of_the_wire_are_discreet() {
    let key = MaskingKey::new(KEY);
    expect_discreet(key, "MaskingKey");
    expect_discreet(Masker::new(key), "Masker");
    let header = Header::data(DataOpcode::Binary, true, 5).unwrap().with_masking_key(Some(key));
    expect_discreet(header, "payload_len: 5");
    expect_discreet(header.encode(), "EncodedHeader(");
    expect_discreet(payload(), "7 bytes");
    expect_discreet(ControlFrame::new(ControlOpcode::Ping, &payload(), None), "9 bytes");
    expect_discreet(ControlFrame::new(ControlOpcode::Ping, &payload(), Some(key)), "13 bytes");
    let close = CloseFrame::new(CloseCode::NORMAL, SECRET).unwrap();
    expect_discreet(close, "1000");
    assert!(close.to_string().contains(SECRET), "who asks for the reason gets it by `Display`");
    let mut memory = [0; 20];
    let mut out = FixedOutput::new(&mut memory);
    out.append_slices(SECRET.as_bytes(), &KEY).unwrap();
    expect_discreet(out, "11 bytes");
    let mut partial = PartialChar::default();
    partial.push(SECRET.as_bytes()[4]).unwrap();
    assert_eq!(format!("{partial:?}"), "PartialChar(1 bytes)");
}

/// What an output of the caller's own gets.
#[test]
fn header_given_to_an_output_is_discreet() {
    struct Shown;
    impl Output for Shown {
        fn append_frame(&mut self, header: EncodedHeader, _: &[u8], masker: Masker) -> Result<(), OutputFull> {
            expect_discreet(header, "6 bytes");
            expect_discreet(masker, "Masker");
            Ok(())
        }
        fn append_slices(&mut self, _: &[u8], _: &[u8]) -> Result<&mut [u8], OutputFull> {
            Ok(&mut [])
        }
        fn append_zeros(&mut self, _: usize) -> Result<&mut [u8], OutputFull> {
            Ok(&mut [])
        }
        fn waiting_len(&self) -> usize {
            0
        }
    }
    let mut client = Connection::new(Negotiated::elsewhere(), Client::from_fn(|| KEY), &Limits::DEFAULT);
    client.send(SECRET, &mut Shown).unwrap();
}

#[test]
fn events_and_messages_are_discreet() {
    let mut bytes = SECRET.as_bytes().to_vec();
    expect_discreet(Event::Text(SECRET, Part::Whole), "Text(");
    assert_eq!(format!("{:?}", Event::Text("abc", Part::First)), "Text(3 bytes, First)");
    assert_eq!(format!("{:?}", Event::Char('\u{eb}', Part::Last)), "Char(2 bytes, Last)");
    expect_discreet(Event::Binary(&mut bytes, Part::Whole), "7 bytes");
    expect_discreet(Event::Compressed(websocket_proto::MessageKind::Text, &mut bytes, Part::Whole), "Text");
    expect_discreet(Incoming::Text(SECRET), "7 bytes");
    expect_discreet(Incoming::Binary(&mut bytes), "7 bytes");
    expect_discreet(Incoming::Ping(&bytes), "Ping(");
    expect_discreet(Incoming::Pong(&bytes), "Pong(");
    expect_discreet(Incoming::Close(&CloseFrame::new(CloseCode::NORMAL, SECRET).unwrap()), "1000");
    expect_discreet(Message::Text(SECRET), "Text(");
    expect_discreet(Message::Binary(&bytes), "Binary(");
    expect_discreet(OwnedMessage::from(SECRET.to_owned()), "Text(");
    expect_discreet(OwnedMessage::from(bytes), "Binary(");
    expect_discreet(Prepared::new(SECRET).unwrap(), "Prepared");
}

/// In every state: inside a header, inside a payload, inside a code point, with a Pong and a Close waiting.
#[test]
fn readers_connections_and_messages_are_discreet_at_every_byte() {
    let mut stream = frame(Side::Server, 0x01, SECRET.as_bytes());
    stream.extend(frame(Side::Server, 0x89, SECRET.as_bytes()));
    stream.extend(frame(Side::Server, 0x80, SECRET.as_bytes()));
    stream.extend(frame(Side::Server, 0x88, &[&[0x03, 0xe8], SECRET.as_bytes()].concat()));
    let (mut reader, mut connection) =
        (Reader::new(Masking::Required, &Limits::DEFAULT), drive::server(&Limits::DEFAULT));
    let (mut lent, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    for byte in stream {
        let mut one = [byte];
        if let Ok(Some(piece)) = reader.read(&mut &mut one[..]) {
            expect_discreet(&piece, "bytes");
        }
        expect_discreet(&reader, "Reader");
        let mut one = [byte];
        if let Ok(Some(event)) = connection.receive(&mut &mut one[..]) {
            let shown = match event {
                Event::Ping => "Ping",
                Event::Pong => "Pong",
                Event::Close => "Close",
                _ => "(",
            };
            expect_discreet(&event, shown);
        }
        expect_discreet(&connection, "Connection");
        let mut full = FixedOutput::new(&mut []);
        let _ = messages.next(&mut lent, &mut &mut [byte][..], &mut full);
        expect_discreet(&messages, "Messages");
    }
    assert!(connection.wants_write(), "a Pong and a Close were waiting");
    expect_discreet(Client::from_fn(|| KEY), "Client");
    assert_eq!(format!("{Server:?}"), "Server");
}

#[cfg(feature = "rand")]
#[test]
fn a_source_of_keys_is_discreet() {
    assert_eq!(format!("{:?}", websocket_proto::RandomKeys::from_seed([7; 32])), "RandomKeys { .. }");
}
