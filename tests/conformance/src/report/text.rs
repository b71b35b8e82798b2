//! For a terminal.

use std::fmt::Write;

use super::Run;
use crate::case::Library;
use crate::exam::{Entry, Grade};
use crate::suite::{CaseResult, count};

/// One line for each case that does not pass, then the counts by family.
pub fn report(run: &Run, library: &Library, verbose: bool) -> String {
    let mut out = String::new();
    for result in &run.results {
        if result.is_clean() {
            continue;
        }
        // Writing to a string does not fail.
        let _ = writeln!(out, "{} {:13} {}", result.grade.sign(), result.grade.name(), result.id);
        if let Some(case) = library.get(&result.id) {
            let _ = writeln!(out, "    {} {}", case.rule.level.name(), case.rule.sentence);
            if verbose {
                let _ = writeln!(out, "    case:  {}", case.text);
            }
        }
        for said in &result.said {
            let _ = writeln!(out, "    {said}");
        }
        if verbose && result.silences > 0 {
            let _ = writeln!(out, "    silences: {}", result.silences);
        }
        if verbose {
            let _ = writeln!(out, "    seen:  {}", result.seen);
        }
        if let Some(split) = &result.split {
            let _ = writeln!(out, "    otherwise when delivered {split}");
        }
        for finding in &result.findings {
            let _ = writeln!(out, "    sent:  {} ({}, {})", finding.what, finding.lint.name, finding.lint.rule);
        }
        if verbose {
            out.push_str(&wire(&result.log));
        }
    }
    out.push_str(&counts(run));
    out
}

/// The bytes of both directions, in hexadecimal.
pub fn wire(log: &[Entry]) -> String {
    let mut out = String::new();
    for entry in log {
        let (sign, bytes) = match entry {
            Entry::Sent(bytes) => ('>', bytes),
            Entry::Received(bytes) => ('<', bytes),
            Entry::SentEof => {
                out.push_str("    > end\n");
                continue;
            }
            Entry::Ended(how) => {
                let _ = writeln!(out, "    < {}", format!("{how:?}").to_lowercase());
                continue;
            }
            Entry::Quiet => {
                out.push_str("    . quiet\n");
                continue;
            }
        };
        if [&b"GET "[..], b"HTTP/", b":"].iter().any(|head| bytes.starts_with(head)) {
            let text = bytes[..bytes.len().min(600)].escape_ascii().to_string();
            // The time of day would make the same results differ.
            let lines: Vec<&str> = text
                .split("\\r\\n")
                .filter(|line| !line.get(..6).is_some_and(|name| name.eq_ignore_ascii_case("date: ")))
                .collect();
            let _ = writeln!(out, "    {sign} {}", lines.join("\\r\\n"));
            continue;
        }
        let hex: String = bytes.iter().take(48).map(|byte| format!("{byte:02x} ")).collect();
        let more = if bytes.len() > 48 { format!("… ({} bytes)", bytes.len()) } else { String::new() };
        let _ = writeln!(out, "    {sign} {hex}{more}");
    }
    out
}

fn counts(run: &Run) -> String {
    let mut out = String::new();
    let mut families: Vec<&str> = run.results.iter().map(|result| &*result.family).collect();
    families.dedup();
    families.sort_unstable();
    families.dedup();
    let _ = writeln!(
        out,
        "\n{:20} {:>5} {:>5} {:>7} {:>5} {:>6} {:>8}",
        "family", "pass", "info", "lenient", "fail", "crash", "not run"
    );
    for family in families.iter().map(|family| Some(*family)).chain([None]) {
        let of: Vec<CaseResult> =
            run.results.iter().filter(|result| family.is_none_or(|family| result.family == family)).cloned().collect();
        let n = |grade| count(&of, grade);
        let not_run = n(Grade::Unimplemented) + n(Grade::Blocked) + n(Grade::Inconclusive);
        let _ = writeln!(
            out,
            "{:20} {:>5} {:>5} {:>7} {:>5} {:>6} {:>8}",
            family.unwrap_or("all"),
            n(Grade::Pass),
            n(Grade::Info),
            n(Grade::Lenient),
            n(Grade::Fail),
            n(Grade::Crash),
            not_run,
        );
    }
    let split = run.results.iter().filter(|result| result.split.is_some()).count();
    let lints = run.results.iter().filter(|result| !result.findings.is_empty()).count();
    let exams: usize = run.results.iter().map(|result| result.runs).sum();
    let silences: usize = run.results.iter().map(|result| result.silences).sum();
    let _ = writeln!(
        out,
        "{} ({}): {} cases in {exams} exams, {silences} with a silence; {split} depend on the delivery, {lints} with something wrong in what was sent",
        run.agent,
        run.role.name(),
        run.results.len(),
    );
    let hurried: usize = run.results.iter().map(|result| result.hurried).sum();
    if hurried > 0 {
        let _ =
            writeln!(out, "the machine was too busy to deliver the bytes one by one to their end in {hurried} exams");
    }
    out
}
