//! One case, one delivery, one role: as a state machine that knows bytes and nothing else.
//!
//! The driver asks [`Exam::next`] what to do, and tells what came of it. A case that is decided stops sending: nothing is written after a
//! violation that was noticed.

mod delivery;
mod ending;
mod expect;
mod grade;
mod heads;
mod machine;
mod observe;
mod opening;
mod script;
mod url;
mod vector;
mod verdict;
mod words;

use std::time::Duration;

pub use delivery::Delivery;
pub use expect::Event;
pub use machine::Exam;
pub use observe::Ended;
pub use vector::{Vector, VectorStep, runs};
pub use verdict::{Entry, Grade, Verdict};

use crate::case::{Command, Limits, Need};

/// What the driver is to do next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Do {
    /// Write these bytes, and take what comes meanwhile.
    Write(Vec<u8>),
    /// Wait until the subject has read all that was written, if that can be known.
    Pace,
    /// Hand over this head of an extended CONNECT.
    Head(Vec<Field>),
    /// End the judge's direction.
    CloseWrite,
    /// Read; if nothing comes for a while, say so.
    Read,
    /// Let time pass.
    Wait(Duration),
    /// Tell the subject's application to do this.
    Command(Command),
    /// Close the connection; ask for the verdict.
    Done,
}

/// A field of a head that was parsed: its name and its value.
pub type Field = (String, Vec<u8>);

/// What is known of a subject before the exam.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// What it declares.
    pub limits: Limits,
    /// The value of `Host`.
    pub host: String,
    /// The request's target.
    pub target: String,
    /// A subprotocol that it speaks.
    pub subprotocol: Option<String>,
    /// An origin that it allows.
    pub origin: Option<String>,
    /// It obeys commands.
    pub commands: bool,
    /// Time can be let pass.
    pub time: bool,
    /// It takes heads as fields (in memory).
    pub heads: bool,
    /// A client takes a URL (in memory).
    pub url: bool,
    /// It has no permessage-deflate.
    pub without_deflate: bool,
}

impl Context {
    /// Whether a need is met, as far as that is known before the handshake.
    pub fn meets(&self, need: Need) -> bool {
        match need {
            Need::Deflate => !self.without_deflate,
            Need::Limit(limit) => self.limits.get(limit).is_some(),
            Need::Subprotocol => self.subprotocol.is_some(),
            Need::Origin => self.origin.is_some(),
            Need::Commands => self.commands,
            Need::Time => self.time,
            Need::Heads => self.heads,
            Need::Url => self.url,
        }
    }
}
