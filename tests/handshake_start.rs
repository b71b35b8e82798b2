//! A client's request, row by row of what is required of it, and what of the caller's values is refused before a byte is written.
#![cfg(feature = "alloc")]

use websocket_proto::handshake::{ClientRequest, FieldFault, Scheme, StartError, Subprotocols};
use websocket_proto::wire::{FixedOutput, Limits};

#[test]
fn request_has_what_section_4_1_asks_for() {
    let mut out = Vec::new();
    let _handshake = ClientRequest::new("server.example.com:8080", "/chat?a=b")
        .subprotocols(&["chat", "superchat"])
        .origin("http://example.com")
        .fields(&[("Cookie", "a=b"), ("X-Name", "\u{e4}")])
        .start(*b"the sample nonce", &Limits::DEFAULT, &mut out)
        .unwrap();
    assert_eq!(
        std::str::from_utf8(&out).unwrap(),
        "GET /chat?a=b HTTP/1.1\r\n\
         Host: server.example.com:8080\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Origin: http://example.com\r\n\
         Sec-WebSocket-Protocol: chat, superchat\r\n\
         Cookie: a=b\r\n\
         X-Name: \u{e4}\r\n\r\n"
    );
}

/// The error, after which nothing was written.
fn unstarted<P: Subprotocols + Copy>(request: ClientRequest<'_, P>) -> StartError {
    let mut out = Vec::new();
    let error = request.start([0; 16], &Limits::DEFAULT, &mut out).map(drop).unwrap_err();
    assert!(out.is_empty());
    assert_eq!(request.connect(Scheme::Https).map(drop), Err(error));
    error
}

#[test]
fn host_with_a_forbidden_byte_is_the_callers_error() {
    for host in ["", "a b", "a\r\nX: y", "a\n", "a\0", "a/b", "user@a", "a:b", "h\u{f6}st", "[::1"] {
        assert_eq!(unstarted(ClientRequest::new(host, "/")), StartError::Host, "{host:?}");
    }
}

#[test]
fn target_with_a_forbidden_byte_is_the_callers_error() {
    for target in ["/a b", "/a\r\n", "/\n", "/\0", "/a#b", "/\u{e4}", "a", "*", "http://a/", "/\x7f"] {
        assert_eq!(unstarted(ClientRequest::new("a", target)), StartError::Target, "{target:?}");
    }
}

// RFC 6454 §7.1
#[test]
fn origin_with_a_forbidden_byte_is_the_callers_error() {
    for origin in ["", "http://a\r\n", "http://a\0", "\u{e4}"] {
        assert_eq!(unstarted(ClientRequest::new("a", "/").origin(origin)), StartError::Origin, "{origin:?}");
    }
}

#[test]
fn subprotocol_that_is_no_token_or_twice_is_the_callers_error() {
    for (subprotocols, index) in [
        (&["a", ""][..], 1),
        (&["a b"], 0),
        (&["a,b"], 0),
        (&["a", "b\r\n"], 1),
        (&["a", "b", "a"], 2),
        (&["\u{e4}"], 0),
    ] {
        let error = unstarted(ClientRequest::new("a", "/").subprotocols(subprotocols));
        assert_eq!(error, StartError::Subprotocol { index }, "{subprotocols:?}");
    }
    let request = ClientRequest::new("a", "/").subprotocols(&["a", "A"]);
    assert!(request.start([0; 16], &Limits::DEFAULT, &mut Vec::new()).is_ok(), "letter case counts");
}

#[test]
fn field_with_a_forbidden_byte_or_an_owned_name_is_the_callers_error() {
    for (field, fault) in [
        (("A", "b\r\nC: d"), FieldFault::Value { byte: b'\r' }),
        (("A", "b\n"), FieldFault::Value { byte: b'\n' }),
        (("A", "\0"), FieldFault::Value { byte: 0 }),
        (("A\r\nB", "c"), FieldFault::Name),
        (("A ", "b"), FieldFault::Name),
        (("", "b"), FieldFault::Name),
        (("host", "b"), FieldFault::Reserved),
        (("Connection", "close"), FieldFault::Reserved),
        (("Upgrade", "h2c"), FieldFault::Reserved),
        (("Origin", "http://a"), FieldFault::Reserved),
        (("Sec-WebSocket-Key", "a"), FieldFault::Reserved),
        (("sec-websocket-version", "8"), FieldFault::Reserved),
        (("Sec-WebSocket-Protocol", "a"), FieldFault::Reserved),
        (("Sec-WebSocket-Extensions", "a"), FieldFault::Reserved),
        (("Content-Length", "1"), FieldFault::Reserved),
        (("Transfer-Encoding", "chunked"), FieldFault::Reserved),
    ] {
        let error = unstarted(ClientRequest::new("a", "/").fields(&[("Fine", ""), field]));
        let StartError::Field(error) = error else { panic!("{field:?}: {error}") };
        assert_eq!((error.index, error.fault), (1, fault), "{field:?}");
    }
}

#[test]
fn request_is_written_wholly_or_not_at_all() {
    let request = ClientRequest::new("a", "/").subprotocols(&["b"]).fields(&[("C", "d")]);
    let mut whole = Vec::new();
    let _handshake = request.start([0; 16], &Limits::DEFAULT, &mut whole).unwrap();
    for room in 0..=whole.len() {
        let mut memory = vec![0; room];
        let mut out = FixedOutput::new(&mut memory);
        let result = request.start([0; 16], &Limits::DEFAULT, &mut out);
        assert_eq!(result.is_ok(), room == whole.len());
        assert_eq!(out.written().len(), if result.is_ok() { room } else { 0 });
    }
}

// RFC 4648 §4
#[test]
fn key_is_the_base64_of_the_nonce() {
    // Erratum 3150 corrects the example of §4.1.
    let nonce = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let mut out = Vec::new();
    let _handshake = ClientRequest::new("a", "").start(nonce, &Limits::DEFAULT, &mut out).unwrap();
    assert_eq!(
        out,
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
}
