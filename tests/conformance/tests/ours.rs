//! `websocket-proto` under examination, in memory: both roles, every delivery, nothing but passes.

#[path = "support/ours.rs"]
mod ours;

use wsspec::case::{Library, Role};
use wsspec::exam::Grade;
use wsspec::suite::{CaseResult, Deliveries};

#[test]
fn server_passes_every_case_in_every_delivery() {
    let library = library();
    let results = wsspec::memory::run(&library, Role::Server, &ours::context(), &Deliveries::EVERY, ours::Server::new);
    check(&results);
}

#[test]
fn client_passes_every_case_in_every_delivery() {
    let library = library();
    let results = wsspec::memory::run(&library, Role::Client, &ours::context(), &Deliveries::EVERY, ours::Client::new);
    check(&results);
}

fn library() -> Library {
    match std::env::var_os("WSSPEC_CASES") {
        Some(path) => Library::read(path.as_ref()).unwrap(),
        None => Library::built_in().unwrap(),
    }
}

fn check(results: &[CaseResult]) {
    let runs: usize = results.iter().map(|result| result.runs).sum();
    let mut amiss = 0;
    for result in results {
        if !result.is_clean() {
            amiss += 1;
            println!("{:14} {} {}", result.grade.name(), result.id, result.said.join("; "));
            println!("               seen: {}", result.seen);
            if let Some((delivery, seen)) = &result.split {
                println!("               {delivery}: {seen}");
            }
            for finding in &result.findings {
                println!("               lint {}: {}", finding.lint.name, finding.what);
            }
        }
        if result.grade == Grade::Unimplemented {
            println!("unimplemented  {} {}", result.id, result.said.join("; "));
        }
    }
    println!("{} cases, {runs} exams, {amiss} with something amiss", results.len());
    assert!(!results.is_empty());
    assert_eq!(amiss, 0);
}
