//! What a browser gets that asks the echo servers for a page.

use websocket_proto::handshake::{HttpRequest, RefusalError};

use crate::target::path;

const PAGE: &[u8] = include_bytes!("../echo_server/page.html");
const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

/// Appends the page, or why there is none, and returns the status.
pub fn serve(request: &HttpRequest<'_>, out: &mut Vec<u8>) -> Result<u16, RefusalError> {
    let answer = match request.check_host() {
        // RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code".
        Err(error) if request.method() == "HEAD" => error.response().to_head(),
        Err(error) => error.response(),
        Ok(()) => match (request.method(), path(request.target())) {
            ("GET" | "HEAD", "/") => request.respond(200, &[("Content-Type", "text/html; charset=utf-8")], PAGE)?,
            ("GET" | "HEAD", _) => request.respond(404, &[TEXT], b"There is nothing but the page at /.\n")?,
            _ => request.respond(405, &[("Allow", "GET, HEAD"), TEXT], b"Only GET and HEAD are understood.\n")?,
        },
    };
    let _ = answer.write_to(out); // a vector has room
    Ok(answer.status())
}
