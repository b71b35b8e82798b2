//! The cases, the lints and the requirements belong together, and nothing of Autobahn's is missing.

use std::collections::BTreeSet;

use wsspec::case::Library;
use wsspec::lint;

/// Id, and what examines it.
fn rows() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("../requirements.tsv").lines().skip(1);
    lines.map(|line| line.split('\t').collect::<Vec<_>>()).map(|columns| (columns[0], columns[7])).collect()
}

#[test]
fn every_case_and_lint_belongs_to_a_requirement() {
    let ids: BTreeSet<&str> = rows().into_iter().map(|(id, _)| id).collect();
    let library = Library::built_in().unwrap();
    let rules = library.cases.iter().map(|case| &*case.rule.id).chain(lint::all().map(|lint| lint.rule));
    let strangers: BTreeSet<&str> = rules.filter(|rule| !ids.contains(rule)).collect();
    assert_eq!(strangers, BTreeSet::new());
}

#[test]
fn every_requirement_has_the_cases_that_are_promised() {
    let library = Library::built_in().unwrap();
    let rules: BTreeSet<&str> = library.cases.iter().map(|case| &*case.rule.id).collect();
    let promised = rows().into_iter().filter(|(_, judge)| judge.split(", ").any(|word| word == "cases"));
    let without: Vec<&str> = promised.map(|(id, _)| id).filter(|id| !rules.contains(id)).collect();
    assert_eq!(without, [""; 0]);
    assert!(library.cases.len() >= 900);
}

#[test]
fn every_requirement_has_the_lint_that_is_promised() {
    let lints: BTreeSet<&str> = lint::all().map(|lint| lint.rule).collect();
    let promised = rows().into_iter().filter(|(_, judge)| judge.split(", ").any(|word| word == "lint"));
    let without: Vec<&str> = promised.map(|(id, _)| id).filter(|id| !lints.contains(id)).collect();
    assert_eq!(without, [""; 0]);
}

#[test]
fn every_case_of_autobahn_has_a_line() {
    let library = Library::built_in().unwrap();
    let named: BTreeSet<&str> =
        library.cases.iter().flat_map(|case| case.autobahn.iter().map(String::as_str)).collect();
    let wanted = AUTOBAHN.iter().flat_map(|&(group, n)| (1..=n).map(move |i| format!("{group}.{i}")));
    let missing: Vec<String> = wanted.filter(|id| !named.contains(&**id)).collect();
    assert_eq!(missing, [""; 0]);
}

/// Autobahn's groups of 1 to 7 and 10, and how many cases each has.
const AUTOBAHN: &[(&str, usize)] = &[
    ("1.1", 8),
    ("1.2", 8),
    ("2", 11),
    ("3", 7),
    ("4.1", 5),
    ("4.2", 5),
    ("5", 20),
    ("6.1", 3),
    ("6.2", 4),
    ("6.3", 2),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 11),
    ("6.7", 4),
    ("6.8", 2),
    ("6.9", 4),
    ("6.10", 3),
    ("6.11", 5),
    ("6.12", 8),
    ("6.13", 5),
    ("6.14", 10),
    ("6.15", 1),
    ("6.16", 3),
    ("6.17", 5),
    ("6.18", 5),
    ("6.19", 5),
    ("6.20", 7),
    ("6.21", 8),
    ("6.22", 34),
    ("6.23", 7),
    ("7.1", 6),
    ("7.3", 6),
    ("7.5", 1),
    ("7.7", 13),
    ("7.9", 9),
    ("7.13", 2),
    ("10.1", 1),
];
