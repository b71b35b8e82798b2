//! `websocket-proto` under examination, in memory: both roles, every delivery, nothing but passes.

#[path = "support/ours.rs"]
mod ours;

use wsspec::case::{Library, Role};
use wsspec::exam::Grade;
use wsspec::report::{Run, known, text};
use wsspec::suite::{CaseResult, Deliveries, count};

#[test]
fn server_passes_every_case_in_every_delivery() {
    let library = Library::built_in().unwrap();
    let results = wsspec::memory::run(&library, Role::Server, &ours::context(), &Deliveries::EVERY, ours::Server::new);
    check(&library, Role::Server, results, include_str!("ours/server.known"));
}

#[test]
fn client_passes_every_case_in_every_delivery() {
    let library = Library::built_in().unwrap();
    let results = wsspec::memory::run(&library, Role::Client, &ours::context(), &Deliveries::EVERY, ours::Client::new);
    check(&library, Role::Client, results, include_str!("ours/client.known"));
}

/// Strictly: whatever is not a pass is listed with its reason, and what is listed is still so.
fn check(library: &Library, role: Role, results: Vec<CaseResult>, listed: &str) {
    let run = Run { agent: "websocket-proto".to_owned(), role, results };
    print!("{}", text::report(&run, library, true));
    assert!(count(&run.results, Grade::Pass) > 1000);
    assert_eq!(known::differences(&run, &known::read(listed).unwrap(), true), [""; 0]);
}
