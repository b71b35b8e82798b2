//! What a browser gets that asks the echo servers for a page.

use websocket_proto::handshake::{HttpRequest, Refusal, RefusalError};

use crate::target::path;

pub const PAGE: &[u8] = include_bytes!("../echo_server/page.html");
const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

/// The page, or why there is none.
pub fn answer(request: &HttpRequest<'_>) -> Result<Refusal<'static>, RefusalError> {
    match request.check_host() {
        // RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code".
        Err(error) if request.method() == "HEAD" => Ok(error.response().to_head()),
        Err(error) => Ok(error.response()),
        Ok(()) => match (request.method(), path(request.target())) {
            ("GET" | "HEAD", "/") => request.respond(200, &[("Content-Type", "text/html; charset=utf-8")], PAGE),
            ("GET" | "HEAD", _) => request.respond(404, &[TEXT], b"There is nothing but the page at /.\n"),
            _ => request.respond(405, &[("Allow", "GET, HEAD"), TEXT], b"Only GET and HEAD are understood.\n"),
        },
    }
}
