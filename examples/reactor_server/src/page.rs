//! What a browser gets that asks for a page.

use websocket_proto::handshake::HttpRequest;

const PAGE: &str = include_str!("../../echo_server/page.html");

/// Appends the page, or that there is nothing else. Returns whether it was the page.
pub fn serve(request: &HttpRequest<'_>, out: &mut Vec<u8>) -> bool {
    let (status, body) = match (request.method(), request.target()) {
        ("GET" | "HEAD", "/") => ("200 OK", PAGE),
        ("GET" | "HEAD", _) => ("404 Not Found", "There is nothing but the page at /.\n"),
        _ => ("405 Method Not Allowed", "Only GET and HEAD are understood.\n"),
    };
    let kind = if status == "200 OK" { "text/html" } else { "text/plain" };
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    out.extend_from_slice(
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\r\n{}",
            body.len(),
            if request.method() == "HEAD" { "" } else { body },
        )
        .as_bytes(),
    );
    status == "200 OK"
}
