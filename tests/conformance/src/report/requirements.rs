//! The run by requirement: which sentences of the standards are kept.

use std::fmt::Write;

use super::Run;
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
}

/// The rows that the program brings with it.
pub fn rows() -> Vec<Requirement<'static>> {
    let mut rows = Vec::new();
    for line in include_str!("../../requirements.tsv").lines().skip(1) {
        if let [id, section, sentence, level, binds, ..] = line.split('\t').collect::<Vec<_>>()[..] {
            rows.push(Requirement { id, section, sentence, level, binds });
        }
    }
    rows
}

/// What became of one requirement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// Examined, and nothing is amiss.
    Yes,
    /// A case or lint fails.
    Broken,
    /// No case of it could be examined.
    Unexamined,
}

/// The requirement's state in a run.
pub fn state(run: &Run, id: &str) -> Kept {
    let results = run.results.iter().filter(|result| result.rule == id);
    let grades: Vec<Grade> = results.map(|result| result.grade).collect();
    let broken_lint = run.results.iter().any(|result| result.findings.iter().any(|finding| finding.lint.rule == id));
    let is_lint = lint::all().any(|lint| lint.rule == id) && run.results.iter().any(|result| !result.log.is_empty());
    if broken_lint || grades.iter().any(|grade| matches!(grade, Grade::Fail | Grade::Crash)) {
        Kept::Broken
    } else if is_lint || grades.iter().any(|grade| matches!(grade, Grade::Pass | Grade::Lenient | Grade::Info)) {
        Kept::Yes
    } else {
        Kept::Unexamined
    }
}

/// The statement, and the sentences that are broken.
pub fn report(run: &Run) -> String {
    let (mut kept, mut broken, mut unexamined) = (0, Vec::new(), 0);
    for row in rows() {
        let binds = row.binds == "both" || row.binds == run.role.name();
        if !binds || !matches!(row.level, "MUST" | "MUST NOT") {
            continue;
        }
        match state(run, row.id) {
            Kept::Yes => kept += 1,
            Kept::Broken => broken.push(row),
            Kept::Unexamined => unexamined += 1,
        }
    }
    let examined = kept + broken.len();
    let mut out = format!(
        "{examined} MUST sentences examined: {kept} kept, {} broken; {unexamined} not examined\n",
        broken.len()
    );
    for row in broken {
        let _ = writeln!(out, "  broken: {} ({}): {}", row.id, row.section, row.sentence);
    }
    out
}
