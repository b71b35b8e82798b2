//! Each rule that binds can be broken, and its own cases notice: for each there is a subject that does the contrary.

#[path = "support/contrary.rs"]
mod contrary;

use std::collections::{BTreeMap, BTreeSet};

use contrary::{Contrary, Way};
use wsspec::case::{Level, Library, Limit, Role};
use wsspec::exam::{Context, Delivery, Grade};

fn context() -> Context {
    let mut context = Context {
        host: "server.example.com".to_owned(),
        target: "/chat".to_owned(),
        subprotocol: Some("chat".to_owned()),
        origin: Some("http://app.example.com".to_owned()),
        commands: true,
        heads: true,
        url: true,
        ..Context::default()
    };
    for limit in [Limit::Message, Limit::Frame, Limit::Fragments, Limit::Head, Limit::Fields] {
        context.limits.set(limit, 4096);
    }
    context
}

/// The rules that a role is bound by, each with how the contrary subjects do in its cases.
fn examined(role: Role) -> BTreeMap<String, Vec<(Way, String, Grade)>> {
    let (library, context) = (Library::built_in().unwrap(), context());
    let mut rules: BTreeMap<String, Vec<(Way, String, Grade)>> = BTreeMap::new();
    for case in library.cases.iter().filter(|case| case.rule.roles.contains(role)) {
        if !matches!(case.rule.level, Level::Must | Level::MustNot) {
            continue;
        }
        for way in Way::ALL {
            let verdict = wsspec::memory::examine(case, role, &context, Delivery::Whole, Contrary::new(way, role));
            rules.entry(case.rule.id.clone()).or_default().push((way, case.id.clone(), verdict.grade));
        }
    }
    rules
}

/// Rules whose cases only give the occasion for a lint, which `planted.rs` makes fire; and why one can't be broken here.
const BY_LINT: &[&str] = &[];

fn each_is_noticed(role: Role) {
    let rules = examined(role);
    let noticed = |found: &[(Way, String, Grade)]| found.iter().any(|(.., grade)| *grade == Grade::Fail);
    let unnoticed: BTreeSet<&str> =
        rules.iter().filter(|(_, found)| !noticed(found)).map(|(rule, _)| &**rule).collect();
    let excused: BTreeSet<&str> = BY_LINT.iter().copied().filter(|rule| rules.contains_key(*rule)).collect();
    assert_eq!(unnoticed, excused);
    assert!(rules.len() > 100, "{}", rules.len());
}

#[test]
fn each_rule_for_servers_is_broken_by_some_subject_and_its_cases_notice() {
    each_is_noticed(Role::Server);
}

#[test]
fn each_rule_for_clients_is_broken_by_some_subject_and_its_cases_notice() {
    each_is_noticed(Role::Client);
}
