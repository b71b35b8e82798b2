//! Heads that another HTTP stack has parsed: HTTP/1.1, and the extended CONNECT of RFC 8441 and RFC 9220.
#![cfg(feature = "alloc")]

use websocket_proto::handshake::{
    Answer, ClientRequest, ConnectHead, ConnectRequest, Parts, Received, RequestError, ResponseError, Scheme,
    ServerHandshake, StartError,
};
use websocket_proto::wire::Limits;

type Field = (&'static str, &'static [u8]);

const UPGRADE: &[Field] = &[
    ("host", b"server.example.com"),
    ("upgrade", b"websocket"),
    ("connection", b"Upgrade"),
    ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-version", b"13"),
    ("sec-websocket-protocol", b"chat"),
];

/// The example of RFC 8441 §5.1.
const CONNECT: ConnectHead<'static> = ConnectHead::new("websocket", "https", "server.example.com", "/chat");
const FIELDS: &[Field] = &[("sec-websocket-version", b"13"), ("sec-websocket-protocol", b"chat, superchat")];

fn connect(head: ConnectHead<'static>, fields: &[Field]) -> Result<(), RequestError> {
    ConnectRequest::from_connect(head, fields.iter().copied()).map(drop)
}

#[test]
fn head_of_another_stack_is_judged_like_bytes() {
    let changes: &[Option<Field>] = &[
        None,
        Some(("host", b"twice")),
        Some(("upgrade", b"h2c")),
        Some(("Connection", b"close")),
        Some(("sec-websocket-key", b"twice")),
        Some(("Sec-WebSocket-Version", b"13")),
        Some(("content-length", b"3")),
        Some(("Transfer-Encoding", b"chunked")),
        Some(("sec-websocket-extensions", b"a;")),
        Some(("sec-websocket-extensions", b"a")),
        Some(("sec-websocket-protocol", b"a b")),
        Some(("origin", b"\xff")),
    ];
    for method in ["GET", "POST"] {
        for target in ["/chat", "*", "http://a/b", "a"] {
            for version in [(1, 1), (1, 0)] {
                for left_out in 0..=UPGRADE.len() {
                    for change in changes {
                        let mut fields: Vec<Field> = UPGRADE.to_vec();
                        if left_out < fields.len() {
                            fields.remove(left_out);
                        }
                        fields.extend(change);
                        let mut bytes = format!("{method} {target} HTTP/{}.{}\r\n", version.0, version.1).into_bytes();
                        for (name, value) in &fields {
                            bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
                        }
                        bytes.extend_from_slice(b"\r\n");
                        let parts = Parts::new(method, target, version, fields);
                        let by_parts =
                            Received::from_parts(parts).map(|received| matches!(received, Received::Upgrade(_)));
                        let by_bytes = ServerHandshake::new(&Limits::DEFAULT)
                            .receive(&bytes)
                            .map(|received| matches!(received.unwrap(), Received::Upgrade(_)));
                        assert_eq!(by_parts, by_bytes, "{}", bytes.escape_ascii());
                    }
                }
            }
        }
    }
}

#[test]
fn bytes_in_a_target_that_no_scanner_saw_are_refused() {
    for target in ["/a b", "/a#b", "/\r\n", "/\u{e4}", ""] {
        let parts = Parts::new("GET", target, (1, 1), UPGRADE);
        assert!(matches!(Received::from_parts(parts), Err(RequestError::Target { .. })), "{target:?}");
    }
}

#[test]
fn answer_to_a_head_of_another_stack_is_status_and_fields() {
    let parts = Parts::new("GET", "/chat", (1, 1), UPGRADE.iter().copied());
    let Ok(Received::Upgrade(request)) = Received::from_parts(parts) else { panic!() };
    let response = request.accept().subprotocol("chat").fields(&[("x-name", "value")]).response().unwrap();
    assert_eq!(response.status(), 101);
    assert!(response.fields().eq([
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "chat"),
        ("x-name", "value"),
    ]));
    assert!(request.accept().subprotocol("other").response().is_err());
    assert!(request.accept().fields(&[("a", "b\n")]).response().is_err());
    let refusal = RequestError::KeyMissing.response();
    assert_eq!(refusal.status(), 400);
    assert!(refusal.fields().eq([("connection", "close"), ("content-type", "text/plain")]));
    assert_eq!(refusal.body(), b"the field Sec-WebSocket-Key is missing\n");
}

// RFC 8441 §4, §5
#[test]
fn extended_connect_is_accepted_with_200_and_without_a_key() {
    let request = ConnectRequest::from_connect(CONNECT, FIELDS.iter().copied()).unwrap();
    assert_eq!((request.host(), request.path()), ("server.example.com", "/chat"));
    let response = request.accept().subprotocol("superchat").fields(&[("x-name", "value")]).response().unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.fields().eq([("sec-websocket-protocol", "superchat"), ("x-name", "value")]));
}

// RFC 9220 §3
#[test]
fn extended_connect_for_another_protocol_is_answered_501() {
    let error = connect(ConnectHead::new("connect-udp", "https", "server.example.com", "/chat"), FIELDS).unwrap_err();
    assert!(matches!(error, RequestError::ConnectProtocol { .. }));
    assert_eq!(error.response_to_connect().status(), 501);
}

#[test]
fn pseudo_header_fields_that_name_no_resource_are_answered_400() {
    for head in [
        ConnectHead::new("websocket", "wss", "server.example.com", "/chat"),
        ConnectHead::new("websocket", "", "server.example.com", "/chat"),
        ConnectHead::new("websocket", "https", "server.example.com", ""),
        ConnectHead::new("websocket", "https", "server.example.com", "*"),
        ConnectHead::new("websocket", "https", "server.example.com", "chat"),
        ConnectHead::new("websocket", "https", "server.example.com", "/chat#a"),
        ConnectHead::new("websocket", "https", "server.example.com", "https://a/"),
        ConnectHead::new("websocket", "https", "", "/chat"),
        ConnectHead::new("websocket", "https", "user@a", "/chat"),
    ] {
        assert_eq!(connect(head, FIELDS).unwrap_err().response_to_connect().status(), 400, "{head:?}");
    }
    connect(ConnectHead::new("websocket", "http", "[::1]:8080", "/?a=b"), FIELDS).unwrap();
}

#[test]
fn version_of_an_extended_connect_is_13_and_the_refusal_has_nothing_of_http_1() {
    for fields in [&[][..], &[("sec-websocket-version", &b"8"[..])]] {
        let refusal = connect(CONNECT, fields).unwrap_err().response_to_connect();
        assert_eq!(refusal.status(), 400);
        assert!(refusal.fields().eq([("sec-websocket-version", "13"), ("content-type", "text/plain")]));
    }
}

#[test]
fn fields_of_an_extended_connect_are_judged() {
    for (name, value, error) in [
        ("connection", &b"upgrade"[..], RequestError::ConnectionField),
        ("Upgrade", b"websocket", RequestError::ConnectionField),
        ("transfer-encoding", b"chunked", RequestError::ConnectionField),
        ("keep-alive", b"1", RequestError::ConnectionField),
        ("proxy-connection", b"1", RequestError::ConnectionField),
        ("te", b"gzip", RequestError::ConnectionField),
        ("content-length", b"3", RequestError::Body),
        ("sec-websocket-version", b"13", RequestError::VersionRepeated),
        ("sec-websocket-extensions", b"", RequestError::ExtensionsEmpty),
    ] {
        let fields = [FIELDS, &[(name, value)]].concat();
        assert_eq!(connect(CONNECT, &fields), Err(error), "{name}");
    }
    let other_host = [FIELDS, &[("host", &b"other"[..])]].concat();
    assert!(matches!(connect(CONNECT, &other_host), Err(RequestError::HostMismatch { .. })));
    for (name, value) in [
        ("te", &b"trailers"[..]),
        ("host", b"Server.example.com"),
        ("sec-websocket-key", b"ignored"),
        // As long as a name that matters, and another.
        ("xe", b"gzip"),
        ("xeep-alive", b"1"),
        ("xonnection", b"upgrade"),
        ("xroxy-connection", b"1"),
        ("xransfer-encoding", b"chunked"),
        ("xontent-length", b"3"),
    ] {
        assert_eq!(connect(CONNECT, &[FIELDS, &[(name, value)]].concat()), Ok(()), "{name}");
    }
}

// RFC 8441 §5; RFC 9110 §9.3.6
#[test]
fn client_sends_an_extended_connect_and_checks_its_answer() {
    let request = ClientRequest::new("a:81", "").origin("http://b").subprotocols(&["c", "d"]).fields(&[("e", "f")]);
    let connect = request.connect(Scheme::Http).unwrap();
    assert!(connect.fields().eq([
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "a:81"),
        (":path", "/"),
        ("sec-websocket-version", "13"),
        ("origin", "http://b"),
        ("sec-websocket-protocol", "c"),
        ("sec-websocket-protocol", "d"),
        ("e", "f"),
    ]));
    let receive = |status, fields: &'static [Field]| connect.receive(status, fields.iter().copied());
    let Ok(Answer::Open(response)) = receive(200, &[("sec-websocket-protocol", b"d"), ("x", b"y")]) else { panic!() };
    assert_eq!((response.subprotocol(), response.fields().count()), (Some("d"), 2));
    let Ok(Answer::Refused(response)) = receive(403, &[("sec-websocket-protocol", b"z")]) else { panic!() };
    assert_eq!(response.status(), 403);
    assert!(matches!(receive(101, &[]), Ok(Answer::Refused(_))));
    assert!(matches!(
        receive(200, &[("sec-websocket-protocol", b"D")]),
        Err(ResponseError::SubprotocolNotOffered { .. })
    ));
    assert!(matches!(
        receive(200, &[("sec-websocket-extensions", b"z")]),
        Err(ResponseError::ExtensionNotOffered { .. })
    ));
    assert!(matches!(ClientRequest::new("a", "?b").connect(Scheme::Https), Err(StartError::Target)));
}

#[test]
fn own_server_accepts_what_own_client_sends() {
    let connect = ClientRequest::new("a", "/b").subprotocols(&["c", "d"]).connect(Scheme::Https).unwrap();
    let (pseudo, fields): (Vec<_>, Vec<_>) = connect.fields().partition(|(name, _)| name.starts_with(':'));
    let value = |name| pseudo.iter().find(|(found, _)| *found == name).unwrap().1;
    let head = ConnectHead::new(value(":protocol"), value(":scheme"), value(":authority"), value(":path"));
    let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    let request = ConnectRequest::from_connect(head, fields).unwrap();
    assert!(request.subprotocols().eq(["c", "d"]));
    let response = request.accept().subprotocol("d").response().unwrap();
    let fields: Vec<(&str, &[u8])> = response.fields().map(|(name, value)| (name, value.as_bytes())).collect();
    assert!(matches!(connect.receive(response.status(), fields.into_iter()), Ok(Answer::Open(_))));
}

/// RFC 9113 §8.3.1: a `Host` that names another entity than the `:authority` is to be refused.
// RFC 9110 §4.2
// RFC 3986 §6.2.2
#[test]
fn host_beside_the_authority_names_the_same_host_and_port() {
    let judge = |scheme: &'static str, authority: &'static str, host: &'static [u8]| {
        let head = ConnectHead::new("websocket", scheme, authority, "/");
        connect(head, &[FIELDS, &[("host", host)]].concat())
    };
    for (scheme, authority, host) in [
        ("https", "a:443", &b"a"[..]),
        ("https", "a", b"A:443"),
        ("http", "a:80", b"a"),
        ("https", "[::1]", b"[0:0:0::1]:443"),
        // A gateway from HTTP/1.1 may leave the authority out.
        ("https", "", b"a"),
    ] {
        assert_eq!(judge(scheme, authority, host), Ok(()), "{scheme} {authority}");
    }
    for (scheme, authority, host) in
        [("http", "a:443", &b"a"[..]), ("https", "a:80", b"a"), ("https", "a", b"b"), ("https", "[::1]", b"[::2]")]
    {
        let error = judge(scheme, authority, host).unwrap_err();
        assert!(matches!(error, RequestError::HostMismatch { .. }), "{scheme} {authority}: {error}");
    }
    assert!(matches!(judge("https", "a", b"a b"), Err(RequestError::InvalidHost { .. })));
    assert!(matches!(judge("https", "", b""), Err(RequestError::InvalidHost { .. })));
}
