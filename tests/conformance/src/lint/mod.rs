//! What every byte of a subject is measured by, whatever the case asks.

mod connect;
mod frames;
mod request;
mod response;

use crate::case::Role;
use crate::wire::extension::Deflate;
use crate::wire::frame::Frame;
use crate::wire::head::Head;
use crate::wire::inflate::InflateError;

/// Something that a subject sent and should not have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Which lint.
    pub lint: &'static Lint,
    /// What was found.
    pub what: String,
}

/// A rule for what is sent.
#[derive(Debug, Eq, PartialEq)]
pub struct Lint {
    /// Its name.
    pub name: &'static str,
    /// The requirement that it checks.
    pub rule: &'static str,
    /// Whether a breach is one of a MUST.
    pub must: bool,
}

/// What a subject sent on one connection.
#[derive(Clone, Debug)]
pub struct Connection<'e> {
    /// The subject's.
    pub role: Role,
    /// The judge's head.
    pub own_head: Option<&'e Head>,
    /// The subject's head.
    pub head: Option<&'e Head>,
    /// What followed a head that is no 101.
    pub body: &'e [u8],
    /// The value of `Sec-WebSocket-Accept` that is right.
    pub accept: &'e str,
    /// The subprotocols that the judge asked for, or named.
    pub subprotocol_asked: Option<Vec<Vec<u8>>>,
    /// What was agreed.
    pub deflate: Option<Deflate>,
    /// What was wrong with compressed data.
    pub bad_deflate: Option<InflateError>,
    /// Every frame.
    pub frames: &'e [Frame],
    /// The bytes of a frame that is not complete.
    pub rest: &'e [u8],
    /// The subject has ended the connection in order.
    pub ended: bool,
    /// The connection was ended within a frame.
    pub unfinished: bool,
    /// A client sent frames before it had an answer.
    pub early_data: bool,
}

/// Everything that is amiss, each lint once.
pub fn findings(connection: &Connection<'_>) -> Vec<Finding> {
    let mut notes = Notes(Vec::new());
    match connection.role {
        _ if connection.head.is_some_and(|head| head.connect) => connect::check(connection, &mut notes),
        Role::Server => response::check(connection, &mut notes),
        Role::Client => request::check(connection, &mut notes),
    }
    frames::check(connection, &mut notes);
    notes.0
}

/// All lints.
pub fn all() -> impl Iterator<Item = &'static Lint> {
    frames::ALL.iter().chain(connect::ALL).chain(request::ALL).chain(response::ALL).copied()
}

/// Those that look at what a role sends, by an upgrade or by an extended CONNECT.
pub fn of(role: &str, connects: bool) -> impl Iterator<Item = &'static Lint> {
    let heads = match role == Role::Server.name() {
        _ if connects => connect::ALL,
        true => response::ALL,
        false => request::ALL,
    };
    frames::ALL.iter().chain(heads).copied()
}

struct Notes(Vec<Finding>);

impl Notes {
    fn add(&mut self, lint: &'static Lint, what: impl Into<String>) {
        if !self.0.iter().any(|finding| finding.lint == lint) {
            self.0.push(Finding { lint, what: what.into() });
        }
    }
}

const fn must(name: &'static str, rule: &'static str) -> Lint {
    Lint { name, rule, must: true }
}

const fn should(name: &'static str, rule: &'static str) -> Lint {
    Lint { name, rule, must: false }
}
