//! The syntax of a request's head, row by row: requests as bytes, and the first byte that breaks a rule.
#![cfg(feature = "alloc")]

use testkit::openings::{REQUEST, accepted, head, receive, refused};
use websocket_proto::handshake::{HeadError, HeadPart, Received, RequestError, ServerHandshake};
use websocket_proto::wire::Limits;

// RFC 9112 §2.2
#[test]
fn line_ends_that_two_readers_take_differently_are_answered_400() {
    for (bytes, error) in [
        (&b"GET / HTTP/1.1\nHost: a\n\n"[..], HeadError::BareLineFeed { offset: 14 }),
        (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", HeadError::BareLineFeed { offset: 23 }),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::BareLineFeed { offset: 25 }),
        (b"GET / HTTP/1.1\r\nHost\n\r\n", HeadError::BareLineFeed { offset: 20 }),
        (b"\nGET / HTTP/1.1\r\n", HeadError::BareLineFeed { offset: 0 }),
        (b"GET /\n", HeadError::BareLineFeed { offset: 5 }),
        (b"GET / HTTP/1.1\rHost: a", HeadError::BareCarriageReturn { offset: 14 }),
        (b"GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n", HeadError::BareCarriageReturn { offset: 23 }),
        (b"GET / HTTP/1.1\r\nHost: a\r\r\n", HeadError::BareCarriageReturn { offset: 23 }),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\rX", HeadError::BareCarriageReturn { offset: 25 }),
        (b"\r\rGET", HeadError::BareCarriageReturn { offset: 0 }),
    ] {
        assert_eq!(refused(bytes, 400, &[]), RequestError::Head(error), "{}", bytes.escape_ascii());
    }
}

// RFC 9110 §5.5
#[test]
fn control_characters_in_a_field_value_are_answered_400() {
    for byte in (0..b' ').chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte)) {
        let bytes = [&b"GET / HTTP/1.1\r\nA: b"[..], &[byte]].concat();
        let error = HeadError::UnexpectedByte { byte, offset: 20, part: HeadPart::FieldValue };
        assert_eq!(refused(&bytes, 400, &[]), RequestError::Head(error));
    }
}

// RFC 9112 §5.1, §5.2
#[test]
fn folded_lines_and_broken_field_names_are_answered_400() {
    for (line, error) in [
        (" folded", HeadError::FoldedLine { offset: 16 }),
        ("\tfolded", HeadError::FoldedLine { offset: 16 }),
        ("Host : a", HeadError::SpaceInFieldName { offset: 20 }),
        ("Host\t: a", HeadError::SpaceInFieldName { offset: 20 }),
        ("Ho st: a", HeadError::SpaceInFieldName { offset: 18 }),
        (": a", HeadError::EmptyFieldName { offset: 16 }),
        ("Host", HeadError::NoColon { offset: 20 }),
        ("Ho\0st: a", HeadError::UnexpectedByte { byte: 0, offset: 18, part: HeadPart::FieldName }),
        ("(Host): a", HeadError::UnexpectedByte { byte: b'(', offset: 16, part: HeadPart::FieldName }),
    ] {
        assert_eq!(refused(&head(&["GET / HTTP/1.1", line]), 400, &[]), RequestError::Head(error), "{line:?}");
    }
    let folded = [&b"GET / HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n"[..]].concat();
    assert_eq!(refused(&folded, 400, &[]), RequestError::Head(HeadError::FoldedLine { offset: 22 }));
}

#[test]
fn bytes_beyond_ascii_in_a_field_value_are_kept() {
    let mut bytes = REQUEST.head();
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(b"X-Name:\t\xe4\xff\t \xf6 \r\n\r\n");
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert_eq!(request.field("x-name").collect::<Vec<_>>(), [b"\xe4\xff\t \xf6"]);
    assert_eq!(request.field("x-other").next(), None);
}

#[test]
fn request_line_that_breaks_the_syntax_is_answered_400() {
    for (line, byte, part) in [
        ("GET  /chat HTTP/1.1", b' ', HeadPart::Target),
        ("GET /chat  HTTP/1.1", b' ', HeadPart::Version),
        ("GET /chat", b'\r', HeadPart::Target),
        ("GET /chat http/1.1", b'h', HeadPart::Version),
        ("GET /chat HTTP/1", b'\r', HeadPart::Version),
        ("GET /chat HTTP/1.1 ", b' ', HeadPart::Version),
        ("GET /chat HTTP/11.1", b'1', HeadPart::Version),
        ("GET /chat HTTP/1.10", b'0', HeadPart::Version),
        ("GET /chat HTTP/+.1", b'+', HeadPart::Version),
        ("GET\t/chat HTTP/1.1", b'\t', HeadPart::Method),
        (" GET /chat HTTP/1.1", b' ', HeadPart::Method),
        ("G@T /chat HTTP/1.1", b'@', HeadPart::Method),
    ] {
        let RequestError::Head(HeadError::UnexpectedByte { byte: seen, part: place, .. }) =
            refused(&head(&[line]), 400, &[])
        else {
            panic!("{line}")
        };
        assert_eq!((seen, place), (byte, part), "{line}");
    }
}

// §3
#[test]
fn target_with_a_fragment_control_or_non_ascii_bytes_is_answered_400() {
    for byte in (0..=b' ').chain([b'#']).chain(0x7f..=0xff).filter(|byte| !b" \n".contains(byte)) {
        let bytes = [&b"GET /a"[..], &[byte]].concat();
        let error = HeadError::UnexpectedByte { byte, offset: 6, part: HeadPart::Target };
        assert_eq!(refused(&bytes, 400, &[]), RequestError::Head(error));
    }
}

#[test]
fn target_that_names_no_resource_is_answered_400() {
    for target in
        ["*", "chat", "a:80", "http:/chat", "http://", "http://user@a/", "http:///chat", "ftp://a/", "://a/", "?a", "["]
    {
        let error = refused(&REQUEST.changed(&[&format!("GET {target} HTTP/1.1")]), 400, &[]);
        assert!(matches!(error, RequestError::Target { .. } | RequestError::InvalidHost { .. }), "{target}: {error:?}");
    }
}

#[test]
fn origin_form_and_absolute_form_are_accepted() {
    for (target, host, path, query) in [
        ("/", "server.example.com", "/", None),
        ("/chat?a=b?c", "server.example.com", "/chat", Some("a=b?c")),
        ("/a\"b|c[", "server.example.com", "/a\"b|c[", None),
        ("//a/b", "server.example.com", "//a/b", None),
        ("http://other:81/chat?", "other:81", "/chat", Some("")),
        ("HTTPS://other", "other", "/", None),
        ("ws://other?a=/b", "other", "/", Some("a=/b")),
    ] {
        let bytes = REQUEST.changed(&[&format!("GET {target} HTTP/1.1")]);
        let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!("{target}") };
        let found = (request.target(), request.host(), request.path(), request.query());
        assert_eq!(found, (target, host, path, query));
    }
}

#[test]
fn empty_lines_before_the_request_line_are_ignored() {
    let bytes = [&b"\r\n\r\n\r\n"[..], &REQUEST.head()].concat();
    accepted(&bytes);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert_eq!((request.head_len(), request.target()), (bytes.len(), "/chat"));
}

#[test]
fn bytes_that_cannot_be_http_are_answered_400_at_the_first_of_them() {
    // A TLS hello, SSH, a null byte.
    for (bytes, byte, offset) in [(&b"\x16"[..], 0x16, 0), (b"SSH-2.0-O\x80", 0x80, 9), (b"\0", 0, 0), (b"{", b'{', 0)]
    {
        let error = HeadError::UnexpectedByte { byte, offset, part: HeadPart::Method };
        assert_eq!(refused(bytes, 400, &[]), RequestError::Head(error));
    }
}

#[test]
fn error_is_the_same_when_asked_again() {
    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    let error = handshake.receive(b"GET / HTTP/1.1\r\n: x").map(drop);
    assert!(error.is_err());
    assert_eq!(handshake.receive(b"GET / HTTP/1.1\r\n: x and more\r\n\r\n").map(drop), error);
}

#[test]
fn fewer_bytes_than_before_are_no_head() {
    let bytes = REQUEST.head();
    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    assert!(matches!(handshake.receive(&bytes), Ok(Some(Received::Upgrade(_)))));
    assert!(matches!(handshake.receive(&bytes[..bytes.len() - 1]), Ok(None)));
    assert!(matches!(handshake.receive(&bytes), Ok(Some(Received::Upgrade(_)))), "the same bytes again");
}

#[test]
fn frames_after_the_head_are_kept() {
    let mut bytes = REQUEST.head();
    let len = bytes.len();
    bytes.extend_from_slice(&[0x81, 0x80, 1, 2, 3, 4]);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert_eq!(request.head_len(), len);
}

/// RFC 9110 §2.5: a recipient "SHOULD process a received message [of a higher minor version] as if it were of the highest minor version
/// within that major version to which it is conformant".
// RFC 9112 §2.3
#[test]
fn later_minor_version_is_read_as_http_1_1() {
    for version in ["1.2", "1.9"] {
        accepted(&REQUEST.changed(&[&format!("GET /chat HTTP/{version}")]));
    }
}
