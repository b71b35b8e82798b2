//! Plain HTTP on the port of a WebSocket server: health checks and pages. It is never an error of the WebSocket side.
#![cfg(feature = "alloc")]

use websocket_proto::handshake::{HttpRequest, Parts, Received, Refusal, RequestError, ServerHandshake};
use websocket_proto::wire::Limits;

fn plain(bytes: &[u8]) -> HttpRequest<'_> {
    match ServerHandshake::new(&Limits::DEFAULT).receive(bytes) {
        Ok(Some(Received::Http(request))) => request,
        other => panic!("{}: {other:?}", bytes.escape_ascii()),
    }
}

fn written(response: &Refusal<'_>) -> String {
    let mut out = Vec::new();
    response.write_to(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// HAProxy's `option httpchk` sends the first, nginx' `proxy_pass` the second, and `curl -0` the third.
#[test]
fn request_of_http_1_0_is_handed_out() {
    for (bytes, method, target) in [
        (&b"OPTIONS / HTTP/1.0\r\n\r\n"[..], "OPTIONS", "/"),
        (b"GET /page?a HTTP/1.0\r\nHost: b\r\nConnection: close\r\n\r\n", "GET", "/page?a"),
        (b"HEAD / HTTP/1.0\r\nUser-Agent: curl\r\n\r\n", "HEAD", "/"),
    ] {
        let request = plain(bytes);
        let found = (request.method(), request.target(), request.version(), request.head_len());
        assert_eq!(found, (method, target, (1, 0), bytes.len()));
        assert_eq!(request.check_host(), Ok(()), "HTTP/1.0 needs no Host");
    }
}

#[test]
fn request_of_a_later_minor_version_is_handed_out() {
    let request = plain(b"GET / HTTP/1.2\r\nHost: a\r\n\r\n");
    assert_eq!((request.version(), request.field("host").next()), ((1, 2), Some(&b"a"[..])));
}

#[test]
fn request_of_http_2_and_3_that_another_stack_parsed_is_handed_out() {
    for version in [(2, 0), (3, 0), (1, 0), (0, 9)] {
        let parts = Parts::new("POST", "/form", version, &[("content-length", "3")]);
        let Ok(Received::Http(request)) = Received::from_parts(parts) else { panic!("{version:?}") };
        assert_eq!((request.method(), request.target(), request.version()), ("POST", "/form", version));
        assert_eq!(request.check_host(), Ok(()), "there is :authority");
    }
}

/// RFC 9110 §15.6.6.
#[test]
fn another_major_version_is_answered_505() {
    for (bytes, major, minor) in [
        (&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], 2, 0),
        (b"GET / HTTP/0.9\r\n\r\n", 0, 9),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 9, 9),
    ] {
        let error = ServerHandshake::new(&Limits::DEFAULT).receive(bytes).unwrap_err();
        assert_eq!(error, RequestError::HttpVersion { major, minor });
        assert_eq!(error.response().status(), 505);
    }
}

/// RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host header
/// field and to any request message that contains more than one Host header field line or a Host header field with an invalid field
/// value."
#[test]
fn host_of_plain_http_that_is_missing_repeated_or_invalid_is_answered_400() {
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "the field Host is missing"),
        (b"GET / HTTP/1.2\r\n\r\n", "the field Host is missing"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "the field Host occurs more than once"),
        (b"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", "the field Host occurs more than once"),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "expected a host, with or without a port, found 'a b'"),
        (b"GET / HTTP/1.0\r\nHost: a%zz\r\n\r\n", "expected a host, with or without a port, found 'a%zz'"),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "expected a host, with or without a port, found ''"),
    ] {
        let error = plain(bytes).check_host().unwrap_err();
        assert_eq!((error.response().status(), error.to_string().as_str()), (400, expected));
    }
    for bytes in [&b"GET / HTTP/1.1\r\nHost: a:80\r\n\r\n"[..], b"GET / HTTP/1.1\r\nhOST: [::1]\r\n\r\n"] {
        assert_eq!(plain(bytes).check_host(), Ok(()));
    }
}

// RFC 9112 §6.3
#[test]
fn page_is_answered_with_its_length_and_the_connection_is_closed() {
    let request = plain(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let response = request.respond(200, &[("Content-Type", "text/html")], b"<p>Hello").unwrap();
    assert_eq!(
        written(&response),
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 8\r\n\r\n<p>Hello"
    );
    for status in [0, 100, 101, 199, 600] {
        assert!(request.respond(status, &[], b"").is_err(), "{status}");
    }
    assert!(request.respond(200, &[("A", "b\r\nC: d")], b"").is_err());
}

/// RFC 9110 §9.3.2: "the server MUST NOT send content in the response".
#[test]
fn answer_to_head_has_no_content() {
    let request = plain(b"HEAD / HTTP/1.0\r\n\r\n");
    let response = request.respond(200, &[], b"<p>Hello").unwrap();
    assert_eq!(written(&response), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n");
    assert_eq!(response.body(), b"");
    assert!(written(&request.upgrade_required()).ends_with("\r\nContent-Length: 40\r\n\r\n"));
    let error = plain(b"HEAD / HTTP/1.1\r\n\r\n").check_host().unwrap_err();
    assert!(written(&error.response().to_head()).ends_with("\r\n\r\n"));
}

#[test]
fn refusal_of_an_upgrade_by_head_has_no_content() {
    for version in ["1.0", "1.1"] {
        let head = format!("HEAD / HTTP/{version}\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        let error = ServerHandshake::new(&Limits::DEFAULT).receive(head.as_bytes()).unwrap_err();
        let response = written(&error.response());
        assert!(response.starts_with("HTTP/1.1 405 ") && response.ends_with("\r\n\r\n"), "{response}");
        assert!(response.contains("\r\nAllow: GET\r\n"));
    }
}

/// RFC 9110 §15.3.5 and §15.4.5, and §8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of
/// 1xx (Informational) or 204 (No Content)."
#[test]
fn response_204_and_304_have_no_content() {
    let request = plain(b"OPTIONS / HTTP/1.0\r\n\r\n");
    let response = request.respond(204, &[], b"body").unwrap();
    assert_eq!(written(&response), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let response = Refusal::new(304, &[("ETag", "\"a\"")], b"body").unwrap();
    assert_eq!(written(&response), "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nConnection: close\r\n\r\n");
    assert_eq!(response.body(), b"");
}

#[test]
fn body_is_bytes_as_the_application_gave_them() {
    let gzip = [0x1f, 0x8b, 0x08, 0x00, 0xff];
    let response = Refusal::new(404, &[("Content-Encoding", "gzip")], &gzip).unwrap();
    assert_eq!(response.body(), gzip);
    let mut out = Vec::new();
    response.write_to(&mut out).unwrap();
    assert!(out.ends_with(&gzip));
}
