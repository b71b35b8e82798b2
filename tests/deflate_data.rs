//! Compressed messages on a connection, as they are received, row by row (RFC 7692 §6.2, §7.2).
#![cfg(feature = "deflate")]

use testkit::compressed::{Got, client_with, receive, receive_by, server_with};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, Inflater, WindowBits};
use websocket_proto::wire::{InvalidDeflate, Rsv};
use websocket_proto::{Client, Connection, Event, Limits, MessageKind, Messages, Negotiated, Part, ProtocolError};

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = match u8::try_from(payload.len()) {
        Ok(len @ 0..=125) => vec![len],
        _ => [&[126][..], &u16::try_from(payload.len()).unwrap().to_be_bytes()].concat(),
    };
    [&[first][..], &len, payload].concat()
}

fn hello() -> Got {
    Got::Text("Hello".to_string())
}

fn invalid(error: InvalidDeflate) -> Got {
    Got::Failed(ProtocolError::InvalidCompression(error))
}

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

#[test]
fn examples_of_section_7_2_3_are_delivered() {
    let in_one_frame = [&[0xc1, 0x07][..], &HELLO].concat();
    assert_eq!(receive(&in_one_frame), [hello()]);
    // §7.2.3.1: "fragmented".
    assert_eq!(receive(&[0x41, 0x03, 0xf2, 0x48, 0xcd, 0x80, 0x04, 0xc9, 0xc9, 0x07, 0x00]), [hello()]);
    // §7.2.3.2: "sharing LZ77 sliding window".
    let with_takeover = [&in_one_frame[..], &[0xc1, 0x05, 0xf2, 0x00, 0x11, 0x00, 0x00]].concat();
    assert_eq!(receive(&with_takeover), [hello(), hello()]);
    // §7.2.3.3 with erratum 8099: "using a DEFLATE block with no compression".
    assert_eq!(receive(&[0xc1, 0x0b, 0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]), [hello()]);
    // §7.2.3.4: "with "BFINAL" set to 1".
    assert_eq!(receive(&[0xc1, 0x08, 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]), [hello()]);
    // §7.2.3.5: "two DEFLATE blocks".
    let two = [0xc1, 0x0d, 0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(receive(&two), [hello()]);
}

// RFC 7692 §6.1
#[test]
fn rsv1_on_a_continuation_or_control_frame_fails() {
    let rsv1 = Got::Failed(ProtocolError::ReservedBits { rsv: Rsv::RSV1 });
    assert_eq!(
        receive(&[0x41, 0x03, 0xf2, 0x48, 0xcd, 0xc0, 0x04, 0xc9, 0xc9, 0x07, 0x00]),
        std::slice::from_ref(&rsv1)
    );
    assert_eq!(receive(&[0xc9, 0x00]), std::slice::from_ref(&rsv1));
    assert_eq!(receive(&[0xc8, 0x00]), [rsv1]);
    let rsv2 = Got::Failed(ProtocolError::ReservedBits { rsv: Rsv::RSV2 });
    assert_eq!(receive(&[0xe1, 0x00]), [rsv2], "RSV1 alone was agreed on");
}

#[test]
fn rsv1_without_an_agreement_fails() {
    let mut connection = Connection::new(Negotiated::elsewhere(), Client::from_fn(|| [0; 4]), &Limits::default());
    let error = connection.receive(&mut &mut [0xc1, 0x01, 0x00][..]).unwrap_err();
    assert_eq!(error, ProtocolError::ReservedBits { rsv: Rsv::RSV1 });
}

#[test]
fn uncompressed_messages_are_delivered_between_compressed_ones() {
    let bytes =
        [frame(0x81, b"plain"), frame(0xc1, &HELLO), frame(0x01, b"pl"), frame(0x80, b"ain"), frame(0xc1, &HELLO)];
    let plain = Got::Text("plain".to_string());
    assert_eq!(receive(&bytes.concat()), [plain.clone(), hello(), plain, hello()]);
}

// RFC 7692 §6.2
#[test]
fn compressed_message_may_be_cut_anywhere_with_control_frames_between() {
    for first in 0..=HELLO.len() {
        for second in first..=HELLO.len() {
            let frames = [
                frame(0x42, &HELLO[..first]),
                frame(0x89, b"?"),
                frame(0x00, &HELLO[first..second]),
                frame(0x89, b"!"),
                frame(0x80, &HELLO[second..]),
            ];
            assert_eq!(receive(&frames.concat()), [Got::Ping, Got::Ping, Got::Binary(b"Hello".to_vec())]);
        }
    }
}

#[test]
fn empty_messages_are_delivered_in_every_form() {
    for payload in [&[0x00][..], &[0x02, 0x00], &[0x03, 0x00], &[0x03, 0x80], &[]] {
        let bytes = [frame(0xc1, payload), frame(0xc2, payload), frame(0xc1, &HELLO)].concat();
        assert_eq!(receive(&bytes), [Got::Text(String::new()), Got::Binary(vec![]), hello()]);
    }
    assert_eq!(receive(&[0xc2, 0x02, 0x03, 0x80]), [Got::Binary(vec![])]);
}

#[test]
fn final_block_ends_neither_the_message_nor_the_history() {
    let after = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let bytes = [frame(0xc1, &after), frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00])].concat();
    assert_eq!(receive(&bytes), [Got::Text("HelloHello".to_string()), hello()]);
}

#[test]
fn message_that_is_cut_off_or_has_its_trailer_left_on_fails() {
    for len in 1..HELLO.len() {
        let got = receive(&frame(0xc1, &HELLO[..len]));
        assert!(matches!(got[..], [Got::Failed(ProtocolError::InvalidCompression(_))]), "{len} bytes: {got:?}");
    }
    let left_on = [&HELLO[..], &[0x00, 0x00, 0xff, 0xff]].concat();
    assert_eq!(receive(&frame(0xc1, &left_on)), [invalid(InvalidDeflate::Unfinished)]);
}

#[test]
fn garbage_fails() {
    assert_eq!(receive(&frame(0xc1, &[0xff; 20])), [invalid(InvalidDeflate::Corrupt)]);
    assert_eq!(receive(&frame(0xc1, b"plain text")).len(), 1);
}

#[test]
fn distances_are_held_to_the_window_of_the_direction() {
    // 300 stored bytes, and 3 more from 257 bytes ago.
    let stored = [&[0x00, 0x2c, 0x01, 0xd3, 0xfe][..], &[b'x'; 300]].concat();
    let back = [0x02, 0x06, 0x00, 0x00];
    let bytes = frame(0xc1, &[stored, back.to_vec()].concat());
    let with = |server, client| {
        let compression = |bits| Compression::new(bits, true);
        let params = DeflateParams::new(compression(server), compression(client));
        receive_by(params, &Limits::default(), &bytes, usize::MAX)
    };
    assert_eq!(with(WindowBits::W9, WindowBits::W8), [Got::Text("x".repeat(303))]);
    let too_far = invalid(InvalidDeflate::Corrupt);
    assert_eq!(with(WindowBits::W8, WindowBits::W15), [too_far]);
}

#[test]
fn text_that_inflates_to_bad_utf8_fails_at_the_first_bad_byte() {
    // "ab" + ff, stored; the message is not over.
    let unfinished = [0x41, 0x08, 0x00, 0x03, 0x00, 0xfc, 0xff, b'a', b'b', 0xff];
    assert_eq!(receive(&unfinished), [Got::Failed(ProtocolError::InvalidUtf8 { valid_up_to: 2 })]);
    // It comes before what is wrong with the stream after it.
    let then_garbage = [0xc1, 0x09, 0x00, 0x03, 0x00, 0xfc, 0xff, b'a', b'b', 0xff, 0x06];
    assert_eq!(receive(&then_garbage), [Got::Failed(ProtocolError::InvalidUtf8 { valid_up_to: 2 })]);
    let cut = [0xc1, 0x09, 0x00, 0x03, 0x00, 0xfc, 0xff, b'a', b'b', 0xc3, 0x00];
    assert_eq!(receive(&cut), [Got::Failed(ProtocolError::InvalidUtf8 { valid_up_to: 2 })]);
    let binary = [0xc2, 0x09, 0x00, 0x03, 0x00, 0xfc, 0xff, b'a', b'b', 0xff, 0x00];
    assert_eq!(receive(&binary), [Got::Binary(vec![b'a', b'b', 0xff])]);
}

#[test]
fn inflated_length_is_held_to_the_message_limit() {
    let too_long = |max| vec![Got::Failed(ProtocolError::MessageTooLong { len: max + 1, max })];
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::SMALL);
    let bytes = frame(0xc1, deflater.deflate(&[b'x'; 1000], true));
    for (max, expected) in [
        (999, too_long(999)),
        (1000, vec![Got::Text("x".repeat(1000))]),
        (1001, vec![Got::Text("x".repeat(1000))]),
        (100, too_long(100)),
    ] {
        let limits = Limits::default().with_max_message_len(max);
        for piece_len in [1, 2, 3, usize::MAX] {
            assert_eq!(receive_by(DeflateParams::default(), &limits, &bytes, piece_len), expected);
        }
    }
}

#[test]
fn without_context_takeover_each_side_starts_afresh() {
    let without = Compression::DEFAULT.with_context_takeover(false);
    let params = DeflateParams::new(without, Compression::DEFAULT);
    let bytes = [frame(0xc1, &HELLO), frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00])].concat();
    let expected = [hello(), invalid(InvalidDeflate::Corrupt)];
    assert_eq!(receive_by(params, &Limits::default(), &bytes, usize::MAX), expected);
    let server = server_with(params);
    assert_eq!(server.deflater(Effort::FAST).unwrap().compression(), without);
    let client = client_with(params, &Limits::default());
    assert_eq!(client.deflater(Effort::FAST).unwrap().compression(), Compression::DEFAULT);
}

#[test]
fn layer_one_hands_out_the_compressed_pieces() {
    let mut connection = client_with(DeflateParams::default(), &Limits::default());
    let mut inflater = connection.inflater().unwrap();
    let mut bytes = [0x41, 0x03, 0xf2, 0x48, 0xcd, 0x89, 0x00, 0x80, 0x04, 0xc9, 0xc9, 0x07, 0x00];
    let (mut input, mut text, mut parts) = (&mut bytes[..], Vec::new(), Vec::new());
    while let Some(event) = connection.receive(&mut input).unwrap() {
        match event {
            Event::Compressed(MessageKind::Text, piece, part) => {
                parts.push(part);
                let mut piece = &*piece;
                while let Some(inflated) = inflater.inflate(&mut piece, part.is_last(), 2).unwrap() {
                    text.extend_from_slice(inflated);
                }
            }
            Event::Ping => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((text, parts), (b"Hello".to_vec(), vec![Part::First, Part::Last]));
}

#[test]
fn messages_holds_an_inflater_only_after_the_first_compressed_message() {
    let mut client = client_with(DeflateParams::default(), &Limits::default());
    let mut messages = Messages::new();
    messages.next(&mut client, &mut &mut frame(0x81, b"plain")[..], &mut Vec::new()).unwrap();
    assert!(messages.inflater_mut().is_none());
    messages.next(&mut client, &mut &mut frame(0xc1, &HELLO)[..], &mut Vec::new()).unwrap();
    assert!(messages.inflater_mut().as_ref().is_some_and(|inflater| inflater.allocated() > 0));
    messages.hibernate();
    assert_eq!(messages.inflater_mut().as_ref().map(Inflater::allocated), Some(5));
}
