//! The opening of a connection between two others, checked on both sides (§4).
#![cfg(feature = "deflate")]

use websocket_proto::Limits;
use websocket_proto::extension::deflate::{Compression, DeflateParams, WindowBits};
use websocket_proto::handshake::{Negotiated, Parts, RequestError, ResponseError, ResponseParts, Violation, observe};

/// A request of §1.2, with these lines changed: one that has a colon takes the place of the one with its name, or comes last; a name
/// alone leaves it out.
fn request(changes: &[&str]) -> String {
    let fields = [
        "Host: server.example.com",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: chat, superchat",
    ];
    head("GET /chat HTTP/1.1", &fields, changes)
}

fn response(changes: &[&str]) -> String {
    let fields = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="];
    head("HTTP/1.1 101 Switching Protocols", &fields, changes)
}

fn head(start: &str, fields: &[&str], changes: &[&str]) -> String {
    let name = |line: &str| line.split(':').next().unwrap().to_owned();
    let kept = fields.iter().filter(|field| !changes.iter().any(|change| name(change) == name(field)));
    let added = changes.iter().filter(|change| change.contains(": "));
    [start].iter().chain(kept).chain(added).map(|line| format!("{line}\r\n")).collect::<String>() + "\r\n"
}

fn observed(request: &str, response: &str) -> (Vec<String>, Option<Negotiated>) {
    let (found, len) = Parts::from_bytes(request.as_bytes(), &Limits::DEFAULT).unwrap().unwrap();
    assert_eq!(len, request.len());
    let (answer, len) = ResponseParts::from_bytes(response.as_bytes(), &Limits::DEFAULT).unwrap().unwrap();
    assert_eq!(len, response.len());
    let mut violations: Vec<Violation> = Vec::new();
    let negotiated = observe(found, answer, &mut violations);
    (violations.iter().map(|violation| format!("{}: {violation}", violation.section())).collect(), negotiated)
}

// §4.1, §4.2
#[test]
fn an_opening_without_a_fault_has_no_violation() {
    let plain = Some(Negotiated::elsewhere());
    assert_eq!(observed(&request(&[]), &response(&[])), (Vec::new(), plain));
    let chosen = response(&["Sec-WebSocket-Protocol: superchat"]);
    assert_eq!(observed(&request(&[]), &chosen), (Vec::new(), plain));
}

#[test]
fn every_violation_of_both_heads_is_named_with_its_section() {
    let asked = request(&[
        "Host",
        "Connection: keep-alive",
        "Sec-WebSocket-Version: 8",
        "Sec-WebSocket-Protocol: ,",
        "Sec-WebSocket-Extensions: a;",
        "Content-Length: 5",
        "Origin: a",
        "Origin: b",
    ])
    .replace("GET /chat HTTP/1.1", "POST chat HTTP/1.0");
    let answered = response(&[
        "Upgrade: h2c",
        "Connection",
        "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "Sec-WebSocket-Protocol: other",
        "Sec-WebSocket-Extensions: b",
    ])
    .replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(
        observed(&asked, &answered).0,
        [
            "RFC 6455 §4.2.1, 1: expected the method GET, found 'POST'",
            "RFC 6455 §4.2.1, 1: expected HTTP/1.1, found HTTP/1.0",
            "RFC 6455 §4.2.1, 1: expected a path or an absolute URI as the request target, found 'chat'",
            "RFC 6455 §4.2.1, 2: the field Host is missing",
            "RFC 9112 §6.3: a WebSocket request must not have a body",
            "RFC 6455 §4.2.1, 4: the field Connection does not name Upgrade",
            "RFC 6455 §4.2.2, 4: expected Sec-WebSocket-Version 13, found '8'",
            "RFC 6454 §7.3: the field Origin occurs more than once",
            "RFC 6455 §4.3: the field Sec-WebSocket-Protocol names no subprotocol",
            "RFC 6455 §9.1: Sec-WebSocket-Extensions ends too early",
            "RFC 9110 §7.8: expected a response of HTTP/1.1, found HTTP/1.0",
            "RFC 6455 §4.1, 2: expected websocket alone in the field Upgrade, found 'h2c'",
            "RFC 6455 §4.1, 3: the field Connection does not name Upgrade",
            "RFC 6455 §4.1, 4: the field Sec-WebSocket-Accept does not belong to the key",
            "RFC 6455 §4.1, 6: the subprotocol 'other' was not offered",
            "RFC 6455 §4.1, 5: the extension 'b' was not offered",
        ]
    );
}

#[test]
fn an_answer_is_not_compared_with_a_key_that_is_none() {
    let (violations, _) = observed(&request(&["Sec-WebSocket-Key: short"]), &response(&[]));
    assert_eq!(violations, ["RFC 6455 §4.2.1, 5: expected a Sec-WebSocket-Key of 24 characters, found 5"]);
}

// §4.1, 1
#[test]
fn what_opens_nothing_agrees_on_nothing() {
    let refused = response(&["Upgrade"]).replace("101 Switching Protocols", "403 Forbidden");
    assert_eq!(observed(&request(&[]), &refused), (Vec::new(), None));
    assert_eq!(observed(&request(&["Host"]), &refused).0.len(), 1, "the request is checked all the same");
    assert_eq!(observed(&request(&["Upgrade"]), &response(&[])), (Vec::new(), None), "plain HTTP");
}

// RFC 7692 §5, §7.1
#[test]
fn what_was_agreed_on_follows_from_the_answer_and_the_offers() {
    let with = |server: (WindowBits, bool), client: (WindowBits, bool)| {
        let params = DeflateParams::new(Compression::new(server.0, server.1), Compression::new(client.0, client.1));
        Negotiated::elsewhere().with_deflate(params)
    };
    let max = WindowBits::MAX;
    for (offers, answer, expected) in [
        ("permessage-deflate", "permessage-deflate", Ok(with((max, true), (max, true)))),
        (
            "x-other, permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=9; server_no_context_takeover, x-other",
            Ok(with((max, false), (WindowBits::W9, true))),
        ),
        // The second of the offers is accepted; the first demanded what is not there.
        (
            "permessage-deflate; server_max_window_bits=10, permessage-deflate",
            "permessage-deflate; client_no_context_takeover",
            Ok(with((max, true), (max, false))),
        ),
        ("x-other", "permessage-deflate", Err("RFC 6455 §4.1, 5: the extension 'permessage-deflate' was not offered")),
        (
            "permessage-deflate; unknown",
            "permessage-deflate",
            Err("RFC 6455 §4.1, 5: the extension 'permessage-deflate' was not offered"),
        ),
        (
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate",
            Err("RFC 7692 §7.1: the extension's parameter 'server_max_window_bits' was demanded and is missing"),
        ),
        (
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits=9",
            Err(
                "RFC 7692 §7.1: the extension's parameter 'client_max_window_bits' with the value '9' does not answer the offer",
            ),
        ),
    ] {
        let asked = request(&[&format!("Sec-WebSocket-Extensions: {offers}")]);
        let (violations, negotiated) = observed(&asked, &response(&[&format!("Sec-WebSocket-Extensions: {answer}")]));
        match expected {
            Ok(expected) => assert_eq!((violations, negotiated), (Vec::new(), Some(expected)), "{offers}: {answer}"),
            Err(violation) => {
                assert_eq!((violations, negotiated), (vec![violation.to_owned()], Some(Negotiated::elsewhere())));
            }
        }
    }
    let asked = request(&["Sec-WebSocket-Extensions: permessage-deflate"]);
    let twice = response(&["Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate"]);
    let (violations, negotiated) = observed(&asked, &twice);
    assert_eq!(violations, ["RFC 7692 §5: the extension 'permessage-deflate' was accepted twice"]);
    assert_eq!(negotiated, Some(with((max, true), (max, true))));
}

// RFC 9112 §2
#[test]
fn heads_are_taken_as_they_come_from_another_stack_or_from_bytes() {
    let fields = [("host", "a"), ("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-version", "13")];
    let mut violations = Vec::new();
    let answer = ResponseParts::new(101, (1, 1), &[("upgrade", "websocket"), ("connection", "upgrade")]);
    assert!(observe(Parts::new("GET", "/", (1, 1), &fields), answer, &mut violations).is_some());
    assert_eq!(violations, [Violation::Request(RequestError::KeyMissing)]);
    assert!(Parts::from_bytes(b"GET / HT", &Limits::DEFAULT).unwrap().is_none());
    assert!(Parts::from_bytes(b"GET / HTTP/1.1\n", &Limits::DEFAULT).is_err());
    assert!(ResponseParts::from_bytes(b"HTTP/1.1 101 ", &Limits::DEFAULT).unwrap().is_none());
    assert!(ResponseParts::from_bytes(b"SSH-2.0", &Limits::DEFAULT).is_err());
    assert_eq!(Violation::Response(ResponseError::AcceptMissing).section(), "RFC 6455 §4.1, 4");
}
