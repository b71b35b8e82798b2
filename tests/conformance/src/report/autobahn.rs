//! `index.json` as the Autobahn test suite writes it, which scripts already read.

use super::Run;
use super::json::Json;
use crate::exam::Grade;

/// The agent's cases with `behavior` and `behaviorClose`.
pub fn index(run: &Run) -> String {
    let cases = run.results.iter().map(|result| {
        let behavior = match result.grade {
            Grade::Pass if result.findings.is_empty() => "OK",
            Grade::Pass | Grade::Fail | Grade::Crash | Grade::Blocked => "FAILED",
            Grade::Lenient => "NON-STRICT",
            Grade::Info | Grade::Inconclusive => "INFORMATIONAL",
            Grade::Unimplemented => "UNIMPLEMENTED",
        };
        let value = Json::object([("behavior", Json::text(behavior)), ("behaviorClose", Json::text(behavior))]);
        (result.id.clone(), value)
    });
    let mut out = String::new();
    Json::Object(vec![(run.agent.clone(), Json::Object(cases.collect()))]).write(&mut out);
    out.push('\n');
    out
}
