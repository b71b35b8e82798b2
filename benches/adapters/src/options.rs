//! The command line.

use std::process::exit;

use lexopt::{Arg, Parser, ValueExt};

pub struct Options {
    /// How often each peer runs on each workload.
    pub rounds: usize,
    workloads: Vec<String>,
    peers: Vec<String>,
}

const HELP: &str = "\
Adapters for tokio side by side.

usage: bench-adapters [--rounds N] [--workload PART]... [--peer PART]...

  --rounds N       how often each peer runs on each workload (11)
  --workload PART  only workloads whose name contains this; may be given again
  --peer PART      only peers whose name contains this; may be given again
  -h, --help       print this
";

impl Options {
    pub fn from_arguments() -> Self {
        Self::parse().unwrap_or_else(|error| {
            eprintln!("{error}; see --help");
            exit(2)
        })
    }

    fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self { rounds: 11, workloads: Vec::new(), peers: Vec::new() };
        let mut words = Parser::from_env();
        while let Some(word) = words.next()? {
            match word {
                Arg::Long("rounds") => options.rounds = words.value()?.parse::<usize>()?.max(1),
                Arg::Long("workload") => options.workloads.push(words.value()?.string()?),
                Arg::Long("peer") => options.peers.push(words.value()?.string()?),
                Arg::Short('h') | Arg::Long("help") => {
                    print!("{HELP}");
                    exit(0)
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }

    pub fn wants_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|part| name.contains(part.as_str()))
    }

    pub fn wants_peer(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|part| name.contains(part.as_str()))
    }
}
