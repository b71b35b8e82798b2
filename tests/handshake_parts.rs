//! Heads that another HTTP/1.1 stack has parsed, for both sides, in the forms in which such stacks keep them.
#![cfg(feature = "alloc")]

use std::collections::BTreeMap;

use websocket_proto::handshake::{Answer, ClientRequest, FieldSection, Parts, Received, ResponseError, StartError};

/// The request of RFC 6455 §1.3.
const REQUEST: [(&str, &[u8]); 6] = [
    ("Host", b"server.example.com"),
    ("Upgrade", b"websocket"),
    ("Connection", b"Upgrade"),
    ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", b"chat, superchat"),
    ("Sec-WebSocket-Version", b"13"),
];

/// Its answer.
const RESPONSE: [(&str, &str); 4] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ("Sec-WebSocket-Protocol", "chat"),
];

/// A map like those of HTTP stacks: its iterator is not `Clone`, and names and values are types of its own.
#[derive(Default)]
struct HeaderMap(Vec<(Name, Value)>);
struct Name(String);
struct Value(Vec<u8>);
struct Iter<'m>(std::slice::Iter<'m, (Name, Value)>);

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<'m> Iterator for Iter<'m> {
    type Item = (&'m Name, &'m Value);
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }
}

impl<'m> IntoIterator for &'m HeaderMap {
    type Item = (&'m Name, &'m Value);
    type IntoIter = Iter<'m>;
    fn into_iter(self) -> Iter<'m> {
        Iter(self.0.iter())
    }
}

fn accepted<'b>(fields: impl FieldSection<'b>) {
    let Ok(Received::Upgrade(request)) = Received::from_parts(Parts::new("GET", "/chat", (1, 1), fields)) else {
        panic!("not an upgrade")
    };
    assert!(request.subprotocols().eq(["chat", "superchat"]));
    assert_eq!(request.field("HOST").collect::<Vec<_>>(), [b"server.example.com"]);
    assert_eq!(request.fields().count(), 6);
    let response = request.accept().subprotocol("chat").response().unwrap();
    assert!(response.fields().any(|field| field == ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
}

#[test]
#[allow(clippy::needless_borrows_for_generic_args)] // References are what is tested.
fn request_is_taken_from_any_form_of_fields() {
    accepted(REQUEST);
    accepted(&REQUEST);
    accepted(&REQUEST[..]);
    accepted(REQUEST.iter().copied());
    accepted(&REQUEST.map(|(name, value)| (name.to_owned(), value.to_vec())).to_vec());
    accepted(&BTreeMap::from(REQUEST));
    accepted(&HeaderMap(REQUEST.map(|(name, value)| (Name(name.to_owned()), Value(value.to_vec()))).into()));
}

#[test]
fn list_over_several_fields_is_read_from_a_map_whose_iterator_is_not_clone() {
    let mut map = HeaderMap::default();
    for (name, value) in REQUEST.iter().chain(&[("sec-websocket-protocol", &b"third"[..])]) {
        map.0.push((Name((*name).to_owned()), Value(value.to_vec())));
    }
    let Ok(Received::Upgrade(request)) = Received::from_parts(Parts::new("GET", "/chat", (1, 1), &map)) else {
        panic!("not an upgrade")
    };
    assert!(request.subprotocols().eq(["chat", "superchat", "third"]));
}

#[test]
fn client_gives_the_requests_parts_and_takes_the_responses() {
    let upgrade = ClientRequest::new("server.example.com", "/chat")
        .subprotocols(["chat", "superchat"])
        .origin("http://example.com")
        .fields(&[("Cookie", "a=b")])
        .upgrade(*b"the sample nonce")
        .unwrap();
    assert_eq!(upgrade.target(), "/chat");
    assert!(upgrade.fields().eq([
        ("host", "server.example.com"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
        ("origin", "http://example.com"),
        ("sec-websocket-protocol", "chat"),
        ("sec-websocket-protocol", "superchat"),
        ("Cookie", "a=b"),
    ]));
    // What is waited with needs nothing of the request.
    let pending = upgrade.into_pending();
    let Ok(Answer::Open(response)) = pending.receive(101, (1, 1), &RESPONSE) else { panic!("not open") };
    assert_eq!(response.subprotocol(), Some("chat"));
}

#[test]
fn response_that_another_stack_parsed_is_judged_like_one_of_bytes() {
    let upgrade =
        ClientRequest::new("server.example.com", "/chat").subprotocols(["chat"]).upgrade(*b"the sample nonce").unwrap();
    let without = |name: &str| RESPONSE.iter().copied().filter(|(other, _)| *other != name).collect::<Vec<_>>();
    assert_eq!(
        upgrade.receive(101, (1, 0), &RESPONSE).map(drop),
        Err(ResponseError::HttpVersion { major: 1, minor: 0 })
    );
    assert_eq!(upgrade.receive(101, (1, 1), &without("Upgrade")).map(drop), Err(ResponseError::UpgradeMissing));
    assert_eq!(
        upgrade.receive(101, (1, 1), &without("Connection")).map(drop),
        Err(ResponseError::ConnectionWithoutUpgrade)
    );
    assert_eq!(
        upgrade.receive(101, (1, 1), &without("Sec-WebSocket-Accept")).map(drop),
        Err(ResponseError::AcceptMissing)
    );
    let Ok(Answer::Refused(response)) = upgrade.receive(401, (1, 1), &[("www-authenticate", "Basic")]) else {
        panic!("not refused")
    };
    assert_eq!((response.status(), response.reason()), (401, &b""[..]));
    assert_eq!(response.field("WWW-Authenticate").next(), Some(&b"Basic"[..]));
}

#[test]
fn parts_of_a_request_are_checked_before_they_are_given() {
    let nonce = [7; 16];
    assert_eq!(ClientRequest::new("a b", "/").upgrade(nonce).map(drop), Err(StartError::Host));
    assert_eq!(ClientRequest::new("a", "/ b").upgrade(nonce).map(drop), Err(StartError::Target));
    // The parts are borrowed: there is no place for a "/" before the query.
    assert_eq!(ClientRequest::new("a", "?b").upgrade(nonce).map(drop), Err(StartError::Target));
    assert_eq!(ClientRequest::new("a", "").upgrade(nonce).unwrap().target(), "/");
}
