//! A client's handshake, row by row of what is required of it: responses as bytes.
#![cfg(feature = "alloc")]

use testkit::openings::{RESPONSE, head};
use websocket_proto::extension::InvalidExtension;
use websocket_proto::handshake::{Answer, ClientHandshake, ClientRequest, HeadError, HeadPart, ResponseError};
use websocket_proto::wire::Limits;

/// A handshake that offered `chat` and `superchat`, with the nonce of §1.3.
fn start_with(limits: &Limits) -> ClientHandshake<[&'static str; 2]> {
    let request = ClientRequest::new("server.example.com", "/chat").subprotocols(["chat", "superchat"]);
    request.start(*b"the sample nonce", limits, &mut Vec::new()).unwrap()
}

fn receive(bytes: &[u8]) -> Result<Option<Answer<'_>>, ResponseError> {
    start_with(&Limits::DEFAULT).receive(bytes)
}

/// The subprotocol of the opened connection, and how long the head was.
fn opened(bytes: &[u8]) -> (Option<&str>, usize) {
    match receive(bytes) {
        Ok(Some(Answer::Open(response))) => (response.subprotocol(), response.head_len()),
        other => panic!("{}: {other:?}", bytes.escape_ascii()),
    }
}

fn failed(bytes: &[u8]) -> ResponseError {
    receive(bytes).err().unwrap_or_else(|| panic!("{} passed", bytes.escape_ascii()))
}

#[test]
fn right_answer_opens_and_the_bytes_after_it_are_frames() {
    let mut bytes = RESPONSE.head();
    let len = bytes.len();
    bytes.extend_from_slice(&[0x81, 0x01, b'a']);
    assert_eq!(opened(&bytes), (None, len));
    opened(&RESPONSE.changed(&["HTTP/1.1 101 "]));
    opened(&RESPONSE.changed(&["Upgrade: WebSocket", "CONNECTION: keep-alive", "connection: , upgrade"]));
    opened(&RESPONSE.with("Content-Length: 0"));
}

// RFC 9110 §15.2
#[test]
fn interim_responses_are_skipped() {
    let bytes = [
        &b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 \r\nA: b\r\n\r\nHTTP/1.0 103 Early Hints\r\n\r\n"[..],
        &RESPONSE.head(),
    ]
    .concat();
    assert_eq!(opened(&bytes), (None, bytes.len()));
    let bytes = b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 401 No\r\nA: b\r\n\r\nbody";
    let Ok(Some(Answer::Refused(response))) = receive(bytes) else { panic!() };
    assert_eq!((response.status(), response.reason(), response.fields().count()), (401, &b"No"[..], 1));
    assert_eq!(&bytes[response.head_len()..], b"body");
}

#[test]
fn as_many_interim_responses_as_the_limit_and_no_more() {
    let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n";
    opened(&[&interim.repeat(8)[..], &RESPONSE.head()].concat());
    assert_eq!(failed(&interim.repeat(9)), ResponseError::TooManyInterim { max: 8 });
    let limits = Limits::DEFAULT.with_max_interim_responses(0);
    let mut handshake = start_with(&limits);
    for _ in 0..2 {
        assert_eq!(handshake.receive(interim).unwrap_err(), ResponseError::TooManyInterim { max: 0 });
    }
}

#[test]
fn fields_of_each_response_are_counted_by_themselves_and_to_the_same_limit() {
    let limits = Limits::DEFAULT.with_max_head_fields(3);
    let interim = b"HTTP/1.1 103 Early Hints\r\nA: b\r\nA: b\r\n\r\n";
    let passes = [&interim[..], &RESPONSE.head()].concat();
    assert!(matches!(start_with(&limits).receive(&passes), Ok(Some(Answer::Open(_)))));
    let error = start_with(&limits).receive(&[&interim[..], &RESPONSE.with("A: b")].concat()).unwrap_err();
    assert_eq!(error, ResponseError::Head(HeadError::TooManyFields { max: 3 }));
}

#[test]
fn fields_whose_names_only_look_like_the_handshakes_are_ignored() {
    // As long as a name that matters, and but for one letter the same.
    for name in ["Vpgrade", "Konnection", "Sec-WebSocket-Accepu", "Sec-WebSocket-Protocom", "Sec-WebSocket-Extensiont"]
    {
        opened(&RESPONSE.with(&format!("{name}: x")));
    }
}

#[test]
fn any_other_status_is_handed_to_the_caller() {
    for status in [200, 204, 301, 302, 400, 401, 403, 426, 500, 503, 599, 999, 0] {
        for version in ["HTTP/1.1", "HTTP/1.0"] {
            let bytes =
                [&head(&[&format!("{version} {status:03} Why\tnot \u{e4}"), "Location: /a", "Upgrade: b"])[..], b"<p>"]
                    .concat();
            let Ok(Some(Answer::Refused(response))) = receive(&bytes) else { panic!("{status}") };
            assert_eq!((response.status(), response.reason()), (status, "Why\tnot \u{e4}".as_bytes()));
            assert_eq!(response.field("location").next(), Some(&b"/a"[..]));
            assert_eq!(&bytes[response.head_len()..], b"<p>");
        }
    }
}

#[test]
fn http_version_before_1_1_or_of_another_major_version_fails() {
    for (version, major, minor) in [("1.0", 1, 0), ("2.0", 2, 0), ("0.9", 0, 9)] {
        let error = failed(&RESPONSE.changed(&[&format!("HTTP/{version} 101 Switching Protocols")]));
        assert_eq!(error, ResponseError::HttpVersion { major, minor });
    }
    assert_eq!(failed(b"HTTP/2.0 302 \r\n\r\n"), ResponseError::HttpVersion { major: 2, minor: 0 });
}

/// RFC 9110 §2.5: a message of a later minor version should be processed as one of the highest that is known.
#[test]
fn later_minor_version_of_http_is_read_as_1_1() {
    for version in ["1.2", "1.9"] {
        let bytes = RESPONSE.changed(&[&format!("HTTP/{version} 101 Switching Protocols")]);
        assert!(matches!(receive(&bytes), Ok(Some(Answer::Open(_)))), "{version}");
    }
}

#[test]
fn interim_response_of_another_major_version_fails() {
    let answer = b"HTTP/0.1 103 Early Hints\r\n\r\nHTTP/1.1 302 Found\r\n\r\n";
    assert_eq!(failed(answer), ResponseError::HttpVersion { major: 0, minor: 1 });
}

#[test]
fn upgrade_missing_or_wrong_fails() {
    assert_eq!(failed(&RESPONSE.without("Upgrade")), ResponseError::UpgradeMissing);
    for line in ["Upgrade: h2c", "Upgrade: websocket, h2c", "Upgrade:"] {
        assert!(matches!(failed(&RESPONSE.changed(&[line])), ResponseError::Upgrade { .. }), "{line:?}");
    }
    let twice = RESPONSE.changed(&["Upgrade: websocket", "Upgrade: websocket"]);
    assert_eq!(failed(&twice), ResponseError::UpgradeRepeated);
}

#[test]
fn connection_missing_or_wrong_fails() {
    for bytes in [
        RESPONSE.without("Connection"),
        RESPONSE.changed(&["Connection: keep-alive"]),
        RESPONSE.changed(&["Connection: upgraded"]),
    ] {
        assert_eq!(failed(&bytes), ResponseError::ConnectionWithoutUpgrade);
    }
}

// §11.3.3
#[test]
fn accept_missing_wrong_or_twice_fails() {
    assert_eq!(failed(&RESPONSE.without("Sec-WebSocket-Accept")), ResponseError::AcceptMissing);
    for accept in [
        "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo==",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "dGhlIHNhbXBsZSBub25jZQ==",
        "",
        &"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".repeat(100),
    ] {
        let error = failed(&RESPONSE.changed(&[&format!("Sec-WebSocket-Accept: {accept}")]));
        assert_eq!(error, ResponseError::AcceptWrong, "{accept}");
    }
    let twice = RESPONSE.with("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(failed(&twice), ResponseError::AcceptRepeated);
    opened(&RESPONSE.changed(&["Sec-WebSocket-Accept: \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \t"]));
}

#[test]
fn subprotocol_that_was_offered_is_chosen() {
    assert_eq!(opened(&RESPONSE.with("sec-websocket-protocol: superchat ")).0, Some("superchat"));
}

#[test]
fn no_subprotocol_is_open_and_seen() {
    assert_eq!(opened(&RESPONSE.head()).0, None);
}

// §11.3.4
#[test]
fn subprotocol_not_offered_two_or_in_other_letter_case_fails() {
    for value in ["other", "Chat", "chat, superchat", "chat,", "", "\"chat\"", "cha", "chat2"] {
        let error = failed(&RESPONSE.with(&format!("Sec-WebSocket-Protocol: {value}")));
        assert!(matches!(error, ResponseError::SubprotocolNotOffered { .. }), "{value}: {error:?}");
    }
    let twice = RESPONSE.changed(&["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"]);
    assert_eq!(failed(&twice), ResponseError::SubprotocolRepeated);
    let mut handshake =
        ClientRequest::new("a", "/").start(*b"the sample nonce", &Limits::DEFAULT, &mut Vec::new()).unwrap();
    assert!(handshake.receive(&RESPONSE.with("Sec-WebSocket-Protocol: chat")).is_err(), "nothing was offered");
}

// §9.1
#[test]
fn extension_that_was_not_offered_fails() {
    for line in ["Sec-WebSocket-Extensions: permessage-deflate", "sec-websocket-extensions: , foo; a=1"] {
        assert!(matches!(failed(&RESPONSE.with(line)), ResponseError::ExtensionNotOffered { .. }), "{line}");
    }
}

#[test]
fn extensions_that_break_the_grammar_fail() {
    let error = failed(&RESPONSE.with("Sec-WebSocket-Extensions: foo;"));
    assert!(matches!(error, ResponseError::InvalidExtension(InvalidExtension { byte: None, .. })), "{error}");
    let split = RESPONSE.changed(&["Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: a b"]);
    let error = failed(&split);
    assert!(matches!(error, ResponseError::InvalidExtension(InvalidExtension { byte: Some(b'b'), .. })), "{error}");
    for value in ["", ","] {
        assert_eq!(
            failed(&RESPONSE.with(&format!("Sec-WebSocket-Extensions: {value}"))),
            ResponseError::ExtensionsEmpty
        );
    }
}

#[test]
fn broken_syntax_fails_at_the_first_impossible_byte() {
    let unexpected = |byte, offset, part| HeadError::UnexpectedByte { byte, offset, part };
    for (bytes, error) in [
        (&b"\x15"[..], unexpected(0x15, 0, HeadPart::Version)),
        (b"\r\nHTTP/1.1 101 ", unexpected(b'\r', 0, HeadPart::Version)),
        (b"HTTP/1.1\r", unexpected(b'\r', 8, HeadPart::Version)),
        (b"HTTP/ .1", unexpected(b' ', 5, HeadPart::Version)),
        (b"HTTP/1. ", unexpected(b' ', 7, HeadPart::Version)),
        (b"HTTP/1.1  101", unexpected(b' ', 9, HeadPart::Status)),
        (b"HTTP/1.1 10 ", unexpected(b' ', 11, HeadPart::Status)),
        (b"HTTP/1.1 1010", unexpected(b'0', 12, HeadPart::Status)),
        (b"HTTP/1.1 10\r", unexpected(b'\r', 11, HeadPart::Status)),
        (b"HTTP/1.1 101\ra", HeadError::BareCarriageReturn { offset: 12 }),
        (b"HTTP/1.1 101\t", unexpected(b'\t', 12, HeadPart::Status)),
        (b"HTTP/1.1 +10", unexpected(b'+', 9, HeadPart::Status)),
        (b"HTTP/1.1 101 a\0", unexpected(0, 14, HeadPart::Reason)),
        (b"HTTP/1.1 101 a\n", HeadError::BareLineFeed { offset: 14 }),
        (b"HTTP/1.1 101 \ra", HeadError::BareCarriageReturn { offset: 13 }),
        (b"HTTP/1.1 101 \r\n a: b", HeadError::FoldedLine { offset: 15 }),
        (b"HTTP/1.1 101 \r\na : b", HeadError::SpaceInFieldName { offset: 16 }),
        (b"HTTP/1.1 101 \r\n: b", HeadError::EmptyFieldName { offset: 15 }),
        (b"HTTP/1.1 101 \r\na\r", HeadError::NoColon { offset: 16 }),
        (b"HTTP/1.1 101 \r\na: b\r\n\n", HeadError::BareLineFeed { offset: 21 }),
        (b"HTTP/1.1 100 \r\n\r\nHTTQ", unexpected(b'Q', 20, HeadPart::Version)),
    ] {
        assert_eq!(failed(bytes), ResponseError::Head(error), "{}", bytes.escape_ascii());
    }
}

#[test]
fn head_may_be_as_long_as_the_limit_with_its_interim_responses() {
    let bytes = [&b"HTTP/1.1 100 \r\n\r\n"[..], &RESPONSE.head()].concat();
    for max in 0..bytes.len() + 2 {
        let limits = Limits::DEFAULT.with_max_head_len(max);
        let result = start_with(&limits).receive(&bytes).map(|answer| answer.is_some());
        if max >= bytes.len() {
            assert_eq!(result, Ok(true));
        } else {
            let error = result.unwrap_err();
            let expected = [HeadError::TooLong { max }, HeadError::StartLineTooLong { max }].map(ResponseError::Head);
            assert!(expected.contains(&error), "{max}: {error:?}");
        }
    }
}

#[test]
fn as_many_fields_as_the_limit_and_no_more() {
    let mut lines = RESPONSE.0.to_vec();
    lines.resize(101, "A: b");
    // What an interim response has does not count.
    opened(&[&b"HTTP/1.1 100 \r\nA: b\r\n\r\n"[..], &head(&lines)].concat());
    lines.push("A: b");
    assert_eq!(failed(&head(&lines)), ResponseError::Head(HeadError::TooManyFields { max: 100 }));
}

#[test]
fn error_is_the_same_when_asked_again() {
    for bytes in [RESPONSE.without("Upgrade"), b"HTTP/1.1 101 \r\n: b".to_vec()] {
        let mut handshake = start_with(&Limits::DEFAULT);
        let error = handshake.receive(&bytes).unwrap_err();
        assert_eq!(handshake.receive(&[&bytes[..], b"more"].concat()).unwrap_err(), error);
    }
}

/// RFC 9112 §4 wants the space, but servers leave it out, and the caller is to learn of their 401.
#[test]
fn status_line_without_the_second_space_is_read() {
    let Ok(Some(Answer::Refused(response))) = receive(b"HTTP/1.1 401\r\nWWW-Authenticate: Basic\r\n\r\n") else {
        panic!("not refused")
    };
    assert_eq!((response.status(), response.reason(), response.head_len()), (401, &b""[..], 41));
    opened(&RESPONSE.changed(&["HTTP/1.1 101"]));
}

/// What is waited with can be kept in a struct, whatever the application does with its values.
#[test]
fn handshake_owns_what_it_needs() {
    struct Connecting {
        handshake: ClientHandshake<Vec<String>>,
    }
    let mut connecting = {
        let (host, target, cookie) = ("a".to_owned(), "/".to_owned(), "b=c".to_owned());
        let request = ClientRequest::new(&host, &target).subprotocols(vec!["chat".to_owned()]);
        let fields = [("Cookie", &*cookie)];
        let request = request.fields(&fields);
        Connecting { handshake: request.start(*b"the sample nonce", &Limits::DEFAULT, &mut Vec::new()).unwrap() }
    };
    let bytes = RESPONSE.changed(&["Sec-WebSocket-Protocol: chat"]);
    let Ok(Some(Answer::Open(response))) = connecting.handshake.receive(&bytes) else { panic!("not open") };
    assert_eq!(response.subprotocol(), Some("chat"));
    let bytes = RESPONSE.changed(&["Sec-WebSocket-Protocol: Chat"]);
    let error = connecting.handshake.receive(&bytes).map(drop);
    assert!(matches!(error, Err(ResponseError::SubprotocolNotOffered { .. })));
}
