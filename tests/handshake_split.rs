//! The result of a handshake does not depend on how its bytes were cut: not what is accepted, and not which error it is.
#![cfg(feature = "alloc")]

use proptest::prelude::*;
use testkit::strategies::{
    self,
    heads::{mutate, mutations},
};
use websocket_proto::handshake::{Answer, ClientHandshake, ClientRequest, Received, ServerHandshake};
use websocket_proto::wire::Limits;

const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: h2c, websocket\r\n\
    Connection: keep-alive\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key:\tdGhlIHNhbXBsZSBub25jZQ== \r\n\
    Origin: http://example.com\r\n\
    Cookie: a=\xe4; b=\"c\td\"\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"10\", x\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n\
    HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
    HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Protocol: superchat\r\n\r\n";

/// Heads that are right, and heads that are wrong at one place or another.
const REQUESTS: &[&[u8]] = &[
    REQUEST,
    b"\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nUpgrade: websocket\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\nb: c\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\r\n",
    b"GET / HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n",
    b"GET / HTTP/1.1\r\n: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nab\r\n\r\n",
    b"GET / HTTP/1.1\r\na : b\r\n\r\n",
    b"GET /\0 HTTP/1.1\r\n\r\n",
    b"GET /a#b HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
];

const RESPONSES: &[&[u8]] = &[
    RESPONSE,
    b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 103 \r\n\r\n",
    b"HTTP/1.0 101 \r\n\r\n",
    b"HTTP/1.1 101\r\n\r\n",
    b"HTTP/1.1 101 a\nA: b\r\n\r\n",
    b"\x15\x03\x01\x00\x02\x02\x46",
];

/// What came of a call; none where the head is not complete.
type Outcome = Option<String>;

fn server(handshake: &mut ServerHandshake, bytes: &[u8]) -> Outcome {
    let describe = |received: Received<'_>| match received {
        Received::Upgrade(request) => {
            let mut out = Vec::new();
            let _negotiated = request.accept().write_to(&mut out).expect("every request can be accepted");
            let extensions: Vec<&str> = request.extensions().map(|extension| extension.name()).collect();
            let protocols: Vec<&str> = request.subprotocols().collect();
            let fields: Vec<_> = request.fields().collect();
            let about = (request.target(), request.host(), request.head_len());
            format!("{about:?} {extensions:?} {protocols:?} {fields:?} {}", out.escape_ascii())
        }
        Received::Http(request) => {
            let fields: Vec<_> = request.fields().collect();
            format!("{:?} {fields:?}", (request.method(), request.target(), request.head_len()))
        }
    };
    match handshake.receive(bytes) {
        Ok(received) => received.map(describe),
        Err(error) => {
            let mut out = Vec::new();
            error.response().write_to(&mut out).unwrap();
            Some(format!("{error:?} {}", out.escape_ascii()))
        }
    }
}

fn client(handshake: &mut ClientHandshake<&[&str]>, bytes: &[u8]) -> Outcome {
    match handshake.receive(bytes) {
        Ok(None) => None,
        Ok(Some(Answer::Open(response))) => {
            let fields: Vec<_> = response.fields().collect();
            Some(format!("{:?} {} {fields:?}", response.subprotocol(), response.head_len()))
        }
        Ok(Some(Answer::Refused(response))) => {
            let fields: Vec<_> = response.fields().collect();
            Some(format!("{} {:?} {} {fields:?}", response.status(), response.reason(), response.head_len()))
        }
        Err(error) => Some(format!("{error:?} {error}")),
    }
}

fn new_client(limits: &Limits) -> ClientHandshake<&'static [&'static str]> {
    let request = ClientRequest::new("server.example.com", "/chat").subprotocols(&["chat", "superchat"][..]);
    request.start(*b"the sample nonce", limits, &mut Vec::new()).unwrap()
}

/// Calls with each of the `ends`, and then with everything, until there is an outcome.
fn cut<H>(
    mut handshake: H,
    receive: fn(&mut H, &[u8]) -> Outcome,
    bytes: &[u8],
    ends: impl Iterator<Item = usize>,
) -> Outcome {
    ends.chain([bytes.len()]).find_map(|end| receive(&mut handshake, &bytes[..end]))
}

/// Whole, one byte at a time, and with one cut anywhere.
fn check_all_cuts<H>(new: impl Fn() -> H, receive: fn(&mut H, &[u8]) -> Outcome, bytes: &[u8]) {
    let whole = receive(&mut new(), bytes);
    assert_eq!(cut(new(), receive, bytes, 0..bytes.len()), whole, "one byte at a time: {}", bytes.escape_ascii());
    for end in 0..bytes.len() {
        assert_eq!(cut(new(), receive, bytes, [end].into_iter()), whole, "cut at {end}: {}", bytes.escape_ascii());
    }
}

#[test]
fn every_cut_of_a_request_gives_the_same_result() {
    for bytes in REQUESTS {
        check_all_cuts(|| ServerHandshake::new(&Limits::DEFAULT), server, bytes);
    }
}

#[test]
fn every_cut_of_a_response_gives_the_same_result() {
    for bytes in RESPONSES {
        check_all_cuts(|| new_client(&Limits::DEFAULT), client, bytes);
    }
}

#[test]
fn every_cut_at_every_limit_gives_the_same_result() {
    for max in 0..=REQUEST.len() {
        let limits = Limits::DEFAULT.with_max_head_len(max).with_max_head_fields(max / 40);
        let whole = server(&mut ServerHandshake::new(&limits), REQUEST);
        assert!(whole.is_some());
        assert_eq!(cut(ServerHandshake::new(&limits), server, REQUEST, 0..REQUEST.len()), whole, "{max}");
    }
    for max in 0..=RESPONSE.len() {
        let limits =
            Limits::DEFAULT.with_max_head_len(max).with_max_interim_responses(u32::try_from(max / 60).unwrap());
        let whole = client(&mut new_client(&limits), RESPONSE);
        assert!(whole.is_some());
        assert_eq!(cut(new_client(&limits), client, RESPONSE, 0..RESPONSE.len()), whole, "{max}");
    }
}

#[test]
fn every_single_byte_changed_gives_the_same_result_for_every_cut_around_it() {
    for (at, byte) in (0..REQUEST.len()).flat_map(|at| b"\r\n\t :\0,=\"\\\xffA0".iter().map(move |byte| (at, *byte))) {
        let mut bytes = REQUEST.to_vec();
        bytes[at] = byte;
        let whole = server(&mut ServerHandshake::new(&Limits::DEFAULT), &bytes);
        let around = at.saturating_sub(1)..(at + 3).min(bytes.len());
        let cut = cut(ServerHandshake::new(&Limits::DEFAULT), server, &bytes, around);
        assert_eq!(cut, whole, "{}", bytes.escape_ascii());
    }
}

/// What another parser of HTTP finds in a head that was accepted: it must be the same.
fn check_against_httparse(bytes: &[u8]) {
    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    let Ok(Some(received)) = handshake.receive(bytes) else { return };
    let (method, target, fields, head_len) = match &received {
        Received::Upgrade(request) => ("GET", request.target(), request.fields(), request.head_len()),
        Received::Http(request) => (request.method(), request.target(), request.fields(), request.head_len()),
    };
    // It knows no minor version but 0 and 1.
    let mut known = bytes.to_vec();
    let line = known.windows(8).position(|word| word.starts_with(b" HTTP/1.")).unwrap();
    let minor = known[line + 8].clamp(b'0', b'1');
    known[line + 8] = minor;
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut parsed = httparse::Request::new(&mut headers);
    assert_eq!(parsed.parse(&known), Ok(httparse::Status::Complete(head_len)), "{}", bytes.escape_ascii());
    assert_eq!((parsed.method, parsed.path, parsed.version), (Some(method), Some(target), Some(minor - b'0')));
    let theirs: Vec<(&str, &[u8])> = parsed.headers.iter().map(|header| (header.name, header.value)).collect();
    assert_eq!(fields.collect::<Vec<_>>(), theirs, "{}", bytes.escape_ascii());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: strategies::persistence(), ..ProptestConfig::default() })]

    #[test]
    fn any_cut_of_any_request_gives_the_same_result(
        which in 0..REQUESTS.len(),
        changes in mutations(),
        mut ends in prop::collection::vec(0..1000_usize, 0..8),
        max_head_len in prop_oneof![Just(16 * 1024), 0..700_usize],
        max_head_fields in prop_oneof![Just(100), 0..12_usize],
    ) {
        let bytes = mutate(REQUESTS[which], &changes);
        let limits = Limits::DEFAULT.with_max_head_len(max_head_len).with_max_head_fields(max_head_fields);
        let new = || ServerHandshake::new(&limits);
        let whole = server(&mut new(), &bytes);
        ends.iter_mut().for_each(|end| *end = (*end).min(bytes.len()));
        ends.sort_unstable();
        prop_assert_eq!(&cut(new(), server, &bytes, ends.into_iter()), &whole);
        prop_assert_eq!(&cut(new(), server, &bytes, 0..bytes.len()), &whole);
        check_against_httparse(&bytes);
    }

    #[test]
    fn any_cut_of_any_response_gives_the_same_result(
        which in 0..RESPONSES.len(),
        changes in mutations(),
        mut ends in prop::collection::vec(0..1000_usize, 0..8),
        max_head_len in prop_oneof![Just(16 * 1024), 0..400_usize],
        max_interim_responses in 0..4_u32,
    ) {
        let bytes = mutate(RESPONSES[which], &changes);
        let limits = Limits::DEFAULT.with_max_head_len(max_head_len).with_max_interim_responses(max_interim_responses);
        let new = || new_client(&limits);
        let whole = client(&mut new(), &bytes);
        ends.iter_mut().for_each(|end| *end = (*end).min(bytes.len()));
        ends.sort_unstable();
        prop_assert_eq!(&cut(new(), client, &bytes, ends.into_iter()), &whole);
        prop_assert_eq!(&cut(new(), client, &bytes, 0..bytes.len()), &whole);
    }

    #[test]
    fn any_bytes_at_all_are_taken_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = server(&mut ServerHandshake::new(&Limits::UNLIMITED), &bytes);
        let _ = client(&mut new_client(&Limits::UNLIMITED), &bytes);
    }
}
