//! `websocket-proto` under examination, in memory: both roles, each way to use it, every delivery, nothing but passes.

#[path = "support/ours/mod.rs"]
mod ours;

use wsspec::case::{Library, Role};
use wsspec::exam::Grade;
use wsspec::report::json::{self, Json};
use wsspec::report::requirements::{Kept, Statement, rows};
use wsspec::report::{Run, known, text};
use wsspec::suite::{Deliveries, count};

#[test]
fn every_case_passes_in_every_delivery_and_every_sentence_is_kept() {
    let mut statement = Statement::default();
    for (role, listed) in
        [(Role::Server, include_str!("ours/server.known")), (Role::Client, include_str!("ours/client.known"))]
    {
        check(role, listed, &mut statement);
    }
    print!("{}", statement.report());
    // What is not examined says so in its row.
    for row in rows().iter().filter(|row| row.is_seen()) {
        let wanted = if row.note.starts_with("no case: ") { Kept::Unexamined } else { Kept::Yes };
        assert_eq!(statement.state(row), wanted, "{}", row.id);
    }
}

/// Strictly: whatever is not a pass is listed with its reason, and what is listed is still so.
fn check(role: Role, listed: &str, statement: &mut Statement) {
    let listed = known::read(listed).unwrap();
    for entry in ours::all().into_iter().filter(|entry| entry.role == role) {
        let mut library = Library::built_in().unwrap();
        library.cases.retain(entry.takes);
        let results = wsspec::memory::run(&library, role, &entry.context, &Deliveries::EVERY, entry.make);
        let run = Run { agent: entry.name.to_owned(), role, results };
        print!("{}", text::report(&run, &library, true));
        assert_eq!(known::differences(&run, &listed, true), [""; 0], "{}", entry.name);
        let unexplained = run.results.iter().filter(|result| !entry.explains(result, &library));
        assert_eq!(unexplained.map(|result| &*result.id).collect::<Vec<_>>(), [""; 0], "{}", entry.name);
        assert!(count(&run.results, Grade::Pass) > 0);
        statement.add(&Json::read(&json::report(&run, &library)).unwrap());
    }
}
