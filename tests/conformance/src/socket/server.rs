//! Servers under examination.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::{Link, Process, Setup, SocketOptions, drive};
use crate::case::{Case, Library, Limits, Role, Step};
use crate::exam::{Context, Delivery, Do, Ended, Exam, Grade, Verdict};
use crate::suite::{self, CaseResult, Deliveries};

/// A server to be examined.
#[derive(Debug)]
pub struct ServerRun<'r> {
    /// `ws://host:port/target`
    pub url: &'r str,
    /// The program, if it was started for this.
    pub process: Option<&'r Process>,
    /// What is known of it.
    pub context: Context,
    /// How it is done.
    pub options: &'r SocketOptions,
    /// In which deliveries.
    pub deliveries: &'r Deliveries,
}

/// Examines a server.
pub fn run_server(library: &Library, cases: &[&Case], run: ServerRun<'_>) -> Result<Vec<CaseResult>, Setup> {
    let (address, host, target) = parse(run.url)?;
    let context = Context { host, target, time: run.options.slow, ..run.context };
    let mut server = Server { address, context, options: run.options, flood: RwLock::new(()) };
    server.wait_for(run.process)?;
    server.baseline()?;
    let cases: Vec<&Case> = cases.iter().copied().filter(|case| case.rule.roles.contains(Role::Server)).collect();
    let mut results = server.examine_all(&cases, run.deliveries, run.process)?;
    if let Some(process) = run.process {
        let judged =
            |id: &str| results.iter().any(|r| r.id == id && !matches!(r.grade, Grade::Unimplemented | Grade::Crash));
        let suspects: Vec<&Case> = cases.iter().copied().filter(|case| judged(&case.id)).collect();
        let look = |cases: &[&Case]| {
            let again =
                |case: &Case| Some(CaseResult::new(case, server.look(case, Delivery::Whole, run.options.patience)));
            suite::in_parallel(cases, run.options.jobs, again);
        };
        for (id, line) in process.blame(&suspects, &look) {
            if let Some(result) = results.iter_mut().find(|result| result.id == id) {
                result.grade = Grade::Crash;
                result.said.insert(0, format!("standard error: {line}"));
            }
        }
    }
    suite::block(library, &mut results);
    Ok(results)
}

/// A server under examination.
pub(super) struct Server<'r> {
    address: SocketAddr,
    context: Context,
    pub(super) options: &'r SocketOptions,
    /// Held for writing by what floods the server, and for reading by the calmest looks: a server that does one thing at a time would
    /// seem to give no answer.
    flood: RwLock<()>,
}

impl Server<'_> {
    /// Until it listens.
    pub(super) fn wait_for(&self, process: Option<&Process>) -> Result<(), Setup> {
        // On a busy machine a program that is interpreted takes its time to begin.
        let tries = if process.is_some() { 600 } else { 1 };
        for _ in 0..tries {
            if TcpStream::connect_timeout(&self.address, Duration::from_secs(2)).is_ok() {
                return Ok(());
            }
            if let Some(how) = process.and_then(Process::died) {
                return Err(Setup(format!(
                    "expected the server to listen on {}, found that it ended: {how}",
                    self.address
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Setup(format!("expected a server at {}, found none", self.address)))
    }

    /// The setup is wrong, and nothing else is said, where not even a good handshake succeeds.
    fn baseline(&mut self) -> Result<(), Setup> {
        let library = baseline_cases();
        let [echo, deflate] = &library.cases[..] else { return Err(Setup("no baseline".to_owned())) };
        // A third look would take longer than anybody waits for a server that says nothing.
        let twice = |case: &Case| {
            let first = self.look(case, Delivery::Whole, self.options.patience);
            if first.grade == Grade::Pass { first } else { self.look(case, Delivery::Whole, CALM) }
        };
        let verdict = twice(echo);
        if verdict.grade == Grade::Crash {
            return Err(Setup(format!("expected an echo server at {}, found one that floods or dies", self.address)));
        }
        let lint = verdict.findings.iter().find(|finding| HANDSHAKE_LINTS.contains(&finding.lint.name));
        if verdict.grade == Grade::Blocked || verdict.frames == 0 || lint.is_some() {
            let said = verdict.said.first().cloned().unwrap_or_default();
            let why = lint.map_or(said, |finding| finding.what.clone());
            return Err(Setup(format!(
                "expected an echo server at {}, found another: {why} ({})",
                self.address, verdict.seen
            )));
        }
        if twice(deflate).grade == Grade::Unimplemented {
            self.context.without_deflate = true;
        }
        Ok(())
    }

    /// A verdict that rests on a silence is given after a second, calmer look.
    pub(super) fn examine(&self, case: &Case, delivery: Delivery) -> Verdict {
        let first = self.look(case, delivery, self.options.patience);
        if first.is_certain() {
            return first;
        }
        let calm = |patience| self.look_with(case, delivery, patience, Some(&|| self.barrier()));
        let second = calm((4 * self.options.patience).max(CALM));
        if is_settled(case, &first, &second) {
            return second;
        }
        settle(first, second, calm(CALMEST))
    }

    /// Until a good handshake is answered that came later, on a connection of its own: a server that has answered it has had the time for
    /// what came before. One that answers none is not waited for any longer than in the calmest look.
    fn barrier(&self) {
        let baseline = baseline_cases();
        let Some(echo) = baseline.cases.first() else { return };
        let mut exam = Exam::new(echo, Role::Server, &self.context, Delivery::Whole);
        let stream = TcpStream::connect_timeout(&self.address, CALMEST);
        if let (Do::Write(request), Ok(stream)) = (exam.next(), stream) {
            let mut link = Link::new(&stream);
            link.write(&mut exam, &request, CALMEST);
            if link.read(&mut exam, CALMEST) {
                // An empty Close, so that it ends well.
                link.write(&mut exam, &[0x88, 0x80, 0, 0, 0, 0], CALM);
            }
        }
    }

    /// One exam.
    pub(super) fn look(&self, case: &Case, delivery: Delivery, patience: Duration) -> Verdict {
        self.look_with(case, delivery, patience, None)
    }

    fn look_with(&self, case: &Case, delivery: Delivery, patience: Duration, barrier: Option<&dyn Fn()>) -> Verdict {
        let mut exam = Exam::new(case, Role::Server, &self.context, delivery);
        if exam.is_over() {
            return exam.verdict(None);
        }
        let floods = delivery == Delivery::Whole && floods(case);
        let _alone = floods.then(|| self.flood.write().unwrap_or_else(PoisonError::into_inner));
        let calm = !floods && patience == CALMEST;
        let _without_flood = calm.then(|| self.flood.read().unwrap_or_else(PoisonError::into_inner));
        match TcpStream::connect_timeout(&self.address, Duration::from_secs(5)) {
            Ok(stream) => drive(&mut exam, &stream, self.options, patience, barrier),
            Err(error) => {
                // One that is only slow gets a calmer look.
                if error.kind() == ErrorKind::TimedOut {
                    exam.quiet();
                }
                exam.ended(Ended::Died);
            }
        }
        exam.verdict(None)
    }
}

fn floods(case: &Case) -> bool {
    let many = |step: &Step| matches!(step, Step::Repeat(_, times) if times.value(&Limits::default()) >= Some(1000));
    case.steps.iter().any(many)
}

/// Whether two looks are enough. Where they disagree, where a conforming peer answers and goes on, and where all came but late, a third one
/// is worth its time.
pub(super) fn is_settled(case: &Case, first: &Verdict, second: &Verdict) -> bool {
    let waited_for = second.silence && (second.late || suite::is_positive(case));
    let due = second.grade == Grade::Blocked || second.hurried || waited_for;
    second.grade == first.grade && (second.grade == Grade::Pass || !due)
}

/// The calmest look decides. Where it confirms none of those before, nothing is decided, unless it finds nothing amiss at all: that does
/// not come about by chance.
pub(super) fn settle(first: Verdict, second: Verdict, third: Verdict) -> Verdict {
    if [first.grade, second.grade, Grade::Pass].contains(&third.grade) {
        return third;
    }
    let said = format!("three looks disagree: {}, {}, {}", first.grade, second.grade, third.grade);
    Verdict { grade: Grade::Inconclusive, said: vec![said], ..third }
}

pub(super) fn baseline_cases() -> Library {
    let mut library = Library::default();
    let text = "@baseline MUST both\n  \"-\"\n  echo text \"Hello\" => text @\n@baseline MUST both deflate\n  \"-\"\n  deflate text \"Hello\" => text @\n";
    // It is a constant, and a test reads it.
    let _ = library.add("baseline.cases", text);
    library
}

fn parse(url: &str) -> Result<(SocketAddr, String, String), Setup> {
    let expected = || Setup(format!("expected ws://HOST:PORT/PATH, found {url}"));
    let rest = url.strip_prefix("ws://").ok_or_else(expected)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let with_port = if authority.rsplit(']').next().unwrap_or("").contains(':') {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let address = with_port.to_socket_addrs().ok().and_then(|mut addresses| addresses.next()).ok_or_else(expected)?;
    Ok((address, authority.to_owned(), if path.is_empty() { "/".to_owned() } else { path.to_owned() }))
}

/// The patience of the last look.
pub(super) const CALMEST: Duration = Duration::from_secs(3);

/// The least patience of a calm look.
pub(super) const CALM: Duration = Duration::from_millis(600);

const HANDSHAKE_LINTS: [&str; 5] = ["accept", "status-line", "response-upgrade", "response-connection", "server-mask"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baseline_is_read() {
        assert_eq!(baseline_cases().cases.len(), 2);
    }

    #[test]
    fn urls_are_taken_apart() {
        let (address, host, target) = parse("ws://127.0.0.1:9002").unwrap();
        assert_eq!((address.port(), &*host, &*target), (9002, "127.0.0.1:9002", "/"));
        assert_eq!(parse("ws://127.0.0.1/a?b").unwrap().2, "/a?b");
        assert!(parse("http://127.0.0.1").is_err());
    }

    /// On a machine that stands still, both looks can be too short.
    #[test]
    fn failure_that_came_late_twice_is_looked_at_once_more() {
        let mut library = Library::default();
        library
            .add("late.cases", "@late MUST both\n  \"-\"\n  opcode op3 \"\" look ping \"p\" => fail 1002\n")
            .unwrap();
        let case = &library.cases[0];
        let context = Context::default();
        let lenient = |late| {
            let exam = Exam::new(case, Role::Server, &context, Delivery::Whole);
            Verdict { grade: Grade::Lenient, silence: true, late, ..exam.verdict(None) }
        };
        assert!(is_settled(case, &lenient(false), &lenient(false)));
        assert!(!is_settled(case, &lenient(true), &lenient(true)));
    }
}
