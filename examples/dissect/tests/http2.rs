//! WebSocket over HTTP/2 (RFC 8441), frame by frame as RFC 9113 has them.

#[allow(dead_code, reason = "each test uses a part of it")]
mod made;

use dissect::event::Way;
use made::{Capture, masked, see};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// RFC 9113 §4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// RFC 7541 §6.2.2: a field without indexing, with a new name.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

fn request(protocol: &str) -> Vec<u8> {
    let fields = [
        (":method", "CONNECT"),
        (":protocol", protocol),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "example.com"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-extensions", "permessage-deflate"),
    ];
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// A connection with the preface and the settings of both sides.
fn begin() -> Capture {
    let mut capture = Capture::new();
    capture.send(Way::ToServer, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    capture.send(Way::ToServer, &frame(SETTINGS, 0, 0, b""));
    capture.send(Way::ToClient, &frame(SETTINGS, 0, 0, b""));
    capture
}

/// RFC 7541 §6.1: `:status: 200` is entry 8 of the static table.
const OK: u8 = 0x88;

#[test]
fn fields_in_several_frames_and_padded_data_are_a_conversation() {
    let fields = request("websocket");
    let (first, second) = fields.split_at(50);
    let mut capture = begin();
    // Padding, priority, and a continuation.
    let payload = [&[3, 0, 0, 0, 0, 16][..], first, &[0; 3]].concat();
    capture.send(Way::ToServer, &frame(HEADERS, PADDED | PRIORITY, 1, &payload));
    capture.send(Way::ToServer, &frame(CONTINUATION, END_HEADERS, 1, second));
    let answer = [vec![OK], field("sec-websocket-extensions", "permessage-deflate")].concat();
    capture.send(Way::ToClient, &frame(HEADERS, END_HEADERS, 1, &answer));
    // RFC 7692 §7.2.3.1: "Hello", compressed; the WebSocket frame goes on in another DATA frame, and both are padded.
    let hello = masked(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    let padded = |data: &[u8]| [&[5][..], data, &[0; 5]].concat();
    let data = [frame(DATA, PADDED, 1, &padded(&hello[..4])), frame(DATA, PADDED, 1, &padded(&hello[4..]))].concat();
    for part in data.chunks(3) {
        capture.send(Way::ToServer, part);
    }
    capture.send(Way::ToClient, &frame(DATA, 0, 1, b"\x81\x02ok"));
    capture.send(Way::ToServer, &frame(DATA, END_STREAM, 1, &masked(0x88, b"\x03\xe8")));
    capture.send(Way::ToClient, &frame(DATA, END_STREAM, 1, b"\x88\x02\x03\xe8"));
    let (lines, _) = see(&capture.end(), &[]);
    let expected = [
        "began",
        "→ head, 0 wrong",
        "← head, 0 wrong",
        "open [\"permessage-deflate\"], 0 wrong",
        "→ 1 7",
        "→ \"Hello\", 0 wrong",
        "← 1 2",
        "← \"ok\", 0 wrong",
        "→ 8 2",
        "← 8 2",
        "ended, 0 wrong, stream ended by the client",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn streams_take_turns_and_one_that_is_reset_or_refused_says_so() {
    let mut capture = begin();
    for stream in [1, 3, 5, 7] {
        // The last one is no WebSocket.
        let fields = request(if stream == 7 { "connect-udp" } else { "websocket" });
        capture.send(Way::ToServer, &frame(HEADERS, END_HEADERS, stream, &fields));
    }
    capture
        .send(Way::ToClient, &[frame(HEADERS, END_HEADERS, 3, &[OK]), frame(HEADERS, END_HEADERS, 1, &[OK])].concat());
    // RFC 7541 §6.2.2: `:status` with a name that is indexed.
    let refused = [&[0x08, 3][..], b"403"].concat();
    capture.send(Way::ToClient, &frame(HEADERS, END_HEADERS | END_STREAM, 5, &refused));
    capture.send(
        Way::ToServer,
        &[frame(DATA, 0, 3, &masked(0x81, b"three")), frame(DATA, 0, 1, &masked(0x81, b"one"))].concat(),
    );
    capture.send(Way::ToClient, &frame(DATA, 0, 7, b"\x81\x02no"));
    capture.send(Way::ToClient, &frame(RST_STREAM, 0, 3, &8_u32.to_be_bytes()));
    let (lines, _) = see(&capture.end(), &[]);
    let count = |line: &str| lines.iter().filter(|own| *own == line).count();
    assert_eq!((count("began"), count("open [], 0 wrong")), (3, 2), "{lines:#?}");
    assert_eq!((count("→ \"three\", 0 wrong"), count("→ \"one\", 0 wrong"), count("← \"no\", 0 wrong")), (1, 1, 0));
    assert_eq!(count("ended, 0 wrong, stream reset by the server (CANCEL)"), 1, "{lines:#?}");
    assert_eq!(count("ended, 0 wrong, stream ended by the server"), 1, "{lines:#?}");
    assert_eq!(count("ended, 0 wrong, TCP closed by the client"), 1, "{lines:#?}");
}

#[test]
fn bytes_missing_within_data_are_told_and_in_a_frame_header_end_all() {
    let mut capture = begin();
    capture.send(Way::ToServer, &frame(HEADERS, END_HEADERS, 1, &request("websocket")));
    capture.send(Way::ToClient, &frame(HEADERS, END_HEADERS, 1, &[OK]));
    let data = frame(DATA, 0, 1, &[masked(0x82, &[7; 100]), masked(0x81, b"after")].concat());
    capture.send(Way::ToServer, &data[..40]);
    capture.pass(Way::ToServer, 30);
    capture.send(Way::ToServer, &data[70..]);
    capture.pass(Way::ToServer, 5);
    capture.send(Way::ToServer, &frame(DATA, 0, 1, &masked(0x81, b"lost")));
    let (lines, _) = see(&capture.end(), &[]);
    assert_eq!(lines[4..6], ["→ gap 30 true", "→ 2 100"], "{lines:#?}");
    assert!(lines[6].ends_with(", 30 missing, 0 wrong"), "{lines:#?}");
    assert_eq!(lines[7..10], ["→ 1 5", "→ \"after\", 0 wrong", "→ gap 5 false"], "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("lost")), "{lines:#?}");
}

#[test]
fn fields_of_http_1_are_named_as_wrong() {
    let mut capture = begin();
    let fields = [request("websocket"), field("connection", "Upgrade"), field("upgrade", "websocket")].concat();
    capture.send(Way::ToServer, &frame(HEADERS, END_HEADERS, 1, &fields));
    let answer = [vec![OK], field("upgrade", "websocket")].concat();
    capture.send(Way::ToClient, &frame(HEADERS, END_HEADERS, 1, &answer));
    let (lines, _) = see(&capture.end(), &[]);
    assert_eq!(lines[1..4], ["→ head, 1 wrong", "← head, 0 wrong", "open [], 1 wrong"]);
}
