//! JUnit's XML, as test servers read it.

use std::fmt::Write;

use super::Run;
use crate::exam::Grade;

/// The whole run as one suite.
pub fn report(run: &Run, strict: bool) -> String {
    let failures = run.results.iter().filter(|result| Run::fails(result, strict)).count();
    let skipped = |grade| matches!(grade, Grade::Unimplemented | Grade::Inconclusive);
    let skips = run.results.iter().filter(|result| skipped(result.grade)).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuite name=\"wsspec {}\" tests=\"{}\" failures=\"{failures}\" skipped=\"{skips}\">",
        escape(&run.agent),
        run.results.len(),
    );
    for result in &run.results {
        let (class, name) = result.id.split_once('/').unwrap_or((&result.id, ""));
        let _ = write!(
            out,
            "  <testcase classname=\"{}.{}\" name=\"{}\"",
            escape(&result.family),
            escape(class),
            escape(name)
        );
        let findings = result.findings.iter().map(|finding| format!("sent: {}", finding.what));
        let said: Vec<String> = result.said.iter().cloned().chain(findings).collect();
        if Run::fails(result, strict) {
            let said = escape(&said.join("; "));
            let _ = writeln!(
                out,
                "><failure type=\"{}\" message=\"{said}\">{}</failure></testcase>",
                result.grade,
                escape(&result.seen)
            );
        } else if skipped(result.grade) {
            let _ = writeln!(out, "><skipped message=\"{}\"/></testcase>", escape(&said.join("; ")));
        } else {
            out.push_str("/>\n");
        }
    }
    out.push_str("</testsuite>\n");
    out
}

/// For XML and HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c < ' ' && c != '\n' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
