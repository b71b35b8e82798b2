//! Nothing is lost, nothing comes twice: history, coming back, and the file.

use std::fs::OpenOptions;
use std::io::Write;

use serde_json::json;

use crate::client::Client;
use crate::server::{Server, fresh_file};

fn say(client: &mut Client, numbers: std::ops::RangeInclusive<u64>) {
    for n in numbers {
        client.say("lobby", &format!("id-{n}"), &format!("text {n}"));
    }
}

fn texts(numbers: std::ops::RangeInclusive<u64>) -> Vec<(u64, String)> {
    numbers.map(|n| (n, format!("text {n}"))).collect()
}

#[test]
fn newcomer_gets_the_history() {
    let server = Server::start(&[]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    say(&mut ann, 1..=20);
    ann.hear_messages(20);
    let mut bob = Client::enter(&server, "Bob", "lobby");
    assert_eq!(bob.hear_messages(20), texts(1..=20));
}

#[test]
fn who_comes_back_gets_what_was_missed_and_no_more() {
    let server = Server::start(&[]);
    let (mut ann, mut bob) = (Client::enter(&server, "Ann", "lobby"), Client::enter(&server, "Bob", "lobby"));
    say(&mut ann, 1..=3);
    assert_eq!(bob.hear_messages(3), texts(1..=3));
    drop(bob);
    say(&mut ann, 4..=6);
    ann.hear_messages(6);
    let mut bob = Client::enter_after(&server, "Bob", "lobby", Some(3));
    assert_eq!(bob.hear_messages(3), texts(4..=6));
    assert!(bob.hears_nothing_of("message"));
}

#[test]
fn newcomer_gets_the_end_of_a_long_history_and_who_comes_back_all_of_it() {
    let server = Server::start(&[]);
    let mut crowd: Vec<Client> = (0..9).map(|n| Client::enter(&server, &format!("Ann {n}"), "lobby")).collect();
    for n in 1..=225 {
        say(&mut crowd[n as usize % 9], n..=n);
        crowd[0].hear_messages(1);
    }
    let mut new = Client::enter(&server, "New", "lobby");
    assert_eq!(new.hear_messages(200), texts(26..=225));
    let mut back = Client::enter_after(&server, "Back", "lobby", Some(0));
    assert_eq!(back.hear_messages(225), texts(1..=225));
}

/// Each reads what all the others say, and the hall hears all of them before the first is read to.
#[test]
fn crowd_that_speaks_at_once_misses_nothing() {
    let server = Server::start(&[]);
    let mut crowd: Vec<Client> = (0..30).map(|n| Client::enter(&server, &format!("Ann {n}"), "lobby")).collect();
    for (who, client) in crowd.iter_mut().enumerate() {
        for n in 0..25 {
            client.say("lobby", &format!("id-{who}-{n}"), "now");
        }
    }
    for client in &mut crowd {
        assert!(client.hear_messages(750).iter().zip(1..).all(|((n, _), expected)| *n == expected));
    }
}

#[test]
fn message_that_comes_again_is_not_said_again() {
    let server = Server::start(&[]);
    let (mut ann, mut bob) = (Client::enter(&server, "Ann", "lobby"), Client::enter(&server, "Bob", "lobby"));
    say(&mut ann, 1..=1);
    say(&mut ann, 1..=1);
    let had = ann.expect("had");
    assert_eq!((&had["id"], &had["n"]), (&json!("id-1"), &json!(1)));
    assert_eq!(bob.hear_messages(1), texts(1..=1));
    assert!(bob.hears_nothing_of("message"));
}

#[test]
fn messages_that_are_no_longer_kept_are_told_to_be_missed() {
    let server = Server::start(&["--keep", "5"]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    for n in 1..=12 {
        say(&mut ann, n..=n);
        assert_eq!(ann.hear_messages(1), texts(n..=n));
    }
    let mut bob = Client::enter_after(&server, "Bob", "lobby", Some(2));
    let missed = bob.expect("missed");
    assert_eq!((&missed["from"], &missed["to"]), (&json!(3), &json!(7)));
    assert_eq!(bob.hear_messages(5), texts(8..=12));
}

#[test]
fn killed_server_comes_back_with_numbers_history_and_identifiers() {
    let file = fresh_file("killed.history");
    let server = Server::start(&["--history", file.to_str().unwrap()]);
    let mut ann = Client::connect(&server);
    ann.say_hello("Ann", "t");
    let log = ann.expect("welcome")["log"].clone();
    ann.ask(json!({ "do": "join", "room": "lobby" }));
    say(&mut ann, 1..=3);
    ann.show("lobby", "pic", b"GIF89a picture");
    ann.hear_messages(4);

    let server = server.die_and_return();
    let mut ann = Client::connect(&server);
    ann.say_hello("Ann", "t");
    assert_eq!(ann.expect("welcome")["log"], log, "the numbers mean the same as before");
    ann.ask(json!({ "do": "join", "room": "lobby", "after": 2 }));
    say(&mut ann, 3..=3); // its confirmation might have been lost
    ann.say("lobby", "id-5", "text 5");
    let rest = [(3, "text 3"), (4, "image/gif"), (5, "text 5")].map(|(n, what)| (n, what.to_owned()));
    assert_eq!(ann.hear_messages(3), rest);
    assert!(ann.hears_nothing_of("message"));
}

#[test]
fn file_that_was_cut_in_the_middle_of_a_message_loses_that_one_alone() {
    let file = fresh_file("cut.history");
    let server = Server::start(&["--history", file.to_str().unwrap()]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    say(&mut ann, 1..=3);
    ann.hear_messages(3);
    // The header of a text message of 100 bytes, and two of them.
    OpenOptions::new().append(true).open(&file).unwrap().write_all(b"\x81\x64{\"").unwrap();
    let server = server.die_and_return();
    let mut ann = Client::enter(&server, "Ann", "lobby");
    say(&mut ann, 4..=4);
    assert_eq!(ann.hear_messages(4), texts(1..=4));
    let server = server.die_and_return();
    assert_eq!(Client::enter(&server, "Ann", "lobby").hear_messages(4), texts(1..=4));
}

#[test]
fn server_without_a_file_begins_anew_and_says_so() {
    let server = Server::start(&[]);
    let mut ann = Client::connect(&server);
    ann.say_hello("Ann", "t");
    let log = ann.expect("welcome")["log"].clone();
    let server = server.die_and_return();
    let mut ann = Client::connect(&server);
    ann.say_hello("Ann", "t");
    assert_ne!(ann.expect("welcome")["log"], log);
    // Numbers that were never given are no reason to wait for them.
    ann.ask(json!({ "do": "join", "room": "lobby", "after": 1000 }));
    say(&mut ann, 1..=1);
    assert_eq!(ann.hear_messages(1), texts(1..=1));
}
