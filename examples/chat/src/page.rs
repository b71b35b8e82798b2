//! The files of the page, which are part of the program.

use websocket_proto::endpoint::Responder;
use websocket_proto::handshake::HttpRequest;

use crate::target::path;

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
pub fn answer(request: &HttpRequest<'_>, answer: &mut Responder<'_>) {
    let file = FILES.iter().find(|(name, ..)| *name == path(request.target()));
    let (status, kind, body) = match (request.method(), file) {
        ("GET" | "HEAD", Some((_, kind, body))) => (200, *kind, *body),
        ("GET" | "HEAD", None) => (404, "text/plain", "There is nothing here but the chat at /.\n"),
        _ => (405, "text/plain", "Only GET and HEAD are understood.\n"),
    };
    let kind = format!("{kind}; charset=utf-8");
    let fields = [
        ("Content-Type", kind.as_str()),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-cache"),
        ("Allow", "GET, HEAD"),
    ];
    match request.check_host() {
        // RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code".
        Err(error) if request.method() == "HEAD" => answer.respond(error.response().to_head()),
        Err(error) => answer.respond(error.response()),
        Ok(()) => answer.respond(request.respond(status, &fields, body.as_bytes())),
    }
}
