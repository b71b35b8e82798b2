//! Compressed messages on a connection, row by row (RFC 7692 §6, §7.2).
#![cfg(feature = "deflate")]

use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, Inflater, WindowBits};
use websocket_proto::wire::{FixedOutput, InvalidDeflate, OutputFull, Rsv};
use websocket_proto::{
    Client, CloseCode, Connection, Event, Incoming, Limits, Message, MessageKind, Messages, Negotiated, OwnedMessage,
    Part, Prepared, PreparedForm, ProtocolError, SendError, Server,
};

type Keys = websocket_proto::FnKeys<fn() -> [u8; 4]>;

fn agreed(params: DeflateParams) -> Negotiated {
    Negotiated::elsewhere().with_deflate(params)
}

/// The receiving side is a client: the frames of its peer are not masked.
fn client_with(params: DeflateParams, limits: &Limits) -> Connection<Client<Keys>> {
    Connection::new(agreed(params), Client::from_fn(|| [1, 2, 3, 4]), limits)
}

fn server_with(params: DeflateParams) -> Connection<Server> {
    Connection::new(agreed(params), Server, &Limits::default())
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Got {
    Text(String),
    Binary(Vec<u8>),
    Ping,
    Failed(ProtocolError),
}

/// What comes of these bytes, cut into pieces.
fn receive_by(params: DeflateParams, limits: &Limits, bytes: &[u8], piece_len: usize) -> Vec<Got> {
    let (mut connection, mut messages) = (client_with(params, limits), Messages::new());
    let (mut got, mut out) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(piece_len) {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match messages.next(&mut connection, &mut input, &mut out) {
                Ok(None) => break,
                Ok(Some(Incoming::Text(text))) => got.push(Got::Text(text.to_string())),
                Ok(Some(Incoming::Binary(bytes))) => got.push(Got::Binary(bytes.to_vec())),
                Ok(Some(Incoming::Ping(_))) => got.push(Got::Ping),
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => {
                    got.push(Got::Failed(error));
                    let code = u16::from(error.close_code()).to_be_bytes();
                    let close = [&[0x88, 0x82, 1, 2, 3, 4][..], &[code[0] ^ 1, code[1] ^ 2]].concat();
                    assert!(out.ends_with(&close), "the Close says why: {out:02x?}");
                    return got;
                }
            }
        }
    }
    got
}

/// The same, checked for every way to cut the bytes into equal pieces.
fn receive(bytes: &[u8]) -> Vec<Got> {
    let all = receive_by(DeflateParams::default(), &Limits::default(), bytes, usize::MAX);
    for piece_len in 1..bytes.len().min(50) {
        assert_eq!(receive_by(DeflateParams::default(), &Limits::default(), bytes, piece_len), all, "by {piece_len}");
    }
    all
}

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

/// Sends `sent` from one side to the other and back.
fn exchange(params: DeflateParams, effort: Effort, sent: &[&str]) {
    let (mut server, mut client) = (server_with(params), client_with(params, &Limits::default()));
    let mut deflaters = (server.deflater(effort).unwrap(), client.deflater(effort).unwrap());
    let (mut at_server, mut at_client) = (Messages::new(), Messages::new());
    for text in sent {
        let mut wire = Vec::new();
        client.send_compressed(*text, &mut deflaters.1, &mut wire).unwrap();
        let got = at_server.next(&mut server, &mut &mut wire[..], &mut Vec::new()).unwrap();
        assert_eq!(got, Some(Incoming::Text(text)));
        let mut wire = Vec::new();
        server.send_compressed(text.as_bytes(), &mut deflaters.0, &mut wire).unwrap();
        let got = at_client.next(&mut client, &mut &mut wire[..], &mut Vec::new()).unwrap();
        assert_eq!(got, Some(Incoming::Binary(&mut text.as_bytes().to_vec())));
        at_client.hibernate();
    }
}

#[test]
fn messages_are_exchanged_with_every_agreement() {
    let long = "Grüße, ".repeat(3000);
    let sent = ["", "short", "long enough that it is compressed", &long, "long enough that it is compressed", "ü"];
    for bits in 8..=15 {
        for context_takeover in [true, false] {
            let window_bits = WindowBits::new(bits).unwrap();
            let server = Compression::new(window_bits, context_takeover);
            let client = Compression::new(WindowBits::new(23 - bits).unwrap(), !context_takeover);
            exchange(DeflateParams::new(server, client), Effort::FAST, &sent);
        }
    }
    exchange(DeflateParams::default(), Effort::SMALL, &sent);
}

#[test]
fn messages_below_the_threshold_go_out_as_they_are() {
    let mut server = server_with(DeflateParams::default());
    let mut deflater = server.deflater(Effort::FAST).unwrap().with_threshold(6);
    let mut out = Vec::new();
    server.send_compressed("Hello", &mut deflater, &mut out).unwrap();
    assert_eq!(out, b"\x81\x05Hello");
    out.clear();
    let mut deflater = deflater.with_threshold(5);
    server.send_compressed("Hello", &mut deflater, &mut out).unwrap();
    assert_eq!(out, [&[0xc1, 0x07][..], &HELLO].concat(), "§7.2.3.1");
    out.clear();
    server.send_compressed("Hello", &mut deflater, &mut out).unwrap();
    assert!(out.len() < 9, "§7.2.3.2");
}

#[test]
fn without_an_agreement_messages_go_out_as_they_are() {
    let mut server = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    assert!(server.deflater(Effort::FAST).is_none() && server.inflater().is_none());
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::FAST).with_threshold(0);
    let mut out = Vec::new();
    server.send_compressed("Hello", &mut deflater, &mut out).unwrap();
    server.send_compressed_part("Hel", Part::First, &mut deflater, &mut out).unwrap();
    server.send_compressed_part("lo", Part::Last, &mut deflater, &mut out).unwrap();
    assert_eq!(out, b"\x81\x05Hello\x01\x03Hel\x80\x02lo");
}

#[test]
fn compressed_message_may_be_sent_in_fragments_with_control_frames_between() {
    let mut server = server_with(DeflateParams::default());
    let mut deflater = server.deflater(Effort::FAST).unwrap();
    let mut out = Vec::new();
    server.send_compressed_part("to be, ", Part::First, &mut deflater, &mut out).unwrap();
    server.ping(b"", &mut out).unwrap();
    server.send_compressed_part("", Part::Middle, &mut deflater, &mut out).unwrap();
    server.send_compressed_part("or not to be", Part::Middle, &mut deflater, &mut out).unwrap();
    server.send_compressed_part("", Part::Last, &mut deflater, &mut out).unwrap();
    assert_eq!(out[0], 0x41, "RSV1 on the first");
    assert!(out.ends_with(&[0x80, 0x01, 0x00]), "and not on the others: {out:02x?}");
    assert_eq!(receive(&out), [Got::Ping, Got::Text("to be, or not to be".to_string())]);
}

// RFC 7692 §6.1
#[test]
fn fragments_of_a_message_are_all_compressed_or_none_is() {
    let mut server = server_with(DeflateParams::default());
    let mut deflater = server.deflater(Effort::FAST).unwrap();
    let mut out = Vec::new();
    server.send_compressed_part("a", Part::First, &mut deflater, &mut out).unwrap();
    let error = server.send_part("b", Part::Last, &mut out).unwrap_err();
    assert_eq!(error, SendError::OtherForm { begun_compressed: true });
    assert_eq!(server.send_header("b", Part::Last).unwrap_err(), error);
    server.send_compressed_part("b", Part::Last, &mut deflater, &mut out).unwrap();
    server.send_part("a", Part::First, &mut out).unwrap();
    let error = server.send_compressed_part("b", Part::Last, &mut deflater, &mut out).unwrap_err();
    assert_eq!(error, SendError::OtherForm { begun_compressed: false });
    server.send_part("b", Part::Last, &mut out).unwrap();
    assert_eq!(receive(&out), [Got::Text("ab".to_string()), Got::Text("ab".to_string())]);
}

#[test]
fn compressor_that_goes_beyond_the_agreement_is_refused() {
    let server = Compression::new(WindowBits::W10, false);
    let mut server = server_with(DeflateParams::new(server, Compression::DEFAULT));
    for (bits, context_takeover, admitted) in
        [(10, false, true), (8, false, true), (11, false, false), (10, true, false)]
    {
        let compression = Compression::new(WindowBits::new(bits).unwrap(), context_takeover);
        let mut deflater = Deflater::new(compression, Effort::FAST).with_threshold(0);
        let mut out = Vec::new();
        let sent = server.send_compressed("Hello", &mut deflater, &mut out);
        assert_eq!(sent, if admitted { Ok(()) } else { Err(SendError::CompressionNotAgreed) });
        assert_eq!(out.is_empty(), !admitted);
    }
}

/// The peer never sees it, so nothing may refer to it.
#[test]
fn message_that_found_no_room_leaves_no_history() {
    let text = "something that is worth being referred to, at length";
    let mut server = server_with(DeflateParams::default());
    let mut deflater = server.deflater(Effort::FAST).unwrap();
    let error = server.send_compressed(text, &mut deflater, &mut FixedOutput::new(&mut [0; 10])).unwrap_err();
    assert!(matches!(error, SendError::OutputFull(OutputFull { room: 10, .. })));
    let mut out = Vec::new();
    server.send_compressed(text, &mut deflater, &mut out).unwrap();
    server.close(CloseCode::NORMAL).unwrap();
    assert!(matches!(server.send_compressed(text, &mut deflater, &mut out), Err(SendError::NotOpen { .. })));
    assert_eq!(receive(&out), [Got::Text(text.to_string())]);
}

#[test]
fn broadcast_goes_out_as_each_connection_has_agreed() {
    let without = Compression::DEFAULT.with_context_takeover(false);
    let news = "the same for all, whatever they have agreed on; the same for all";
    let small = without.with_window_bits(WindowBits::W8);
    // A broadcast refers to nothing before it, whatever its compressor would do.
    for compression in [without, Compression::DEFAULT] {
        let prepared = Prepared::compressed(news, &mut Deflater::new(compression, Effort::SMALL)).unwrap();
        for (agreement, first) in [
            (Negotiated::elsewhere(), 0x81),
            (agreed(DeflateParams::new(small, without)), 0x81),
            (agreed(DeflateParams::new(without, small)), 0xc1),
            (agreed(DeflateParams::default()), 0xc1),
        ] {
            let mut server = Connection::new(agreement, Server, &Limits::default());
            let agreed = server.deflate();
            let bytes = prepared.frame(server.send_prepared(&prepared).unwrap());
            assert_eq!(bytes[0], first);
            assert_eq!(receive(bytes), [Got::Text(news.to_string())]);
            assert_eq!(server.deflate(), agreed, "what was agreed on stays");
        }
    }
}

/// The peer's history has the broadcast then; the compressor's own has not.
#[test]
fn broadcast_between_messages_with_context_takeover_is_no_harm() {
    let text = "something that is worth being referred to, at length";
    let mut server = server_with(DeflateParams::default());
    let mut own = server.deflater(Effort::FAST).unwrap();
    let mut shared = Deflater::new(Compression::DEFAULT, Effort::FAST);
    let mut out = Vec::new();
    server.send_compressed(text, &mut own, &mut out).unwrap();
    let prepared = Prepared::compressed("a broadcast that comes between", &mut shared).unwrap();
    out.extend_from_slice(prepared.frame(server.send_prepared(&prepared).unwrap()));
    server.send_compressed(text, &mut own, &mut out).unwrap();
    let before = out.len();
    server.send_compressed(text, &mut own, &mut out).unwrap();
    assert!(out.len() - before < 20, "the history begins again");
    let text = Got::Text(text.to_string());
    let between = Got::Text("a broadcast that comes between".to_string());
    assert_eq!(receive(&out), [text.clone(), between, text.clone(), text]);
}

#[test]
fn broadcast_that_goes_out_plain_leaves_the_history_as_it_is() {
    let text = "something that is worth being referred to, at length";
    let own = Compression::DEFAULT.with_window_bits(WindowBits::W10);
    let mut server = server_with(DeflateParams::default().with_server(own));
    let (mut deflater, mut out) = (server.deflater(Effort::FAST).unwrap(), Vec::new());
    server.send_compressed(text, &mut deflater, &mut out).unwrap();
    let prepared = Prepared::compressed("all", &mut Deflater::new(Compression::DEFAULT, Effort::FAST)).unwrap();
    assert_eq!(server.send_prepared(&prepared), Ok(PreparedForm::Plain), "its window is too large");
    let before = out.len();
    server.send_compressed(text, &mut deflater, &mut out).unwrap();
    assert!(out.len() - before < 20, "the history goes on");
}

/// Compressed bytes that become no smaller come in several calls. Whoever passes over `Progress` gets the same as before.
#[test]
fn message_that_is_long_on_the_wire_comes_after_progress() {
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let long: Vec<u8> = (0..50_000).map(|_| noise()).collect();
    let mut server = server_with(DeflateParams::default());
    let (mut deflater, mut wire) = (server.deflater(Effort::FAST).unwrap(), Vec::new());
    server.send_compressed(&long[..], &mut deflater, &mut wire).unwrap();
    server.send_compressed(&long[..100], &mut deflater, &mut wire).unwrap();
    assert!(wire.len() > 3 * 16 * 1024, "{}", wire.len());

    let mut client = client_with(DeflateParams::default(), &Limits::default());
    let (mut messages, mut read, mut progress, mut got) = (Messages::new(), wire.clone(), 0, Vec::new());
    let mut input = &mut read[..];
    while let Some(incoming) = messages.next(&mut client, &mut input, &mut Vec::new()).unwrap() {
        match incoming {
            Incoming::Progress => progress += 1,
            other => got.push(OwnedMessage::try_from(other).unwrap().into_payload()),
        }
    }
    assert_eq!((progress, &got[..]), (3, &[long.clone(), long[..100].to_vec()][..]));
    assert_eq!(Message::try_from(Incoming::Progress), Err(Incoming::Progress), "it is no message");
    assert_eq!(format!("{:?}", Incoming::Progress), "Progress");

    let mut config = Config::default();
    config.read_len = wire.len();
    let (keys, now) = (Client::from_fn(|| [1, 2, 3, 4]), std::time::Instant::now());
    let mut endpoint = Endpoint::new(agreed(DeflateParams::default()), keys, &config, &wire, now);
    for expected in [&long[..], &long[..100]] {
        assert!(endpoint.advance_to_message(), "it passes over what is no message");
        assert_eq!(endpoint.take().unwrap().payload(), expected);
    }
    assert!(!endpoint.advance_to_message());
    // A caller that inflates by itself gets pieces of which none takes longer.
    let (mut client, mut input) = (client_with(DeflateParams::default(), &Limits::default()), &mut wire[..]);
    while let Some(event) = client.receive(&mut input).unwrap() {
        assert!(matches!(event, Event::Compressed(_, piece, _) if piece.len() <= 16 * 1024));
    }
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
