//! The command line.

/// What to run, and how.
pub struct Options {
    /// How often each peer runs on each workload.
    pub rounds: usize,
    /// How long a run is at least.
    pub least_nanoseconds: u64,
    /// Parts of the names of the workloads to run; none means all.
    workloads: Vec<String>,
    /// The same for the peers.
    peers: Vec<String>,
    /// What to say about the machine.
    pub machine: String,
    pub probe: bool,
    /// Whether to sweep over the sizes, too.
    pub sweep: bool,
    /// Whether to write `results/`.
    pub write: bool,
}

const USAGE: &str = "\
peers [--rounds N] [--millis N] [--workload PART]... [--peer PART]... [--machine TEXT] [--no-probes] [--sweep]
      [--write]

  --rounds N       how often each peer runs on each workload (15)
  --millis N       how long a run is at least, in milliseconds of CPU time (4)
  --workload PART  only workloads whose name contains this; may be given again
  --peer PART      only peers whose name contains this; may be given again
  --machine TEXT   what to write about the machine
  --no-probes      do not ask which checks the peers make
  --sweep          sizes from 20 B to 64 KiB, too, for a plot; with --write only
  --write          write Markdown, CSV and SVG to results/";

impl Options {
    pub fn from_arguments() -> Self {
        let mut options = Self {
            rounds: 15,
            least_nanoseconds: 4_000_000,
            workloads: Vec::new(),
            peers: Vec::new(),
            machine: String::new(),
            probe: true,
            sweep: false,
            write: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(usage);
            match argument.as_str() {
                "--rounds" => options.rounds = value().parse().unwrap_or_else(|_| usage()),
                "--millis" => {
                    options.least_nanoseconds = value().parse::<u64>().unwrap_or_else(|_| usage()) * 1_000_000
                }
                "--workload" => options.workloads.push(value()),
                "--peer" => options.peers.push(value()),
                "--machine" => options.machine = value(),
                "--no-probes" => options.probe = false,
                "--sweep" => options.sweep = true,
                "--write" => options.write = true,
                _ => usage(),
            }
        }
        options
    }

    pub fn wants_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|part| name.contains(part.as_str()))
    }

    pub fn wants_peer(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|part| name.contains(part.as_str()))
    }
}

fn usage<T>() -> T {
    eprintln!("{USAGE}");
    std::process::exit(2)
}
