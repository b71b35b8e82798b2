//! Law: however a request is cut, it is accepted or refused alike, and as early as its bytes allow. What is accepted is what another
//! parser sees, keeps to §4.2.1 as a plain reader judges it, can be accepted, and our own client understands the answer. What is
//! refused is answered with a response that is whole.
#![no_main]

use arbitrary::Arbitrary;
use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use testkit::{Cuts, heads};
use websocket_proto::Limits;
use websocket_proto::handshake::{Answer, ClientRequest, Received, Request, RequestError, ServerHandshake};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Whether the limits are 300 bytes and 8 fields.
    tight: bool,
    cuts: Cuts,
    bytes: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { tight, cuts, bytes } = input;
    let limits =
        if tight { Limits { max_head_len: 300, max_head_fields: 8, ..Limits::DEFAULT } } else { Limits::DEFAULT };

    let whole = ServerHandshake::new(&limits).receive(bytes);
    let outcome = describe(&whole);
    for ends in [cuts.ends(bytes), (0..=bytes.len()).collect()] {
        let mut handshake = ServerHandshake::new(&limits);
        for end in ends {
            let so_far = handshake.receive(&bytes[..end]);
            if !matches!(so_far, Ok(None)) {
                assert_eq!(describe(&so_far), outcome, "at byte {end}");
                // Asked again, with more or not, it is the same.
                assert_eq!(describe(&handshake.receive(bytes)), outcome, "again, at byte {end}");
                break;
            }
            assert!(end < bytes.len() || matches!(whole, Ok(None)), "the pieces are waited for, the whole is not");
        }
    }

    match whole {
        Ok(None) => assert!(bytes.len() < limits.max_head_len),
        Ok(Some(Received::Http(request))) => {
            let head = &bytes[..request.head_len()];
            check_fields(head, &limits);
            let (_, fields) = heads::fields(head);
            assert!(!heads::has_token(&heads::values(&fields, "upgrade"), "websocket"));
        }
        Ok(Some(Received::Upgrade(request))) => {
            let head = &bytes[..request.head_len()];
            check_fields(head, &limits);
            check_upgrade(&request, head);
            check_answer(&request);
        }
        Err(error) => check_refusal(&error),
    }
});

fn describe(received: &Result<Option<Received<'_>>, RequestError>) -> String {
    match received {
        Ok(None) => String::new(),
        Ok(Some(Received::Upgrade(request))) => format!("{} {:?}", request.head_len(), request.target()),
        Ok(Some(Received::Http(request))) => format!("plain, {} {:?}", request.head_len(), request.target()),
        Err(error) => format!("{error:?}"),
    }
}

fn check_fields(head: &[u8], limits: &Limits) {
    let (line, fields) = heads::fields(head);
    assert!(head.len() <= limits.max_head_len && fields.len() <= limits.max_head_fields);
    let (len, method, target, theirs) = heads::httparse_request(head).expect("what is accepted, httparse reads");
    assert_eq!((len, theirs), (head.len(), fields));
    assert_eq!(line, format!("{method} {target} HTTP/1.1"));
}

/// §4.2.1, point by point.
fn check_upgrade(request: &Request<'_>, head: &[u8]) {
    let (line, fields) = heads::fields(head);
    assert!(line.starts_with("GET ") && line.ends_with(" HTTP/1.1"));
    let values = |name| heads::values(&fields, name);
    assert_eq!(values("host").len(), 1);
    assert!(heads::has_token(&values("upgrade"), "websocket"));
    assert!(heads::has_token(&values("connection"), "upgrade"));
    let [key] = values("sec-websocket-key")[..] else { panic!("one key") };
    assert_eq!(STANDARD.decode(key).map(|nonce| nonce.len()), Ok(16));
    assert_eq!(values("sec-websocket-version"), [b"13"]);
    // A body would be read as frames.
    assert!(values("transfer-encoding").is_empty());
    assert!(values("content-length").iter().all(|len| len.iter().all(|&digit| digit == b'0')));
    assert!(values("origin").len() <= 1);
    assert_eq!(request.origin(), values("origin").first().copied());
    // No fragment, no space: what was one word for the client is one for whoever routes by it.
    assert!(request.target().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
    assert!(request.path().starts_with('/'));
}

fn check_answer(request: &Request<'_>) {
    let mut offered: Vec<&str> = request.subprotocols().collect();
    let chosen = offered.last().copied();
    let mut out = Vec::new();
    let accept = request.accept();
    let accept = if let Some(chosen) = chosen { accept.subprotocol(chosen) } else { accept };
    accept.write_to(&mut out).expect("every request can be accepted");

    let key = request.field("Sec-WebSocket-Key").next().expect("a key");
    let nonce = STANDARD.decode(key).expect("base64").try_into().expect("16 bytes");
    // A client offers each once.
    let mut seen = Vec::new();
    offered.retain(|name| {
        !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    let mut sent = Vec::new();
    let client = ClientRequest::new("a", "/").subprotocols(&offered);
    let mut client = client.start(nonce, &Limits::UNLIMITED, &mut sent).expect("a request");
    match client.receive(&out) {
        Ok(Some(Answer::Open(response))) => {
            assert_eq!((response.subprotocol(), response.head_len()), (chosen, out.len()))
        }
        answer => panic!("{answer:?}"),
    }
}

fn check_refusal(error: &RequestError) {
    let mut out = Vec::new();
    error.response().write_to(&mut out).expect("room");
    let (len, status, fields) = heads::httparse_response(&out).expect("a whole response");
    assert!((400..=599).contains(&status) && status == error.response().status());
    assert_eq!(heads::values(&fields, "content-length"), [(out.len() - len).to_string().as_bytes()]);
    assert!(heads::has_token(&heads::values(&fields, "connection"), "close"));
    // Whatever the peer wrote, the body is one line of visible text.
    let (last, line) = out[len..].split_last().expect("a body");
    assert!(*last == b'\n' && line.iter().all(|&byte| byte.is_ascii_graphic() || byte == b' '));
}
