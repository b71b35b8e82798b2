//! The heads of RFC 6455 §1.3, line by line, and what a server makes of a request.

use websocket_proto::handshake::{Received, RequestError, ServerHandshake};
use websocket_proto::wire::Limits;

/// A head as its lines, without their ends.
#[derive(Clone, Copy, Debug)]
pub struct Lines(pub &'static [&'static str]);

/// The request.
pub const REQUEST: Lines = Lines(&[
    "GET /chat HTTP/1.1",
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
]);

/// The response that accepts it.
pub const RESPONSE: Lines = Lines(&[
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
]);

/// The bytes of a head with these lines.
pub fn head(lines: &[&str]) -> Vec<u8> {
    (lines.join("\r\n") + "\r\n\r\n").into_bytes()
}

impl Lines {
    /// All of it.
    pub fn head(self) -> Vec<u8> {
        head(self.0)
    }

    /// It, with one more line.
    pub fn with(self, line: &str) -> Vec<u8> {
        head(&[self.0, &[line]].concat())
    }

    /// It, but for the lines that begin so.
    pub fn without(self, name: &str) -> Vec<u8> {
        let lines: Vec<&str> = self.0.iter().copied().filter(|line| !line.starts_with(name)).collect();
        head(&lines)
    }

    /// It, with each field that is named as one of the `changed` left out, and those put after it; a start line takes the place of its own.
    pub fn changed(self, changed: &[&str]) -> Vec<u8> {
        let name = |line: &str| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let is_start = |line: &&str| line.starts_with("HTTP/") || line.contains(" HTTP/");
        let (starts, fields): (Vec<&str>, Vec<&str>) = changed.iter().copied().partition(is_start);
        let kept = self.0.iter().skip(1).copied().filter(|line| !fields.iter().any(|field| name(field) == name(line)));
        let start = starts.first().copied().unwrap_or(self.0[0]);
        let lines: Vec<&str> = [start].into_iter().chain(kept).chain(fields.iter().copied()).collect();
        head(&lines)
    }
}

/// What a server with the default limits makes of these bytes.
pub fn receive(bytes: &[u8]) -> Result<Option<Received<'_>>, RequestError> {
    ServerHandshake::new(&Limits::DEFAULT).receive(bytes)
}

/// The bytes of the acceptance.
pub fn accepted(bytes: &[u8]) -> Vec<u8> {
    match receive(bytes) {
        Ok(Some(Received::Upgrade(request))) => {
            let mut out = Vec::new();
            let _negotiated = request.accept().write_to(&mut out).expect("a vector has room");
            out
        }
        other => panic!("{}: {other:?}", bytes.escape_ascii()),
    }
}

/// The error; its answer is checked to be complete, to have the status and, as whole lines, the fields.
pub fn refused(bytes: &[u8], status: u16, fields: &[&str]) -> RequestError {
    let Err(error) = receive(bytes) else { panic!("{} passed", bytes.escape_ascii()) };
    let mut out = Vec::new();
    error.response().write_to(&mut out).expect("a vector has room");
    check_response(&out, status, fields);
    assert!(out.ends_with(format!("\r\n\r\n{error}\n").as_bytes()));
    error
}

/// Checks that a response is complete, has the status and, as whole lines, the fields.
pub fn check_response(response: &[u8], status: u16, fields: &[&str]) {
    let response = std::str::from_utf8(response).expect("a response of ours is text");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head ends with an empty line");
    let mut lines = head.split("\r\n");
    assert!(lines.next().is_some_and(|line| line.starts_with(&format!("HTTP/1.1 {status} "))), "{head}");
    let lines: Vec<&str> = lines.collect();
    for field in ["Connection: close", &format!("Content-Length: {}", body.len())].iter().chain(fields) {
        assert!(lines.contains(field), "{field} is not in {head}");
    }
    assert!(body.len() > 8 && body.ends_with('\n') && body.matches('\n').count() == 1, "{body:?}");
}
