//! Advisories against other implementations, and defects of theirs that are known: what happened there must not happen here.
//!
//! Each test's comment names them. These do not apply:
//!
//! | advisory | why |
//! |---|---|
//! | RUSTSEC-2026-0007 (`bytes`) | The crate does not depend on `bytes`. Huge lengths are swept below. |
//! | RUSTSEC-2021-0081, undefined behaviour in actix-http | There is no `unsafe` in the handshake. |
//! | CVE-2020-11050 (Java-WebSocket) | Host names in certificates are TLS's to check, and TLS is not in here. |
//! | Java-WebSocket#1508 | It is a list of checks for an audit, and no defect. |
//! | CVE-2025-11677, CVE-2025-11678 (libwebsockets) | A use after free in its upgrade and an overflow in its resolver of names: neither is in here. |
//! | CVE-2021-33880 (Python `websockets`) | It is about the timing of passwords, and there are none in here. |
#![cfg(feature = "alloc")]

#[cfg(feature = "deflate")]
mod deflate;

use std::collections::HashSet;

use testkit::{
    bytes::{Form, PEER_KEY, frame, header},
    drive::{client, server},
    reference::Side,
};
use websocket_proto::handshake::{
    Answer, ClientRequest, HeadError, Key, Received, Refusal, RequestError, ServerHandshake,
};
use websocket_proto::wire::FixedOutput;
use websocket_proto::{
    Client, Connection, Event, Incoming, Limits, Messages, Negotiated, Part, ProtocolError, SendError,
};

fn head(fields: &str) -> Vec<u8> {
    let needed = "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    format!("GET / HTTP/1.1\r\n{needed}{fields}\r\n").into_bytes()
}

fn receive(head: &[u8]) -> Result<Option<Received<'_>>, RequestError> {
    ServerHandshake::new(&Limits::UNLIMITED).receive(head)
}

fn is_accepted(head: &[u8]) -> bool {
    matches!(receive(head), Ok(Some(Received::Upgrade(request))) if request.accept().write_to(&mut Vec::new()).is_ok())
}

/// RUSTSEC-2023-0065, CVE-2023-43669 (tungstenite): a long head took time that grew with its square. At 2²⁰ bytes, fed one by one,
/// that would be 2³⁹ looks at a byte.
#[test]
fn a_long_head_that_comes_byte_by_byte_is_looked_at_once() {
    let head = head(&format!("Cookie: {}\r\n", "c".repeat(1 << 20)));
    let mut handshake = ServerHandshake::new(&Limits::UNLIMITED);
    for end in 0..head.len() {
        assert!(matches!(handshake.receive(&head[..end]), Ok(None)));
    }
    assert!(matches!(handshake.receive(&head), Ok(Some(Received::Upgrade(_)))));

    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    let refused = (0..head.len()).find_map(|end| handshake.receive(&head[..end]).err());
    assert_eq!(
        refused,
        Some(RequestError::Head(HeadError::TooLong { max: 16 * 1024 })),
        "and by default it is bounded"
    );
}

/// RUSTSEC-2022-0035, CVE-2022-35922 (websocket), gobwas/ws#223, notnet#166, libsoup CVE-2026-0716 (no limit set): memory was asked
/// for by a declared length. There is no machine that has this much; how little is asked for, `memory.rs` counts.
#[test]
fn a_declared_length_asks_for_no_memory_without_any_limit() {
    for (fin, len) in [(0x82, 1 << 62), (0x02, (1 << 63) - 1), (0x81, 1 << 40)] {
        let (mut connection, mut messages) = (server(&Limits::UNLIMITED), Messages::new());
        let mut bytes = [header(Some(PEER_KEY), fin, Form::Shortest, len), vec![PEER_KEY[0]; 1]].concat();
        assert_eq!(messages.next(&mut connection, &mut &mut bytes[..], &mut Vec::new()), Ok(None));
        assert_eq!(connection.payload_remaining(), len - 1);
        let lent = messages.space(&connection).map_or(0, |space| space.len());
        assert!(lent <= 64 * 1024, "{lent} bytes are lent for a frame of which one has come");
    }
}

/// RUSTSEC-2020-0043, CVE-2020-35896 (ws): the output grew without bound.
#[test]
fn what_is_to_be_sent_is_bounded_by_the_output_and_the_caller_is_told() {
    let (mut connection, mut memory) = (server(&Limits::DEFAULT), [0; 64]);
    let mut out = FixedOutput::new(&mut memory);
    let sent = (0..100).take_while(|_| connection.send("0123456789", &mut out).is_ok()).count();
    assert_eq!((sent, out.written().len()), (5, 60));
    assert!(matches!(connection.send("0123456789", &mut out), Err(SendError::OutputFull(_))));
}

/// RUSTSEC-2026-0258, RUSTSEC-2023-0034, RUSTSEC-2024-0003 and RUSTSEC-2024-0332 (h2) by analogy: floods of frames that cost the peer
/// nothing. Here these are Pings, for which one answer waits at most.
#[test]
fn a_flood_of_pings_queues_one_pong() {
    let mut connection = server(&Limits::DEFAULT);
    for n in 0..100_000_u32 {
        let mut ping = frame(Side::Server, 0x89, &n.to_be_bytes());
        assert!(matches!(connection.receive(&mut &mut ping[..]), Ok(Some(Event::Ping))));
    }
    let mut out = Vec::new();
    connection.write_control(&mut out).unwrap();
    assert_eq!(out, [&[0x8a, 4][..], &99_999_u32.to_be_bytes()].concat());
}

/// CVE-2026-48779 (ws, GHSA-96hv-2xvq-fx4p; the first fix missed the empty ones), CVE-2026-12151 (undici): floods of tiny fragments.
#[test]
fn a_flood_of_tiny_or_empty_fragments_ends_at_a_count() {
    for payload in [&b"x"[..], b""] {
        let (mut connection, mut messages) = (server(&Limits::DEFAULT), Messages::new());
        let mut fragments = 0;
        let error = loop {
            let mut fragment = frame(Side::Server, if fragments == 0 { 0x02 } else { 0x00 }, payload);
            match messages.next(&mut connection, &mut &mut fragment[..], &mut Vec::new()) {
                Ok(None) => fragments += 1,
                Ok(incoming) => panic!("{incoming:?}"),
                Err(error) => break error,
            }
        };
        assert_eq!((fragments, error), (65_536, ProtocolError::TooManyFragments { max: 65_536 }));
    }
}

/// RUSTSEC-2017-0004 (base64), Zephyr CVE-2026-5067 and CVE-2026-5068 (a long key, or one without an end).
#[test]
fn a_key_of_any_length_is_taken_or_refused() {
    for len in (0..=256).chain([1 << 10, 1 << 16, 1 << 20]) {
        assert!(Key::new(&vec![b'A'; len]).is_err(), "{len} characters without padding");
        let mut padded = vec![b'A'; len];
        padded.extend(b"==");
        assert_eq!(Key::new(&padded).is_ok(), len == 22);
        let fields = format!("X: y\r\nSec-WebSocket-Key: {}", String::from_utf8(padded).unwrap());
        let head = String::from_utf8(head("")).unwrap().replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", &fields);
        assert_eq!(is_accepted(head.as_bytes()), len == 22);
    }
}

/// CVE-2026-2833 and CVE-2026-2836 (pingora), RUSTSEC-2020-0048 (actix-http): bytes that one reader takes for a body and
/// another for frames or for the next request.
#[test]
fn a_request_with_a_body_is_no_upgrade() {
    for body in [
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: 0, 5\r\n",
        "Content-Length: +0\r\n",
    ] {
        let error = receive(&head(body)).unwrap_err();
        assert_eq!((error, error.response().status()), (RequestError::Body, 400), "{body:?}");
    }
}

/// CVE-2026-2833 and CVE-2026-2836 (pingora): data was passed on before, or without, a 101.
#[test]
fn a_client_takes_nothing_for_frames_but_what_is_after_a_101() {
    let start = || ClientRequest::new("a", "/").start([7; 16], &Limits::DEFAULT, &mut Vec::new()).unwrap();
    assert!(start().receive(b"\x81\x05Hello").is_err());
    let refused = b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05Hello";
    assert!(matches!(start().receive(refused), Ok(Some(Answer::Refused(response))) if response.status() == 200));
}

/// CVE-2026-1528 (undici), CVE-2026-43678 (swift-nio, GHSA-qcc5-f287-vgmq), CVE-2020-27813 (gorilla, GHSA-3xh2-74w9-5vxm), nats.go#2050,
/// wsServer#117, libhv#852, php-ion/websocket-parser#5, noPoll#84, ios-webkit-debug-proxy#435, CVE-2020-13935 (Tomcat): 64-bit
/// lengths that wrapped, trapped, turned negative, or looped. On a 32-bit machine the same test shows more.
#[test]
fn every_magnitude_of_a_64_bit_length_is_counted_or_refused() {
    let around = |bit: u32| [(1_u64 << bit).wrapping_sub(1), 1 << bit, (1 << bit) + 1];
    for len in (0..64).flat_map(around).chain([u64::MAX, u64::MAX - 1, u64::MAX - 13]) {
        let expected = match len {
            0..=65_535 => Err(ProtocolError::LengthNotMinimal { len }),
            65_536..=0x7fff_ffff_ffff_ffff => Ok(len),
            _ => Err(ProtocolError::LengthTopBit { first_byte: len.to_be_bytes()[0] }),
        };
        let mut from_client = header(Some(PEER_KEY), 0x82, Form::Bits64, len);
        let mut connection = server(&Limits::UNLIMITED);
        let answer = connection.receive(&mut &mut from_client[..]).map(|_| ());
        assert_eq!(answer.map(|()| connection.payload_remaining()), expected);

        let mut from_server = header(None, 0x82, Form::Bits64, len);
        let mut connection = client(&Limits::UNLIMITED);
        let answer = connection.receive(&mut &mut from_server[..]).map(|_| ());
        assert_eq!(answer.map(|()| connection.payload_remaining()), expected);
    }
}

/// CVE-2020-27813 (gorilla): lengths of fragments that wrapped when they were added.
#[test]
fn a_messages_length_does_not_wrap_when_a_fragment_is_added() {
    let limits = Limits::DEFAULT.with_max_frame_len(u64::MAX);
    let mut bytes =
        [frame(Side::Server, 0x02, b"x"), header(Some(PEER_KEY), 0x80, Form::Bits64, i64::MAX as u64)].concat();
    let (mut connection, mut messages) = (server(&limits), Messages::new());
    let answer =
        messages.next(&mut connection, &mut &mut bytes[..], &mut Vec::new()).map(|incoming| incoming.is_some());
    assert_eq!(answer, Err(ProtocolError::MessageTooLong { len: 1 << 63, max: 16 * 1024 * 1024 }));
}

/// CVE-2026-1527 (undici): a caller's value ended its line and began another.
#[test]
fn no_caller_can_write_a_line_end_into_a_head() {
    for bad in ["a\r\nX: y", "a\nX: y", "a\rX", "a\0"] {
        let start = |request: ClientRequest<'_, &[&str]>| {
            let mut out = Vec::new();
            assert!(request.start([0; 16], &Limits::DEFAULT, &mut out).is_err() && out.is_empty(), "{bad:?}");
        };
        let none: &[&str] = &[];
        start(ClientRequest::new(bad, "/").subprotocols(none));
        start(ClientRequest::new("a", &format!("/{bad}")).subprotocols(none));
        start(ClientRequest::new("a", "/").origin(bad).subprotocols(none));
        start(ClientRequest::new("a", "/").subprotocols(&[bad][..]));
        start(ClientRequest::new("a", "/").fields(&[("X", bad)]).subprotocols(none));
        start(ClientRequest::new("a", "/").fields(&[(bad, "x")]).subprotocols(none));
        for field in [("X", bad), (bad, "x")] {
            assert!(Refusal::new(404, &[field], b"").is_err());
            let head = head("");
            let Ok(Some(Received::Upgrade(request))) = receive(&head) else { panic!("accepted") };
            assert!(request.accept().fields(&[field]).write_to(&mut Vec::new()).is_err());
        }
    }
}

/// CVE-2021-32640 (ws), CVE-2020-7662 and CVE-2020-7663 (websocket-extensions): expressions that backtracked over long values.
#[test]
fn long_lists_take_time_that_grows_with_their_length() {
    let n = 1 << 18;
    for (fields, accepted) in [
        (format!("Sec-WebSocket-Protocol: {}a\r\n", "a ,".repeat(n)), true),
        (format!("Sec-WebSocket-Protocol: a{}b\r\n", " ".repeat(n)), false),
        (format!("Sec-WebSocket-Extensions: a; b=\"{}\r\n", "\\c".repeat(n)), false),
        (format!("Sec-WebSocket-Extensions: a; b=\"{}\"\r\n", "\\c".repeat(n)), true),
        (format!("Sec-WebSocket-Extensions: a{}\r\n", "; b=c".repeat(n)), true),
        (format!("Sec-WebSocket-Extensions: {}a\r\n", ", ".repeat(n)), true),
    ] {
        assert_eq!(is_accepted(&head(&fields)), accepted, "{}", &fields[..40]);
    }
}

/// CVE-2024-37890 (ws): too many fields crashed the server.
#[test]
fn more_fields_than_the_limit_are_refused_and_without_a_limit_they_do_no_harm() {
    let head = head(&"X: y\r\n".repeat(100_000));
    let error = ServerHandshake::new(&Limits::DEFAULT.with_max_head_len(usize::MAX)).receive(&head).unwrap_err();
    assert_eq!((error, error.response().status()), (RequestError::Head(HeadError::TooManyFields { max: 100 }), 431));
    assert!(is_accepted(&head));
}

/// CVE-2016-10518 (ws, GHSA-2mhh-w6q8-5hxw): a Ping was answered with memory that it did not bring.
#[test]
fn a_pong_has_the_bytes_of_its_ping_and_no_more() {
    let mut connection = server(&Limits::DEFAULT);
    for len in (0..=125).rev() {
        let payload: Vec<u8> = (0..len).collect();
        let mut ping = frame(Side::Server, 0x89, &payload);
        connection.receive(&mut &mut ping[..]).unwrap();
        assert_eq!(connection.take_control().unwrap().as_bytes(), [&[0x8a, len][..], &payload].concat());
    }
}

/// ws before 3.3.1: extensions with the names of JavaScript's own properties crashed the server.
#[test]
fn an_extension_of_any_name_is_declined() {
    for name in ["constructor", "__proto__", "toString", "hasOwnProperty", "x-webkit-deflate-frame", "!#$%&'*+-.^_`|~"]
    {
        let head = head(&format!("Sec-WebSocket-Extensions: {name}; {name}={name}, {name}\r\n"));
        let Ok(Some(Received::Upgrade(request))) = receive(&head) else { panic!("{name}") };
        let mut out = Vec::new();
        let _negotiated = request.accept().write_to(&mut out).unwrap();
        assert!(!String::from_utf8(out).unwrap().to_lowercase().contains("extensions"));
    }
}

/// CVE-2026-54466 (websocket-driver): a length overflowed in the code for a draft of the protocol.
#[test]
fn no_draft_of_the_protocol_is_spoken() {
    for version in ["0", "7", "8", "12", "76"] {
        let head = String::from_utf8(head("")).unwrap().replace(": 13\r\n", &format!(": {version}\r\n"));
        assert_eq!(receive(head.as_bytes()).unwrap_err().response().status(), 426);
    }
    let hixie = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key1: 1 2\r\n\r\n12345678";
    assert!(receive(hixie).is_err());
}

/// CVE-2025-10148 (curl): one masking key for all frames.
#[test]
fn each_frame_takes_a_key_of_its_own_from_the_caller() {
    let mut key = 0_u32;
    let keys = move || {
        key += 1;
        key.to_be_bytes()
    };
    let mut connection = Connection::new(Negotiated::elsewhere(), Client::from_fn(keys), &Limits::DEFAULT);
    let mut seen = HashSet::new();
    for n in 0..300 {
        let mut out = Vec::new();
        match n % 3 {
            0 => connection.send("a", &mut out).unwrap(),
            1 => connection.ping(b"a", &mut out).unwrap(),
            _ => {
                connection.send_part(b"a", Part::First, &mut out).unwrap();
                out.clear();
                connection.send_part(b"a", Part::Last, &mut out).unwrap();
            }
        }
        assert!(seen.insert(out[2..6].to_vec()), "{:02x?} again", &out[2..6]);
    }
}

/// The same, of the ready-made source.
#[cfg(feature = "rand")]
#[test]
fn ready_made_keys_do_not_repeat_themselves() {
    use websocket_proto::{MaskingKeys, RandomKeys};
    let mut keys = RandomKeys::from_os().unwrap();
    let seen: HashSet<_> = (0..1000).map(|_| keys.next_key()).collect();
    // Two of a thousand are the same in one of 8,600 runs; three pairs never are.
    assert!(seen.len() > 997);
}

/// CVE-2025-5399 (curl), libwebsockets#2794: loops that made no progress.
#[test]
fn every_call_makes_progress_or_asks_for_more() {
    let bytes: Vec<u8> = (0..300_u32)
        .flat_map(|n| frame(Side::Server, if n % 3 == 0 { 0x89 } else { 0x82 }, &vec![7; (n % 120) as usize]))
        .collect();
    let (mut connection, mut messages, mut calls) = (server(&Limits::DEFAULT), Messages::new(), 0);
    let mut none = FixedOutput::new(&mut []);
    for piece in bytes.chunks(5) {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        while messages.next(&mut connection, &mut input, &mut none).unwrap().is_some() {
            calls += 1;
        }
        assert!(input.is_empty());
    }
    assert_eq!(calls, 300, "although no reply finds room");
    assert!(connection.write_control(&mut none).is_err() && connection.wants_write());
}

/// golang/go#5082: nothing was limited unless one thought of it.
#[test]
fn limits_are_on_by_default() {
    let mut over = header(Some(PEER_KEY), 0x82, Form::Bits64, 16 * 1024 * 1024 + 1);
    let error = server(&Limits::default()).receive(&mut &mut over[..]).unwrap_err();
    assert!(matches!(error, ProtocolError::FrameTooLong { .. }));
    let head = head(&format!("Cookie: {}\r\n", "c".repeat(16 * 1024)));
    assert_eq!(ServerHandshake::new(&Limits::default()).receive(&head).unwrap_err().response().status(), 431);
}

/// GHSA-jf24-p9p9-4rjh (gorilla): any origin was let in.
#[test]
fn an_origin_that_is_not_allowed_is_refused_when_asked_for() {
    let head = head("Origin: https://evil.example\r\n");
    let Ok(Some(Received::Upgrade(request))) = receive(&head) else { panic!("accepted") };
    assert_eq!(request.check_origin(&["https://good.example"]).unwrap_err().response().status(), 403);
    assert!(request.check_origin(&["https://evil.example"]).is_ok());
}

/// facil.io#169: the payload of an unmasked frame was delivered, and then the connection closed for it.
#[test]
fn nothing_of_a_frame_is_delivered_whose_header_is_refused() {
    for first in [0x81, 0x82, 0x88, 0x89, 0x8a] {
        let mut unmasked = [first, 2, 0x03, 0xe8];
        let (mut connection, mut messages) = (server(&Limits::DEFAULT), Messages::new());
        let mut input = &mut unmasked[..];
        let mut out = Vec::new();
        assert_eq!(messages.next(&mut connection, &mut input, &mut out), Err(ProtocolError::Unmasked));
        assert!(input.is_empty());
        assert_eq!(
            messages.next(&mut connection, &mut input, &mut out).map(|_: Option<Incoming<'_>>| ()),
            Err(ProtocolError::Unmasked)
        );
    }
}
