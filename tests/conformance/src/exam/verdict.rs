//! What came of an exam.

use std::fmt;

use super::observe::Ended;
use crate::lint::Finding;

/// How well a subject did.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Grade {
    /// As the sentence wants.
    Pass,
    /// The standard leaves it open; what was seen is told.
    Info,
    /// The MUST is kept, a SHOULD is not.
    Lenient,
    /// What the case needs is neither declared nor seen.
    Unimplemented,
    /// The good handshake, or a control of the rule, fails.
    Blocked,
    /// Two looks disagree.
    Inconclusive,
    /// A MUST is broken.
    Fail,
    /// It died, hung or panicked.
    Crash,
}

impl Grade {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Info,
        Self::Lenient,
        Self::Unimplemented,
        Self::Blocked,
        Self::Inconclusive,
        Self::Fail,
        Self::Crash,
    ];

    /// In lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Lenient => "lenient",
            Self::Unimplemented => "unimplemented",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Crash => "crash",
        }
    }

    /// The grade of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.name() == name)
    }

    /// One character for it.
    pub const fn sign(self) -> char {
        match self {
            Self::Pass => '✓',
            Self::Info => 'i',
            Self::Lenient => '~',
            Self::Unimplemented => '–',
            Self::Blocked => '·',
            Self::Inconclusive => '?',
            Self::Fail => '✗',
            Self::Crash => '☠',
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The verdict on one exam.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How well the subject did.
    pub grade: Grade,
    /// What was amiss, in sentences.
    pub said: Vec<String>,
    /// Whether replies were due that did not come.
    pub lost: bool,
    /// What was seen, in one line: two deliveries that differ in it differ.
    pub seen: String,
    /// What every byte that it sent is measured by.
    pub findings: Vec<Finding>,
    /// The bytes of both directions.
    pub log: Vec<Entry>,
    /// Whether it rests on a silence, so that a calmer look may change it.
    pub silence: bool,
    /// Whether something came, but after more bytes were sent than it was waited for.
    pub late: bool,
    /// Whether the machine was too busy for the pieces of the delivery.
    pub hurried: bool,
    /// How many bytes the judge sent.
    pub sent: usize,
    /// How many of them were a good handshake, which is the same in all cases.
    pub good_head: usize,
    /// A measure of how much came back.
    pub work: usize,
    /// How many frames came back.
    pub frames: usize,
}

impl Verdict {
    /// Whether no calmer look would change it.
    pub fn is_certain(&self) -> bool {
        self.grade == Grade::Pass || !self.silence && !self.hurried
    }
}

/// Something that happened on the connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Entry {
    /// The judge sent this.
    Sent(Vec<u8>),
    /// The subject sent this.
    Received(Vec<u8>),
    /// The judge ended its direction.
    SentEof,
    /// The subject's direction ended.
    Ended(Ended),
    /// Nothing came for a while.
    Quiet,
}
