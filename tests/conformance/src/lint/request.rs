//! Lints for a client's request.

use super::{Connection, Lint, Notes, must};
use crate::wire::extension::{self, Deflate};
use crate::wire::head::{Head, is_tchar};
use crate::wire::is_key;

static SYNTAX: Lint = must("request-syntax", "6455-4.1-request-http");
static METHOD: Lint = must("request-method", "6455-4.1-request-get");
static VERSION: Lint = must("request-version", "6455-4.1-request-version");
static TARGET: Lint = must("request-target", "6455-4.1-request-uri");
static HOST: Lint = must("request-host", "6455-4.1-request-host");
static UPGRADE: Lint = must("request-upgrade", "6455-4.1-request-upgrade");
static CONNECTION: Lint = must("request-connection", "6455-4.1-request-connection");
static KEY: Lint = must("request-key", "6455-4.1-request-key");
static KEY_ONCE: Lint = must("request-key-once", "6455-11.3.1-key-once");
static WS_VERSION: Lint = must("request-ws-version", "6455-4.1-request-ws-version");
static PROTOCOL: Lint = must("request-protocol", "6455-4.1-request-protocol-token");
static PROTOCOL_UNIQUE: Lint = must("request-protocol-unique", "6455-4.1-request-protocol-unique");
static EXTENSIONS: Lint = must("request-extensions", "6455-4.3-extensions");
static DEFLATE_OFFER: Lint = must("deflate-offer", "6455-9.1-params-defined");
static EARLY: Lint = must("early-data", "6455-4.1-wait-for-response");

pub(super) const ALL: &[&Lint] = &[
    &SYNTAX,
    &METHOD,
    &VERSION,
    &TARGET,
    &HOST,
    &UPGRADE,
    &CONNECTION,
    &KEY,
    &KEY_ONCE,
    &WS_VERSION,
    &PROTOCOL,
    &PROTOCOL_UNIQUE,
    &EXTENSIONS,
    &DEFLATE_OFFER,
    &EARLY,
];

pub(super) fn check(connection: &Connection<'_>, notes: &mut Notes) {
    let Some(head) = connection.head else { return };
    if let Some(fault) = head.faults.first() {
        notes.add(&SYNTAX, fault);
    }
    let parts: Vec<&[u8]> = head.first.split(|&byte| byte == b' ').collect();
    let [method, target, version] = parts[..] else {
        return notes.add(&SYNTAX, format!("the first line {:?}", String::from_utf8_lossy(&head.first)));
    };
    if method != b"GET" {
        notes.add(&METHOD, format!("the method {}", method.escape_ascii()));
    }
    if version != b"HTTP/1.1" {
        notes.add(&VERSION, format!("the version {}", version.escape_ascii()));
    }
    let absolute = [&b"http://"[..], b"https://", b"ws://", b"wss://"].iter().any(|scheme| target.starts_with(scheme));
    if !absolute && !target.starts_with(b"/") || target.contains(&b'#') || !target.iter().all(u8::is_ascii_graphic) {
        notes.add(&TARGET, format!("the target {}", target.escape_ascii()));
    }
    if head.values("Host").len() != 1 {
        notes.add(&HOST, format!("{} Host fields", head.values("Host").len()));
    }
    if !head.lists("Upgrade", "websocket") {
        notes.add(&UPGRADE, "no Upgrade: websocket");
    }
    if !head.lists("Connection", "upgrade") {
        notes.add(&CONNECTION, "no Connection: Upgrade");
    }
    match head.values("Sec-WebSocket-Key")[..] {
        [key] if is_key(key) => {}
        [_, _, ..] => notes.add(&KEY_ONCE, "more than one Sec-WebSocket-Key"),
        _ => notes.add(&KEY, "no Sec-WebSocket-Key of 16 bytes"),
    }
    if connection.early_data {
        notes.add(&EARLY, "bytes after the request, before there was a response");
    }
    offered(head, notes);
}

/// What is asked for, whichever version of HTTP carries it.
pub(super) fn offered(head: &Head, notes: &mut Notes) {
    if head.values("Sec-WebSocket-Version")[..] != [b"13"] {
        notes.add(&WS_VERSION, "no Sec-WebSocket-Version: 13");
    }
    let protocols = head.elements("Sec-WebSocket-Protocol");
    if protocols.iter().any(|name| !name.iter().all(|&byte| is_tchar(byte))) {
        notes.add(&PROTOCOL, "a subprotocol that is no token");
    }
    if protocols.iter().enumerate().any(|(i, name)| protocols[..i].contains(name)) {
        notes.add(&PROTOCOL_UNIQUE, "a subprotocol twice");
    }
    if !head.values("Sec-WebSocket-Extensions").is_empty() {
        match extension::read(&head.values("Sec-WebSocket-Extensions").join(&b", "[..])) {
            None => notes.add(&EXTENSIONS, "offers that do not follow the grammar of RFC 6455 §9.1"),
            Some(offers) => {
                for offer in offers.iter().filter(|offer| offer.name == Deflate::NAME) {
                    if let Err(error) = Deflate::read(offer, false) {
                        notes.add(&DEFLATE_OFFER, error);
                    }
                }
            }
        }
    }
}
