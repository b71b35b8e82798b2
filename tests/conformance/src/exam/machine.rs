//! The state machine.

use std::collections::VecDeque;

use super::expect::{Event, Expected};
use super::heads::Variables;
use super::observe::{Ended, Observed};
use super::script::{Op, Writer};
use super::verdict::{Entry, Verdict};
use super::{Context, Delivery, Do, Field, grade};
use crate::case::{Alternative, Answer, Case, Command, End, Opening, Role};
use crate::wire::extension::Deflate;
use crate::wire::frame::Reader;
use crate::wire::head::Head;
use crate::wire::strict::Strict;
use crate::wire::{accept, key};

/// One case, one delivery, one role.
#[derive(Debug)]
pub struct Exam<'c> {
    pub(super) case: &'c Case,
    pub(super) role: Role,
    pub(super) context: &'c Context,
    delivery: Delivery,
    pub(super) variables: Variables,
    pub(super) writer: Writer<'c>,
    pub(super) strict: Strict,
    /// What was sent with the head, if it was frames.
    pub(super) early_frames: Vec<u8>,
    /// Reads what the judge sends, to know where frames end.
    pub(super) own: Reader,
    pub(super) ops: VecDeque<Op>,
    pub(super) pieces: VecDeque<Do>,
    pub(super) phase: Phase,
    was_quiet: bool,
    pub(super) seen: Observed,
    pub(super) facts: Facts,
    pub(super) log: Vec<Entry>,
    pub(super) sent: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    Start,
    Answer,
    Request,
    Script,
    Look,
    Settle,
    Barrier,
    Clean,
    Ending,
    Done,
}

/// What the grade rests on, beside what was seen.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The judge's own head.
    pub(super) own_head: Option<Head>,
    pub(super) deflate: Option<Deflate>,
    /// Why the case can't be examined.
    pub(super) missing: Option<String>,
    pub(super) no_answer: bool,
    /// What was answered goes beyond what the client has asked for.
    pub(super) may_refuse: bool,
    pub(super) early_data: bool,
    /// What is wrong with the request for the URL that was given.
    pub(super) url: Option<String>,
    /// What was due at a `look` came after it.
    pub(super) late: bool,
    /// Replies that were due at a `look` had not come.
    pub(super) late_replies: bool,
    pub(super) silence: bool,
    /// The bytes came no longer in the pieces that they should come in.
    pub(super) hurried: bool,
    pub(super) half: bool,
    pub(super) silent: bool,
    pub(super) told_to_close: bool,
    pub(super) barrier: Option<bool>,
    /// What the subject needed before it ended.
    pub(super) prompts: usize,
    pub(super) sent_close: bool,
    /// The judge closed a connection that was in order.
    pub(super) cleaned: bool,
    pub(super) violates: bool,
}

impl<'c> Exam<'c> {
    /// A case for a subject of this role.
    pub fn new(case: &'c Case, role: Role, context: &'c Context, delivery: Delivery) -> Self {
        let seed = case
            .id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&seed.to_be_bytes());
        nonce[8..].copy_from_slice(&seed.rotate_left(21).to_le_bytes());
        let key = key(nonce);
        let variables = Variables {
            host: context.host.clone(),
            target: context.target.clone(),
            accept: accept(key.as_bytes()),
            key,
            subprotocol: context.subprotocol.clone().unwrap_or_default(),
            origin: context.origin.clone().unwrap_or_default(),
        };
        let unmet = case.rule.needs.iter().find(|&&need| !context.meets(need));
        let facts = Facts { missing: unmet.map(|need| format!("needs {}", need.name())), ..Facts::default() };
        Self {
            case,
            role,
            context,
            delivery,
            variables,
            writer: Writer::new(role, &context.limits, seed),
            strict: Strict::new(role == Role::Server, None),
            early_frames: Vec::new(),
            own: Reader::default(),
            ops: VecDeque::new(),
            pieces: VecDeque::new(),
            phase: if facts.missing.is_some() { Phase::Done } else { Phase::Start },
            was_quiet: false,
            seen: Observed::default(),
            facts,
            log: Vec::new(),
            sent: 0,
        }
    }

    /// Whether it is over before it begins: what it needs is not there.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Done
    }

    /// What is to be done now.
    #[expect(clippy::should_implement_trait, reason = "it never ends: after the last thing to do it says so again")]
    pub fn next(&mut self) -> Do {
        loop {
            if self.stopped() {
                self.pieces.clear();
            }
            if let Some(piece) = self.pieces.pop_front() {
                match &piece {
                    Do::Write(bytes) => self.log.push(Entry::Sent(bytes.clone())),
                    Do::Head(fields) => self.log.push(Entry::Sent(as_text(fields))),
                    _ => {}
                }
                return piece;
            }
            if self.seen.another_request {
                self.phase = Phase::Done;
            }
            let quiet = std::mem::take(&mut self.was_quiet);
            let act = match self.phase {
                Phase::Start => self.start(),
                Phase::Answer | Phase::Request => self.await_head(quiet),
                Phase::Script => self.script(),
                Phase::Look => self.look(quiet),
                Phase::Settle => self.settle(quiet),
                Phase::Barrier => self.await_barrier(quiet),
                Phase::Clean => self.clean(quiet),
                Phase::Ending => self.ending(quiet),
                Phase::Done => Some(Do::Done),
            };
            match act {
                Some(Do::CloseWrite) => {
                    self.log.push(Entry::SentEof);
                    return Do::CloseWrite;
                }
                Some(act) => return act,
                None => {}
            }
        }
    }

    /// How the connection begins.
    pub fn opening(&self) -> &'c Opening {
        &self.case.opening
    }

    /// The role of the subject.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The head of an extended CONNECT came.
    pub fn received_head(&mut self, fields: &[Field]) {
        self.log.push(Entry::Received(as_text(fields)));
        self.seen.head = Some(Head::connect(fields));
    }

    /// These bytes came.
    pub fn received(&mut self, bytes: &[u8]) {
        match self.log.last_mut() {
            Some(Entry::Received(before)) => before.extend(bytes),
            _ => self.log.push(Entry::Received(bytes.to_vec())),
        }
        self.seen.received(bytes, self.role);
    }

    /// The subject's direction ended.
    pub fn ended(&mut self, how: Ended) {
        if self.seen.ended.is_none() {
            self.log.push(Entry::Ended(how));
            self.seen.ended = Some(how);
        }
    }

    /// Nothing came.
    pub fn quiet(&mut self) {
        self.log.push(Entry::Quiet);
        self.was_quiet = true;
        self.facts.silence = true;
    }

    /// The machine is too busy for the pieces of this delivery: what is left comes as it comes.
    pub fn hurried(&mut self) {
        self.facts.hurried = true;
    }

    /// A command was not understood, or time could not be let pass.
    pub fn unable(&mut self) {
        self.facts.missing = Some("needs a subject that obeys commands, or a clock".to_owned());
        self.phase = Phase::Done;
        self.pieces.clear();
    }

    /// What came of it. `heard` is what the subject's application heard, where it tells.
    pub fn verdict(self, heard: Option<&[Event]>) -> Verdict {
        grade::verdict(&self, heard)
    }

    pub(super) fn expected(&self, alternative: &Alternative) -> Option<Expected> {
        Expected::new(&alternative.heard, &self.writer.sent, &self.context.limits)
    }

    /// Whether the handshake is one that every subject accepts.
    pub(super) fn is_good(&self) -> bool {
        matches!(self.case.opening, Opening::Good | Opening::Agree(_))
    }

    /// Whether the connection was opened, as far as the head says.
    pub(super) fn is_open(&self) -> bool {
        let response = match self.role {
            Role::Server => &self.seen.head,
            Role::Client => &self.facts.own_head,
        };
        response.as_ref().is_some_and(Head::opens)
    }

    fn stopped(&self) -> bool {
        let refused = self.role == Role::Server && self.seen.head.is_some() && !self.is_open();
        let closed = self.seen.close.is_some() && !self.facts.told_to_close && !self.facts.sent_close;
        self.seen.ended.is_some()
            || self.seen.another_request
            || refused && self.phase != Phase::Answer
            || closed && !self.is_closing()
    }

    fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Ending | Phase::Clean)
    }

    pub(super) fn wants(&self, end: impl Fn(&End) -> bool) -> bool {
        self.case.outcome.iter().any(|alternative| {
            end(&alternative.end) && matches!(alternative.answer, None | Some(Answer::Accepted { .. }))
        })
    }

    pub(super) fn queue(&mut self, bytes: &[u8]) {
        let pieces = self.delivery.pieces(bytes, self.sent);
        self.sent += bytes.len();
        let last = pieces.len().saturating_sub(1);
        for (i, piece) in pieces.into_iter().enumerate() {
            self.pieces.push_back(Do::Write(piece));
            if i < last {
                self.pieces.push_back(Do::Pace);
            }
        }
    }

    /// As one piece in each delivery.
    pub(super) fn queue_whole(&mut self, bytes: Vec<u8>) {
        self.sent += bytes.len();
        self.pieces.push_back(Do::Write(bytes));
    }

    /// Frames that are about to be sent.
    fn queue_frames(&mut self, bytes: &[u8]) {
        self.note_frames(bytes);
        self.queue(bytes);
    }

    pub(super) fn note_frames(&mut self, bytes: &[u8]) {
        self.strict.push(bytes);
        self.own.push(bytes);
        while self.own.next_frame().is_some() {}
        self.facts.sent_close = self.strict.closed;
    }

    fn script(&mut self) -> Option<Do> {
        if self.stopped() {
            self.ops.clear();
        }
        match self.ops.pop_front() {
            Some(Op::Bytes(bytes)) => self.queue_frames(&bytes),
            Some(Op::Look) => self.phase = Phase::Look,
            Some(Op::Silent) => self.facts.silent = true,
            Some(Op::Half) => {
                self.facts.half = true;
                return Some(Do::CloseWrite);
            }
            Some(Op::Wait(span)) => return Some(Do::Wait(span)),
            Some(Op::Do(command)) => {
                self.facts.told_to_close |= matches!(command, Command::Close { .. });
                return Some(Do::Command(command));
            }
            None => self.phase = Phase::Settle,
        }
        None
    }

    fn look(&mut self, quiet: bool) -> Option<Do> {
        let fails = self.case.outcome.first().is_some_and(|first| matches!(first.end, End::Fail(_)));
        let failure_due = self.strict.failed.is_some() || fails && !self.facts.violates;
        let due = self.case.outcome.first().and_then(|first| self.expected(first)).unwrap_or_default();
        let replied = self.seen.data.len() >= self.strict.messages.min(due.data.len())
            && self.seen.pongs.len() >= self.strict.pings.len().min(due.pongs.len());
        let satisfied = replied && !failure_due && !self.strict.closed;
        if self.stopped() || satisfied || quiet {
            self.facts.late |= quiet && failure_due;
            self.facts.late_replies |= quiet && !replied;
            self.phase = Phase::Script;
            return None;
        }
        Some(Do::Read)
    }

    fn settle(&mut self, quiet: bool) -> Option<Do> {
        let no_head = self.role == Role::Server && self.seen.head.is_none();
        let http = self.seen.head.is_some() && !self.is_open();
        if self.seen.ended.is_some() || (no_head || http && self.role == Role::Client) && quiet {
            self.phase = Phase::Done;
        } else if no_head || http {
            if http && self.role == Role::Server {
                self.phase = Phase::Done;
            } else {
                return Some(Do::Read);
            }
        } else if self.seen.close.is_some() {
            return self.enter_ending();
        } else if self.facts.half || self.strict.closed || self.wants(|end| matches!(end, End::Closing(_))) {
            if !quiet {
                return Some(Do::Read);
            }
            return self.enter_ending();
        } else if self.replies_complete() || quiet {
            return self.enter_barrier();
        } else {
            return Some(Do::Read);
        }
        None
    }

    /// Whether all that an alternative expects whose connection goes on is here.
    pub(super) fn replies_complete(&self) -> bool {
        self.case.outcome.iter().filter(|a| a.end == End::Open && a.answer != Some(Answer::Refused)).any(
            |alternative| {
                self.expected(alternative).is_some_and(|e| {
                    let last = e.pongs.last().is_none_or(|last| self.seen.pongs.contains(last));
                    self.seen.data.len() >= e.data.len() && last
                })
            },
        )
    }
}

/// Such a head for people.
fn as_text(fields: &[Field]) -> Vec<u8> {
    let line = |(name, value): &Field| [name.as_bytes(), b": ", value, b"\r\n"].concat();
    fields.iter().flat_map(line).collect()
}

/// What the judge asks with whether a subject goes on.
pub(super) const BARRIER: &[u8] = b"wsspec: still there?";
