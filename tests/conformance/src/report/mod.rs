//! What a run found, for people and for programs.

pub mod autobahn;
pub mod html;
pub mod json;
pub mod junit;
pub mod known;
pub mod requirements;
pub mod text;

use crate::case::Role;
use crate::suite::CaseResult;

/// One subject, examined.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it is called.
    pub agent: String,
    /// Its role.
    pub role: Role,
    /// In the order of the cases.
    pub results: Vec<CaseResult>,
}

impl Run {
    /// Whether a case counts against the subject.
    pub fn fails(result: &CaseResult, strict: bool) -> bool {
        use crate::exam::Grade;
        match result.grade {
            Grade::Fail | Grade::Crash | Grade::Blocked => true,
            Grade::Lenient | Grade::Info => strict,
            Grade::Pass | Grade::Unimplemented | Grade::Inconclusive => false,
        }
        .max(result.findings.iter().any(|finding| finding.lint.must || strict))
        // The grade is that of all bytes at once; but a MUST holds for a stream, however it is cut.
        .max(result.split.as_ref().is_some_and(|split| strict || split.grade >= Grade::Fail))
    }
}
