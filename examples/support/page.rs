//! What a browser gets that asks the echo servers for a page.

use websocket_proto::handshake::HttpRequest;

const PAGE: &str = include_str!("../echo_server/page.html");

/// Appends the page, or that there is nothing else. Returns the status and its reason.
pub fn serve(request: &HttpRequest<'_>, out: &mut Vec<u8>) -> &'static str {
    let (status, body) = match (request.method(), path(request.target())) {
        ("GET" | "HEAD", "/") => ("200 OK", PAGE),
        ("GET" | "HEAD", _) => ("404 Not Found", "There is nothing but the page at /.\n"),
        _ => ("405 Method Not Allowed", "Only GET and HEAD are understood.\n"),
    };
    let kind = if status == "200 OK" { "text/html" } else { "text/plain" };
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\r\n",
        body.len(),
    );
    out.extend_from_slice(head.as_bytes());
    if request.method() != "HEAD" {
        out.extend_from_slice(body.as_bytes());
    }
    status
}

/// The path of a target, without its query. RFC 9112 §3.2.2: a server "MUST accept the absolute-form in requests even though most
/// HTTP/1.1 clients will only send the absolute-form to a proxy".
fn path(target: &str) -> &str {
    let relative = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => &rest[rest.find(['/', '?']).unwrap_or(rest.len())..],
        Some(_) | None => target,
    };
    match relative.split('?').next() {
        None | Some("") => "/",
        Some(path) => path,
    }
}
