//! Runs by requirement: which sentences of the standards are kept.

use std::collections::HashMap;
use std::fmt::Write;

use super::json::Json;
use crate::exam::Grade;
use crate::lint;

/// A row of `requirements.tsv`.
#[derive(Clone, Debug)]
pub struct Requirement<'t> {
    /// The id.
    pub id: &'t str,
    /// Where it stands.
    pub section: &'t str,
    /// In our words.
    pub sentence: &'t str,
    /// How binding it is.
    pub level: &'t str,
    /// Whom it binds.
    pub binds: &'t str,
    /// Where it is seen.
    pub observable: &'t str,
    /// What examines it.
    pub judge: &'t str,
    /// Why nothing does.
    pub note: &'t str,
}

impl Requirement<'_> {
    /// Whether it binds, and what an endpoint sends shows whether it is kept.
    pub fn is_seen(&self) -> bool {
        matches!(self.level, "MUST" | "MUST NOT" | "ABNF") && matches!(self.observable, "wire" | "heads" | "echo")
    }
}

/// The rows that the program brings with it.
pub fn rows() -> Vec<Requirement<'static>> {
    let mut rows = Vec::new();
    for line in include_str!("../../requirements.tsv").lines().skip(1) {
        if let [id, section, sentence, level, binds, observable, _, judge, note] =
            line.split('\t').collect::<Vec<_>>()[..]
        {
            rows.push(Requirement { id, section, sentence, level, binds, observable, judge, note });
        }
    }
    rows
}

/// What became of one requirement.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kept {
    /// No case of it could be examined.
    Unexamined,
    /// Examined, and nothing is amiss.
    Yes,
    /// A case or lint fails.
    Broken,
}

/// Runs as [`super::json::report`] writes them, of one implementation: as a server, as a client, or both, and in several ways.
#[derive(Debug, Default)]
pub struct Statement {
    /// By role and rule.
    rules: HashMap<(String, String), Kept>,
    roles: Vec<String>,
}

impl Statement {
    /// Takes a run into account.
    pub fn add(&mut self, run: &Json) {
        let text = |json: &Json, name: &str| json.get(name).map_or("", Json::as_str).to_owned();
        let role = text(run, "role");
        for result in run.get("results").map_or(&[][..], Json::as_list) {
            let Some(grade) = Grade::named(&text(result, "grade")) else { continue };
            let kept = match grade {
                Grade::Unimplemented | Grade::Blocked | Grade::Inconclusive => Kept::Unexamined,
                Grade::Fail | Grade::Crash => Kept::Broken,
                Grade::Pass | Grade::Lenient | Grade::Info => Kept::Yes,
            };
            let id = text(result, "id");
            self.note(&role, id.split('/').next().unwrap_or_default(), kept);
            for finding in result.get("findings").map_or(&[][..], Json::as_list) {
                self.note(&role, &text(finding, "rule"), Kept::Broken);
            }
            if kept != Kept::Unexamined {
                // Whatever it sent was looked at.
                let connects = text(result, "family") == "connect";
                lint::of(&role, connects).for_each(|lint| self.note(&role, lint.rule, Kept::Yes));
                self.note(&role, EVERY, Kept::Yes);
            }
        }
        if !self.roles.contains(&role) {
            self.roles.push(role);
        }
    }

    fn note(&mut self, role: &str, rule: &str, kept: Kept) {
        let known = self.rules.entry((role.to_owned(), rule.to_owned())).or_insert(kept);
        *known = (*known).max(kept);
    }

    /// The requirement's state in all roles that it binds.
    pub fn state(&self, row: &Requirement<'_>) -> Kept {
        let rules: Vec<&str> = match row.judge.strip_prefix("as ") {
            Some(others) => others.split(' ').collect(),
            None if row.judge.split(", ").any(|word| word == EVERY) => vec![row.id, EVERY],
            None => vec![row.id],
        };
        let binds = |role: &&String| row.binds == "both" || **role == row.binds;
        let states = self.roles.iter().filter(binds).flat_map(|role| {
            rules.iter().filter_map(move |&rule| self.rules.get(&(role.clone(), rule.to_owned())).copied())
        });
        states.max().unwrap_or(Kept::Unexamined)
    }

    /// How many binding sentences are kept, which are broken, and which were not examined.
    pub fn report(&self) -> String {
        let binds = |row: &Requirement<'_>| {
            row.is_seen() && (row.binds == "both" || self.roles.iter().any(|role| role == row.binds))
        };
        let rows: Vec<_> = rows().into_iter().filter(binds).map(|row| (self.state(&row), row)).collect();
        let of = |wanted: Kept| rows.iter().filter(move |(state, _)| *state == wanted).map(|(_, row)| row);
        let (kept, broken) = (of(Kept::Yes).count(), of(Kept::Broken).count());
        let mut out = format!(
            "{} MUST sentences on the wire for a {}: {kept} kept, {broken} broken, {} not examined\n",
            rows.len(),
            self.roles.join(" and a "),
            rows.len() - kept - broken,
        );
        for row in of(Kept::Broken) {
            let _ = writeln!(out, "  broken: {} ({}): {}", row.id, row.section, row.sentence);
        }
        for row in of(Kept::Unexamined) {
            let why = if row.note.starts_with("no case") { row.note } else { "no case of it could be examined" };
            let _ = writeln!(out, "  not examined: {} ({}): {why}", row.id, row.section);
        }
        out
    }
}

/// What each case examines.
const EVERY: &str = "every";

#[cfg(test)]
mod tests {
    use super::*;

    fn run(role: &str, results: &str) -> Json {
        Json::read(&format!("{{\"role\": \"{role}\", \"results\": [{results}]}}")).unwrap()
    }

    fn result(id: &str, grade: &str, findings: &str) -> String {
        format!("{{\"id\": \"{id}\", \"grade\": \"{grade}\", \"findings\": [{findings}]}}")
    }

    fn state(statement: &Statement, id: &str) -> Kept {
        statement.state(rows().iter().find(|row| row.id == id).unwrap())
    }

    #[test]
    fn a_sentence_is_broken_by_any_case_or_lint_of_any_run() {
        let mut statement = Statement::default();
        let finding = "{\"lint\": \"server-mask\", \"rule\": \"6455-5.1-server-no-mask\", \"what\": \"\"}";
        let opcode = |grade| result("6455-5.2-opcode/op3", grade, "");
        statement.add(&run("server", &[opcode("pass"), result("6455-5.5-125/a", "unimplemented", "")].join(", ")));
        assert_eq!(state(&statement, "6455-5.2-opcode"), Kept::Yes);
        assert_eq!(state(&statement, "6455-5.5-125"), Kept::Unexamined);
        assert_eq!(state(&statement, "6455-5.1-server-no-mask"), Kept::Yes, "by its lint");
        assert_eq!(state(&statement, "6455-5.1-client-masks"), Kept::Unexamined, "it binds clients");
        assert_eq!(state(&statement, "6455-6.1-frame"), Kept::Yes, "by every case");
        statement.add(&run("client", &opcode("lenient")));
        assert_eq!(state(&statement, "6455-5.2-opcode"), Kept::Yes);
        assert_eq!(state(&statement, "6455-5.3-masked-flag"), Kept::Yes, "as another, by its lint");
        statement.add(&run("client", &[opcode("fail"), result("6455-5.5-125/a", "pass", finding)].join(", ")));
        assert_eq!(state(&statement, "6455-5.2-opcode"), Kept::Broken);
        assert_eq!(state(&statement, "6455-5.5-125"), Kept::Yes);
        assert!(statement.report().contains("  broken: 6455-5.2-opcode (6455 §5.2): "));
    }

    #[test]
    fn every_sentence_on_the_wire_is_examined_or_says_why_not() {
        let ids: Vec<&str> = rows().iter().map(|row| row.id).collect();
        for row in rows().iter().filter(|row| row.is_seen()) {
            let judged = match row.judge.strip_prefix("as ") {
                Some(others) => others.split(' ').all(|id| ids.contains(&id)),
                None => row.judge.split(", ").all(|word| ["cases", "lint", EVERY].contains(&word)),
            };
            assert!(judged || row.judge == "-" && row.note.starts_with("no case: "), "{}: {}", row.id, row.judge);
        }
    }
}
