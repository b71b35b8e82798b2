//! Examines a subject with one thing wrong.

use std::collections::BTreeSet;

use wsspec::case::{Case, Library, Role};
use wsspec::exam::{Context, Grade};
use wsspec::memory::Subject;
use wsspec::suite::{CaseResult, Deliveries};

use crate::ours;
use crate::planted::{Planted, Wrong};

const WHOLE: Deliveries = Deliveries { bytes: false, cuts: false, random: 0, seed: 0 };

/// In these families.
pub fn examine(role: Role, wrong: Wrong, families: &[&str]) -> Vec<CaseResult> {
    examine_in(role, wrong, |case| families.contains(&&*case.family))
}

pub fn examine_in(role: Role, wrong: Wrong, takes: impl Fn(&Case) -> bool) -> Vec<CaseResult> {
    let mut library = Library::built_in().unwrap();
    library.cases.retain(takes);
    let context = Context { commands: false, url: false, ..ours::context() };
    let make = || -> Box<dyn Subject> {
        match role {
            Role::Server => Box::new(Planted::new(ours::Server::new(), role, wrong)),
            Role::Client => Box::new(Planted::new(ours::Client::new(), role, wrong)),
        }
    };
    wsspec::memory::run(&library, role, &context, &WHOLE, make)
}

/// The rules under which something fails, and the lints that fire.
pub fn found(results: &[CaseResult]) -> (BTreeSet<&str>, BTreeSet<&'static str>) {
    let fails = results.iter().filter(|result| matches!(result.grade, Grade::Fail | Grade::Crash));
    let lints = results.iter().flat_map(|result| &result.findings);
    (fails.map(|result| &*result.rule).collect(), lints.map(|finding| finding.lint.name).collect())
}
