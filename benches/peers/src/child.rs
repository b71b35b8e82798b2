//! A peer on a workload in a process of its own.
//!
//! Large blocks are where allocators differ, and how they treat them depends on what was freed before: the same program is
//! several times as fast after others have run in its process. So a child runs one peer on one workload, and when its parent says so,
//! since peers run in turns.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use crate::measure::Measurement;
use crate::peer::{self, Failure};
use crate::workload::Workload;

pub struct Child {
    process: std::process::Child,
    /// Each line asks for one run.
    ask: Option<ChildStdin>,
    /// Each line answers one, with numbers or with why there are none.
    answers: BufReader<ChildStdout>,
}

/// The first argument of a child.
pub const ARGUMENT: &str = "--child";

impl Child {
    pub fn start(workload: &str, peer: &str, least_nanoseconds: u64) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([ARGUMENT, workload, peer, &least_nanoseconds.to_string()]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (ask, answers) = (process.stdin.take(), process.stdout.take().ok_or("no output")?);
        Ok(Self { process, ask, answers: BufReader::new(answers) })
    }

    /// What it says when it is ready: allocations, allocated bytes and writes per message.
    pub fn figures(&mut self) -> Result<[f64; 3], Failure> {
        let figures: Vec<f64> = self.answer()?.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        figures.try_into().map_err(Failure::from)
    }

    /// One run: the nanoseconds for a message.
    pub fn sample(&mut self) -> Result<f64, Failure> {
        self.ask.as_mut().ok_or("closed")?.write_all(b"\n")?;
        Ok(self.answer()?.parse()?)
    }

    fn answer(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.trim_end().split_once(' ') {
            Some(("ok", answer)) => Ok(answer.into()),
            _ => Err(Failure(line)),
        }
    }
}

/// It ends when nobody can ask any more.
impl Drop for Child {
    fn drop(&mut self) {
        self.ask = None;
        let _ = self.process.wait();
    }
}

/// What a child does: the arguments name the workload and the peer, and say how long a run is.
pub fn serve(arguments: &[String]) -> io::Result<()> {
    let [workload, peer, least_nanoseconds] = arguments else { return Err(io::Error::other("three arguments")) };
    let least_nanoseconds = least_nanoseconds.parse().map_err(io::Error::other)?;
    let workloads = Workload::all().into_iter().find(|candidate| candidate.name == *workload);
    let peers = peer::all().into_iter().find(|candidate| candidate.name == *peer);
    let (Some(workload), Some(peer)) = (workloads, peers) else { return Err(io::Error::other("no such row")) };
    let measurement = match Measurement::prepare(&workload, &peer, least_nanoseconds) {
        Ok(measurement) => measurement,
        Err(failure) => {
            println!("{}", failure.0);
            return Ok(());
        }
    };
    println!("ok {} {} {}", measurement.allocations, measurement.allocated_bytes, measurement.writes);
    for _ in io::stdin().lines() {
        match measurement.once(&workload, &peer) {
            Ok(nanoseconds) => println!("ok {nanoseconds}"),
            Err(failure) => println!("{}", failure.0),
        }
    }
    Ok(())
}
