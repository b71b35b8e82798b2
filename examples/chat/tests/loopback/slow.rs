//! Clients that send too much, or read too little.

use std::time::{Duration, Instant};

use crate::client::Client;
use crate::server::Server;

#[test]
fn flood_is_slowed_down_but_loses_nothing_and_disturbs_nobody() {
    let server = Server::start(&[]);
    let mut bob = Client::enter(&server, "Bob", "elsewhere");
    let mut ann = Client::enter(&server, "Ann", "lobby");
    let start = Instant::now();
    for n in 1..=60 {
        ann.say("lobby", &format!("id-{n}"), &format!("text {n}"));
    }
    bob.say("elsewhere", "1", "quick");
    bob.hear_messages(1);
    assert!(start.elapsed() < Duration::from_secs(1), "the others are as quick as ever");
    let heard = ann.hear_messages(60);
    assert!(heard.iter().zip(1..).all(|((n, text), expected)| *n == expected && *text == format!("text {expected}")));
    // 30 at once, and 10 per second.
    assert!(start.elapsed() > Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn client_that_never_reads_holds_up_nobody_and_costs_no_memory() {
    let server = Server::start(&["--keep", "20"]);
    let deaf: Vec<Client> = (0..20).map(|n| Client::enter(&server, &format!("Deaf {n}"), "lobby")).collect();
    let mut ann = Client::enter(&server, "Ann", "lobby");
    // Each has an allowance of its own.
    let mut senders: Vec<Client> = (0..6).map(|n| Client::enter(&server, &format!("Bob {n}"), "attic")).collect();
    for sender in &mut senders {
        sender.ask(serde_json::json!({ "do": "join", "room": "lobby" }));
        sender.expect("joined");
    }
    let mut picture = b"GIF89a".to_vec();
    picture.resize(300_000, 7);
    let mut before = None;
    for n in 1..=48_u64 {
        senders[n as usize % 6].show("lobby", &format!("id-{n}"), &picture);
        assert_eq!(ann.hear_messages(1)[0].0, n);
        if n == 20 {
            before = server.memory();
        }
    }
    // Since then, 20 receivers have left 28 pictures of 300 kB unread each. A copy for each would be 168 MB; even one queue that holds
    // what the room has forgotten, beyond what the sockets take, is several.
    if let (Some(before), Some(after)) = (before, server.memory()) {
        assert!(after < before + 3_000_000, "{before} and then {after} bytes");
    }
    drop(deaf);
    ann.say("lobby", "end", "still here");
    assert_eq!(ann.hear_messages(1), [(49, "still here".to_owned())]);
}

#[test]
fn client_that_answers_no_ping_is_gone_for_the_others() {
    let server = Server::start(&["--ping", "0.4"]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    let deaf = Client::enter(&server, "Deaf", "lobby");
    assert!(ann.find(|told| told["nicks"] == serde_json::json!(["Ann", "Deaf"])).is_some());
    assert!(ann.find(|told| told["nicks"] == serde_json::json!(["Ann"])).is_some(), "its socket is still open");
    drop(deaf);
}
