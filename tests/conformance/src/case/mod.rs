//! Cases as data: what is sent to an endpoint, and what a strict one hears of it. The format is described in `FORMAT.md`.

mod edit;
mod lex;
mod library;
mod literal;
mod outcome;
mod parse;
mod step;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use edit::Edit;
pub use library::Library;
pub use literal::{Literal, Number, Piece, Unit};
pub use outcome::{Alternative, Answer, Content, End, FieldTest, Heard, StatusTest};
pub use step::{Command, Form, Frame, Masking, Opening, Step};

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// `RULE/NAME`.
    pub id: String,
    /// The name of its file.
    pub family: String,
    /// Its line there.
    pub line: usize,
    /// What it belongs to.
    pub rule: Arc<Rule>,
    /// How the connection begins.
    pub opening: Opening,
    /// What is done then.
    pub steps: Vec<Step>,
    /// What may come of it, the best first.
    pub outcome: Vec<Alternative>,
    /// Autobahn's cases that test the same.
    pub autobahn: Vec<String>,
    /// The name that it had before.
    pub was: Option<String>,
    /// The line as it was written, without blanks around it.
    pub text: String,
}

/// A sentence of a standard.
#[derive(Clone, Debug)]
pub struct Rule {
    /// An id of `requirements.tsv`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// Whom it binds.
    pub roles: Roles,
    /// What its cases need.
    pub needs: Vec<Need>,
    /// As it stands in the standard.
    pub sentence: String,
}

impl Rule {
    /// Whether the rule's cases need this.
    pub fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }
}

/// How binding a rule is (RFC 2119).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Level {
    Must,
    MustNot,
    Should,
    ShouldNot,
    May,
    Info,
}

impl Level {
    /// As a case file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
            Self::Info => "INFO",
        }
    }
}

/// A role of an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// It accepts connections.
    Server,
    /// It opens them.
    Client,
}

impl Role {
    /// `server` or `client`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// Whom a rule binds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Roles {
    Server,
    Client,
    Both,
}

impl Roles {
    /// Whether the role is among them.
    pub fn contains(self, role: Role) -> bool {
        match self {
            Self::Server => role == Role::Server,
            Self::Client => role == Role::Client,
            Self::Both => true,
        }
    }

    /// As a case file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Both => "both",
        }
    }
}

/// Without which a rule's cases are unimplemented.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// permessage-deflate.
    Deflate,
    /// A limit that is declared.
    Limit(Limit),
    /// A subprotocol that is declared.
    Subprotocol,
    /// An origin that is declared.
    Origin,
    /// A subject that obeys commands.
    Commands,
    /// A clock that can be advanced.
    Time,
    /// Heads as fields (RFC 8441).
    Heads,
    /// A client that connects to a given URL.
    Url,
}

impl Need {
    /// As a case file writes it.
    pub fn name(self) -> String {
        match self {
            Self::Deflate => "deflate".to_owned(),
            Self::Limit(limit) => format!("limit:{}", limit.name()),
            Self::Subprotocol => "subprotocol".to_owned(),
            Self::Origin => "origin".to_owned(),
            Self::Commands => "commands".to_owned(),
            Self::Time => "time".to_owned(),
            Self::Heads => "heads".to_owned(),
            Self::Url => "url".to_owned(),
        }
    }
}

/// A limit that an endpoint may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Bytes of a message.
    Message,
    /// Bytes of a frame's payload.
    Frame,
    /// Fragments of a message.
    Fragments,
    /// Bytes of a handshake's head.
    Head,
    /// Fields of a handshake's head.
    Fields,
}

impl Limit {
    /// As a case file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Frame => "frame",
            Self::Fragments => "fragments",
            Self::Head => "head",
            Self::Fields => "fields",
        }
    }

    /// The limit of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Message, Self::Frame, Self::Fragments, Self::Head, Self::Fields].into_iter().find(|l| l.name() == name)
    }
}

/// The limits that a subject declares.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    declared: Vec<(Limit, u64)>,
}

impl Limits {
    /// Declares a limit.
    pub fn set(&mut self, limit: Limit, value: u64) {
        self.declared.retain(|&(declared, _)| declared != limit);
        self.declared.push((limit, value));
    }

    /// The limit, if it is declared.
    pub fn get(&self, limit: Limit) -> Option<u64> {
        self.declared.iter().find(|&&(declared, _)| declared == limit).map(|&(_, value)| value)
    }
}

/// What is wrong with a case file, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CaseError {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Expected what, found what.
    pub message: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for CaseError {}

/// A time span as a case file writes it.
pub(crate) fn duration(word: &str) -> Option<Duration> {
    match word.strip_suffix("ms") {
        Some(n) => n.parse().ok().map(Duration::from_millis),
        None => word.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}
