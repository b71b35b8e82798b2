//! The tables: Markdown for people, CSV for programs.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::measure::Measurement;
use crate::options::Options;
use crate::peer::{Camp, Delivers, Peer};
use crate::plot;
use crate::probe::{PROBES, UTF8, Verdict};
use crate::sweep::{self, Panel, Sweep};
use crate::workload::{Task, Unit, Workload};

pub struct Report<'r> {
    pub options: &'r Options,
    pub peers: &'r [Peer],
    pub workloads: &'r [Workload],
    /// By probe and peer.
    pub verdicts: Vec<Vec<Verdict>>,
    /// By workload and peer.
    pub table: Vec<Vec<Option<Measurement>>>,
}

impl Report<'_> {
    pub fn write(&self, panels: &[Panel], sweep: &Sweep) -> io::Result<()> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        fs::create_dir_all(&directory)?;
        let profile = profile();
        fs::write(directory.join(format!("{profile}.md")), self.markdown())?;
        fs::write(directory.join(format!("{profile}.csv")), self.csv())?;
        if !panels.is_empty() {
            fs::write(directory.join(format!("{profile}-sweep.csv")), sweep::csv(panels, self.peers, sweep))?;
            fs::write(directory.join(format!("{profile}-sweep.svg")), sweep::svg(panels, self.peers, sweep))?;
        }
        let picture = plot::svg(self);
        if profile == "thin-lto" {
            // The README shows this one, and the package has no file of this folder.
            fs::write(directory.join("../../../src/performance.svg"), &picture)?;
        }
        fs::write(directory.join(format!("{profile}.svg")), picture)
    }

    pub fn markdown(&self) -> String {
        let mut out = format!("# Results, {}\n\n{}\n\n", profile_in_words(), self.conditions());
        self.comparison(&mut out);
        out += "## Times\n\nCPU time per message: the median, and half of the distance between the quartiles in per cent of it. Bold: the best \
                of those that checked what the row needs. † did not check that text is UTF-8.\n\n";
        self.table_of(&mut out, |report, row, peer| report.time(row, peer));
        out += "\n## Allocations\n\nCalls and bytes per message in the steady state, without what a connection needs once.\n\n";
        self.table_of(&mut out, |report, row, peer| {
            let Some(cell) = &report.table[row][peer] else { return String::new() };
            if cell.allocations < 0.0005 {
                "0".into()
            } else {
                format!("{:.2} · {:.0} B", cell.allocations, cell.allocated_bytes)
            }
        });
        out += "\n## Writes\n\nWrites to the transport per message sent, and Pongs per Ping where Pings come: RFC 6455, §5.5.3 allows \
                to answer only the newest.\n\n";
        self.table_of(&mut out, |report, row, peer| {
            let Some(cell) = &report.table[row][peer] else { return String::new() };
            match (report.workloads[row].task(), cell.replies) {
                (_, Some(replies)) => format!("{replies:.2} Pongs"),
                (Task::Receive(_) | Task::Inflate(..), None) => String::new(),
                (Task::Send(_) | Task::Deflate(_) | Task::Handshake | Task::Connect, None) => {
                    format!("{:.2}", cell.writes)
                }
            }
        });
        if !self.verdicts.is_empty() {
            out += "\n## Checks\n\nWhich rules a server keeps to, found out by breaking each. ✗: a message was delivered all the same.\n\n";
            self.header(&mut out, "rule");
            for (probe, verdicts) in PROBES.iter().zip(&self.verdicts) {
                let _ = write!(out, "| {} ", probe.rule);
                for (peer, verdict) in self.peers.iter().zip(verdicts) {
                    let sign = match verdict {
                        _ if peer.delivers == Delivers::Nothing => "",
                        Verdict::Refuses => "✓",
                        Verdict::Accepts => "✗",
                        Verdict::NotApplicable => "–",
                    };
                    let _ = write!(out, "| {sign} ");
                }
                out += "|\n";
            }
        }
        out
    }

    /// This crate, as it comes, beside the best of the others, the rows in which it is behind first.
    fn comparison(&self, out: &mut String) {
        *out += "## This crate as it comes, beside the best of the others\n\nRows that it loses come first; within 5 % is a tie.\n\n\
                 | workload | this crate | by | best of the others | by | ratio |\n|---|---:|---|---:|---|---:|\n";
        let best = |row: usize, camp: Camp| {
            let columns = (0..self.peers.len()).filter(|&column| self.peers[column].camp() == camp);
            let timed = columns.filter(|&column| !self.skips_utf8(row, column));
            let timed = timed.filter_map(|column| Some((self.table[row][column].as_ref()?.median(), column)));
            timed.min_by(|a, b| a.0.total_cmp(&b.0))
        };
        let mut lines = Vec::new();
        for (row, workload) in self.workloads.iter().enumerate() {
            if let (Some((ours, by)), Some((theirs, whose))) = (best(row, Camp::Ours), best(row, Camp::Others)) {
                let [ours_in_unit, theirs_in_unit] = [ours, theirs].map(|time| in_unit(workload.unit, time));
                let (by, whose) = (self.peers[by].name, self.peers[whose].name);
                let line = format!("| {} | {ours_in_unit} | {by} | {theirs_in_unit} | {whose} |", workload.name);
                lines.push((ours / theirs, line));
            }
        }
        lines.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (ratio, line) in lines {
            let _ = writeln!(out, "{line} {ratio:.2} |");
        }
        *out += "\n";
    }

    fn header(&self, out: &mut String, first: &str) {
        let _ = write!(out, "| {first} ");
        for peer in self.peers {
            let _ = write!(out, "| {} ", peer.name);
        }
        let _ = writeln!(out, "|\n|---{}|", "|---:".repeat(self.peers.len()));
    }

    fn table_of(&self, out: &mut String, cell: impl Fn(&Self, usize, usize) -> String) {
        self.header(out, "workload");
        for (row, workload) in self.workloads.iter().enumerate() {
            let cells: Vec<String> = (0..self.peers.len()).map(|peer| cell(self, row, peer)).collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                let _ = writeln!(out, "| {} | {} |", workload.name, cells.join(" | "));
            }
        }
    }

    fn time(&self, row: usize, peer: usize) -> String {
        let Some(cell) = &self.table[row][peer] else { return String::new() };
        let best = (0..self.peers.len())
            .filter(|&peer| self.peers[peer].delivers != Delivers::Nothing && !self.skips_utf8(row, peer))
            .filter_map(|peer| Some(self.table[row][peer].as_ref()?.median()))
            .fold(f64::INFINITY, f64::min);
        let median = cell.median();
        let time = in_unit(self.workloads[row].unit, median);
        let spread = (cell.quantile(0.75) - cell.quantile(0.25)) / 2.0 / median * 100.0;
        let time = if median == best { format!("**{time}**") } else { time };
        let dagger = if self.skips_utf8(row, peer) { "†" } else { "" };
        format!("{time}{dagger} ±{spread:.0}")
    }

    /// Whether the row is about text, and the peer does not look whether it is UTF-8.
    pub fn skips_utf8(&self, row: usize, peer: usize) -> bool {
        let text = self.workloads[row].name.contains("text") || self.workloads[row].name.contains("mixed");
        let works = self.peers[peer].delivers != Delivers::Nothing;
        works
            && text
            && UTF8.iter().any(|&probe| self.verdicts.get(probe).is_some_and(|row| row[peer] == Verdict::Accepts))
    }

    fn csv(&self) -> String {
        let mut out = String::from(
            "workload,peer,median_ns,lower_quartile_ns,upper_quartile_ns,least_ns,allocations,allocated_bytes,writes,pongs_per_ping,utf8_unchecked\n",
        );
        for (row, workload) in self.workloads.iter().enumerate() {
            for (column, peer) in self.peers.iter().enumerate() {
                let Some(cell) = &self.table[row][column] else { continue };
                let replies = cell.replies.map(|replies| format!("{replies:.3}")).unwrap_or_default();
                let _ = writeln!(
                    out,
                    "\"{}\",\"{}\",{:.3},{:.3},{:.3},{:.3},{:.3},{:.1},{:.3},{replies},{}",
                    workload.name,
                    peer.name,
                    cell.median(),
                    cell.quantile(0.25),
                    cell.quantile(0.75),
                    cell.quantile(0.0),
                    cell.allocations,
                    cell.allocated_bytes,
                    cell.writes,
                    self.skips_utf8(row, column),
                );
            }
        }
        out
    }

    pub fn conditions(&self) -> String {
        let compiler = std::process::Command::new("rustc").arg("--version").output();
        let compiler = compiler.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string());
        let machine = if self.options.machine.is_empty() { "machine not named" } else { &self.options.machine };
        let peers: Vec<String> = versions().iter().map(|(name, version)| format!("{name} {version}")).collect();
        format!(
            "{machine}; {}; default target features; {} rounds; {}. {}.",
            compiler.unwrap_or_else(|_| "compiler not known".into()),
            self.options.rounds,
            date(),
            peers.join(", ")
        )
    }
}

pub fn in_unit(unit: Unit, nanoseconds: f64) -> String {
    let (value, unit) = match unit {
        Unit::Nanoseconds => (nanoseconds, ""),
        Unit::Microseconds => (nanoseconds / 1e3, " µs"),
        Unit::Milliseconds => (nanoseconds / 1e6, " ms"),
    };
    let digits = if value < 100.0 { 1 } else { 0 };
    format!("{value:.digits$}{unit}")
}

/// The versions of the crates that take part, as the lock file has them.
fn versions() -> Vec<(&'static str, &'static str)> {
    let crates =
        ["tungstenite", "fastwebsockets", "tokio-websockets", "soketto", "sockudo-ws", "wtx", "yawc", "web-socket"];
    let lock = include_str!("../../../Cargo.lock");
    let version = |name: &str| {
        // Another package may have an older one.
        let (_, rest) = lock.rsplit_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(rest.split_once('"')?.0)
    };
    crates.iter().filter_map(|name| Some((*name, version(name)?))).collect()
}

/// The directory that cargo has put the program into is named for the profile.
fn profile() -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let directory = program.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    match directory {
        Some("release") => "default-release".into(),
        Some(name) => name.into(),
        None => "unknown".into(),
    }
}

fn profile_in_words() -> &'static str {
    match profile().as_str() {
        "thin-lto" => "cargo's release profile with thin LTO and one codegen unit",
        "default-release" => "cargo's default release profile",
        _ => "another profile",
    }
}

/// Today, by the civil calendar.
fn date() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let days = since.as_secs() as i64 / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
