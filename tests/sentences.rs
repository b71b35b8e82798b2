//! Every error reads as a sentence that names the value and whose it is; and what `{:?}` shows is fit for a log.
#![cfg(all(feature = "deflate", feature = "rand"))]

use testkit::drive;
use websocket_proto::frame::OutOfSequence;
use websocket_proto::handshake::{
    AcceptError, Answer, ClientRequest, FieldFault, HeadError, InvalidUrl, Key, Parts, Received, Refusal, RefusalError,
    RequestError, ResponseError, StartError, Violation, WsUrl,
};
use websocket_proto::wire::{
    ControlOpcode, ControlPayloadTooLong, FixedOutput, InvalidCloseCode, InvalidDeflate, LengthTooLarge, OutputFull,
    Rsv,
};
use websocket_proto::{
    CloseCode, CloseFrame, ControlPayload, Limits, MessageKind, ProtocolError, SendError, State, Timeouts,
};

#[test]
fn protocol_error_says_what_the_peer_did() {
    use ProtocolError as E;
    let sentences = [
        (E::ReservedOpcode { opcode: 11 }, "expected an opcode in use, found the reserved 0xb"),
        (E::FragmentedControl { opcode: ControlOpcode::Ping }, "expected a whole Ping frame, found a fragment"),
        (
            E::ControlTooLong { opcode: ControlOpcode::Pong },
            "expected at most 125 bytes of payload in a Pong frame, found an extended payload length",
        ),
        (E::Unmasked, "expected a masked frame from a client, found an unmasked one"),
        (E::Masked, "expected an unmasked frame from a server, found a masked one"),
        (E::LengthNotMinimal { len: 5 }, "expected a payload length in its shortest form, found 5 in a longer one"),
        (
            E::LengthTopBit { first_byte: 0x80 },
            "expected a payload length below 2^63, found one with the first byte 0x80",
        ),
        (E::UnexpectedContinuation, "expected the first frame of a message, found a continuation frame"),
        (E::ExpectedContinuation { kind: MessageKind::Text }, "expected a continuation frame, found a Text frame"),
        (E::FrameTooLong { len: 11, max: 10 }, "expected a frame of at most 10 bytes, found 11"),
        (E::MessageTooLong { len: 11, max: 10 }, "expected a message of at most 10 bytes, found 11 or more"),
        (E::TooManyFragments { max: 3 }, "expected a message of at most 3 frames, found one more"),
        (E::InvalidUtf8 { valid_up_to: 7 }, "expected UTF-8 in a text message, found other bytes after 7 valid ones"),
        (E::CloseCodeCut, "expected no payload or at least a status code in a Close frame, found one byte"),
        (E::InvalidCloseCode { code: 1005 }, "expected a status code that may be sent in a Close frame, found 1005"),
        (
            E::InvalidCloseReason { valid_up_to: 2 },
            "expected UTF-8 in the reason of a Close frame, found other bytes after 2 valid ones",
        ),
        (
            E::InvalidCompression(InvalidDeflate::Corrupt),
            "compressed data is corrupt, or refers back further than it may",
        ),
        (E::InvalidCompression(InvalidDeflate::Unfinished), "compressed message does not end where a block ends"),
    ];
    for (error, sentence) in sentences {
        assert_eq!(error.to_string(), sentence);
    }
    let rsv = E::ReservedBits { rsv: Rsv::RSV1 }.to_string();
    assert!(
        rsv.starts_with("expected no reserved bit beyond what was negotiated, found ") && rsv.ends_with("RSV1"),
        "{rsv}"
    );
}

#[test]
fn send_error_says_what_the_caller_did() {
    use SendError as E;
    let mut memory = [0; 3];
    let full = drive::server(&Limits::DEFAULT).send("Hello", &mut FixedOutput::new(&mut memory)).unwrap_err();
    let sentences = [
        (
            E::NotOpen { state: State::CloseSent },
            "expected an open connection, found one that is closing, by this side",
        ),
        (
            E::NotOpen { state: State::CloseReceived },
            "expected an open connection, found one that is closing, by the peer",
        ),
        (E::NotOpen { state: State::Closed }, "expected an open connection, found one that is closed"),
        (
            E::OutOfSequence(OutOfSequence::UnexpectedContinuation),
            "expected the first fragment of a message, found a continuation",
        ),
        (
            E::OutOfSequence(OutOfSequence::ExpectedContinuation { kind: MessageKind::Binary }),
            "expected a continuation of the message that was begun, found a Binary message",
        ),
        (
            E::OtherKind { begun: MessageKind::Text },
            "expected a fragment of a Text message, found one of the other kind",
        ),
        (
            E::OtherForm { begun_compressed: true },
            "expected a compressed fragment of a compressed message, found one that is not",
        ),
        (
            E::OtherForm { begun_compressed: false },
            "expected a plain fragment of a plain message, found a compressed one",
        ),
        (E::CompressionNotAgreed, "expected a compressor within what was agreed on with the peer, found one beyond it"),
        (
            E::ControlTooLong { opcode: ControlOpcode::Ping, len: 126 },
            "expected at most 125 bytes in a Ping, found 126",
        ),
        (E::NotUtf8 { valid_up_to: 4 }, "expected UTF-8 in a text message, found other bytes after 4 valid ones"),
        (full, "expected room for 7 bytes in the output, found room for 3"),
    ];
    for (error, sentence) in sentences {
        assert_eq!(error.to_string(), sentence);
    }
    assert_eq!(State::Open.to_string(), "open");
}

#[test]
fn invalid_url_says_what_is_wrong_with_it() {
    for (url, error, sentence) in [
        ("ws://a b/", InvalidUrl::Byte { byte: b' ' }, "expected visible ASCII in a URI, found ' '"),
        ("http://a/", InvalidUrl::Scheme, "a WebSocket URI begins with ws:// or wss://"),
        ("ws://a/#b", InvalidUrl::Fragment, "a WebSocket URI has no fragment"),
        ("ws://me@a/", InvalidUrl::UserInfo, "a WebSocket URI has no user information"),
        ("ws://", InvalidUrl::Host, "the host is missing or invalid"),
        ("ws://a:65536/", InvalidUrl::Port, "expected a port from 0 to 65535"),
    ] {
        assert_eq!(WsUrl::parse(url), Err(error));
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn start_error_says_what_the_caller_asked_for() {
    let none: &[&str] = &[];
    let start = |request: ClientRequest<'_, &[&str]>| {
        let mut memory = [0; 50];
        request.start([0; 16], &Limits::DEFAULT, &mut FixedOutput::new(&mut memory)).map(drop).unwrap_err()
    };
    for (request, sentence) in [
        (ClientRequest::new("", "/").subprotocols(none), "expected a host, with or without a port"),
        (
            ClientRequest::new("a", "b").subprotocols(none),
            "expected a path, with or without a query, in visible ASCII as the target",
        ),
        (ClientRequest::new("a", "/").origin("b c\n").subprotocols(none), "expected visible ASCII as the origin"),
        (
            ClientRequest::new("a", "/").subprotocols(&["x", "y z"][..]),
            "subprotocol 1 is not a token, or is in the list twice",
        ),
        (
            ClientRequest::new("a", "/").fields(&[("A", "b"), ("C D", "e")]).subprotocols(none),
            "the name of field 1 is not a token",
        ),
        (
            ClientRequest::new("a", "/").fields(&[("A", "b\r")]).subprotocols(none),
            "the value of field 0 contains '\\r'",
        ),
        (
            ClientRequest::new("a", "/").fields(&[("host", "b")]).subprotocols(none),
            "field 0 is one that only the handshake itself may write",
        ),
    ] {
        assert_eq!(start(request).to_string(), sentence);
    }
    assert!(matches!(start(ClientRequest::new("a", "/").subprotocols(none)), StartError::Output(_)));
    let Err(StartError::Field(field)) =
        ClientRequest::new("a", "/").fields(&[("A", "\0")]).start([0; 16], &Limits::DEFAULT, &mut Vec::new())
    else {
        panic!()
    };
    assert_eq!(field.fault, FieldFault::Value { byte: 0 });
}

/// RFC 9110 §15, and the registry that it begins.
#[test]
fn refusal_has_the_reason_phrase_of_its_status() {
    for (status, reason) in [
        (300, "Multiple Choices"),
        (301, "Moved Permanently"),
        (302, "Found"),
        (303, "See Other"),
        (307, "Temporary Redirect"),
        (308, "Permanent Redirect"),
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (402, "Payment Required"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (406, "Not Acceptable"),
        (407, "Proxy Authentication Required"),
        (408, "Request Timeout"),
        (409, "Conflict"),
        (410, "Gone"),
        (414, "URI Too Long"),
        (421, "Misdirected Request"),
        (422, "Unprocessable Content"),
        (426, "Upgrade Required"),
        (428, "Precondition Required"),
        (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"),
        (451, "Unavailable For Legal Reasons"),
        (500, "Internal Server Error"),
        (501, "Not Implemented"),
        (502, "Bad Gateway"),
        (503, "Service Unavailable"),
        (504, "Gateway Timeout"),
        (505, "HTTP Version Not Supported"),
        (599, ""),
    ] {
        let (refusal, mut out) = (Refusal::new(status, &[], b"").unwrap(), Vec::new());
        refusal.write_to(&mut out).unwrap();
        let line = format!("HTTP/1.1 {status} {reason}\r\n");
        assert!(out.starts_with(line.as_bytes()), "{}", out.escape_ascii());
    }
    for body in [&b"sorry"[..], b"\xff\0"] {
        assert_eq!(Refusal::new(503, &[], body).unwrap().body(), body);
    }
    let refused = |status, fields| Refusal::new(status, fields, b"").unwrap_err();
    assert_eq!(
        refused(200, &[]).to_string(),
        "expected a status from 300 to 599 (for plain HTTP, from 200), found 200"
    );
    assert!(matches!(refused(404, &[("A", "b\n")]), RefusalError::Field(_)));
    assert_eq!(refused(404, &[("A", "b\n")]).to_string(), "the value of field 0 contains '\\n'");
}

#[test]
fn small_errors_and_values_name_themselves() {
    let long = |len| CloseFrame::new(CloseCode::NORMAL, &"x".repeat(len)).map(drop);
    assert_eq!(long(124).unwrap_err().to_string(), "expected at most 123 bytes in a Close frame's reason, found 124");
    let invalid: InvalidCloseCode = CloseCode::try_from(1006).unwrap_err();
    assert_eq!(invalid.to_string(), "expected a status code that may be sent in a Close frame, found 1006");
    let too_long: ControlPayloadTooLong = ControlPayload::new(&[0; 126]).unwrap_err();
    assert_eq!(too_long.to_string(), "expected at most 125 bytes in a control frame's payload, found 126");
    let too_large: LengthTooLarge =
        websocket_proto::wire::Header::data(websocket_proto::wire::DataOpcode::Text, true, 1 << 63).unwrap_err();
    assert_eq!(
        too_large.to_string(),
        format!("expected fewer than 2^63 bytes in a frame's payload, found {}", 1_u64 << 63)
    );
    assert_eq!(SendError::from(too_large).to_string(), too_large.to_string());

    let frame = CloseFrame::new(CloseCode::NORMAL, "by\ne").unwrap();
    assert_eq!(frame.to_string(), "1000 (by\\ne)");
    assert_eq!(CloseFrame::from(CloseCode::NORMAL).to_string(), "1000");
    assert_eq!(format!("{:?}", ControlPayload::new(b"a\0").unwrap()), "ControlPayload(2 bytes)");
    assert_eq!(ControlPayload::default().as_ref(), b"");
    let states = [State::Open, State::CloseSent, State::CloseReceived, State::Closed].map(|state| state.to_string());
    assert_eq!(states, ["open", "closing, by this side", "closing, by the peer", "closed"]);
}

/// The table in the documentation of each field.
/// `?` takes an error into the one of the caller's step.
#[test]
fn errors_convert_from_those_that_they_contain() {
    let full = OutputFull::new(2, 1);
    assert_eq!(AcceptError::from(full), AcceptError::Output(full));
    assert_eq!(StartError::from(full), StartError::Output(full));
    assert_eq!(SendError::from(full), SendError::OutputFull(full));
    let too_large = LengthTooLarge { len: 1 << 63 };
    assert_eq!(SendError::from(too_large), SendError::TooLarge(too_large));
    let out_of_sequence = OutOfSequence::UnexpectedContinuation;
    assert_eq!(SendError::from(out_of_sequence), SendError::OutOfSequence(out_of_sequence));
    let corrupt = InvalidDeflate::Corrupt;
    assert_eq!(ProtocolError::from(corrupt), ProtocolError::InvalidCompression(corrupt));
    let head = HeadError::TooLong { max: 7 };
    let (request, response) = (RequestError::from(head), ResponseError::from(head));
    assert_eq!((request, response), (RequestError::Head(head), ResponseError::Head(head)));
    let key = Key::new(b"short").unwrap_err();
    assert_eq!(RequestError::from(key), RequestError::InvalidKey(key));
    let violations = [Violation::from(request), Violation::from(response)];
    assert_eq!(violations, [Violation::Request(request), Violation::Response(response)]);
}

/// The longest sentence quotes 22 bytes, each of which takes four characters.
#[test]
fn longest_sentence_of_a_refusal_is_in_its_body_whole() {
    let target = "\u{e9}".repeat(12);
    let fields = [("upgrade", "websocket")];
    let Err(error) = Received::from_parts(Parts::new("GET", &target, (1, 1), &fields)) else { panic!("no request") };
    let refusal = error.response();
    let body = std::str::from_utf8(refusal.body()).unwrap();
    assert_eq!(body, format!("{error}\n"));
    assert!(body.contains(&"\\xc3\\xa9".repeat(11)), "{body}");
}

#[test]
fn time_outs_have_their_documented_defaults() {
    let seconds = |timeout: Option<std::time::Duration>| timeout.map(|timeout| timeout.as_secs());
    let Timeouts { handshake, idle, pong, close, write, .. } = Timeouts::default();
    assert_eq!([handshake, idle, pong, close, write].map(seconds), [Some(10), Some(30), Some(20), Some(5), Some(30)]);
}

/// §4.1: what makes a client fail the connection.
#[test]
fn response_error_says_what_the_server_did() {
    let error = |fields: &str| {
        let mut out = Vec::new();
        let request = ClientRequest::new("a", "/").subprotocols(&["x"]);
        let mut handshake = request.start(*b"the sample nonce", &Limits::DEFAULT, &mut out).unwrap();
        let head = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
        match handshake.receive(head.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(Some(Answer::Open(_) | Answer::Refused(_)) | None) => panic!("{fields}"),
        }
    };
    const RIGHT: &str =
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    for (fields, sentence) in [
        ("Upgrade: h2c\r\n".to_owned(), "expected websocket alone in the field Upgrade, found 'h2c'"),
        ("Upgrade: websocket\r\nUpgrade: websocket\r\n".to_owned(), "the field Upgrade occurs more than once"),
        ("Upgrade: websocket\r\nConnection: close\r\n".to_owned(), "the field Connection does not name Upgrade"),
        (RIGHT.replace("s3p", "S3p"), "the field Sec-WebSocket-Accept does not belong to the key"),
        (RIGHT.to_owned() + "Sec-WebSocket-Accept: x\r\n", "the field Sec-WebSocket-Accept occurs more than once"),
        (RIGHT.to_owned() + "Sec-WebSocket-Protocol: y\r\n", "the subprotocol 'y' was not offered"),
        (
            RIGHT.to_owned() + "Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: x\r\n",
            "the field Sec-WebSocket-Protocol occurs more than once",
        ),
        (RIGHT.to_owned() + "Sec-WebSocket-Extensions: z\r\n", "the extension 'z' was not offered"),
        (RIGHT.to_owned() + "Sec-WebSocket-Extensions: \r\n", "the field Sec-WebSocket-Extensions names no extension"),
    ] {
        assert_eq!(error(&fields), sentence);
    }
}
