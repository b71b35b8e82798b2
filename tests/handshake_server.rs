//! A server's handshake, row by row of what is required of it: requests as bytes, answers as bytes.
#![cfg(feature = "alloc")]

use testkit::openings::{REQUEST, accepted, check_response, head, receive, refused};
use websocket_proto::handshake::{Excerpt, Received, RequestError, ServerHandshake};
use websocket_proto::wire::Limits;

fn excerpt(error: RequestError) -> String {
    match error {
        RequestError::Method { method: excerpt }
        | RequestError::Target { target: excerpt }
        | RequestError::InvalidHost { host: excerpt }
        | RequestError::UnsupportedVersion { version: excerpt }
        | RequestError::InvalidSubprotocol { subprotocol: excerpt } => {
            String::from_utf8(Excerpt::as_bytes(&excerpt).to_vec()).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

// §1.2, §1.3
#[test]
fn example_of_section_1_3_is_accepted() {
    assert_eq!(
        accepted(&REQUEST.head()),
        b"HTTP/1.1 101 Switching Protocols\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    );
}

// RFC 9110 §9.1, §15.5.6
#[test]
fn method_other_than_get_is_answered_405_and_case_matters() {
    for method in ["POST", "CONNECT", "get", "Get", "GETS", "head"] {
        let error = refused(&REQUEST.changed(&[&format!("{method} /chat HTTP/1.1")]), 405, &["Allow: GET"]);
        assert_eq!(excerpt(error), method);
    }
}

#[test]
fn what_was_refused_is_shown_and_whether_more_of_it_came() {
    for (method, shown, cut) in [
        ("ABCDEFGHIJKLMNOPQRSTUV", "'ABCDEFGHIJKLMNOPQRSTUV'", false),
        ("ABCDEFGHIJKLMNOPQRSTUVW", "'ABCDEFGHIJKLMNOPQRSTUV...'", true),
    ] {
        match refused(&REQUEST.changed(&[&format!("{method} /chat HTTP/1.1")]), 405, &[]) {
            RequestError::Method { method } => assert_eq!((&*method.to_string(), method.is_cut()), (shown, cut)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn upgrade_by_http_1_0_or_another_major_version_is_answered_505() {
    for (major, minor) in [(1, 0), (2, 0), (0, 9), (3, 0), (9, 9)] {
        let error = refused(&REQUEST.changed(&[&format!("GET /chat HTTP/{major}.{minor}")]), 505, &[]);
        assert_eq!(error, RequestError::HttpVersion { major, minor });
    }
    // RFC 9113 §3.4: what a client of HTTP/2 sends first.
    assert_eq!(
        refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, &[]),
        RequestError::HttpVersion { major: 2, minor: 0 }
    );
}

#[test]
fn host_missing_or_twice_is_answered_400() {
    assert_eq!(refused(&REQUEST.without("Host"), 400, &[]), RequestError::HostMissing);
    assert_eq!(refused(&REQUEST.with("host: server.example.com"), 400, &[]), RequestError::HostRepeated);
}

// RFC 9110 §4.2.1, §4.2.4
#[test]
fn host_that_is_none_is_answered_400() {
    for host in ["", "a b", "a/b", "user@a", "a:b", "a\u{e4}", "[::1", "a, b"] {
        assert!(matches!(
            refused(&REQUEST.changed(&[&format!("Host: {host}")]), 400, &[]),
            RequestError::InvalidHost { .. }
        ));
    }
    for host in ["a", "a:", "a:8080", "127.0.0.1", "[::1]:9001", "a_b.example"] {
        accepted(&REQUEST.changed(&[&format!("Host: {host}")]));
    }
}

// RFC 9110 §15.5.22
#[test]
fn without_the_upgrade_token_it_is_plain_http_and_the_ready_answer_is_426() {
    for upgrade in ["websocket2", "h2c", "websocket/13", "web socket", "", "\"websocket\"", "websockets, ws"] {
        let bytes = REQUEST.changed(&[&format!("Upgrade: {upgrade}")]);
        let Ok(Some(Received::Http(request))) = receive(&bytes) else { panic!("{upgrade:?}") };
        let mut out = Vec::new();
        request.upgrade_required().write_to(&mut out).unwrap();
        check_response(&out, 426, &["Upgrade: websocket", "Connection: Upgrade"]);
    }
    assert!(matches!(receive(&REQUEST.without("Upgrade")), Ok(Some(Received::Http(_)))));
}

#[test]
fn plain_http_has_any_method_target_and_fields() {
    for start in
        ["POST /form HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT example.com:443 HTTP/1.1", "get /%20?x HTTP/1.1"]
    {
        let bytes = head(&[start, "Content-Length: 5", "Host: a", "Host: b"]);
        let Ok(Some(Received::Http(request))) = receive(&bytes) else { panic!("{start}") };
        assert_eq!(format!("{} {} HTTP/1.1", request.method(), request.target()), start);
        assert!(request.fields().eq([("Content-Length", &b"5"[..]), ("Host", b"a"), ("Host", b"b")]));
        assert_eq!(request.head_len(), bytes.len());
    }
}

// §4.2.1, item 4
#[test]
fn upgrade_without_the_connection_token_is_answered_400() {
    assert_eq!(refused(&REQUEST.without("Connection"), 400, &[]), RequestError::ConnectionWithoutUpgrade);
    for value in ["keep-alive", "upgraded", "keep-alive Upgrade", ""] {
        let error = refused(&REQUEST.changed(&[&format!("Connection: {value}")]), 400, &[]);
        assert_eq!(error, RequestError::ConnectionWithoutUpgrade);
    }
}

// §4.2.1, items 3 and 4; RFC 9110 §7.8
#[test]
fn tokens_of_connection_and_upgrade_stand_anywhere_in_their_lists() {
    for lines in [
        &["Connection: keep-alive, Upgrade"][..],
        &["Connection: keep-alive", "Connection: upgrade"],
        &["Connection:UPGRADE,,"],
        &["connection: \tupgrade\t, close"],
        &["Upgrade: WebSocket"],
        &["upgrade: h2c, WEBSOCKET"],
        &["Upgrade: h2c", "Upgrade: websocket"],
    ] {
        accepted(&REQUEST.changed(lines));
    }
}

// §4.2.1, item 5; §11.3.1
#[test]
fn key_missing_empty_twice_or_not_16_bytes_is_answered_400() {
    assert_eq!(refused(&REQUEST.without("Sec-WebSocket-Key"), 400, &[]), RequestError::KeyMissing);
    assert_eq!(
        refused(&REQUEST.with("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="), 400, &[]),
        RequestError::KeyRepeated
    );
    for key in ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZTEy", "!", "AAAA, AAAA"]
    {
        let error = refused(&REQUEST.changed(&[&format!("Sec-WebSocket-Key: {key}")]), 400, &[]);
        assert!(matches!(error, RequestError::InvalidKey(invalid) if invalid.len == key.len()), "{error:?}");
    }
}

#[test]
fn key_of_any_length_is_refused_without_harm() {
    for len in (0..200).chain([1 << 10, 1 << 16, 1 << 20]) {
        let bytes = REQUEST.changed(&[&format!("Sec-WebSocket-Key: {}", "A".repeat(len))]);
        let result = ServerHandshake::new(&Limits::UNLIMITED).receive(&bytes).map(drop);
        assert!(matches!(result, Err(RequestError::InvalidKey(_))), "{len}: {result:?}");
    }
}

// §4.2.2, §4.4
#[test]
fn version_missing_or_other_than_13_is_answered_426() {
    let fields = ["Sec-WebSocket-Version: 13", "Upgrade: websocket"];
    assert_eq!(refused(&REQUEST.without("Sec-WebSocket-Version"), 426, &fields), RequestError::VersionMissing);
    for version in ["8", "14", "013", "13, 8", "", "+13", "13.0", "\u{661}3"] {
        let error = refused(&REQUEST.changed(&[&format!("Sec-WebSocket-Version: {version}")]), 426, &fields);
        assert_eq!(excerpt(error), version);
    }
}

#[test]
fn version_is_told_before_the_key_is_missed() {
    let lines: Vec<&str> = REQUEST.0.iter().copied().filter(|line| !line.starts_with("Sec-")).collect();
    assert_eq!(refused(&head(&lines), 426, &[]), RequestError::VersionMissing);
}

// §11.3.5
#[test]
fn version_twice_is_answered_400() {
    assert_eq!(refused(&REQUEST.with("Sec-WebSocket-Version: 13"), 400, &[]), RequestError::VersionRepeated);
}

#[test]
fn body_is_answered_400() {
    for line in [
        "Transfer-Encoding: chunked",
        "transfer-encoding: identity",
        "Content-Length: 1",
        "Content-Length: +0",
        "Content-Length:",
    ] {
        assert_eq!(refused(&REQUEST.with(line), 400, &[]), RequestError::Body, "{line}");
    }
    assert_eq!(refused(&REQUEST.changed(&["Content-Length: 0", "Content-Length: 5"]), 400, &[]), RequestError::Body);
    accepted(&REQUEST.with("Content-Length: 0"));
}

#[test]
fn origin_twice_is_answered_400() {
    assert_eq!(
        refused(&REQUEST.changed(&["Origin: https://a", "Origin: https://b"]), 400, &[]),
        RequestError::OriginRepeated
    );
}

#[test]
fn fields_whose_names_only_look_like_the_handshakes_are_ignored() {
    // As long as a name that matters, and but for one letter the same.
    for name in [
        "Uost",
        "Xrigin",
        "Vpgrade",
        "Konnection",
        "Xeep-Alive",
        "Xontent-Length",
        "Xroxy-Connection",
        "Sec-WebSocket-Kez",
        "Xransfer-Encoding",
        "Sec-WebSocket-Versioo",
        "Sec-WebSocket-Protocom",
        "Sec-WebSocket-Extensiont",
        "TX",
        "Sec_WebSocket_Key",
        "Sec-WebSocket-Key1",
    ] {
        accepted(&REQUEST.with(&format!("{name}: websocket, upgrade, \"a b\"")));
    }
    let bytes = REQUEST.changed(&["Vpgrade: websocket", "Upgrade: h2c"]);
    assert!(matches!(receive(&bytes), Ok(Some(Received::Http(_)))));
    let bytes = REQUEST.changed(&["Konnection: upgrade", "Connection: close"]);
    assert_eq!(refused(&bytes, 400, &[]), RequestError::ConnectionWithoutUpgrade);
}

// RFC 9110 §5.6.1.2
#[test]
fn subprotocols_are_a_list_over_all_occurrences_and_empty_elements_are_skipped() {
    let bytes =
        REQUEST.changed(&["Sec-WebSocket-Protocol: a,, b ,", "sec-websocket-protocol:", "Sec-WebSocket-Protocol: \tc"]);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert!(request.subprotocols().eq(["a", "b", "c"]));
}

// §4.3; RFC 9110 §5.6.2
#[test]
fn subprotocol_that_is_no_token_or_nothing_is_answered_400() {
    for value in ["", ",", " , ,"] {
        let error = refused(&REQUEST.with(&format!("Sec-WebSocket-Protocol: {value}")), 400, &[]);
        assert_eq!(error, RequestError::SubprotocolsEmpty);
    }
    for (value, element) in
        [("a b", "a b"), ("chat, a/b", "a/b"), ("\"chat\"", "\"chat\""), ("ch\u{e4}t", "ch\u{e4}t"), ("a;b=1", "a;b=1")]
    {
        assert_eq!(excerpt(refused(&REQUEST.with(&format!("Sec-WebSocket-Protocol: {value}")), 400, &[])), element);
    }
}

// §9.1
#[test]
fn extensions_that_break_the_grammar_are_answered_400() {
    for value in ["a b", "a;", "a; b=", "a; b=\"", "a; b=\"c, d\"", "a; b=\"\"", "=", "a, b/c", "\u{e4}"] {
        let error = refused(&REQUEST.with(&format!("Sec-WebSocket-Extensions: {value}")), 400, &[]);
        assert!(matches!(error, RequestError::InvalidExtension(_)), "{value}: {error:?}");
    }
    for value in ["", " , "] {
        let error = refused(&REQUEST.with(&format!("Sec-WebSocket-Extensions: {value}")), 400, &[]);
        assert_eq!(error, RequestError::ExtensionsEmpty);
    }
    // The first may be right.
    let bytes = REQUEST.changed(&["Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: bar;"]);
    assert!(matches!(refused(&bytes, 400, &[]), RequestError::InvalidExtension(_)));
}

// §9.1
#[test]
fn unknown_extensions_are_declined() {
    let bytes =
        REQUEST.changed(&["Sec-WebSocket-Extensions: foo; a=\"1\", , __proto__", "sec-websocket-extensions: x-bar"]);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert!(request.extensions().map(|extension| extension.name()).eq(["foo", "__proto__", "x-bar"]));
    assert!(!String::from_utf8_lossy(&accepted(&bytes)).contains("Extensions"));
}

/// §4.1 prints this key as its example; clients send it as it is.
// RFC 4648 §3.5
#[test]
fn key_whose_unused_bits_are_not_zero_is_accepted() {
    let out = accepted(&REQUEST.changed(&["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC=="]));
    assert!(String::from_utf8(out).unwrap().contains("\r\nSec-WebSocket-Accept: OfS0wDaT5NoxF2gqm7Zj2YtetzM=\r\n"));
}

// RFC 3986 §2.1, §3.2.2
#[test]
fn ip_literal_of_the_host_is_an_address() {
    for host in ["[face.cafe]", "[127.0.0.1]", "[:::::::]", "[.]", "[1::2::3]", "[v.x]", "a%zz", "a%4"] {
        assert!(matches!(
            refused(&REQUEST.changed(&[&format!("Host: {host}")]), 400, &[]),
            RequestError::InvalidHost { .. }
        ));
    }
    for host in ["[v1.x]:1", "[::ffff:127.0.0.1]", "a%41"] {
        accepted(&REQUEST.changed(&[&format!("Host: {host}")]));
    }
}
