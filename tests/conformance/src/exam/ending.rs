//! The last part of the state machine: whether the connection goes on, and how it ends.

use super::Do;
use super::machine::{BARRIER, Exam, Phase};
use crate::case::{End, Role};

impl Exam<'_> {
    pub(super) fn enter_barrier(&mut self) -> Option<Do> {
        if !self.own.unfinished().is_empty() {
            return self.enter_ending();
        }
        let ping = self.writer.control(9, BARRIER);
        self.queue(&ping);
        self.facts.barrier = Some(false);
        self.phase = Phase::Barrier;
        None
    }

    pub(super) fn await_barrier(&mut self, quiet: bool) -> Option<Do> {
        if self.seen.close.is_some() {
            return self.enter_ending();
        }
        let answered = self.seen.pongs.iter().any(|pong| pong == BARRIER);
        self.facts.barrier = Some(answered);
        let waiting = !answered || self.wants(|end| *end == End::Open) && !self.replies_complete();
        if self.seen.ended.is_some() {
            self.phase = Phase::Done;
        } else if waiting && !quiet {
            return Some(Do::Read);
        } else if !answered {
            return self.enter_ending();
        } else if self.wants(|end| *end == End::Open) {
            let close = self.writer.control(8, &1000_u16.to_be_bytes());
            self.queue(&close);
            self.facts.cleaned = true;
            self.phase = Phase::Clean;
        } else {
            self.phase = Phase::Done;
        }
        None
    }

    /// The judge's own Close was sent.
    pub(super) fn clean(&mut self, quiet: bool) -> Option<Do> {
        if self.seen.ended.is_some() || quiet {
            self.phase = Phase::Done;
            return None;
        }
        if self.seen.close.is_some() && self.role == Role::Client && !self.facts.half {
            self.facts.half = true;
            return Some(Do::CloseWrite);
        }
        Some(Do::Read)
    }

    /// The subject closes, or should: the judge does its part.
    pub(super) fn enter_ending(&mut self) -> Option<Do> {
        self.phase = Phase::Ending;
        let closing = self.facts.told_to_close || self.wants(|end| matches!(end, End::Closing(_)));
        if let (true, false, false, Some((code, _))) =
            (closing, self.facts.silent, self.facts.sent_close, &self.seen.close)
        {
            let payload = code.map(u16::to_be_bytes);
            let close = self.writer.control(8, payload.as_ref().map_or(&[], |code| &code[..]));
            self.queue(&close);
            self.facts.sent_close = true;
        }
        // A server closes first (§7.1.1).
        if self.role == Role::Client && !self.facts.silent && !self.facts.half && self.seen.close.is_some() {
            self.facts.half = true;
            self.pieces.push_back(Do::CloseWrite);
        }
        None
    }

    pub(super) fn ending(&mut self, quiet: bool) -> Option<Do> {
        if self.seen.ended.is_some() {
            self.phase = Phase::Done;
            return None;
        }
        if !quiet {
            return Some(Do::Read);
        }
        // It does not end by itself.
        self.facts.prompts += 1;
        if self.facts.silent || self.facts.half {
            self.facts.prompts = usize::MAX;
            self.phase = Phase::Done;
            return None;
        }
        if let (Some((code, _)), false) = (&self.seen.close, self.facts.sent_close) {
            let payload = code.map(u16::to_be_bytes);
            let close = self.writer.control(8, payload.as_ref().map_or(&[], |code| &code[..]));
            self.facts.sent_close = true;
            self.queue(&close);
            return None;
        }
        self.facts.half = true;
        Some(Do::CloseWrite)
    }
}
