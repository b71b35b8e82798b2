//! The servers of HTTP/1.1, byte by byte: what is refused and how, a page beside, bytes that follow the head at once.

use crate::support::{Raw, exchange, start, whole_body};
use stacks::{PAGE, Server};

/// The request of RFC 6455 §1.3 for the echo, with other fields where a test wants them.
fn upgrade(method: &str, key: &str, version: &str, more: &str) -> Vec<u8> {
    format!(
        "{method} /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n{more}\r\n"
    )
    .into_bytes()
}

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// §5.7: "A single-frame masked text message", "Hello".
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

/// A masked Close with 1000, and the same as a server sends it.
const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
const CLOSE_OF_SERVER: [u8; 4] = [0x88, 0x02, 0x03, 0xe8];

fn refused(server: Server, request: &[u8]) -> Raw {
    let raw = exchange(start(server), request, whole_body);
    assert!(!raw.rest.is_empty(), "{server:?}: a refusal says why");
    assert!(raw.field("content-type").starts_with("text/plain"), "{server:?}: {raw:?}");
    raw
}

#[test]
fn frames_that_follow_the_head_at_once_are_answered_and_the_end_is_clean() {
    for server in Server::HTTP_1 {
        let bytes = [&upgrade("GET", KEY, "13", "")[..], &HELLO, &CLOSE].concat();
        // The server closes first (§7.1.1): the exchange ends with the connection.
        let raw = exchange(start(server), &bytes, |_| false);
        assert_eq!(raw.status, 101, "{server:?}: {raw:?}");
        assert_eq!(raw.field("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "{server:?}");
        assert_eq!(raw.field("upgrade"), "websocket", "{server:?}");
        assert!(raw.field("connection").eq_ignore_ascii_case("upgrade"), "{server:?}: {raw:?}");
        assert_eq!(raw.field("sec-websocket-extensions"), "", "{server:?}");
        assert_eq!(raw.rest, [&b"\x81\x05Hello"[..], &CLOSE_OF_SERVER].concat(), "{server:?}");
    }
}

#[test]
fn subprotocol_and_compression_are_agreed_on() {
    for server in Server::HTTP_1 {
        let more = "Sec-WebSocket-Protocol: superchat, chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
        let raw = exchange(start(server), &upgrade("GET", KEY, "13", more), |_| true);
        assert_eq!(raw.field("sec-websocket-protocol"), "chat", "{server:?}");
        assert!(raw.field("sec-websocket-extensions").starts_with("permessage-deflate"), "{server:?}: {raw:?}");
    }
}

#[test]
fn messages_are_compressed_both_ways() {
    for server in Server::HTTP_1 {
        let head = upgrade("GET", KEY, "13", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        // RFC 7692 §7.2.3.1, "Hello"; a text of 1000 zeros, as it is. Both masked by zeros.
        let hello = [0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let long = [&[0x81, 0xfe, 0x03, 0xe8, 0, 0, 0, 0][..], &[b'0'; 1000]].concat();
        let raw = exchange(start(server), &[&head[..], &hello, &long, &CLOSE].concat(), |_| false);
        // What is too short to become shorter goes as it is.
        let Some(rest) = raw.rest.strip_prefix(b"\x81\x05Hello") else { panic!("{server:?}: {raw:?}") };
        assert_eq!(rest[0], 0xc1, "{server:?}: FIN, RSV1, text");
        assert!(rest.len() < 50 && rest.ends_with(&CLOSE_OF_SERVER), "{server:?}: {rest:?}");
    }
}

#[test]
fn other_version_is_told_the_right_one() {
    for server in Server::HTTP_1 {
        let raw = refused(server, &upgrade("GET", KEY, "12", ""));
        // RFC 6455 §4.4, RFC 9110 §15.5.22
        assert_eq!(raw.status, 426, "{server:?}");
        assert_eq!(raw.field("sec-websocket-version"), "13", "{server:?}");
        assert_eq!(raw.field("upgrade"), "websocket", "{server:?}");
    }
}

#[test]
fn other_method_is_told_the_right_one() {
    for server in Server::HTTP_1 {
        let raw = refused(server, &upgrade("POST", KEY, "13", "Content-Length: 0\r\n"));
        // RFC 9110 §15.5.6: "MUST generate an Allow header field"
        assert_eq!((raw.status, raw.field("allow").as_str()), (405, "GET"), "{server:?}");
    }
}

#[test]
fn key_of_another_length_is_a_bad_request() {
    for server in Server::HTTP_1 {
        assert_eq!(refused(server, &upgrade("GET", "c2hvcnQ=", "13", "")).status, 400, "{server:?}");
    }
}

#[test]
fn refused_upgrade_ends_the_connection() {
    for server in Server::HTTP_1 {
        // What follows the head of an upgrade may be frames: it must not be read as a second request.
        let bytes = [upgrade("GET", KEY, "12", ""), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()].concat();
        let raw = exchange(start(server), &bytes, |_| false);
        assert!(!raw.rest.windows(PAGE.len()).any(|page| page == PAGE.as_bytes()), "{server:?}: {raw:?}");
    }
}

#[test]
fn page_beside_is_served_to_every_version_of_http_1() {
    for server in Server::HTTP_1 {
        for version in ["1.0", "1.1"] {
            let request = format!("GET / HTTP/{version}\r\nHost: server.example.com\r\nConnection: close\r\n\r\n");
            let raw = exchange(start(server), request.as_bytes(), whole_body);
            assert_eq!((raw.status, &raw.rest[..]), (200, PAGE.as_bytes()), "{server:?}, HTTP/{version}");
        }
    }
}

#[test]
fn plain_request_for_the_echo_is_told_to_upgrade() {
    for server in Server::HTTP_1 {
        // A load balancer's check may be of HTTP/1.0: that is no fault of its version (505).
        for version in ["1.0", "1.1"] {
            let request = format!("GET /chat HTTP/{version}\r\nHost: server.example.com\r\n\r\n");
            let raw = refused(server, request.as_bytes());
            assert_eq!((raw.status, raw.field("upgrade").as_str()), (426, "websocket"), "{server:?}, HTTP/{version}");
        }
    }
}

#[test]
fn upgrade_by_another_version_of_http_is_told_so() {
    for server in Server::HTTP_1 {
        let request = String::from_utf8(upgrade("GET", KEY, "13", "")).unwrap().replace("HTTP/1.1", "HTTP/1.0");
        let raw = exchange(start(server), request.as_bytes(), whole_body);
        assert!(raw.status == 505, "{server:?}: {raw:?}");
    }
}

#[test]
fn violation_is_told_by_a_close() {
    for server in Server::HTTP_1 {
        // §5.1: an unmasked frame
        let bytes = [&upgrade("GET", KEY, "13", "")[..], b"\x81\x05Hello"].concat();
        let raw = exchange(start(server), &bytes, |raw| raw.rest.len() >= 4);
        assert_eq!(raw.rest[..4], [0x88, 0x02, 0x03, 0xea], "{server:?}: 1002");
    }
}
