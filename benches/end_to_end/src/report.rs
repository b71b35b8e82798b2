//! The tables.

use std::fmt::Write as _;
use std::{fs, io};

use crate::options::Options;
use crate::plot;
use crate::server::OURS;
use crate::workload::Workload;

/// What one run of a server has shown: times in nanoseconds, memory in bytes.
#[derive(Clone, Copy)]
pub struct Sample {
    pub cpu_per_echo: f64,
    pub echoes_per_second: f64,
    pub memory: f64,
    pub memory_per_connection: f64,
}

pub struct Report<'r> {
    pub servers: &'r [&'static str],
    pub rows: &'r [(Workload, Vec<Vec<Sample>>)],
    options: &'r Options,
}

impl<'r> Report<'r> {
    pub fn new(servers: &'r [&'static str], rows: &'r [(Workload, Vec<Vec<Sample>>)], options: &'r Options) -> Self {
        Self { servers, rows, options }
    }

    pub fn markdown(&self) -> String {
        let mut out =
            format!("# Results\n\n{}\n\n## CPU time of the server per echo, in microseconds\n\n", self.conditions());
        out += "The median of the rounds. Bold: the best. The last column: `reactor_server` beside the best of the others.\n\n";
        self.head(&mut out, "| ratio ");
        for (workload, samples) in self.rows {
            let times: Vec<_> = samples.iter().map(|samples| median(samples, |sample| sample.cpu_per_echo)).collect();
            let best = times.iter().flatten().copied().fold(f64::INFINITY, f64::min);
            let _ = write!(out, "| {workload} ");
            for time in &times {
                let _ = match time {
                    Some(time) if *time == best => write!(out, "| **{}** ", short(time / 1e3)),
                    Some(time) => write!(out, "| {} ", short(time / 1e3)),
                    None => write!(out, "| – "),
                };
            }
            let others = self.others().filter_map(|at| times[at]).fold(f64::INFINITY, f64::min);
            let ratio = times.first().copied().flatten().map_or(f64::NAN, |ours| ours / others);
            let _ = writeln!(out, "| {ratio:.2} |");
        }
        out += "\n## Echoes per second\n\nWith the clients on another CPU where there is one. They may be what limits a fast server.\n\n";
        self.table(&mut out, |_| true, |sample| sample.echoes_per_second, |value| grouped(value as u64));
        out += "\n## Memory of the server per connection, in bytes\n\nAfter echoes, less what it had after its first connection; resident and anonymous.\n\n";
        self.table(
            &mut out,
            |row| row.connections >= 1000,
            |sample| sample.memory_per_connection,
            |value| grouped(value as u64),
        );
        out += "\n## Memory of the server, in MiB\n\nAll of it, while it echoes.\n\n";
        self.table(&mut out, |_| true, |sample| sample.memory, |value| short(value / 1_048_576.0));
        out
    }

    fn head(&self, out: &mut String, last: &str) {
        let _ = writeln!(out, "| connections × message | {} {last}|", self.servers.join(" | "));
        let _ =
            writeln!(out, "|---|{}{}", "---:|".repeat(self.servers.len()), if last.is_empty() { "" } else { "---:|" });
    }

    fn table(
        &self,
        out: &mut String,
        wanted: impl Fn(&Workload) -> bool,
        value: impl Fn(&Sample) -> f64 + Copy,
        text: impl Fn(f64) -> String,
    ) {
        self.head(out, "");
        for (workload, samples) in self.rows.iter().filter(|(workload, _)| wanted(workload)) {
            let cells: Vec<_> =
                samples.iter().map(|samples| median(samples, value).map_or("–".to_owned(), &text)).collect();
            let _ = writeln!(out, "| {workload} | {} |", cells.join(" | "));
        }
    }

    /// The columns of servers that stand on other crates.
    pub fn others(&self) -> impl Iterator<Item = usize> {
        let ours: Vec<&str> = crate::server::ALL[..OURS].iter().map(|(name, _)| *name).collect();
        (0..self.servers.len()).filter(move |at| !ours.contains(&self.servers[*at]))
    }

    fn csv(&self) -> String {
        let mut out =
            "workload,server,round,cpu_ns_per_echo,echoes_per_second,memory,memory_per_connection\n".to_owned();
        for (workload, columns) in self.rows {
            for (server, samples) in self.servers.iter().zip(columns) {
                for (round, sample) in samples.iter().enumerate() {
                    let Sample { cpu_per_echo, echoes_per_second, memory, memory_per_connection } = sample;
                    let _ = writeln!(
                        out,
                        "\"{workload}\",\"{server}\",{round},{cpu_per_echo:.1},{echoes_per_second:.0},{memory:.0},{memory_per_connection:.0}"
                    );
                }
            }
        }
        out
    }

    pub fn write(&self) -> io::Result<()> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/results");
        fs::create_dir_all(folder)?;
        let plot = "\n![CPU time per echo, in multiples of reactor_server's](results.svg)\n";
        fs::write(format!("{folder}/results.md"), self.markdown() + plot)?;
        fs::write(format!("{folder}/results.csv"), self.csv())?;
        fs::write(format!("{folder}/results.svg"), plot::svg(self))
    }

    fn conditions(&self) -> String {
        let output = |program: &str, option: &str| {
            let output = std::process::Command::new(program).arg(option).output();
            let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            text.lines().next().unwrap_or_default().to_owned()
        };
        let machine = if self.options.machine.is_empty() { "machine not named" } else { &self.options.machine };
        let tools = [("rustc", "--version"), ("g++", "--version"), ("node", "--version"), ("date", "-I")];
        let tools = tools.map(|(program, option)| output(program, option));
        let rounds = format!("{} rounds of {:?}", self.options.rounds, self.options.span);
        format!("{machine}; {rounds}; {}; {}; Node {}; {}.", tools[0], tools[1], tools[2], tools[3])
    }
}

pub fn median(samples: &[Sample], value: impl Fn(&Sample) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = samples.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Three digits that count.
fn short(value: f64) -> String {
    let digits = if value < 1.0 {
        3
    } else if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.digits$}")
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = (head..digits.len()).step_by(3).map(|at| &digits[at..at + 3]).collect();
    if head > 0 {
        groups.insert(0, &digits[..head]);
    }
    groups.join(",")
}
