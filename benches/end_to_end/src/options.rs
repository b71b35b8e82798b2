//! The command line.

use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

pub struct Options {
    /// How often each server runs each workload.
    pub rounds: usize,
    /// For how long.
    pub span: Duration,
    workloads: Vec<String>,
    servers: Vec<String>,
    /// The CPU that the servers run on.
    pub cpu: Option<String>,
    pub machine: String,
    /// Whether to write `results/`.
    pub write: bool,
}

const USAGE: &str = "\
bench-end-to-end [OPTIONS]

  --rounds N        how often each server runs each workload (3)
  --millis N        for how long, in milliseconds (500)
  --workload PART   only workloads whose name contains this; may be given again
  --server PART     only servers whose name contains this; may be given again
  --server-cpu N    the CPU that the servers run on (any)
  --machine TEXT    what to write about the machine
  --write           write Markdown, CSV and SVG to results/
  -h, --help        print this
";

impl Options {
    pub fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            rounds: 3,
            span: Duration::from_millis(500),
            workloads: Vec::new(),
            servers: Vec::new(),
            cpu: None,
            machine: String::new(),
            write: false,
        };
        let mut words = Parser::from_env();
        while let Some(word) = words.next()? {
            match word {
                Arg::Long("rounds") => options.rounds = words.value()?.parse()?,
                Arg::Long("millis") => options.span = Duration::from_millis(words.value()?.parse()?),
                Arg::Long("workload") => options.workloads.push(words.value()?.string()?),
                Arg::Long("server") => options.servers.push(words.value()?.string()?),
                Arg::Long("server-cpu") => options.cpu = Some(words.value()?.string()?),
                Arg::Long("machine") => options.machine = words.value()?.string()?,
                Arg::Long("write") => options.write = true,
                Arg::Short('h') | Arg::Long("help") => {
                    print!("{USAGE}");
                    std::process::exit(0);
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }

    pub fn wants_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|part| name.contains(part.as_str()))
    }

    pub fn wants_server(&self, name: &str) -> bool {
        self.servers.is_empty() || self.servers.iter().any(|part| name.contains(part.as_str()))
    }
}
