//! What a server's application may answer to a request, and what it may not.
#![cfg(feature = "alloc")]

use websocket_proto::handshake::{
    AcceptError, FieldFault, InvalidUrl, Key, Parts, Received, Request, RequestError, Scheme, ServerHandshake, WsUrl,
};
use websocket_proto::wire::{FixedOutput, Limits};

/// The request of RFC 6455 §1.3, with these fields after it.
fn head(fields: &str) -> Vec<u8> {
    format!(
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    )
    .into_bytes()
}

fn request(bytes: &[u8]) -> Request<'_> {
    match ServerHandshake::new(&Limits::DEFAULT).receive(bytes) {
        Ok(Some(Received::Upgrade(request))) => request,
        other => panic!("{}: {other:?}", bytes.escape_ascii()),
    }
}

#[test]
fn application_picks_one_of_the_offered_subprotocols_or_none() {
    let bytes = head("Sec-WebSocket-Protocol: chat, superchat\r\n");
    let request = request(&bytes);
    let mut out = Vec::new();
    let _negotiated = request.accept().subprotocol("superchat").write_to(&mut out).unwrap();
    assert!(String::from_utf8_lossy(&out).contains("\r\nSec-WebSocket-Protocol: superchat\r\n"));
    out.clear();
    let _negotiated = request.accept().write_to(&mut out).unwrap();
    assert!(!String::from_utf8_lossy(&out).contains("Protocol: "));
    for other in ["other", "Chat", "chat, superchat", "", "chat\r\nX: y"] {
        let mut out = Vec::new();
        let error = request.accept().subprotocol(other).write_to(&mut out).unwrap_err();
        assert_eq!((error, out.len()), (AcceptError::SubprotocolNotOffered, 0), "{other:?}");
    }
}

#[test]
fn origin_is_handed_out_and_checked_against_a_list() {
    let bytes = head("Origin: https://Example.com\r\n");
    let request = request(&bytes);
    assert_eq!(request.origin(), Some(&b"https://Example.com"[..]));
    assert_eq!(request.check_origin(&["https://other.example", "https://example.com"]), Ok(()));
    for allowed in [&[][..], &["https://example.com:443"], &["https://example.co"], &["http://example.com"], &["*"]] {
        let error = request.check_origin(allowed).unwrap_err();
        let mut out = Vec::new();
        error.response().write_to(&mut out).unwrap();
        assert!(out.starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
        assert!(out.ends_with(b"\r\n\r\nthe origin 'https://Example.com' is not allowed\n"));
    }
}

#[test]
fn request_without_origin_comes_from_no_browser_and_passes() {
    let bytes = head("");
    let request = request(&bytes);
    assert_eq!((request.origin(), request.check_origin(&[])), (None, Ok(())));
}

#[test]
fn fields_of_the_application_can_smuggle_nothing() {
    let bytes = head("");
    let request = request(&bytes);
    for (field, fault) in [
        (("A", "b\r\nC: d"), FieldFault::Value { byte: b'\r' }),
        (("A", "b\nC: d"), FieldFault::Value { byte: b'\n' }),
        (("A", "b\0"), FieldFault::Value { byte: 0 }),
        (("A", "\x7f"), FieldFault::Value { byte: 0x7f }),
        (("A: b\r\nC", "d"), FieldFault::Name),
        (("A b", "c"), FieldFault::Name),
        (("", "b"), FieldFault::Name),
        (("A:", "b"), FieldFault::Name),
        (("\u{e4}", "b"), FieldFault::Name),
        (("connection", "close"), FieldFault::Reserved),
        (("UPGRADE", "h2c"), FieldFault::Reserved),
        (("Sec-WebSocket-Accept", "a"), FieldFault::Reserved),
        (("Sec-WebSocket-Protocol", "a"), FieldFault::Reserved),
        (("Sec-WebSocket-Extensions", "a"), FieldFault::Reserved),
        (("Content-Length", "3"), FieldFault::Reserved),
        (("Transfer-Encoding", "chunked"), FieldFault::Reserved),
    ] {
        let fields = [("Fine", "\tvalue \u{e4}"), field];
        let mut out = Vec::new();
        let error = request.accept().fields(&fields).write_to(&mut out).unwrap_err();
        let AcceptError::Field(error) = error else { panic!("{field:?}: {error}") };
        assert_eq!((error.index, error.fault), (1, fault), "{field:?}");
        assert!(out.is_empty());
        let rejection = request.reject(404, &fields, b"");
        // What belongs to the opening alone harms no refusal.
        let opening = fault == FieldFault::Reserved && (field.0.starts_with("Sec-") || field.0 == "UPGRADE");
        assert_eq!(rejection.is_ok(), opening, "{field:?}");
    }
}

#[test]
fn response_is_written_wholly_or_not_at_all() {
    let bytes = head("");
    let request = request(&bytes);
    let mut whole = Vec::new();
    let _negotiated = request.accept().write_to(&mut whole).unwrap();
    for room in 0..whole.len() {
        let mut memory = vec![0; room];
        let mut out = FixedOutput::new(&mut memory);
        assert!(matches!(request.accept().write_to(&mut out), Err(AcceptError::Output(_))), "{room}");
        assert!(out.written().is_empty());
    }
    let mut memory = vec![0; whole.len()];
    let mut out = FixedOutput::new(&mut memory);
    let _negotiated = request.accept().write_to(&mut out).unwrap();
    assert_eq!(out.written(), whole);
}

#[test]
fn refusal_of_the_application_has_a_status_that_refuses() {
    let bytes = head("");
    let request = request(&bytes);
    for status in [0, 99, 100, 101, 200, 204, 299, 600, 1000, u16::MAX] {
        assert!(request.reject(status, &[], b"").is_err(), "{status}");
    }
    let mut out = Vec::new();
    let refusal = request.reject(401, &[("WWW-Authenticate", "Basic realm=\"a\"")], b"{}\r\n").unwrap();
    refusal.write_to(&mut out).unwrap();
    assert_eq!(
        out,
        b"HTTP/1.1 401 Unauthorized\r\n\
          WWW-Authenticate: Basic realm=\"a\"\r\n\
          Connection: close\r\n\
          Content-Length: 4\r\n\r\n{}\r\n"
    );
}

#[test]
fn handshake_is_small() {
    assert!(size_of::<ServerHandshake>() <= 128);
    assert!(size_of::<RequestError>() <= 32);
}

/// RFC 6454 §5: the same origin has the same scheme, host and port.
// RFC 6454 §4, §6.2
// RFC 3986 §3.1: the letter case of a scheme does not matter.
#[test]
fn same_origin_has_the_scheme_host_and_port_of_the_server() {
    let judge = |host: &str, origin: &str, scheme, allowed: &[&str]| {
        let bytes =
            String::from_utf8(head(&format!("Origin: {origin}\r\n"))).unwrap().replace("server.example.com", host);
        request(bytes.as_bytes()).check_same_origin(scheme, allowed).is_ok()
    };
    for (host, origin, scheme) in [
        ("a.example", "https://a.example", Scheme::Https),
        ("a.example", "HTTPS://A.Example:443", Scheme::Https),
        ("a.example:443", "https://a.example", Scheme::Https),
        ("a.example:8080", "http://a.example:8080", Scheme::Http),
        ("[::1]:80", "http://[::1]", Scheme::Http),
    ] {
        assert!(judge(host, origin, scheme, &[]), "{host} {origin}");
    }
    for (host, origin, scheme) in [
        ("a.example", "http://a.example", Scheme::Https),
        ("a.example", "https://a.example", Scheme::Http),
        ("a.example", "https://a.example:8443", Scheme::Https),
        ("a.example", "https://b.example", Scheme::Https),
        ("a.example", "https://a.example.evil", Scheme::Https),
        ("a.example", "https://evil-a.example", Scheme::Https),
        ("a.example", "https://a.example/", Scheme::Https),
        ("a.example", "https://user@a.example", Scheme::Https),
        ("a.example", "https://a.example https://b.example", Scheme::Https),
        ("a.example", "a.example", Scheme::Https),
        ("a.example", "https:a.example", Scheme::Https),
        ("a.example", "null", Scheme::Https),
        ("a.example", "", Scheme::Https),
    ] {
        assert!(!judge(host, origin, scheme, &[]), "{host} {origin}");
    }
    assert!(judge("a.example", "https://b.example", Scheme::Https, &["https://c.example", "https://b.example"]));
    assert!(judge("a.example", "null", Scheme::Https, &["null"]));
    let bytes = head("Origin: https://evil.example\r\n");
    let error = request(&bytes).check_same_origin(Scheme::Https, &[]).unwrap_err();
    assert_eq!(error.response().status(), 403);
    let bytes = head("");
    assert_eq!(request(&bytes).check_same_origin(Scheme::Https, &[]), Ok(()), "no browser");
}

/// The body of a refusal is the whole sentence, also where each byte of what was refused takes four to be shown.
#[test]
fn longest_sentence_is_in_the_refusal() {
    let value = "\u{e4}".repeat(40);
    let whole = |fields: &str| {
        let head = format!("GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{fields}\r\n");
        let error = ServerHandshake::new(&Limits::DEFAULT).receive(head.as_bytes()).unwrap_err();
        assert_eq!(error.response().body(), format!("{error}\n").as_bytes());
        error.to_string()
    };
    assert!(whole(&format!("Host: {value}\r\n")).len() > 120);
    whole(&format!("Host: a\r\nSec-WebSocket-Version: {value}\r\n"));
    let right = "Host: a\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    whole(&format!("{right}Sec-WebSocket-Protocol: {value}\r\n"));
    let parts = Parts::new("GET", &value, (1, 1), &[("upgrade", "websocket")]);
    let error = Received::from_parts(parts).unwrap_err();
    assert!(matches!(error, RequestError::Target { .. }));
    assert_eq!(error.response().body(), format!("{error}\n").as_bytes());
}

#[test]
fn keys_and_uris_convert_from_and_to_text() {
    let text = "dGhlIHNhbXBsZSBub25jZQ==";
    let key: Key = text.parse().unwrap();
    assert_eq!((Key::try_from(text), Key::try_from(text.as_bytes())), (Ok(key), Ok(key)));
    assert_eq!((key.to_string().as_str(), key.as_ref()), (text, text));
    assert!("short".parse::<Key>().is_err());
    let accept = key.accept();
    assert_eq!((accept.to_string().as_str(), accept.as_ref()), ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept.as_str()));
    assert!(accept == *"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" && accept != b"s3pPLMBiTxaQ9kYGzzhZRbK+xOp="[..]);
    for (url, shown) in [
        ("ws://a.example/chat?b=c", "ws://a.example/chat?b=c"),
        ("WSS://a.example:443", "wss://a.example"),
        ("ws://[::1]:8080?b", "ws://[::1]:8080?b"),
    ] {
        let parsed = WsUrl::try_from(url).unwrap();
        assert_eq!(parsed.to_string(), shown);
        assert_eq!(WsUrl::parse(shown), Ok(parsed), "what is shown means the same");
    }
    assert!(WsUrl::try_from("http://a/").is_err());
}

/// `face.cafe` and `v1.x` in brackets must not be resolved as names.
#[test]
fn ip_literal_of_a_uri_is_an_address() {
    for url in ["ws://[face.cafe]/", "ws://[127.0.0.1]/", "ws://[:::::::]/", "ws://[.]/", "ws://a%zz/"] {
        assert_eq!(WsUrl::parse(url), Err(InvalidUrl::Host), "{url}");
    }
    let host = |url| WsUrl::parse(url).unwrap().host();
    assert_eq!((host("ws://[::ffff:127.0.0.1]/"), host("ws://[v1.x]/")), ("::ffff:127.0.0.1", "[v1.x]"));
}
