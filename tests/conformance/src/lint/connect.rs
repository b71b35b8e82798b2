//! Lints for the heads of an extended CONNECT (RFC 8441, RFC 9220).

use super::{Connection, Lint, Notes, must, request, response};
use crate::case::Role;
use crate::wire::head::Head;

static METHOD: Lint = must("connect-method", "8441-5-protocol-websocket");
static SCHEME_PATH: Lint = must("connect-scheme-path", "8441-4-scheme-path");
static SCHEME: Lint = must("connect-scheme", "8441-5-scheme");
static AUTHORITY: Lint = must("connect-authority", "8441-5-authority");
static HOP: Lint = must("connect-hop", "8441-5-no-connection-upgrade");
static LOWERCASE: Lint = must("connect-lowercase", "8441-5-lowercase");

pub(super) const ALL: &[&Lint] = &[&METHOD, &SCHEME_PATH, &SCHEME, &AUTHORITY, &HOP, &LOWERCASE];

pub(super) fn check(connection: &Connection<'_>, notes: &mut Notes) {
    let Some(head) = connection.head else { return };
    if let Some((name, _)) = head.fields.iter().find(|(name, _)| name.bytes().any(|byte| byte.is_ascii_uppercase())) {
        notes.add(&LOWERCASE, format!("the field {name}"));
    }
    match connection.role {
        Role::Server if head.opens() => response::negotiated(connection, head, notes),
        Role::Server => {}
        Role::Client => asked(head, notes),
    }
}

fn asked(head: &Head, notes: &mut Notes) {
    if head.values(":method") != [b"CONNECT"]
        || !matches!(head.values(":protocol")[..], [value] if value == b"websocket")
    {
        notes.add(&METHOD, "no :method CONNECT with :protocol websocket");
    }
    match (&head.values(":scheme")[..], &head.values(":path")[..]) {
        ([scheme], [path]) => {
            if ![&b"https"[..], b"http"].contains(scheme) {
                notes.add(&SCHEME, format!("the scheme {}", scheme.escape_ascii()));
            }
            if !path.starts_with(b"/") {
                notes.add(&SCHEME_PATH, format!("the path {}", path.escape_ascii()));
            }
        }
        _ => notes.add(&SCHEME_PATH, "no :scheme, or no :path"),
    }
    if head.values(":authority").len() != 1 || !head.values("Host").is_empty() {
        notes.add(&AUTHORITY, "no :authority, or a Host beside it");
    }
    if !head.values("Connection").is_empty() || !head.values("Upgrade").is_empty() {
        notes.add(&HOP, "Connection or Upgrade");
    }
    request::offered(head, notes);
}
