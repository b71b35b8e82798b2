//! The page, which is part of the program.

use websocket_proto_tokio::endpoint::Responder;
use websocket_proto_tokio::handshake::HttpRequest;

const FILES: [(&str, &str, &str); 5] = [
    ("/", "text/html", include_str!("../../page/index.html")),
    ("/style.css", "text/css", include_str!("../../page/style.css")),
    ("/app.js", "text/javascript", include_str!("../../page/app.js")),
    ("/call.js", "text/javascript", include_str!("../../page/call.js")),
    ("/talk.js", "text/javascript", include_str!("../../page/talk.js")),
];

/// Scripts, styles and connections from here alone, and files that came from a friend.
const POLICY: &str =
    "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Answers what is plain HTTP.
pub fn serve(request: &HttpRequest<'_>, responder: &mut Responder<'_>) {
    if let Err(error) = request.check_host() {
        return responder.respond(error.response());
    }
    let file = FILES.iter().find(|(name, ..)| Some(*name) == request.target().split('?').next());
    let (status, kind, body) = match (request.method(), file) {
        ("GET" | "HEAD", Some((_, kind, body))) => (200, *kind, *body),
        ("GET" | "HEAD", None) => (404, "text/plain", "There is nothing here but the messenger at /.\n"),
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
    responder.respond(request.respond(status, &fields, body.as_bytes()));
}
