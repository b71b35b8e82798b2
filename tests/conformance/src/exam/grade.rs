//! From what was seen to a grade: one ladder for all cases.

use std::collections::HashSet;

use super::expect::{Event, Expected};
use super::machine::{BARRIER, Exam};
use super::observe::Ended;
use super::verdict::{Grade, Verdict};
use super::words::{answer, code_name, data_line, heard_line, seen};
use crate::case::{Alternative, Answer, End, FieldTest, Level, Opening, Role, StatusTest};
use crate::lint;
use crate::wire::extension;
use crate::wire::extension::Deflate;
use crate::wire::frame::Frame;
use crate::wire::head::Head;

/// The verdict on an exam that is over.
pub(super) fn verdict(exam: &Exam<'_>, heard: Option<&[Event]>) -> Verdict {
    let (mut grade, said) = grade(exam, heard);
    let lost = said.iter().any(|said| said.ends_with(LOST));
    if exam.seen.ended == Some(Ended::Died) {
        grade = Grade::Crash;
    }
    let key_values = exam.facts.own_head.as_ref().map(|head| head.values("Sec-WebSocket-Key")).unwrap_or_default();
    let accepts: Vec<String> = key_values.into_iter().map(crate::wire::accept).collect();
    // Which of several keys is answered is left open.
    let answered = exam.seen.head.as_ref().and_then(|head| head.values("Sec-WebSocket-Accept").first().copied());
    let accept = match &accepts[..] {
        [accept] => accept.clone(),
        _ => String::from_utf8_lossy(answered.unwrap_or_default()).into_owned(),
    };
    let findings = lint::findings(&lint::Connection {
        role: exam.role,
        own_head: exam.facts.own_head.as_ref(),
        head: exam.seen.head.as_ref(),
        body: &exam.seen.body,
        accept: &accept,
        subprotocol_asked: exam.facts.own_head.as_ref().map(|head| head.elements("Sec-WebSocket-Protocol")),
        deflate: exam.facts.deflate,
        bad_deflate: exam.seen.bad_deflate,
        frames: &exam.seen.frames,
        rest: if exam.seen.head.is_some() { exam.seen.unfinished() } else { &[] },
        ended: exam.seen.ended == Some(Ended::Eof),
        unfinished: exam.seen.head.is_some()
            && exam.seen.ended == Some(Ended::Eof)
            && !exam.seen.unfinished().is_empty(),
        early_data: exam.facts.early_data,
    });
    Verdict {
        grade,
        said,
        lost,
        seen: seen(exam),
        findings,
        log: exam.log.clone(),
        silence: exam.facts.silence,
        late: exam.facts.late || exam.facts.late_replies,
        hurried: exam.facts.hurried,
        sent: exam.sent,
        good_head: exam.facts.own_head.as_ref().filter(|_| exam.is_good()).map_or(0, |head| head.len),
        work: exam.seen.data.iter().map(|(_, data)| data.len()).sum::<usize>() + 64 * exam.seen.frames.len(),
        frames: exam.seen.frames.len(),
    }
}

fn grade(exam: &Exam<'_>, heard: Option<&[Event]>) -> (Grade, Vec<String>) {
    if let Some(missing) = &exam.facts.missing {
        return (Grade::Unimplemented, vec![missing.clone()]);
    }
    // A Close that says that data was wrong refuses no parameters.
    let refuses = |frame: &Frame| frame.opcode == 8 && !frame.payload.starts_with(&1007_u16.to_be_bytes());
    if exam.facts.may_refuse && exam.seen.ended.is_some() && exam.seen.frames.iter().all(refuses) {
        // RFC 7692 §7: it fails the connection where it "does not support the configuration that the response represents".
        return (Grade::Unimplemented, vec!["needs a client that takes these parameters unasked".to_owned()]);
    }
    let by_url = matches!(exam.case.opening, Opening::Url(_));
    let asked = exam.role == Role::Server || exam.seen.head.is_some() || by_url;
    if exam.is_good() && !exam.is_open() || !asked {
        let what = if asked { answer(exam) } else { "no request".to_owned() };
        return (Grade::Blocked, vec![format!("expected 101 to a good handshake, found {what}")]);
    }
    let mut best: Option<(Grade, Vec<String>)> = None;
    for alternative in &exam.case.outcome {
        // Where no frame was sent, none has an answer: how the handshake ended decides.
        let Some(expected) = exam.expected(alternative).or_else(|| (!exam.is_open()).then(Expected::default)) else {
            return (Grade::Unimplemented, vec!["needs a declared limit".to_owned()]);
        };
        let mut ladder = Ladder { exam, grade: Grade::Pass, said: Vec::new() };
        ladder.climb(alternative, &expected, heard);
        if alternative.lenient && ladder.grade == Grade::Pass {
            ladder.note(Grade::Lenient, "allowed, but not what is asked for");
        }
        if best.as_ref().is_none_or(|(grade, _)| ladder.grade < *grade) {
            best = Some((ladder.grade, ladder.said));
        }
    }
    let (grade, said) = best.unwrap_or((Grade::Pass, Vec::new()));
    (cap(exam.case.rule.level, grade), said)
}

/// What a breach of a rule of this level is at worst.
fn cap(level: Level, grade: Grade) -> Grade {
    match (level, grade) {
        (Level::May | Level::Info, Grade::Fail | Grade::Lenient) => Grade::Info,
        (Level::Should | Level::ShouldNot, Grade::Fail) => Grade::Lenient,
        _ => grade,
    }
}

struct Ladder<'e, 'c> {
    exam: &'e Exam<'c>,
    grade: Grade,
    said: Vec<String>,
}

impl Ladder<'_, '_> {
    fn note(&mut self, grade: Grade, what: impl Into<String>) {
        self.grade = self.grade.max(grade);
        self.said.push(what.into());
    }

    fn climb(&mut self, alternative: &Alternative, expected: &Expected, heard: Option<&[Event]>) {
        let exam = self.exam;
        match &alternative.answer {
            None if alternative.end == End::Eof && !exam.is_open() => {
                if exam.seen.ended.is_none() {
                    self.note(Grade::Fail, format!("expected the end of the connection, found {}", answer(exam)));
                }
                return;
            }
            None => self.accepted(None, &[]),
            Some(Answer::Accepted { deflate, fields }) => self.accepted(*deflate, fields),
            Some(Answer::Status { status, fields }) => return self.status(*status, fields),
            Some(Answer::Refused) => return self.refused(),
        }
        if self.grade == Grade::Fail {
            return;
        }
        self.replies(alternative, expected);
        if let Some(heard) = heard {
            match expected.is_heard(heard) {
                // What arrives after its own Close is heard, or not; it is echoed nowhere (§5.5.1).
                _ if exam.facts.told_to_close => {}
                Some(true) => {}
                Some(false) => self.note(Grade::Lenient, "less was heard than was due"),
                None => self.note(Grade::Fail, format!("heard something else than was due: {}", heard_line(heard))),
            }
        }
        match alternative.end {
            End::Open => self.open(),
            End::Close(code) => self.close(code),
            End::Fail(code) => self.fail(code),
            End::Closing(code) => self.closing(code),
            End::Eof => self.tcp_closed("the end of the connection"),
        }
    }

    fn accepted(&mut self, deflate: Option<bool>, fields: &[FieldTest]) {
        if !self.exam.is_open() {
            self.note(Grade::Fail, format!("expected 101, found {}", answer(self.exam)));
            return;
        }
        if let Some(fault) = &self.exam.facts.url {
            self.note(Grade::Fail, fault);
        }
        if self.exam.role == Role::Server {
            let head = self.exam.seen.head.as_ref();
            let names = head.map(|head| head.values("Sec-WebSocket-Extensions").join(&b", "[..])).unwrap_or_default();
            let extensions = extension::read(&names).unwrap_or_default();
            let agreed = extensions.iter().any(|extension| extension.name == Deflate::NAME);
            match deflate {
                Some(true) if !agreed => {
                    self.note(Grade::Fail, "expected permessage-deflate in the answer, found none")
                }
                Some(false) if agreed => {
                    self.note(Grade::Fail, "expected no permessage-deflate in the answer, found it")
                }
                _ => {}
            }
        }
        self.fields(fields);
    }

    fn fields(&mut self, tests: &[FieldTest]) {
        let Some(head) = &self.exam.seen.head else { return };
        for test in tests {
            match test {
                FieldTest::Absent(name) if !head.values(name).is_empty() => {
                    self.note(Grade::Fail, format!("expected no {name}, found one"));
                }
                FieldTest::Absent(_) => {}
                FieldTest::Is(name, literal) => {
                    let pattern = literal
                        .render(&self.exam.context.limits, &|variable| match variable {
                            "subprotocol" => self.exam.variables.subprotocol.clone().into_bytes(),
                            "origin" => self.exam.variables.origin.clone().into_bytes(),
                            _ => Vec::new(),
                        })
                        .unwrap_or_default();
                    let whole = head.values(name).join(&b", "[..]);
                    let found = matches(&pattern, &whole) || head.elements(name).iter().any(|e| matches(&pattern, e));
                    if !found {
                        let (pattern, whole) = (pattern.escape_ascii(), whole.escape_ascii());
                        self.note(
                            Grade::Fail,
                            format!("expected {name}: {pattern}, found {whole:?}", whole = whole.to_string()),
                        );
                    }
                }
            }
        }
    }

    /// §4.2.2: a refusal has a status. §10.7: the connection may be dropped.
    fn status(&mut self, wanted: StatusTest, fields: &[FieldTest]) {
        let wants = match wanted {
            StatusTest::Exactly(status) => status.to_string(),
            StatusTest::Class(class) => format!("{class}xx"),
        };
        let Some((_, status)) = self.exam.seen.head.as_ref().and_then(Head::status) else {
            let grade = if self.exam.seen.ended.is_some() { Grade::Lenient } else { Grade::Fail };
            return self.note(grade, format!("expected {wants}, found {}", answer(self.exam)));
        };
        let fits = match wanted {
            StatusTest::Exactly(wanted) => status == wanted,
            StatusTest::Class(class) => status / 100 == class,
        };
        if self.exam.is_open() {
            self.note(Grade::Fail, format!("expected {wants}, found {status}"));
        } else if !fits {
            self.note(Grade::Lenient, format!("expected {wants}, found {status}"));
        }
        self.fields(fields);
    }

    /// §4.1: the client fails the connection.
    fn refused(&mut self) {
        let exam = self.exam;
        if exam.seen.another_request {
            // RFC 9112 §9.3: after another status than 101 the connection may serve again. After 101 it has to be closed (§7.2.1).
            if exam.is_open() {
                self.note(Grade::Fail, "expected the client to close the connection, found another request on it");
            }
            return;
        }
        let others = exam.seen.frames.iter().filter(|frame| frame.opcode != 8).count();
        if others > 0 {
            self.note(Grade::Fail, format!("expected no connection, found {others} frames from the client"));
        } else if exam.is_open() && exam.seen.ended.is_none() {
            self.note(Grade::Fail, "expected the client to close the connection, found it left open");
        } else if exam.is_open() && exam.facts.prompts > 0 {
            self.note(Grade::Lenient, "closed only after the server had closed");
        }
    }

    fn replies(&mut self, alternative: &Alternative, expected: &Expected) {
        let seen = &self.exam.seen;
        // A Pong of something that was never sent is a heartbeat of the subject's own.
        let pings: HashSet<&Vec<u8>> = self.exam.writer.sent.pings.iter().chain(&self.exam.strict.pings).collect();
        let pongs: Vec<&Vec<u8>> = seen.pongs.iter().filter(|pong| *pong != BARRIER && pings.contains(pong)).collect();
        let wanted: Vec<&Vec<u8>> = expected.pongs.iter().collect();
        let data_fits = seen.data.len() <= expected.data.len() && seen.data == expected.data[..seen.data.len()];
        // §5.5.3: of several Pings that wait for an answer, "only the most recently processed" may get one.
        let mut left = wanted.iter();
        let pongs_fit = pongs.iter().all(|pong| left.any(|wanted| wanted == pong));
        let fewer = seen.data.len() < expected.data.len() || pongs.last() != wanted.last();
        if !data_fits {
            let (wanted, found) = (data_line(&expected.data), data_line(&seen.data));
            self.note(Grade::Fail, format!("expected {wanted}, found {found}"));
        }
        if !pongs_fit {
            // §5.5.2: no Pong is due after a Close; none is forbidden.
            let grade = if matches!(alternative.end, End::Close(_)) { Grade::Lenient } else { Grade::Fail };
            self.note(grade, format!("expected {} Pongs, found others: {}", wanted.len(), pongs.len()));
        }
        if fewer && data_fits && pongs_fit && !self.exam.facts.told_to_close {
            let grade = if alternative.end == End::Open { Grade::Fail } else { Grade::Lenient };
            let due = format!("{} and {} Pongs", data_line(&expected.data), wanted.len());
            self.note(
                grade,
                format!("expected {due}, found {} and {} Pongs{LOST}", data_line(&seen.data), pongs.len()),
            );
        } else if self.exam.facts.late_replies && !self.exam.facts.told_to_close {
            // §5.5.2: "It SHOULD respond with Pong frame as soon as is practical."
            self.note(Grade::Lenient, "expected the replies before the next bytes, found them after");
        }
        let mut left = seen.frames.iter();
        for (opcode, payload) in &expected.own {
            if !left.any(|frame| frame.opcode == *opcode && frame.payload == *payload) {
                let name = if *opcode == 9 { "Ping" } else { "Pong" };
                self.note(
                    Grade::Fail,
                    format!("expected a {name} of its own with {} bytes, found none", payload.len()),
                );
            }
        }
    }

    fn open(&mut self) {
        let exam = self.exam;
        if exam.facts.cleaned {
            return;
        }
        let what = match (&exam.seen.close, exam.seen.ended) {
            (Some((code, _)), _) => format!("a Close with {}", code_name(*code)),
            (None, Some(_)) => "its end".to_owned(),
            (None, None) => "no answer to a Ping".to_owned(),
        };
        self.note(Grade::Fail, format!("expected the connection to go on, found {what}"));
    }

    /// §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a Close".
    fn close(&mut self, wanted: Option<u16>) {
        match &self.exam.seen.close {
            None => self.note(Grade::Fail, "expected a Close in answer to the Close, found none"),
            Some((code, _)) if *code != wanted => {
                let (wanted, code) = (code_name(wanted), code_name(*code));
                self.note(Grade::Lenient, format!("expected a Close with {wanted} in answer, found {code}"));
            }
            Some(_) => {}
        }
        self.tcp_closed("the end of the connection after both Closes");
    }

    /// §7.1.7
    fn fail(&mut self, wanted: Option<u16>) {
        let exam = self.exam;
        if exam.facts.barrier == Some(true) {
            return self.note(Grade::Fail, "expected the connection to fail, found that it goes on");
        }
        if exam.seen.ended.is_none() && exam.seen.close.is_none() {
            return self.note(Grade::Fail, "expected the connection to fail, found nothing");
        }
        match (&exam.seen.close, wanted) {
            (None, _) if exam.facts.prompts > 0 => {
                return self.note(
                    Grade::Fail,
                    "expected the connection to fail, found that it ends only after the judge's end",
                );
            }
            (None, _) => self.note(Grade::Lenient, "expected a Close before the end (§7.1.7), found none"),
            (Some((code, _)), Some(wanted)) if *code != Some(wanted) => {
                self.note(
                    Grade::Lenient,
                    format!("expected a Close with {wanted} (§7.4.1), found {}", code_name(*code)),
                );
            }
            (Some(_), _) => {}
        }
        if exam.facts.late {
            self.note(Grade::Lenient, "expected it before the next bytes, found it after them");
        }
        self.tcp_closed("the end of the connection");
    }

    fn closing(&mut self, wanted: Option<u16>) {
        match &self.exam.seen.close {
            None => self.note(Grade::Fail, "expected a Close, found none"),
            Some((code, _)) if *code != wanted => {
                self.note(
                    Grade::Fail,
                    format!("expected a Close with {}, found {}", code_name(wanted), code_name(*code)),
                );
            }
            Some(_) => {}
        }
        self.tcp_closed("the end of the connection after both Closes");
    }

    fn tcp_closed(&mut self, what: &str) {
        match (self.exam.seen.ended, self.exam.facts.prompts) {
            (None, _) => self.note(Grade::Fail, format!("expected {what}, found it left open")),
            (Some(Ended::Reset), _) => self.note(Grade::Lenient, "expected an orderly end (§7.1.1), found a reset"),
            (Some(_), 0) => {}
            (Some(_), _) => self.note(Grade::Lenient, format!("expected {what}, found it only after the judge's")),
        }
    }
}

/// `*` stands for anything.
fn matches(pattern: &[u8], value: &[u8]) -> bool {
    match pattern.iter().position(|&byte| byte == b'*') {
        None => pattern.eq_ignore_ascii_case(value),
        Some(star) => {
            let (head, tail) = (&pattern[..star], &pattern[star + 1..]);
            value.len() >= head.len()
                && value[..head.len()].eq_ignore_ascii_case(head)
                && (head.len()..=value.len()).any(|from| matches(tail, &value[from..]))
        }
    }
}

/// How a sentence on replies that are missing ends.
const LOST: &str = ": replies are lost";
