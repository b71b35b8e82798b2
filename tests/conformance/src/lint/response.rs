//! Lints for a server's response.

use super::{Connection, Lint, Notes, must, should};
use crate::wire::extension::{self, Deflate};
use crate::wire::head::Head;

static SYNTAX: Lint = must("response-syntax", "6455-4.2.2-101");
static STATUS_LINE: Lint = must("status-line", "6455-4.2.2-101");
static UPGRADE: Lint = must("response-upgrade", "6455-4.2.2-101-upgrade");
static CONNECTION: Lint = must("response-connection", "6455-4.2.2-101-connection");
static ACCEPT: Lint = must("accept", "6455-4.2.2-101-accept");
static ACCEPT_ONCE: Lint = must("accept-once", "6455-11.3.3-accept-once");
static PROTOCOL: Lint = must("response-protocol", "6455-4.2.2-protocol-derived");
static PROTOCOL_ONCE: Lint = must("protocol-once", "6455-11.3.4-protocol-response");
static EXTENSION_UNASKED: Lint = must("extension-unasked", "6455-9-not-requested");
static EXTENSION_SYNTAX: Lint = must("extension-syntax", "6455-4.3-extensions");
static DEFLATE_ANSWER: Lint = must("deflate-answer", "7692-5-agreed");
static ALLOW: Lint = must("allow", "9110-15.5.6-allow");
static UPGRADE_426: Lint = must("upgrade-426", "9110-15.5.22-upgrade");
static CONTENT_LENGTH: Lint = should("content-length", "9112-6.3-cl-te");

pub(super) const ALL: &[&Lint] = &[
    &SYNTAX,
    &STATUS_LINE,
    &UPGRADE,
    &CONNECTION,
    &ACCEPT,
    &ACCEPT_ONCE,
    &PROTOCOL,
    &PROTOCOL_ONCE,
    &EXTENSION_UNASKED,
    &EXTENSION_SYNTAX,
    &DEFLATE_ANSWER,
    &ALLOW,
    &UPGRADE_426,
    &CONTENT_LENGTH,
];

pub(super) fn check(connection: &Connection<'_>, notes: &mut Notes) {
    let Some(head) = connection.head else { return };
    if let Some(fault) = head.faults.first() {
        notes.add(&SYNTAX, fault);
    }
    let Some((version, status)) = head.status() else {
        notes.add(&STATUS_LINE, format!("the first line {:?}", String::from_utf8_lossy(&head.first)));
        return;
    };
    if status != 101 {
        return refusal(connection, head, status, notes);
    }
    if version != b"HTTP/1.1" {
        notes.add(&STATUS_LINE, format!("101 with {}", version.escape_ascii()));
    }
    match head.values("Upgrade")[..] {
        [value] if value.eq_ignore_ascii_case(b"websocket") => {}
        _ => notes.add(&UPGRADE, "101 without Upgrade: websocket"),
    }
    if !head.lists("Connection", "upgrade") {
        notes.add(&CONNECTION, "101 without Connection: Upgrade");
    }
    match head.values("Sec-WebSocket-Accept")[..] {
        [value] if value == connection.accept.as_bytes() => {}
        [_, _, ..] => notes.add(&ACCEPT_ONCE, "Sec-WebSocket-Accept more than once"),
        ref values => {
            let found = values.first().map(|value| value.escape_ascii().to_string());
            notes.add(&ACCEPT, format!("expected {}, found {found:?}", connection.accept));
        }
    }
    negotiated(connection, head, notes);
}

/// What was chosen of what was offered, whichever version of HTTP carries it.
pub(super) fn negotiated(connection: &Connection<'_>, head: &Head, notes: &mut Notes) {
    protocol(connection, head, notes);
    extensions(connection, head, notes);
}

fn refusal(connection: &Connection<'_>, head: &Head, status: u16, notes: &mut Notes) {
    if status == 405 && head.values("Allow").is_empty() {
        notes.add(&ALLOW, "405 without Allow");
    }
    if status == 426 && !head.lists("Upgrade", "websocket") {
        notes.add(&UPGRADE_426, "426 without Upgrade");
    }
    if let [value] = head.values("Content-Length")[..] {
        let declared = std::str::from_utf8(value).ok().and_then(|value| value.parse::<usize>().ok());
        // RFC 9112 §6.3: these have none, whatever they declare.
        let bodiless =
            matches!(status, 204 | 304) || connection.own_head.is_some_and(|own| own.first.starts_with(b"HEAD "));
        // More than is declared is another response, or garbage; less may be on its way.
        let fits = |declared: usize| match connection.body.len() {
            0 if bodiless => true,
            found if connection.ended => found == declared,
            found => found <= declared,
        };
        if !declared.is_some_and(fits) && head.values("Transfer-Encoding").is_empty() {
            let (declared, found) = (value.escape_ascii(), connection.body.len());
            notes.add(&CONTENT_LENGTH, format!("a body of {found} bytes with Content-Length: {declared}"));
        }
    }
}

fn protocol(connection: &Connection<'_>, head: &Head, notes: &mut Notes) {
    let values = head.values("Sec-WebSocket-Protocol");
    if values.len() > 1 {
        notes.add(&PROTOCOL_ONCE, "Sec-WebSocket-Protocol more than once");
    }
    if let Some(value) = values.first() {
        let asked = connection.subprotocol_asked.as_ref().is_some_and(|asked| asked.iter().any(|name| name == value));
        if !asked {
            notes.add(
                &PROTOCOL,
                format!("the subprotocol {:?}, which was not asked for", String::from_utf8_lossy(value)),
            );
        }
    }
}

/// RFC 6455 §9.1: what is answered was offered. RFC 7692 §7.1: and its parameters follow from an offer.
fn extensions(connection: &Connection<'_>, head: &Head, notes: &mut Notes) {
    if head.values("Sec-WebSocket-Extensions").is_empty() {
        return;
    }
    let Some(answers) = extension::read(&head.values("Sec-WebSocket-Extensions").join(&b", "[..])) else {
        return notes.add(&EXTENSION_SYNTAX, "an answer that does not follow the grammar of RFC 6455 §9.1");
    };
    let asked =
        connection.own_head.map(|own| own.values("Sec-WebSocket-Extensions").join(&b", "[..])).unwrap_or_default();
    let offers = elements(&asked);
    for answer in &answers {
        let of_this: Vec<_> = offers.iter().filter(|offer| offer.name == answer.name).collect();
        if of_this.is_empty() {
            notes.add(&EXTENSION_UNASKED, format!("the extension {}, which was not offered", answer.name));
        } else if answer.name == Deflate::NAME {
            match Deflate::read(answer, true) {
                Err(error) => notes.add(&DEFLATE_ANSWER, error),
                Ok(agreed) => {
                    let valid: Vec<_> = of_this.iter().filter_map(|offer| Deflate::read(offer, false).ok()).collect();
                    let reasons: Vec<_> = valid.iter().map(|&offer| agreed.not_of(offer)).collect();
                    match reasons.first() {
                        None => notes.add(&DEFLATE_ANSWER, "an answer to offers that are all invalid (RFC 7692 §7)"),
                        Some(Some(reason)) if reasons.iter().all(Option::is_some) => {
                            notes.add(&DEFLATE_ANSWER, *reason)
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
}

/// Each element that follows the grammar.
fn elements(value: &[u8]) -> Vec<extension::Extension> {
    crate::wire::head::split_list(value).into_iter().filter_map(extension::read).flatten().collect()
}
