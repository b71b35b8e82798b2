//! Requests for a WebSocket as bytes of HTTP/1.1, right and wrong, with the answer that each gets; and frames after them. For servers on
//! the HTTP stack of somebody else: what such a stack refuses by itself is not here.

/// A request that is accepted: §1.3, with another name for the host.
pub const REQUEST: [&str; 6] = [
    "GET / HTTP/1.1",
    "Host: example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// A client's frame with the masking key 0: text of one letter.
pub const TEXT: &[u8] = &[0x81, 0x81, 0, 0, 0, 0, b'a'];

/// A client's Close with code 1000 and the masking key 0.
pub const CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

/// [`REQUEST`] with lines exchanged: the line that begins with the first of a pair gives way to the second, which may be several, or, if
/// it is empty, none. A line for no other is the last.
pub fn request(edits: &[(&str, &str)]) -> Vec<u8> {
    let mut lines = REQUEST.map(String::from).to_vec();
    for (begin, line) in edits {
        match lines.iter().position(|line| !begin.is_empty() && line.starts_with(begin)) {
            Some(at) => lines[at] = (*line).to_owned(),
            None => lines.push((*line).to_owned()),
        }
    }
    lines.retain(|line| !line.is_empty());
    (lines.join("\r\n") + "\r\n\r\n").into_bytes()
}

/// What is refused: the edits, the status, and what stands in the answer; its lines of the head in lower case.
pub type Refused = (&'static [(&'static str, &'static str)], u16, &'static [&'static str]);

/// Requests that break a rule of §4.2.1, or are for no WebSocket.
pub const REFUSED: &[Refused] = &[
    (&[("GET", "POST / HTTP/1.1")], 405, &["allow: get", "expected the method GET, found 'POST'"]),
    (&[("GET", "HEAD / HTTP/1.1")], 405, &["allow: get"]),
    (&[("GET", "OPTIONS / HTTP/1.1")], 405, &["allow: get"]),
    (&[("GET", "GET / HTTP/1.0")], 505, &["expected HTTP/1.1, found HTTP/1.0"]),
    // RFC 9110 §15.5.22
    (
        &[("Upgrade", "")],
        426,
        &["upgrade: websocket", "sec-websocket-version: 13", "only WebSocket connections are accepted"],
    ),
    (&[("Upgrade", ""), ("GET", "GET / HTTP/1.0")], 426, &["upgrade: websocket"]),
    (&[("Upgrade", "Upgrade: websocket2")], 426, &["upgrade: websocket"]),
    (&[("Host", "")], 400, &["the field Host is missing"]),
    (&[("Host", "Host: a\r\nHost: a")], 400, &["the field Host occurs more than once"]),
    (&[("Host", "Host: a b")], 400, &["expected a host"]),
    (&[("Connection", "")], 400, &["the field Connection does not name Upgrade"]),
    (&[("Connection", "Connection: keep-alive")], 400, &["the field Connection does not name Upgrade"]),
    (&[("Sec-WebSocket-Key", "")], 400, &["the field Sec-WebSocket-Key is missing"]),
    (&[("Sec-WebSocket-Key", "Sec-WebSocket-Key:")], 400, &["Sec-WebSocket-Key"]),
    (&[("Sec-WebSocket-Key", "Sec-WebSocket-Key: c2hvcnQ=")], 400, &["Sec-WebSocket-Key"]),
    (&[("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q==")], 400, &["Sec-WebSocket-Key"]),
    (&[("", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")], 400, &["Sec-WebSocket-Key occurs more than once"]),
    // §4.4
    (&[("Sec-WebSocket-Version", "")], 426, &["sec-websocket-version: 13", "Sec-WebSocket-Version is missing"]),
    (&[("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8")], 426, &["sec-websocket-version: 13", "found '8'"]),
    (&[("Sec-WebSocket-Version", "Sec-WebSocket-Version: 13, 8")], 426, &["sec-websocket-version: 13"]),
    (&[("", "Sec-WebSocket-Version: 13")], 400, &["Sec-WebSocket-Version occurs more than once"]),
    (&[("", "Content-Length: 5")], 400, &["a WebSocket request must not have a body"]),
    (&[("", "Transfer-Encoding: chunked")], 400, &["a WebSocket request must not have a body"]),
    (&[("", "Sec-WebSocket-Protocol: a b")], 400, &["expected a token as a subprotocol"]),
    (&[("", "Sec-WebSocket-Protocol: ,")], 400, &["names no subprotocol"]),
    (&[("", "Sec-WebSocket-Extensions: a; b=")], 400, &["Sec-WebSocket-Extensions ends too early"]),
    (&[("", "Sec-WebSocket-Extensions: ,")], 400, &["names no extension"]),
    // §10.2
    (&[("", "Origin: https://evil.example")], 403, &["the origin 'https://evil.example' is not allowed"]),
    (&[("", "Origin: null")], 403, &["is not allowed"]),
    (&[("", "Origin: http://example.com\r\nOrigin: http://example.com")], 400, &["Origin occurs more than once"]),
];

/// Requests that look odd, and are accepted.
pub const ACCEPTED: &[&[(&str, &str)]] = &[
    &[],
    &[("Connection", "Connection: keep-alive, Upgrade")],
    &[("Connection", "Connection: keep-alive\r\nConnection: upgrade")],
    &[("Upgrade", "upgrade: WebSocket")],
    &[("Upgrade", "Upgrade: h2c, websocket")],
    &[("", "Origin: http://example.com")],
    &[("", "Origin: HTTPS://EXAMPLE.COM")],
    &[("", "Content-Length: 0")],
    &[("", "Sec-WebSocket-Extensions: x-unknown; a=1, permessage-deflate; nonsense")],
    &[("", "Sec-WebSocket-Protocol: unknown,, other")],
    &[("", "X-Field: gr\u{fc}n")],
    // RFC 4648 §3.5: unused bits that are not zero, as in §4.1's own example.
    &[("Sec-WebSocket-Key", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==")],
];

/// Frames that break a rule, or close, and the code of the Close that answers.
pub const CLOSED: &[(&[u8], u16)] = &[
    (CLOSE, 1000),
    (&[0x81, 0x01, b'x'], 1002),                               // §5.1: not masked
    (&[0xc1, 0x80, 0, 0, 0, 0], 1002),                         // §5.2: a reserved bit
    (&[0x83, 0x80, 0, 0, 0, 0], 1002),                         // §5.2: a reserved opcode
    (&[0x80, 0x80, 0, 0, 0, 0], 1002),                         // §5.4: continues nothing
    (&[0x89, 0xfe], 1002),                                     // §5.5: a control frame of more than 125 bytes
    (&[0x81, 0xfe, 0, 1, 0, 0, 0, 0, b'x'], 1002),             // §5.2: not the shortest length
    (&[0x88, 0x81, 0, 0, 0, 0, 3], 1002),                      // §5.5.1: half a status code
    (&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], 1002),             // §7.4.1: 1005 is not to be sent
    (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),                   // §8.1: not UTF-8
    (&[0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 1009), // §7.4.1: longer than the limit
];

/// The status of an answer, its head in lower case, and what comes after it.
pub fn split_answer(bytes: &[u8]) -> (u16, String, &[u8]) {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of a head");
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head, &bytes[end + 4..])
}

/// Asserts that this answer refuses a request as it should, with a line that says why unless the request is HEAD; returns its head, in
/// lower case.
pub fn expect_refused((edits, status, contained): &Refused, answer: &[u8]) -> String {
    let (found, head, body) = split_answer(answer);
    let body = String::from_utf8_lossy(body);
    assert_eq!(found, *status, "{edits:?}: {head} {body}");
    for part in *contained {
        assert!(head.contains(part) || body.contains(part), "{edits:?}: expected {part}, found {head} {body}");
    }
    let is_head = edits.iter().any(|(_, line)| line.starts_with("HEAD "));
    assert_eq!(body.ends_with('\n'), !is_head, "{edits:?}: a line that says why");
    head
}
