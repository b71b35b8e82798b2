//! What the behaviour of frames is, row by row, and the examples of RFC 6455 §5.7.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::{Form, PEER_KEY, frame, frame_with, header, peer_key},
    drive::{self, binary, text},
    reference::{CLIENT_KEY, Endpoint, Side, Step},
};
use websocket_proto::{
    Connection, Event, Incoming, Limits, MessageKind, Messages, Part, ProtocolError, Server, wire::ControlOpcode,
};

const SIDES: [Side; 2] = [Side::Server, Side::Client];

/// What an endpoint with default limits does with these bytes.
fn steps(side: Side, bytes: &[u8]) -> Vec<Step> {
    drive::steps(&Endpoint::new(side, Limits::DEFAULT), bytes)
}

/// That these bytes fail the connection at their end, and with which status code.
fn failure(side: Side, bytes: &[u8]) -> (ProtocolError, u16) {
    drive::failure(&Endpoint::new(side, Limits::DEFAULT), bytes)
}

#[test]
fn examples_of_section_5_7_are_received() {
    assert_eq!(steps(Side::Client, &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]), [text("Hello")]);
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(steps(Side::Server, &masked), [text("Hello")]);
    assert_eq!(steps(Side::Client, &[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]), [text("Hello")]);
    let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(
        steps(Side::Client, &[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]),
        [Step::Ping(b"Hello".to_vec()), Step::Send(pong.to_vec())]
    );
    assert_eq!(steps(Side::Server, &pong), [Step::Pong(b"Hello".to_vec())]);
    assert_eq!(steps(Side::Client, &[&[0x82, 0x7e, 0x01, 0x00][..], &[7; 256]].concat()), [binary(&[7; 256])]);
    let long = [&[0x82, 0x7f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00][..], &[7; 65_536]].concat();
    assert_eq!(steps(Side::Client, &long), [binary(&[7; 65_536])]);
}

#[test]
fn examples_of_section_5_7_are_sent() {
    let (mut server, mut client) = (drive::server(&Limits::DEFAULT), drive::client(&Limits::DEFAULT));
    let mut out = Vec::new();
    server.send("Hello", &mut out).unwrap();
    assert_eq!(out, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    out.clear();
    client.send("Hello", &mut out).unwrap();
    assert_eq!(out, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    out.clear();
    server.send_part("Hel", Part::First, &mut out).unwrap();
    server.send_part("lo", Part::Last, &mut out).unwrap();
    assert_eq!(out, [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]);
    out.clear();
    server.ping(b"Hello", &mut out).unwrap();
    assert_eq!(out, [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    out.clear();
    client.pong(b"Hello", &mut out).unwrap();
    assert_eq!(out, [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    out.clear();
    server.send(&[7; 256], &mut out).unwrap();
    assert_eq!(out, [&[0x82, 0x7e, 0x01, 0x00][..], &[7; 256]].concat());
    out.clear();
    server.send(&[7; 65_536], &mut out).unwrap();
    assert_eq!(out, [&[0x82, 0x7f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00][..], &[7; 65_536]].concat());
}

#[test]
fn rsv_bit_without_an_extension_that_owns_it() {
    for (first, name) in
        [(0xc1, "RSV1"), (0xa1, "RSV2"), (0x91, "RSV3"), (0xf1, "RSV1+RSV2+RSV3"), (0xc9, "RSV1"), (0x98, "RSV3")]
    {
        let (error, code) = failure(Side::Server, &[first]);
        assert!(matches!(error, ProtocolError::ReservedBits { rsv } if rsv.to_string() == name), "{error:?}");
        assert_eq!(code, 1002);
    }
}

#[test]
fn reserved_opcode() {
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        for fin in [0, 0x80] {
            assert_eq!(failure(Side::Client, &[fin | opcode]), (ProtocolError::ReservedOpcode { opcode }, 1002));
        }
    }
}

// §5.5
#[test]
fn fragmented_control_frame() {
    for (first, opcode) in [(0x08, ControlOpcode::Close), (0x09, ControlOpcode::Ping), (0x0a, ControlOpcode::Pong)] {
        assert_eq!(failure(Side::Server, &[first]), (ProtocolError::FragmentedControl { opcode }, 1002));
    }
}

// §5.5
#[test]
fn control_payload_beyond_125_by_either_length_form() {
    let error = ProtocolError::ControlTooLong { opcode: ControlOpcode::Ping };
    assert_eq!(failure(Side::Client, &[0x89, 126, 0, 126]), (error, 1002));
    assert_eq!(failure(Side::Client, &[0x89, 127, 0, 0, 0, 0, 0, 1, 0, 0]), (error, 1002));
    let longest = frame(Side::Client, 0x89, &[b'x'; 125]);
    assert_eq!(steps(Side::Client, &longest)[0], Step::Ping(vec![b'x'; 125]));
}

/// Over 125 bytes, or not in the shortest form: wrong by either reading.
#[test]
fn control_frame_with_an_extended_length_is_refused_at_its_second_byte() {
    for (first, opcode) in [(0x88, ControlOpcode::Close), (0x89, ControlOpcode::Ping), (0x8a, ControlOpcode::Pong)] {
        for len in [126, 127] {
            let error = ProtocolError::ControlTooLong { opcode };
            assert_eq!(failure(Side::Server, &[first, 0x80 | len]), (error, 1002));
            assert_eq!(failure(Side::Client, &[first, len]), (error, 1002));
            assert_eq!(failure(Side::Client, &[first, len, 0, 0]), (error, 1002), "also when more is there");
        }
    }
}

#[test]
fn length_with_the_top_bit_set_is_refused_at_its_first_byte() {
    for first_byte in [0x80, 0xff] {
        let error = ProtocolError::LengthTopBit { first_byte };
        assert_eq!(failure(Side::Server, &[0x82, 0xff, first_byte]), (error, 1002));
        assert_eq!(failure(Side::Client, &[0x01, 0x7f, first_byte, 0]), (error, 1002));
    }
    assert_eq!(steps(Side::Client, &[0x82, 0x7f, 0x7f]), [], "below it, the length is awaited");
}

// §5.1
#[test]
fn unmasked_frame_at_a_server() {
    assert_eq!(failure(Side::Server, &[0x81, 0x05]), (ProtocolError::Unmasked, 1002));
    assert_eq!(failure(Side::Server, &[0x88, 0x00]), (ProtocolError::Unmasked, 1002));
}

// §5.1
#[test]
fn masked_frame_at_a_client_also_with_key_0() {
    assert_eq!(failure(Side::Client, &[0x81, 0x85]), (ProtocolError::Masked, 1002));
    assert_eq!(failure(Side::Client, &[0x81, 0x81, 0, 0, 0, 0, b'x']), (ProtocolError::Masked, 1002));
}

#[test]
fn length_not_in_its_shortest_form() {
    for side in SIDES {
        for (form, len) in
            [(Form::Bits16, 0), (Form::Bits16, 125), (Form::Bits64, 125), (Form::Bits64, 126), (Form::Bits64, 65_535)]
        {
            let bytes = header(peer_key(side), 0x82, form, len);
            assert_eq!(failure(side, &bytes), (ProtocolError::LengthNotMinimal { len }, 1002));
        }
    }
}

#[test]
fn length_with_the_top_bit_set() {
    for len in [1 << 63, u64::MAX] {
        let bytes = header(peer_key(Side::Server), 0x82, Form::Bits64, len);
        for limits in [Limits::DEFAULT, Limits::UNLIMITED] {
            let endpoint = Endpoint::new(Side::Server, limits);
            assert_eq!(
                drive::failure(&endpoint, &bytes),
                (ProtocolError::LengthTopBit { first_byte: len.to_be_bytes()[0] }, 1002)
            );
        }
    }
}

// §5.4
#[test]
fn continuation_without_a_start() {
    for first in [0x00, 0x80] {
        assert_eq!(failure(Side::Server, &[first]), (ProtocolError::UnexpectedContinuation, 1002));
    }
    let after_a_message = [frame(Side::Server, 0x81, b"a"), vec![0x80]].concat();
    assert_eq!(failure(Side::Server, &after_a_message), (ProtocolError::UnexpectedContinuation, 1002));
}

// §5.4
#[test]
fn text_or_binary_inside_a_fragmented_message() {
    for (first, kind) in
        [(0x81, MessageKind::Text), (0x01, MessageKind::Text), (0x82, MessageKind::Binary), (0x02, MessageKind::Binary)]
    {
        let bytes = [frame(Side::Server, 0x01, b"a"), vec![first]].concat();
        assert_eq!(failure(Side::Server, &bytes), (ProtocolError::ExpectedContinuation { kind }, 1002));
        // Nor when all of the frame is there, in whatever form its length is.
        for (side, len) in [(Side::Server, 0), (Side::Client, 0), (Side::Server, 126), (Side::Client, 70_000)] {
            let bytes = [frame(side, 0x01, b"a"), frame(side, first, &vec![b'b'; len])].concat();
            assert_eq!(failure(side, &bytes), (ProtocolError::ExpectedContinuation { kind }, 1002));
        }
    }
}

// §5.4
#[test]
fn control_frames_between_fragments_are_answered_and_the_message_goes_on() {
    let bytes = [
        frame(Side::Client, 0x01, "gr\u{fc}".as_bytes().split_last().unwrap().1),
        frame(Side::Client, 0x89, b"?"),
        frame(Side::Client, 0x00, b"\xbc"),
        frame(Side::Client, 0x8a, b"!"),
        frame(Side::Client, 0x80, "n".as_bytes()),
    ];
    let pong = [&[0x8a, 0x81][..], &CLIENT_KEY, &[b'?' ^ CLIENT_KEY[0]]].concat();
    let expected = [Step::Ping(b"?".to_vec()), Step::Send(pong), Step::Pong(b"!".to_vec()), text("grün")];
    assert_eq!(steps(Side::Client, &bytes.concat()), expected);
}

// §5.4
#[test]
fn empty_fragments_are_legal() {
    let bytes = [
        frame(Side::Server, 0x01, b""),
        frame(Side::Server, 0x00, b""),
        frame(Side::Server, 0x00, b"x"),
        frame(Side::Server, 0x00, b""),
        frame(Side::Server, 0x80, b""),
        frame(Side::Server, 0x82, b""),
        frame(Side::Server, 0x81, b""),
    ];
    assert_eq!(steps(Side::Server, &bytes.concat()), [text("x"), binary(b""), text("")]);
}

// §8.1
#[test]
fn text_that_can_no_longer_become_utf8_fails_inside_a_frame() {
    // The third byte of many: the rest has not come yet.
    let bytes = frame(Side::Server, 0x81, &[&b"ab\xff"[..], &[b'c'; 100]].concat());
    assert_eq!(failure(Side::Server, &bytes[..9]), (ProtocolError::InvalidUtf8 { valid_up_to: 2 }, 1007));
}

#[test]
fn text_that_can_no_longer_become_utf8_fails_at_a_fragments_end() {
    let bytes = frame(Side::Server, 0x01, b"ab\xed\xa0");
    assert_eq!(failure(Side::Server, &bytes), (ProtocolError::InvalidUtf8 { valid_up_to: 2 }, 1007));
}

// §8.1
#[test]
fn text_fails_at_fin_with_a_cut_code_point_an_empty_last_fragment_included() {
    let error = (ProtocolError::InvalidUtf8 { valid_up_to: 2 }, 1007);
    assert_eq!(failure(Side::Client, &frame(Side::Client, 0x81, b"ab\xe2\x82")), error);
    let bytes = [frame(Side::Client, 0x01, b"ab\xe2"), frame(Side::Client, 0x80, b"\x82")].concat();
    assert_eq!(failure(Side::Client, &bytes), error);
    let bytes = [frame(Side::Client, 0x01, b"ab\xe2\x82"), frame(Side::Client, 0x80, b"")].concat();
    assert_eq!(failure(Side::Client, &bytes), error);
    let bytes = [frame(Side::Client, 0x01, b"a"), frame(Side::Client, 0x80, b"b\xe2\x82")].concat();
    assert_eq!(failure(Side::Client, &bytes), error);
}

// §5.5.2
#[test]
fn ten_pings_in_one_read_get_ten_pongs_from_messages() {
    let read: Vec<u8> = (b'0'..=b'9').flat_map(|digit| frame(Side::Server, 0x89, &[digit])).collect();
    let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
    let mut bytes = read.clone();
    let mut input = &mut bytes[..];
    while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).unwrap() {
        assert!(matches!(incoming, Incoming::Ping(_)));
    }
    let pongs: Vec<u8> = (b'0'..=b'9').flat_map(|digit| [0x8a, 0x01, digit]).collect();
    assert_eq!(out, pongs);
}

// §5.5.3
#[test]
fn a_flood_of_pings_is_answered_with_the_newest_when_writing_works_again() {
    fn flood(connection: &mut Connection<Server>) {
        for n in 0..1000_u16 {
            let mut bytes = frame(Side::Server, 0x89, &n.to_be_bytes());
            assert!(matches!(connection.receive(&mut &mut bytes[..]), Ok(Some(Event::Ping))));
        }
    }
    let mut connection = drive::server(&Limits::DEFAULT);
    flood(&mut connection);
    assert_eq!(connection.take_control().unwrap().as_bytes(), [&[0x8a, 0x02][..], &999_u16.to_be_bytes()].concat());
    assert!(connection.take_control().is_none());
}

#[test]
fn half_a_ping_does_not_displace_the_unsent_pong_of_the_last() {
    let mut connection = drive::server(&Limits::DEFAULT);
    let mut bytes = [frame(Side::Server, 0x89, b"old"), frame(Side::Server, 0x89, b"new")[..7].to_vec()].concat();
    let mut input = &mut bytes[..];
    while connection.receive(&mut input).unwrap().is_some() {}
    assert_eq!(connection.take_control().unwrap().as_bytes(), b"\x8a\x03old");
    let mut rest = frame(Side::Server, 0x89, b"new")[7..].to_vec();
    assert!(matches!(connection.receive(&mut &mut rest[..]), Ok(Some(Event::Ping))));
    assert_eq!(connection.take_control().unwrap().as_bytes(), b"\x8a\x03new");
}

#[test]
fn masking_keys_may_be_any_and_differ_from_frame_to_frame() {
    let mut bytes = Vec::new();
    for key in [[0; 4], [0xff; 4], [1, 2, 3, 4], PEER_KEY] {
        bytes.extend(frame_with(Some(key), 0x82, Form::Shortest, &[0, 1, 2, 3, 4, 5, 6]));
    }
    assert_eq!(steps(Side::Server, &bytes), vec![binary(&[0, 1, 2, 3, 4, 5, 6]); 4]);
}
