//! `{:?}` of heads, fields and errors is fit for a log: it shows no cookie, no credential, no key and no body.
#![cfg(feature = "alloc")]

use std::fmt::Debug;

use websocket_proto::handshake::{
    Answer, ClientRequest, ConnectHead, ConnectRequest, Key, Parts, Received, Refusal, Scheme, ServerHandshake, WsUrl,
};
use websocket_proto::wire::Limits;

/// A part of every secret here.
const SECRET: &str = "hunter2";

const FIELDS: &[(&str, &str)] = &[
    ("Authorization", "Bearer hunter2"),
    ("Proxy-Authorization", "Basic hunter2"),
    ("Cookie", "session=hunter2"),
    ("Set-Cookie", "session=hunter2"),
    ("X-Api-Key", "hunter2"),
];

const REQUEST: &str = "GET /chat?token=hunter2 HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: bearer.hunter2\r\n";

fn head(start: &str) -> String {
    let fields: String = FIELDS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{start}{fields}\r\n")
}

/// Checks that nothing secret is shown, and that what helps to find a fault is.
fn check(value: &dyn Debug, shown: &[&str]) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        // A byte string may be shown as numbers.
        let numbers = format!("{:?}", SECRET.as_bytes());
        let numbers = numbers.trim_matches(['[', ']']);
        assert!(!text.contains(SECRET) && !text.contains(numbers), "{text}");
        assert!(!text.contains("dGhlIHNhbXBsZSBub25jZQ"), "{text}");
        for part in shown {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}

#[test]
fn server_side_shows_no_secret() {
    let bytes = head(REQUEST);
    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    let received = handshake.receive(bytes.as_bytes()).unwrap().unwrap();
    check(&received, &["server.example.com", "/chat", "Cookie", "<15 bytes>"]);
    check(&handshake, &[]);
    let Received::Upgrade(request) = &received else { panic!("an upgrade") };
    check(request, &["Authorization"]);
    check(&request.fields(), &["Set-Cookie"]);
    check(&request.accept().fields(FIELDS).subprotocol("bearer.hunter2"), &["X-Api-Key"]);
    check(&request.accept().fields(FIELDS).subprotocol("bearer.hunter2").response().unwrap(), &["101", "Set-Cookie"]);
    check(&request.reject(404, FIELDS, b"hunter2").unwrap(), &["404", "Set-Cookie"]);
    check(&Refusal::new(404, FIELDS, b"hunter2").unwrap(), &["404"]);

    let plain = head("GET /page?token=hunter2 HTTP/1.1\r\nHost: a\r\n");
    let received = ServerHandshake::new(&Limits::DEFAULT).receive(plain.as_bytes()).unwrap().unwrap();
    check(&received, &["GET", "/page", "Host: a"]);

    let parts = Parts::new("GET", "/page?token=hunter2", (1, 1), FIELDS);
    check(&parts, &["GET", "/page"]);
    check(&Received::from_parts(parts).unwrap(), &["/page"]);
    let connect = ConnectHead::new("websocket", "https", "a", "/page?token=hunter2");
    check(&connect, &["websocket", "/page"]);
    let fields = [("sec-websocket-version", "13"), ("cookie", SECRET), ("sec-websocket-protocol", SECRET)];
    check(&ConnectRequest::from_connect(connect, &fields).unwrap(), &["/page"]);
}

#[test]
fn client_side_shows_no_secret() {
    let nonce = *b"the sample nonce";
    let request =
        ClientRequest::new("server.example.com", "/chat?token=hunter2").subprotocols(["bearer.hunter2"]).fields(FIELDS);
    check(&request, &["server.example.com", "/chat", "Cookie"]);
    let connect = request.connect(Scheme::Https).unwrap();
    check(&connect, &["Cookie"]);
    check(&connect.into_pending(), &[]);
    let upgrade = request.upgrade(nonce).unwrap();
    check(&upgrade, &["Cookie"]);
    check(&upgrade.into_pending(), &[]);
    let mut handshake = request.start(nonce, &Limits::DEFAULT, &mut Vec::new()).unwrap();
    check(&handshake, &[]);

    let opened = head(
        "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: bearer.hunter2\r\n",
    );
    let answer = handshake.receive(opened.as_bytes()).unwrap().unwrap();
    check(&answer, &["websocket", "Set-Cookie"]);
    let Answer::Open(_) = answer else { panic!("open") };
    let refused = head("HTTP/1.1 401 No\r\n");
    check(&handshake.receive(refused.as_bytes()).unwrap(), &["401", "No", "Set-Cookie"]);
    check(&WsUrl::parse("wss://a/?token=hunter2").unwrap(), &["a"]);
    check(&Key::from_nonce(nonce), &["Key"]);
}
