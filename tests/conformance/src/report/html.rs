//! One page for several runs, complete in one file.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::json::Json;
use super::junit::escape;
use crate::case::Library;
use crate::exam::Grade;

/// A page of runs as [`super::json::report`] writes them.
pub fn page(runs: &[Json], library: &Library) -> String {
    let mut out = String::from(HEAD);
    out.push_str("<table><thead><tr><th>case</th>");
    for run in runs {
        let (agent, role) = (member(run, "agent"), member(run, "role"));
        let _ = write!(out, "<th class=agent><span>{}<small>{}</small></span></th>", escape(agent), escape(role));
    }
    out.push_str("</tr></thead>\n");
    let results: Vec<BTreeMap<&str, &Json>> = runs
        .iter()
        .map(|run| run.get("results").map_or(&[][..], Json::as_list).iter().map(|r| (member(r, "id"), r)).collect())
        .collect();
    let mut families: Vec<&str> = library.cases.iter().map(|case| &*case.family).collect();
    families.dedup();
    for family in families {
        let cases: Vec<_> = library
            .cases
            .iter()
            .filter(|case| case.family == family && results.iter().any(|results| results.contains_key(&*case.id)))
            .collect();
        if cases.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "<tbody class=family><tr><th><button aria-expanded=false>{family}</button> <small>{}</small></th>",
            cases.len()
        );
        for results in &results {
            let of: Vec<_> = cases.iter().filter_map(|case| results.get(&*case.id)).collect();
            let n =
                |grades: &[Grade]| of.iter().filter(|r| grades.iter().any(|g| g.name() == member(r, "grade"))).count();
            let (bad, soft) = (n(&[Grade::Fail, Grade::Crash]), n(&[Grade::Lenient, Grade::Info]));
            let examined = of.len() - n(&[Grade::Unimplemented, Grade::Blocked, Grade::Inconclusive]);
            let class = match (examined, bad, soft) {
                (0, ..) => "unimplemented",
                (_, 1.., _) => "fail",
                (_, _, 1..) => "lenient",
                _ => "pass",
            };
            let text = match (examined, bad, soft) {
                (0, ..) => "–".to_owned(),
                (_, 0, 0) => "✓".to_owned(),
                (_, 0, soft) => format!("{soft} ~"),
                (_, bad, 0) => format!("{bad} ✗"),
                (_, bad, soft) => format!("{bad} ✗ {soft} ~"),
            };
            let _ = write!(out, "<td class={class}>{text}</td>");
        }
        out.push_str("</tr></tbody>\n<tbody class=cases hidden>");
        let mut rule = "";
        for case in cases {
            if case.rule.id != rule {
                rule = &case.rule.id;
                let _ = write!(
                    out,
                    "<tr class=rule><th colspan={}><b>{}</b> {} {}{}</th></tr>",
                    runs.len() + 1,
                    escape(rule),
                    case.rule.level.name(),
                    escape(&case.rule.sentence),
                    link(rule),
                );
            }
            let name = case.id.split('/').next_back().unwrap_or("");
            let _ = write!(out, "<tr><th title=\"{}\">{}</th>", escape(&case.text), escape(name));
            for results in &results {
                cell(results.get(&*case.id).copied(), &mut out);
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody>\n");
    }
    out.push_str("</table>");
    out.push_str(TAIL);
    out
}

fn cell(result: Option<&Json>, out: &mut String) {
    let Some(result) = result else {
        out.push_str("<td></td>");
        return;
    };
    let grade = member(result, "grade");
    let sign = Grade::named(grade).map_or('?', Grade::sign);
    let split = member(result, "split");
    let findings = result.get("findings").map_or(&[][..], Json::as_list);
    let clean = grade == "pass" && split.is_empty() && findings.is_empty();
    let _ = write!(out, "<td class={grade}>");
    if clean || grade == "unimplemented" {
        let _ = write!(out, "{sign}</td>");
        return;
    }
    let mut text: String =
        result.get("said").map_or(&[][..], Json::as_list).iter().map(|said| format!("{}\n", said.as_str())).collect();
    let _ = writeln!(text, "seen: {}", member(result, "seen"));
    if !split.is_empty() {
        let _ = writeln!(text, "otherwise when delivered {split}");
    }
    for finding in findings {
        let _ = writeln!(text, "sent: {} ({})", member(finding, "what"), member(finding, "rule"));
    }
    text.push_str(member(result, "wire"));
    let marks = [if split.is_empty() { "" } else { "✂" }, if findings.is_empty() { "" } else { "!" }].concat();
    let _ = write!(out, "<details><summary>{sign}{marks}</summary><pre>{}</pre></details></td>", escape(&text));
}

fn member<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).map_or("", Json::as_str)
}

/// Into the standard.
fn link(rule: &str) -> String {
    let mut parts = rule.split('-');
    let (Some(rfc), Some(section)) = (parts.next(), parts.next()) else { return String::new() };
    if !rfc.bytes().all(|byte| byte.is_ascii_digit()) || !section.starts_with(|c: char| c.is_ascii_digit()) {
        return String::new();
    }
    format!(" <a href=\"https://www.rfc-editor.org/rfc/rfc{rfc}#section-{section}\">RFC {rfc} §{section}</a>")
}

const HEAD: &str = include_str!("head.html");
const TAIL: &str = include_str!("tail.html");
