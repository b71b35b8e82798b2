//! Clients under examination, by Autobahn's three URLs.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::server::{CALM, CALMEST, baseline_cases, is_settled, settle};
use super::{Process, Setup, SocketOptions, TURN, Waited, drive};
use crate::case::{Case, Library, Role};
use crate::exam::{Context, Delivery, Ended, Exam, Grade, Verdict};
use crate::suite::{self, CaseResult, Deliveries};
use crate::wire::frame;
use crate::wire::head::Head;

/// A client to be examined.
#[derive(Debug)]
pub struct ClientRun<'r> {
    /// The program and its arguments; `{url}` and `{agent}` are replaced.
    pub command: &'r [String],
    /// What it is called.
    pub agent: &'r str,
    /// What is known of it.
    pub context: Context,
    /// How it is done.
    pub options: &'r SocketOptions,
    /// In which deliveries.
    pub deliveries: &'r Deliveries,
}

/// Examines a client.
pub fn run_client(library: &Library, cases: &[&Case], run: ClientRun<'_>) -> Result<Vec<CaseResult>, Setup> {
    // It becomes a part of a URL.
    let agent: String =
        run.agent.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' }).collect();
    let command: Vec<String> = run.command.iter().map(|word| word.replace("{agent}", &agent)).collect();
    let context = Context { time: run.options.slow, ..run.context.clone() };
    let mut judge = Judge { command, context, options: run.options };

    let baseline = baseline_cases();
    let jobs: Vec<Job<'_>> = baseline.cases.iter().map(|case| Job { case, delivery: Delivery::Whole }).collect();
    let mut verdicts = judge.examine(&jobs, run.options.patience)?;
    // What it can do is not decided by how fast it does it.
    if !verdicts.iter().flatten().all(Verdict::is_certain) {
        verdicts = judge.examine(&jobs, CALM)?;
    }
    match &verdicts[..] {
        [Some(echo), deflate] if echo.grade != Grade::Blocked && echo.frames > 0 => {
            judge.context.without_deflate |= deflate.as_ref().is_some_and(|v| v.grade == Grade::Unimplemented);
        }
        [Some(echo), ..] => {
            return Err(Setup(format!("expected a client that echoes, found another: {}", echo.said.join("; "))));
        }
        _ => return Err(Setup("expected a client that opens /runCase, found none".to_owned())),
    }

    let cases: Vec<&Case> = cases.iter().copied().filter(|case| case.rule.roles.contains(Role::Client)).collect();
    let jobs: Vec<Job<'_>> = cases.iter().map(|case| Job { case, delivery: Delivery::Whole }).collect();
    let firsts = judge.with_second_look(&jobs)?;
    let mut results: Vec<CaseResult> =
        cases.iter().zip(&firsts).map(|(case, v)| CaseResult::new(case, v.clone())).collect();
    let others: Vec<Job<'_>> = cases
        .iter()
        .zip(&firsts)
        .flat_map(|(case, first)| run.deliveries.others(first).into_iter().map(|delivery| Job { case, delivery }))
        .collect();
    let verdicts = judge.with_second_look(&others)?;
    for (job, verdict) in others.iter().zip(verdicts) {
        if let Some(result) = results.iter_mut().find(|result| result.id == job.case.id) {
            result.add(job.delivery, verdict);
        }
    }
    suite::block(library, &mut results);
    Ok(results)
}

#[derive(Clone, Copy)]
struct Job<'c> {
    case: &'c Case,
    delivery: Delivery,
}

/// Which job, and what came of it.
type Done = (usize, Option<Verdict>);

struct Judge<'r> {
    /// With `{url}` in it: each process has its own.
    command: Vec<String>,
    context: Context,
    options: &'r SocketOptions,
}

impl Judge<'_> {
    /// What rests on a silence, or on a death, is given after a second, calmer look; where that disagrees, a third one decides.
    fn with_second_look(&self, jobs: &[Job<'_>]) -> Result<Vec<Verdict>, Setup> {
        let firsts = self.examine(jobs, self.options.patience)?;
        let certain = |verdict: &Option<Verdict>| verdict.as_ref().is_some_and(Verdict::is_certain);
        let doubtful: Vec<usize> = (0..jobs.len()).filter(|&i| !certain(&firsts[i])).collect();
        let calm = |which: &[usize], patience: Duration| -> Result<Vec<Verdict>, Setup> {
            if which.is_empty() {
                return Ok(Vec::new());
            }
            let again: Vec<Job<'_>> = which.iter().map(|&i| jobs[i]).collect();
            let verdicts = self.examine(&again, patience)?;
            Ok(self.or_crashed(&again, verdicts))
        };
        let mut verdicts = self.or_crashed(jobs, firsts);
        let seconds = calm(&doubtful, (4 * self.options.patience).max(CALM))?;
        let mut disagree = Vec::new();
        for (&i, second) in doubtful.iter().zip(seconds) {
            if is_settled(jobs[i].case, &verdicts[i], &second) {
                verdicts[i] = second;
            } else {
                disagree.push((i, second));
            }
        }
        let which: Vec<usize> = disagree.iter().map(|(i, _)| *i).collect();
        for ((i, second), third) in disagree.into_iter().zip(calm(&which, CALMEST)?) {
            verdicts[i] = settle(verdicts[i].clone(), second, third);
        }
        Ok(verdicts)
    }

    fn or_crashed(&self, jobs: &[Job<'_>], verdicts: Vec<Option<Verdict>>) -> Vec<Verdict> {
        jobs.iter().zip(verdicts).map(|(job, verdict)| verdict.unwrap_or_else(|| self.crashed(job))).collect()
    }

    /// A case at which the client died.
    fn crashed(&self, job: &Job<'_>) -> Verdict {
        let mut exam = Exam::new(job.case, Role::Client, &self.context, job.delivery);
        exam.ended(Ended::Died);
        exam.verdict(None)
    }

    /// One pass over the jobs. A client that dies is started again, and goes on after the case that killed it.
    fn examine(&self, jobs: &[Job<'_>], patience: Duration) -> Result<Vec<Option<Verdict>>, Setup> {
        let mut verdicts: Vec<Option<Verdict>> = vec![None; jobs.len()];
        // What is known without the client is not asked of it.
        for (job, verdict) in jobs.iter().zip(&mut verdicts) {
            let exam = Exam::new(job.case, Role::Client, &self.context, job.delivery);
            if exam.is_over() {
                *verdict = Some(exam.verdict(None));
            }
        }
        let left: Vec<usize> = (0..jobs.len()).filter(|&i| verdicts[i].is_none()).collect();
        // Most of the time nobody does anything, so that several processes take less time, each with a share.
        let share = left.len().div_ceil(self.options.jobs.max(1)).max(LEAST_SHARE);
        let done: Result<Vec<Vec<Done>>, Setup> = std::thread::scope(|scope| {
            let walks: Vec<_> = left
                .chunks(share)
                .map(|share| scope.spawn(move || self.share(jobs, share.to_vec(), patience)))
                .collect();
            let ended = || Setup("a thread of the judge ended".to_owned());
            walks.into_iter().map(|walk| walk.join().unwrap_or_else(|_| Err(ended()))).collect()
        });
        for (at, verdict) in done?.into_iter().flatten() {
            verdicts[at] = verdict;
        }
        Ok(verdicts)
    }

    /// As many processes one after another as it takes.
    fn share(&self, jobs: &[Job<'_>], mut left: Vec<usize>, patience: Duration) -> Result<Vec<Done>, Setup> {
        let fails = |error: std::io::Error| Setup(error.to_string());
        let listener = TcpListener::bind("127.0.0.1:0").map_err(fails)?;
        listener.set_nonblocking(true).map_err(fails)?;
        let url = format!("ws://{}", listener.local_addr().map_err(fails)?);
        let command: Vec<String> = self.command.iter().map(|word| word.replace("{url}", &url)).collect();
        let (mut all, mut idle) = (Vec::new(), 0);
        while !left.is_empty() && idle < 2 {
            let process = Process::start(&command, self.options.alarm.as_deref())?;
            let (mut done, complete) = self.one_process(&listener, &process, jobs, &left, patience);
            let died = process.died().filter(|_| !complete);
            if let Some((_, Some(verdict))) = done.last_mut().filter(|_| died.is_some() || process.alarms() > 0) {
                verdict.grade = Grade::Crash;
                let how = died.unwrap_or_else(|| "its standard error speaks of a crash".to_owned());
                verdict.said.insert(0, format!("the client ended: {how}"));
            }
            left.retain(|i| !done.iter().any(|(at, _)| at == i));
            idle = if done.is_empty() { idle + 1 } else { 0 };
            all.extend(done);
        }
        Ok(all)
    }

    /// What was begun, and whether the client went all the way.
    fn one_process(
        &self,
        listener: &TcpListener,
        process: &Process,
        jobs: &[Job<'_>],
        left: &[usize],
        patience: Duration,
    ) -> (Vec<Done>, bool) {
        let (mut done, mut idle): (Vec<Done>, _) = (Vec::new(), Waited::default());
        // A browser takes seconds to begin.
        let mut patience_with_it = STARTS_WITHIN;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    let _ = stream.set_nonblocking(false);
                    match self.request(&stream) {
                        Some((_, Url::Count)) => tell(&stream, &left.len().to_string()),
                        Some((head, Url::Case(n))) => {
                            let Some(&at) = n.checked_sub(1).and_then(|n| left.get(n)) else { continue };
                            let job = jobs[at];
                            let mut exam = Exam::new(job.case, Role::Client, &self.context, job.delivery);
                            exam.received(&head);
                            drive(&mut exam, &stream, self.options, patience, None);
                            done.push((at, Some(exam.verdict(None))));
                        }
                        Some((_, Url::Reports)) => {
                            tell(&stream, "");
                            return (done, true);
                        }
                        None => {}
                    }
                    (idle, patience_with_it) = (Waited::default(), GIVE_UP);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if process.died().is_some() || idle.all() > patience_with_it {
                        return (done, false);
                    }
                    idle.turn(TURN, || std::thread::sleep(Duration::from_micros(200)));
                }
                Err(_) => return (done, false),
            }
        }
    }

    fn request(&self, mut stream: &TcpStream) -> Option<(Vec<u8>, Url)> {
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        let head = loop {
            let n = read(stream, &mut buffer).ok().filter(|&n| n > 0)?;
            bytes.extend_from_slice(&buffer[..n]);
            if let Some(head) = Head::read(&bytes) {
                break head;
            }
        };
        let line = String::from_utf8_lossy(&head.first).into_owned();
        let target = line.split(' ').nth(1)?;
        let url = if target.contains("getCaseCount") {
            Url::Count
        } else if target.contains("updateReports") {
            Url::Reports
        } else {
            let query = target.split_once('?')?.1;
            let case = query.split('&').find_map(|pair| pair.strip_prefix("case="))?;
            Url::Case(case.parse().ok()?)
        };
        if !matches!(url, Url::Case(_)) {
            let key = head.values("Sec-WebSocket-Key").first().map(|key| key.to_vec()).unwrap_or_default();
            let accept = crate::wire::accept(&key);
            let response = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(response.as_bytes()).ok()?;
        }
        Some((bytes, url))
    }
}

enum Url {
    Count,
    Case(usize),
    Reports,
}

/// Sends a text, if there is one, and closes.
fn tell(mut stream: &TcpStream, text: &str) {
    let mut bytes = Vec::new();
    if !text.is_empty() {
        bytes = frame::header(0x81, frame::Form::Bits7, text.len() as u64, None);
        bytes.extend(text.as_bytes());
    }
    bytes.extend([0x88, 0x02, 0x03, 0xe8]);
    let _ = stream.write_all(&bytes);
    // The client's Close is taken, so that no reset hides the text.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let mut buffer = [0; 1024];
    let _ = read(stream, &mut buffer);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    while read(stream, &mut buffer).is_ok_and(|n| n > 0) {}
}

/// Reads once. A process that was stopped and goes on finds its reads interrupted, which says nothing about the client.
fn read(mut stream: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(room) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Starting a process takes longer than some cases.
const LEAST_SHARE: usize = 24;

/// A client that has not connected by then is started again.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// A client that does nothing for so long is started again.
const GIVE_UP: Duration = Duration::from_secs(4);
