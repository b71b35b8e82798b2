//! Clients under examination, by Autobahn's three URLs.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::server::baseline_cases;
use super::{Process, Setup, SocketOptions, drive};
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
    let fails = |error: std::io::Error| Setup(error.to_string());
    let listener = TcpListener::bind("127.0.0.1:0").map_err(fails)?;
    listener.set_nonblocking(true).map_err(fails)?;
    let url = format!("ws://{}", listener.local_addr().map_err(fails)?);
    let command: Vec<String> =
        run.command.iter().map(|word| word.replace("{url}", &url).replace("{agent}", run.agent)).collect();
    let context = Context { time: run.options.slow, ..run.context.clone() };
    let mut judge = Judge { listener, command, context, options: run.options };

    let baseline = baseline_cases();
    let jobs: Vec<Job<'_>> = baseline.cases.iter().map(|case| Job { case, delivery: Delivery::Whole }).collect();
    let verdicts = judge.examine(&jobs, run.options.patience)?;
    match &verdicts[..] {
        [Some(echo), deflate] if echo.grade != Grade::Blocked && echo.frames > 0 => {
            judge.context.without_deflate = deflate.as_ref().is_none_or(|v| v.grade == Grade::Unimplemented);
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

struct Judge<'r> {
    listener: TcpListener,
    command: Vec<String>,
    context: Context,
    options: &'r SocketOptions,
}

impl Judge<'_> {
    fn with_second_look(&self, jobs: &[Job<'_>]) -> Result<Vec<Verdict>, Setup> {
        let mut verdicts = self.examine(jobs, self.options.patience)?;
        let doubtful: Vec<usize> = (0..jobs.len())
            .filter(|&i| {
                let sound = |v: &Verdict| matches!(v.grade, Grade::Pass | Grade::Unimplemented) || !v.silence;
                !verdicts[i].as_ref().is_some_and(sound)
            })
            .collect();
        if !doubtful.is_empty() {
            let again: Vec<Job<'_>> = doubtful.iter().map(|&i| jobs[i]).collect();
            let patience = (4 * self.options.patience).max(Duration::from_millis(600));
            for (&i, second) in doubtful.iter().zip(self.examine(&again, patience)?) {
                let better = match (&verdicts[i], &second) {
                    (Some(first), Some(second)) => second.grade < first.grade,
                    (None, _) => true,
                    (Some(_), None) => false,
                };
                if better {
                    verdicts[i] = second;
                }
            }
        }
        Ok(jobs.iter().zip(verdicts).map(|(job, verdict)| verdict.unwrap_or_else(|| self.crashed(job))).collect())
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
        let mut left: Vec<usize> = (0..jobs.len()).filter(|&i| verdicts[i].is_none()).collect();
        let mut restarts = 0;
        while !left.is_empty() {
            let process = Process::start(&self.command)?;
            let done = self.one_process(&process, jobs, &left, &mut verdicts, patience);
            if let Some(last) = done.last().filter(|_| process.alarms() > 0) {
                if let Some(verdict) = &mut verdicts[*last] {
                    verdict.grade = Grade::Crash;
                }
            }
            left.retain(|i| !done.contains(i));
            restarts += 1;
            if done.is_empty() && restarts > 3 {
                return Ok(verdicts);
            }
        }
        Ok(verdicts)
    }

    /// Which jobs were begun.
    fn one_process(
        &self,
        process: &Process,
        jobs: &[Job<'_>],
        left: &[usize],
        verdicts: &mut [Option<Verdict>],
        patience: Duration,
    ) -> Vec<usize> {
        let (mut done, mut active) = (Vec::new(), Instant::now());
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    active = Instant::now();
                    let _ = stream.set_nonblocking(false);
                    match self.request(&stream) {
                        Some((_, Url::Count)) => tell(&stream, &left.len().to_string()),
                        Some((head, Url::Case(n))) => {
                            let Some(&at) = n.checked_sub(1).and_then(|n| left.get(n)) else { continue };
                            let job = jobs[at];
                            done.push(at);
                            let mut exam = Exam::new(job.case, Role::Client, &self.context, job.delivery);
                            exam.received(&head);
                            drive(&mut exam, &stream, self.options, patience);
                            verdicts[at] = Some(exam.verdict(None));
                        }
                        Some((_, Url::Reports)) => {
                            tell(&stream, "");
                            return done;
                        }
                        None => {}
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if process.died().is_some() || active.elapsed() > GIVE_UP {
                        return done;
                    }
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(_) => return done,
            }
        }
    }

    fn request(&self, mut stream: &TcpStream) -> Option<(Vec<u8>, Url)> {
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        let head = loop {
            let n = stream.read(&mut buffer).ok().filter(|&n| n > 0)?;
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
    let _ = stream.read(&mut buffer);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    while stream.read(&mut buffer).is_ok_and(|n| n > 0) {}
}

/// A client that does nothing for so long is started again.
const GIVE_UP: Duration = Duration::from_secs(4);
