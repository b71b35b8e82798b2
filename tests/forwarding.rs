//! What a proxy sends: payload as bytes, fragments as they were cut, payload that is not in memory.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::frame,
    drive,
    reference::{Endpoint, Side, Step},
};
use websocket_proto::wire::{FixedOutput, Header};
use websocket_proto::{Limits, MessageKind, Part, SendError};

const TEXT: &str = "a\u{fc}\u{8a9e}\u{1f600}z";

fn parts(fragments: usize) -> Vec<Part> {
    match fragments {
        1 => vec![Part::Whole],
        _ => [&[Part::First][..], &vec![Part::Middle; fragments - 2], &[Part::Last]].concat(),
    }
}

// §5.6
#[test]
fn fragments_of_text_are_forwarded_as_they_were_cut() {
    for first in 0..=TEXT.len() {
        for second in first..=TEXT.len() {
            let bytes = TEXT.as_bytes();
            let fragments = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            let (mut server, mut client) = (drive::server(&Limits::DEFAULT), drive::client(&Limits::DEFAULT));
            let (mut to_client, mut to_server, mut in_place) = (Vec::new(), Vec::new(), Vec::new());
            let mut other = drive::client(&Limits::DEFAULT);
            for (fragment, part) in fragments.into_iter().zip(parts(3)) {
                server.send_bytes(MessageKind::Text, fragment, part, &mut to_client).unwrap();
                client.send_bytes(MessageKind::Text, fragment, part, &mut to_server).unwrap();
                let mut payload = fragment.to_vec();
                let header = other.send_in_place(MessageKind::Text, &mut payload, part).unwrap();
                in_place.extend([&header[..], &payload].concat());
                server.ping(b"", &mut to_client).unwrap();
            }
            let expected = [Step::Message(MessageKind::Text, bytes.to_vec())];
            assert_eq!(drive::steps(&Endpoint::new(Side::Server, Limits::DEFAULT), &to_server), expected);
            let heard = drive::steps(&Endpoint::new(Side::Client, Limits::DEFAULT), &to_client);
            assert!(heard.contains(&expected[0]));
            assert_eq!(in_place, to_server);
        }
    }
}

#[test]
fn text_that_can_not_become_utf_8_is_not_forwarded() {
    for (fragments, valid_up_to) in [
        (&[&b"ab\xff"[..]][..], 2),
        (&[b"ab\xc3"], 2),
        (&[b"\xed", b"\xa0\x80"], 0),
        (&[b"\xe8\xaa", b"x"], 0),
        (&[b"\xf0\x9f", b"\x98", b""], 0),
        (&[b"\xc3", b"\xbcab\xff"], 3),
        (&[b"ok", b"a\xc3"], 1),
    ] {
        let mut connection = drive::server(&Limits::DEFAULT);
        let mut out = Vec::new();
        let (last, before) = fragments.split_last().unwrap();
        let parts = parts(fragments.len());
        for (fragment, part) in before.iter().zip(&parts) {
            connection.send_bytes(MessageKind::Text, fragment, *part, &mut out).unwrap();
        }
        let written = out.len();
        let error = connection.send_bytes(MessageKind::Text, last, *parts.last().unwrap(), &mut out);
        assert_eq!((error, out.len()), (Err(SendError::NotUtf8 { valid_up_to }), written), "{fragments:02x?}");
    }
}

#[test]
fn a_cut_code_point_is_continued_by_bytes_and_by_nothing_else() {
    let mut connection = drive::server(&Limits::DEFAULT);
    let mut out = Vec::new();
    connection.send_bytes(MessageKind::Text, b"\xc3", Part::First, &mut out).unwrap();
    let error = Err(SendError::NotUtf8 { valid_up_to: 0 });
    assert_eq!(connection.send_part("x", Part::Last, &mut out), error);
    assert_eq!(connection.send_header("x", Part::Last).map(drop), error);
    assert_eq!(connection.send_bytes(MessageKind::Text, b"x", Part::Last, &mut out), error);
    let full = connection.send_bytes(MessageKind::Text, b"\xbc", Part::Last, &mut FixedOutput::new(&mut []));
    assert!(matches!(full, Err(SendError::OutputFull(_))), "and what found no room was not sent");
    connection.send_bytes(MessageKind::Text, b"\xbc", Part::Last, &mut out).unwrap();
    connection.send("the next message", &mut out).unwrap();
}

#[test]
fn bytes_of_a_binary_message_are_whatever_they_are() {
    let mut connection = drive::server(&Limits::DEFAULT);
    let mut out = Vec::new();
    connection.send_bytes(MessageKind::Binary, b"\xff\xc3", Part::First, &mut out).unwrap();
    connection.send_part(&[1], Part::Last, &mut out).unwrap();
    assert_eq!(out, b"\x02\x02\xff\xc3\x80\x01\x01");
}

#[test]
fn payload_that_is_not_in_memory_is_announced_by_kind_and_length() {
    for (len, form) in [(0, 2), (125, 2), (126, 4), (65_536, 10), ((1 << 63) - 1, 10)] {
        let mut connection = drive::server(&Limits::DEFAULT);
        let header = connection.send_header_of(MessageKind::Text, len, Part::First).unwrap();
        let (decoded, header_len) = Header::decode(&header).unwrap().unwrap();
        assert_eq!((decoded.payload_len(), header_len, header[0]), (len, form, 0x01));
        assert_eq!(
            connection.send_header_of(MessageKind::Binary, 1, Part::Last).map(drop),
            Err(SendError::OtherKind { begun: MessageKind::Text })
        );
        assert_eq!(connection.send_header_of(MessageKind::Text, 5, Part::Last).unwrap()[..], [0x80, 5]);
    }
    let mut connection = drive::server(&Limits::DEFAULT);
    let error = connection.send_header_of(MessageKind::Binary, 1 << 63, Part::Whole).unwrap_err();
    assert!(matches!(error, SendError::TooLarge(_)), "{error}");
    let mut out = Vec::new();
    connection.send("as before", &mut out).unwrap();
    assert_eq!(out, frame(Side::Client, 0x81, b"as before"));
}
