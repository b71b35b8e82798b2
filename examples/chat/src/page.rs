//! The files of the page, which are part of the program.

use std::io::Write;

use websocket_proto::handshake::HttpRequest;

const FILES: [(&str, &str, &str); 10] = [
    ("/", "text/html", include_str!("../page/index.html")),
    ("/style.css", "text/css", include_str!("../page/style.css")),
    ("/icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
    ("/app.js", "text/javascript", include_str!("../page/app.js")),
    ("/chat.js", "text/javascript", include_str!("../page/chat.js")),
    ("/line.js", "text/javascript", include_str!("../page/line.js")),
    ("/outbox.js", "text/javascript", include_str!("../page/outbox.js")),
    ("/picture.js", "text/javascript", include_str!("../page/picture.js")),
    ("/sides.js", "text/javascript", include_str!("../page/sides.js")),
    ("/timeline.js", "text/javascript", include_str!("../page/timeline.js")),
];

/// Scripts, styles and connections from here alone, and pictures that came over the connection.
const POLICY: &str =
    "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Answers what is plain HTTP.
pub fn serve(request: &HttpRequest<'_>, out: &mut Vec<u8>) {
    let path = request.target().split('?').next().unwrap_or_default();
    let (status, kind, body) = match (request.method(), FILES.iter().find(|(name, ..)| *name == path)) {
        ("GET" | "HEAD", Some((_, kind, body))) => ("200 OK", *kind, *body),
        ("GET" | "HEAD", None) => ("404 Not Found", "text/plain", "There is nothing here but the chat at /.\n"),
        _ => ("405 Method Not Allowed\r\nAllow: GET, HEAD", "text/plain", "Only GET and HEAD are understood.\n"),
    };
    let len = body.len();
    let body = if request.method() == "HEAD" { "" } else { body };
    let head = [
        &format!("HTTP/1.1 {status}"),
        &format!("Content-Type: {kind}; charset=utf-8"),
        &format!("Content-Length: {len}"),
        &format!("Content-Security-Policy: {POLICY}"),
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-cache",
        "Connection: close",
    ];
    let written = write!(out, "{}\r\n\r\n{body}", head.join("\r\n"));
    debug_assert!(written.is_ok(), "a vector takes everything");
}
