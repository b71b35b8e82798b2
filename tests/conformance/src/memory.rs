//! Subjects in memory: a library is examined in its own tests, without a socket.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::case::{Case, Command, Library, Opening, Role};
pub use crate::exam::Field;
use crate::exam::{Context, Delivery, Do, Ended, Event, Exam, Verdict};
use crate::suite::{CaseResult, Deliveries};

/// An echoing endpoint in memory.
///
/// It sends each text back as text and each binary message as binary, answers Pings and Closes, and shakes hands.
pub trait Subject {
    /// A client's request.
    fn start(&mut self, _out: &mut Vec<u8>) {}

    /// These bytes arrived; what is to be sent goes to `out`.
    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>);

    /// The peer ended its direction.
    fn receive_eof(&mut self, out: &mut Vec<u8>);

    /// Whether it has closed the connection: what is in `out` still goes.
    fn is_closed(&self) -> bool;

    /// Everything that its application has heard, if it tells.
    fn heard(&mut self) -> Option<Vec<Event>> {
        None
    }

    /// The judge sends nothing for now: what waits because the transport is slow goes out.
    fn write_on(&mut self, _out: &mut Vec<u8>) {}

    /// Time passes. False: it has no clock.
    fn elapse(&mut self, _span: Duration, _out: &mut Vec<u8>) -> bool {
        false
    }

    /// A client: it asks for this URL. False: it takes none. If it refuses the URL, it is closed.
    fn start_at(&mut self, _url: &str, _out: &mut Vec<u8>) -> bool {
        false
    }

    /// Heads of an extended CONNECT, as an HTTP/2 or HTTP/3 stack reads and writes them, with pseudo-header fields. A server is given the
    /// request, and returns its answer. A client is first given nothing, and returns its request; then it is given the answer. `None`: it
    /// takes no such heads.
    fn connect(&mut self, _fields: &[Field]) -> Option<Vec<Field>> {
        None
    }

    /// Its application does this. False: it can't be told.
    fn command(&mut self, _command: &Command, _out: &mut Vec<u8>) -> bool {
        false
    }
}

impl<S: Subject + ?Sized> Subject for Box<S> {
    fn start(&mut self, out: &mut Vec<u8>) {
        (**self).start(out);
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        (**self).receive(bytes, out);
    }

    fn receive_eof(&mut self, out: &mut Vec<u8>) {
        (**self).receive_eof(out);
    }

    fn is_closed(&self) -> bool {
        (**self).is_closed()
    }

    fn heard(&mut self) -> Option<Vec<Event>> {
        (**self).heard()
    }

    fn write_on(&mut self, out: &mut Vec<u8>) {
        (**self).write_on(out);
    }

    fn elapse(&mut self, span: Duration, out: &mut Vec<u8>) -> bool {
        (**self).elapse(span, out)
    }

    fn start_at(&mut self, url: &str, out: &mut Vec<u8>) -> bool {
        (**self).start_at(url, out)
    }

    fn connect(&mut self, fields: &[Field]) -> Option<Vec<Field>> {
        (**self).connect(fields)
    }

    fn command(&mut self, command: &Command, out: &mut Vec<u8>) -> bool {
        (**self).command(command, out)
    }
}

/// Examines one case in one delivery.
pub fn examine(case: &Case, role: Role, context: &Context, delivery: Delivery, mut subject: impl Subject) -> Verdict {
    let mut exam = Exam::new(case, role, context, delivery);
    let subject = &mut subject;
    let mut out = Vec::new();
    // A panic of the subject is a verdict on it; whatever state it leaves is not looked at any more.
    let outcome = catch_unwind(AssertUnwindSafe(|| drive(&mut exam, subject, &mut out)));
    if outcome.is_err() {
        exam.ended(Ended::Died);
        return exam.verdict(None);
    }
    let heard = catch_unwind(AssertUnwindSafe(|| subject.heard())).unwrap_or_default();
    exam.verdict(heard.as_deref())
}

fn drive(exam: &mut Exam<'_>, subject: &mut impl Subject, out: &mut Vec<u8>) {
    let begun = match exam.opening() {
        Opening::Url(url) => subject.start_at(url, out),
        Opening::Answer(_) => subject.connect(&[]).map(|fields| exam.received_head(&fields)).is_some(),
        Opening::Connect(_) => true,
        _ => {
            subject.start(out);
            true
        }
    };
    if !begun {
        exam.unable();
    }
    loop {
        if !out.is_empty() {
            exam.received(out);
            out.clear();
        }
        if subject.is_closed() {
            exam.ended(Ended::Eof);
        }
        match exam.next() {
            Do::Write(mut bytes) => subject.receive(&mut bytes, out),
            Do::Head(fields) => match subject.connect(&fields) {
                Some(answer) if exam.role() == Role::Server => exam.received_head(&answer),
                Some(_) => {}
                None => exam.unable(),
            },
            Do::CloseWrite => subject.receive_eof(out),
            Do::Read => {
                let closed = subject.is_closed();
                subject.write_on(out);
                if out.is_empty() && subject.is_closed() == closed {
                    exam.quiet();
                }
            }
            Do::Pace => {}
            Do::Wait(span) => {
                if !subject.elapse(span, out) {
                    exam.unable();
                }
            }
            Do::Command(command) => {
                if !subject.command(&command, out) {
                    exam.unable();
                }
            }
            Do::Done => return,
        }
    }
}

/// Examines all cases that bind the role, in all deliveries, on all processors.
pub fn run<S: Subject>(
    library: &Library,
    role: Role,
    context: &Context,
    deliveries: &Deliveries,
    make: impl Fn() -> S + Sync,
) -> Vec<CaseResult> {
    let cases: Vec<&Case> = library.cases.iter().filter(|case| case.rule.roles.contains(role)).collect();
    let mut results = crate::suite::in_parallel(&cases, jobs(), |case| {
        let first = examine(case, role, context, Delivery::Whole, make());
        let others = deliveries.others(&first);
        let mut result = CaseResult::new(case, first);
        for delivery in others {
            result.add(delivery, examine(case, role, context, delivery, make()));
        }
        Some(result)
    });
    crate::suite::block(library, &mut results);
    results
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}
