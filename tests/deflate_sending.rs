//! Compressed messages as they are sent: whole, in fragments and to many (RFC 7692 §6.1, §7.2.1).
#![cfg(feature = "deflate")]

use testkit::compressed::{Got, agreed, client_with, receive, server_with};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, WindowBits};
use websocket_proto::wire::{FixedOutput, OutputFull};
use websocket_proto::{
    CloseCode, Connection, Incoming, Limits, Messages, Negotiated, Part, Prepared, PreparedForm, SendError, Server,
};

/// "Hello", compressed (§7.2.3.1).
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

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
