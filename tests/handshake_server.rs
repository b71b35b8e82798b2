//! A server's handshake, row by row of what is required of it: requests as bytes, answers as bytes.
#![cfg(feature = "alloc")]

use websocket_proto::handshake::{Excerpt, HeadError, HeadPart, Received, RequestError, ServerHandshake};
use websocket_proto::wire::Limits;

/// The request of RFC 6455 §1.3, as its lines.
const LINES: &[&str] = &[
    "GET /chat HTTP/1.1",
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

fn head(lines: &[&str]) -> Vec<u8> {
    let mut head = lines.join("\r\n").into_bytes();
    head.extend_from_slice(b"\r\n\r\n");
    head
}

/// The request, with each line that begins like one of the `changed` left out, and those put after it.
fn changed(changed: &[&str]) -> Vec<u8> {
    let name = |line: &str| line.split([':', ' ']).next().unwrap_or_default().to_ascii_lowercase();
    let mut lines: Vec<&str> =
        LINES.iter().copied().filter(|line| !changed.iter().any(|c| name(c) == name(line))).collect();
    // A request line goes in front.
    if let Some(start) = changed.iter().find(|line| line.contains(" HTTP/")) {
        lines.retain(|line| !line.contains(" HTTP/"));
        lines.insert(0, start);
    }
    lines.extend(changed.iter().filter(|line| !line.contains(" HTTP/")));
    head(&lines)
}

fn with(line: &str) -> Vec<u8> {
    let mut lines = LINES.to_vec();
    lines.push(line);
    head(&lines)
}

fn without(name: &str) -> Vec<u8> {
    let lines: Vec<&str> = LINES.iter().copied().filter(|line| !line.starts_with(name)).collect();
    head(&lines)
}

fn receive(bytes: &[u8]) -> Result<Option<Received<'_>>, RequestError> {
    ServerHandshake::new(&Limits::DEFAULT).receive(bytes)
}

/// The bytes of the acceptance.
fn accepted(bytes: &[u8]) -> Vec<u8> {
    match receive(bytes) {
        Ok(Some(Received::Upgrade(request))) => {
            let mut out = Vec::new();
            let _negotiated = request.accept().write_to(&mut out).unwrap();
            out
        }
        other => panic!("{}: {other:?}", bytes.escape_ascii()),
    }
}

/// The error; its answer is checked to be complete, to have the status and, as whole lines, the fields.
fn refused(bytes: &[u8], status: u16, fields: &[&str]) -> RequestError {
    let Err(error) = receive(bytes) else { panic!("{} passed", bytes.escape_ascii()) };
    let mut out = Vec::new();
    error.response().write_to(&mut out).unwrap();
    check_response(&out, status, fields);
    assert!(String::from_utf8(out).unwrap().ends_with(&format!("\r\n\r\n{error}\n")));
    error
}

fn check_response(response: &[u8], status: u16, fields: &[&str]) {
    let response = std::str::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert!(lines.next().unwrap().starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    let lines: Vec<&str> = lines.collect();
    for field in ["Connection: close", &format!("Content-Length: {}", body.len())].iter().chain(fields) {
        assert!(lines.contains(field), "{field} is not in {head}");
    }
    assert!(body.len() > 8 && body.ends_with('\n') && body.matches('\n').count() == 1, "{body:?}");
}

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
        accepted(&head(LINES)),
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
        let error = refused(&changed(&[&format!("{method} /chat HTTP/1.1")]), 405, &["Allow: GET"]);
        assert_eq!(excerpt(error), method);
    }
}

#[test]
fn what_was_refused_is_shown_and_whether_more_of_it_came() {
    for (method, shown, cut) in [
        ("ABCDEFGHIJKLMNOPQRSTUV", "'ABCDEFGHIJKLMNOPQRSTUV'", false),
        ("ABCDEFGHIJKLMNOPQRSTUVW", "'ABCDEFGHIJKLMNOPQRSTUV...'", true),
    ] {
        match refused(&changed(&[&format!("{method} /chat HTTP/1.1")]), 405, &[]) {
            RequestError::Method { method } => assert_eq!((&*method.to_string(), method.is_cut()), (shown, cut)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn upgrade_by_http_1_0_or_another_major_version_is_answered_505() {
    for (major, minor) in [(1, 0), (2, 0), (0, 9), (3, 0), (9, 9)] {
        let error = refused(&changed(&[&format!("GET /chat HTTP/{major}.{minor}")]), 505, &[]);
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
    assert_eq!(refused(&without("Host"), 400, &[]), RequestError::HostMissing);
    assert_eq!(refused(&with("host: server.example.com"), 400, &[]), RequestError::HostRepeated);
}

// RFC 9110 §4.2.1, §4.2.4
#[test]
fn host_that_is_none_is_answered_400() {
    for host in ["", "a b", "a/b", "user@a", "a:b", "a\u{e4}", "[::1", "a, b"] {
        assert!(matches!(refused(&changed(&[&format!("Host: {host}")]), 400, &[]), RequestError::InvalidHost { .. }));
    }
    for host in ["a", "a:", "a:8080", "127.0.0.1", "[::1]:9001", "a_b.example"] {
        accepted(&changed(&[&format!("Host: {host}")]));
    }
}

// RFC 9110 §15.5.22
#[test]
fn without_the_upgrade_token_it_is_plain_http_and_the_ready_answer_is_426() {
    for upgrade in ["websocket2", "h2c", "websocket/13", "web socket", "", "\"websocket\"", "websockets, ws"] {
        let bytes = changed(&[&format!("Upgrade: {upgrade}")]);
        let Ok(Some(Received::Http(request))) = receive(&bytes) else { panic!("{upgrade:?}") };
        let mut out = Vec::new();
        request.upgrade_required().write_to(&mut out).unwrap();
        check_response(&out, 426, &["Upgrade: websocket", "Connection: Upgrade"]);
    }
    assert!(matches!(receive(&without("Upgrade")), Ok(Some(Received::Http(_)))));
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
    assert_eq!(refused(&without("Connection"), 400, &[]), RequestError::ConnectionWithoutUpgrade);
    for value in ["keep-alive", "upgraded", "keep-alive Upgrade", ""] {
        let error = refused(&changed(&[&format!("Connection: {value}")]), 400, &[]);
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
        accepted(&changed(lines));
    }
}

// §4.2.1, item 5; §11.3.1
#[test]
fn key_missing_empty_twice_or_not_16_bytes_is_answered_400() {
    assert_eq!(refused(&without("Sec-WebSocket-Key"), 400, &[]), RequestError::KeyMissing);
    assert_eq!(refused(&with("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="), 400, &[]), RequestError::KeyRepeated);
    for key in ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZTEy", "!", "AAAA, AAAA"]
    {
        let error = refused(&changed(&[&format!("Sec-WebSocket-Key: {key}")]), 400, &[]);
        assert!(matches!(error, RequestError::InvalidKey(invalid) if invalid.len == key.len()), "{error:?}");
    }
}

#[test]
fn key_of_any_length_is_refused_without_harm() {
    for len in (0..200).chain([1 << 10, 1 << 16, 1 << 20]) {
        let bytes = changed(&[&format!("Sec-WebSocket-Key: {}", "A".repeat(len))]);
        let result = ServerHandshake::new(&Limits::UNLIMITED).receive(&bytes).map(drop);
        assert!(matches!(result, Err(RequestError::InvalidKey(_))), "{len}: {result:?}");
    }
}

// §4.2.2, §4.4
#[test]
fn version_missing_or_other_than_13_is_answered_426() {
    let fields = ["Sec-WebSocket-Version: 13", "Upgrade: websocket"];
    assert_eq!(refused(&without("Sec-WebSocket-Version"), 426, &fields), RequestError::VersionMissing);
    for version in ["8", "14", "013", "13, 8", "", "+13", "13.0", "\u{661}3"] {
        let error = refused(&changed(&[&format!("Sec-WebSocket-Version: {version}")]), 426, &fields);
        assert_eq!(excerpt(error), version);
    }
}

#[test]
fn version_is_told_before_the_key_is_missed() {
    let lines: Vec<&str> = LINES.iter().copied().filter(|line| !line.starts_with("Sec-")).collect();
    assert_eq!(refused(&head(&lines), 426, &[]), RequestError::VersionMissing);
}

// §11.3.5
#[test]
fn version_twice_is_answered_400() {
    assert_eq!(refused(&with("Sec-WebSocket-Version: 13"), 400, &[]), RequestError::VersionRepeated);
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
        assert_eq!(refused(&with(line), 400, &[]), RequestError::Body, "{line}");
    }
    assert_eq!(refused(&changed(&["Content-Length: 0", "Content-Length: 5"]), 400, &[]), RequestError::Body);
    accepted(&with("Content-Length: 0"));
}

// RFC 9112 §2.2
#[test]
fn line_ends_that_two_readers_take_differently_are_answered_400() {
    for (bytes, error) in [
        (&b"GET / HTTP/1.1\nHost: a\n\n"[..], HeadError::BareLineFeed { offset: 14 }),
        (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", HeadError::BareLineFeed { offset: 23 }),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::BareLineFeed { offset: 25 }),
        (b"GET / HTTP/1.1\r\nHost\n\r\n", HeadError::BareLineFeed { offset: 20 }),
        (b"\nGET / HTTP/1.1\r\n", HeadError::BareLineFeed { offset: 0 }),
        (b"GET /\n", HeadError::BareLineFeed { offset: 5 }),
        (b"GET / HTTP/1.1\rHost: a", HeadError::BareCarriageReturn { offset: 14 }),
        (b"GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n", HeadError::BareCarriageReturn { offset: 23 }),
        (b"GET / HTTP/1.1\r\nHost: a\r\r\n", HeadError::BareCarriageReturn { offset: 23 }),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\rX", HeadError::BareCarriageReturn { offset: 25 }),
        (b"\r\rGET", HeadError::BareCarriageReturn { offset: 0 }),
    ] {
        assert_eq!(refused(bytes, 400, &[]), RequestError::Head(error), "{}", bytes.escape_ascii());
    }
}

// RFC 9110 §5.5
#[test]
fn control_characters_in_a_field_value_are_answered_400() {
    for byte in (0..b' ').chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte)) {
        let bytes = [&b"GET / HTTP/1.1\r\nA: b"[..], &[byte]].concat();
        let error = HeadError::UnexpectedByte { byte, offset: 20, part: HeadPart::FieldValue };
        assert_eq!(refused(&bytes, 400, &[]), RequestError::Head(error));
    }
}

// RFC 9112 §5.1, §5.2
#[test]
fn folded_lines_and_broken_field_names_are_answered_400() {
    for (line, error) in [
        (" folded", HeadError::FoldedLine { offset: 16 }),
        ("\tfolded", HeadError::FoldedLine { offset: 16 }),
        ("Host : a", HeadError::SpaceInFieldName { offset: 20 }),
        ("Host\t: a", HeadError::SpaceInFieldName { offset: 20 }),
        ("Ho st: a", HeadError::SpaceInFieldName { offset: 18 }),
        (": a", HeadError::EmptyFieldName { offset: 16 }),
        ("Host", HeadError::NoColon { offset: 20 }),
        ("Ho\0st: a", HeadError::UnexpectedByte { byte: 0, offset: 18, part: HeadPart::FieldName }),
        ("(Host): a", HeadError::UnexpectedByte { byte: b'(', offset: 16, part: HeadPart::FieldName }),
    ] {
        assert_eq!(refused(&head(&["GET / HTTP/1.1", line]), 400, &[]), RequestError::Head(error), "{line:?}");
    }
    let folded = [&b"GET / HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n"[..]].concat();
    assert_eq!(refused(&folded, 400, &[]), RequestError::Head(HeadError::FoldedLine { offset: 22 }));
}

#[test]
fn bytes_beyond_ascii_in_a_field_value_are_kept() {
    let mut bytes = head(LINES);
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(b"X-Name:\t\xe4\xff\t \xf6 \r\n\r\n");
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert_eq!(request.field("x-name").collect::<Vec<_>>(), [b"\xe4\xff\t \xf6"]);
    assert_eq!(request.field("x-other").next(), None);
}

#[test]
fn request_line_that_breaks_the_syntax_is_answered_400() {
    for (line, byte, part) in [
        ("GET  /chat HTTP/1.1", b' ', HeadPart::Target),
        ("GET /chat  HTTP/1.1", b' ', HeadPart::Version),
        ("GET /chat", b'\r', HeadPart::Target),
        ("GET /chat http/1.1", b'h', HeadPart::Version),
        ("GET /chat HTTP/1", b'\r', HeadPart::Version),
        ("GET /chat HTTP/1.1 ", b' ', HeadPart::Version),
        ("GET /chat HTTP/11.1", b'1', HeadPart::Version),
        ("GET /chat HTTP/1.10", b'0', HeadPart::Version),
        ("GET /chat HTTP/+.1", b'+', HeadPart::Version),
        ("GET\t/chat HTTP/1.1", b'\t', HeadPart::Method),
        (" GET /chat HTTP/1.1", b' ', HeadPart::Method),
        ("G@T /chat HTTP/1.1", b'@', HeadPart::Method),
    ] {
        let RequestError::Head(HeadError::UnexpectedByte { byte: seen, part: place, .. }) =
            refused(&head(&[line]), 400, &[])
        else {
            panic!("{line}")
        };
        assert_eq!((seen, place), (byte, part), "{line}");
    }
}

// §3
#[test]
fn target_with_a_fragment_control_or_non_ascii_bytes_is_answered_400() {
    for byte in (0..=b' ').chain([b'#']).chain(0x7f..=0xff).filter(|byte| !b" \n".contains(byte)) {
        let bytes = [&b"GET /a"[..], &[byte]].concat();
        let error = HeadError::UnexpectedByte { byte, offset: 6, part: HeadPart::Target };
        assert_eq!(refused(&bytes, 400, &[]), RequestError::Head(error));
    }
}

#[test]
fn target_that_names_no_resource_is_answered_400() {
    for target in
        ["*", "chat", "a:80", "http:/chat", "http://", "http://user@a/", "http:///chat", "ftp://a/", "://a/", "?a", "["]
    {
        let error = refused(&changed(&[&format!("GET {target} HTTP/1.1")]), 400, &[]);
        assert!(matches!(error, RequestError::Target { .. } | RequestError::InvalidHost { .. }), "{target}: {error:?}");
    }
}

#[test]
fn origin_form_and_absolute_form_are_accepted() {
    for (target, host, path, query) in [
        ("/", "server.example.com", "/", None),
        ("/chat?a=b?c", "server.example.com", "/chat", Some("a=b?c")),
        ("/a\"b|c[", "server.example.com", "/a\"b|c[", None),
        ("//a/b", "server.example.com", "//a/b", None),
        ("http://other:81/chat?", "other:81", "/chat", Some("")),
        ("HTTPS://other", "other", "/", None),
        ("ws://other?a=/b", "other", "/", Some("a=/b")),
    ] {
        let bytes = changed(&[&format!("GET {target} HTTP/1.1")]);
        let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!("{target}") };
        let found = (request.target(), request.host(), request.path(), request.query());
        assert_eq!(found, (target, host, path, query));
    }
}

#[test]
fn empty_lines_before_the_request_line_are_ignored() {
    let bytes = [&b"\r\n\r\n\r\n"[..], &head(LINES)].concat();
    accepted(&bytes);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert_eq!((request.head_len(), request.target()), (bytes.len(), "/chat"));
}

#[test]
fn bytes_that_cannot_be_http_are_answered_400_at_the_first_of_them() {
    // A TLS hello, SSH, a null byte.
    for (bytes, byte, offset) in [(&b"\x16"[..], 0x16, 0), (b"SSH-2.0-O\x80", 0x80, 9), (b"\0", 0, 0), (b"{", b'{', 0)]
    {
        let error = HeadError::UnexpectedByte { byte, offset, part: HeadPart::Method };
        assert_eq!(refused(bytes, 400, &[]), RequestError::Head(error));
    }
}

#[test]
fn error_is_the_same_when_asked_again() {
    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    let error = handshake.receive(b"GET / HTTP/1.1\r\n: x").map(drop);
    assert!(error.is_err());
    assert_eq!(handshake.receive(b"GET / HTTP/1.1\r\n: x and more\r\n\r\n").map(drop), error);
}

#[test]
fn origin_twice_is_answered_400() {
    assert_eq!(refused(&changed(&["Origin: https://a", "Origin: https://b"]), 400, &[]), RequestError::OriginRepeated);
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
        accepted(&with(&format!("{name}: websocket, upgrade, \"a b\"")));
    }
    let bytes = changed(&["Vpgrade: websocket", "Upgrade: h2c"]);
    assert!(matches!(receive(&bytes), Ok(Some(Received::Http(_)))));
    let bytes = changed(&["Konnection: upgrade", "Connection: close"]);
    assert_eq!(refused(&bytes, 400, &[]), RequestError::ConnectionWithoutUpgrade);
}

#[test]
fn fewer_bytes_than_before_are_no_head() {
    let bytes = head(LINES);
    let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    assert!(matches!(handshake.receive(&bytes), Ok(Some(Received::Upgrade(_)))));
    assert!(matches!(handshake.receive(&bytes[..bytes.len() - 1]), Ok(None)));
    assert!(matches!(handshake.receive(&bytes), Ok(Some(Received::Upgrade(_)))), "the same bytes again");
}

#[test]
fn frames_after_the_head_are_kept() {
    let mut bytes = head(LINES);
    let len = bytes.len();
    bytes.extend_from_slice(&[0x81, 0x80, 1, 2, 3, 4]);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert_eq!(request.head_len(), len);
}

// RFC 9110 §5.6.1.2
#[test]
fn subprotocols_are_a_list_over_all_occurrences_and_empty_elements_are_skipped() {
    let bytes = changed(&["Sec-WebSocket-Protocol: a,, b ,", "sec-websocket-protocol:", "Sec-WebSocket-Protocol: \tc"]);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert!(request.subprotocols().eq(["a", "b", "c"]));
}

// §4.3; RFC 9110 §5.6.2
#[test]
fn subprotocol_that_is_no_token_or_nothing_is_answered_400() {
    for value in ["", ",", " , ,"] {
        let error = refused(&with(&format!("Sec-WebSocket-Protocol: {value}")), 400, &[]);
        assert_eq!(error, RequestError::SubprotocolsEmpty);
    }
    for (value, element) in
        [("a b", "a b"), ("chat, a/b", "a/b"), ("\"chat\"", "\"chat\""), ("ch\u{e4}t", "ch\u{e4}t"), ("a;b=1", "a;b=1")]
    {
        assert_eq!(excerpt(refused(&with(&format!("Sec-WebSocket-Protocol: {value}")), 400, &[])), element);
    }
}

// §9.1
#[test]
fn extensions_that_break_the_grammar_are_answered_400() {
    for value in ["a b", "a;", "a; b=", "a; b=\"", "a; b=\"c, d\"", "a; b=\"\"", "=", "a, b/c", "\u{e4}"] {
        let error = refused(&with(&format!("Sec-WebSocket-Extensions: {value}")), 400, &[]);
        assert!(matches!(error, RequestError::InvalidExtension(_)), "{value}: {error:?}");
    }
    for value in ["", " , "] {
        let error = refused(&with(&format!("Sec-WebSocket-Extensions: {value}")), 400, &[]);
        assert_eq!(error, RequestError::ExtensionsEmpty);
    }
    // The first may be right.
    let bytes = changed(&["Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: bar;"]);
    assert!(matches!(refused(&bytes, 400, &[]), RequestError::InvalidExtension(_)));
}

// §9.1
#[test]
fn unknown_extensions_are_declined() {
    let bytes = changed(&["Sec-WebSocket-Extensions: foo; a=\"1\", , __proto__", "sec-websocket-extensions: x-bar"]);
    let Ok(Some(Received::Upgrade(request))) = receive(&bytes) else { panic!() };
    assert!(request.extensions().map(|extension| extension.name()).eq(["foo", "__proto__", "x-bar"]));
    assert!(!String::from_utf8_lossy(&accepted(&bytes)).contains("Extensions"));
}

/// RFC 9110 §2.5: a recipient "SHOULD process a received message [of a higher minor version] as if it were of the highest minor version
/// within that major version to which it is conformant".
// RFC 9112 §2.3
#[test]
fn later_minor_version_is_read_as_http_1_1() {
    for version in ["1.2", "1.9"] {
        accepted(&changed(&[&format!("GET /chat HTTP/{version}")]));
    }
}

/// §4.1 prints this key as its example; clients send it as it is.
// RFC 4648 §3.5
#[test]
fn key_whose_unused_bits_are_not_zero_is_accepted() {
    let out = accepted(&changed(&["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC=="]));
    assert!(String::from_utf8(out).unwrap().contains("\r\nSec-WebSocket-Accept: OfS0wDaT5NoxF2gqm7Zj2YtetzM=\r\n"));
}

// RFC 3986 §2.1, §3.2.2
#[test]
fn ip_literal_of_the_host_is_an_address() {
    for host in ["[face.cafe]", "[127.0.0.1]", "[:::::::]", "[.]", "[1::2::3]", "[v.x]", "a%zz", "a%4"] {
        assert!(matches!(refused(&changed(&[&format!("Host: {host}")]), 400, &[]), RequestError::InvalidHost { .. }));
    }
    for host in ["[v1.x]:1", "[::ffff:127.0.0.1]", "a%41"] {
        accepted(&changed(&[&format!("Host: {host}")]));
    }
}
