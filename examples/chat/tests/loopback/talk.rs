//! What people do in a chat.

use serde_json::json;

use crate::client::Client;
use crate::server::Server;

const GIF: &[u8] = b"GIF89a and the rest";

#[test]
fn what_one_says_both_hear_once_and_numbered() {
    let server = Server::start(&[]);
    let (mut ann, mut bob) = (Client::enter(&server, "Ann", "lobby"), Client::enter(&server, "Bob", "lobby"));
    ann.say("lobby", "a1", "Hi Bob");
    let heard = bob.expect("message");
    assert_eq!((heard["n"].as_u64(), &heard["nick"], &heard["text"]), (Some(1), &json!("Ann"), &json!("Hi Bob")));
    bob.say("lobby", "b1", "Grüße, 李雷 🦀");
    let both = [(1, "Hi Bob".to_owned()), (2, "Grüße, 李雷 🦀".to_owned())];
    assert_eq!(ann.hear_messages(2), both);
    assert_eq!(bob.hear_messages(1), both[1..]);
    assert!(ann.hears_nothing_of("message") && bob.hears_nothing_of("message"));
}

#[test]
fn rooms_do_not_hear_each_other_and_number_by_themselves() {
    let server = Server::start(&[]);
    let (mut ann, mut bob) = (Client::enter(&server, "Ann", "tea"), Client::enter(&server, "Bob", "coffee"));
    ann.say("tea", "1", "with milk");
    bob.say("coffee", "1", "black");
    assert_eq!(ann.hear_messages(1), [(1, "with milk".to_owned())]);
    assert_eq!(bob.hear_messages(1), [(1, "black".to_owned())]);
    assert!(ann.hears_nothing_of("message") && bob.hears_nothing_of("message"));
}

#[test]
fn picture_arrives_as_it_was_sent() {
    let server = Server::start(&[]);
    let (mut ann, mut bob) = (Client::enter(&server, "Ann", "lobby"), Client::enter(&server, "Bob", "lobby"));
    let picture: Vec<u8> = GIF.iter().copied().chain((0..500_000_u32).map(|n| n.to_le_bytes()[0])).collect();
    ann.show("lobby", "p1", &picture);
    for client in [&mut ann, &mut bob] {
        let heard = client.expect("picture");
        assert_eq!(
            (heard["n"].as_u64(), &heard["kind"], &heard["alt"]),
            (Some(1), &json!("image/gif"), &json!("a picture"))
        );
        let bytes: Vec<u8> = serde_json::from_value(heard["bytes"].clone()).unwrap();
        assert!(bytes == picture, "{} bytes", bytes.len());
    }
}

#[test]
fn everyone_sees_who_is_there_and_who_left() {
    let server = Server::start(&[]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    let bob = Client::enter(&server, "Bob", "lobby");
    let carl = Client::enter(&server, "Carl", "lobby");
    assert!(ann.find(|told| told["nicks"] == json!(["Ann", "Bob", "Carl"])).is_some());
    bob.close();
    assert!(ann.find(|told| told["nicks"] == json!(["Ann", "Carl"])).is_some());
    drop(carl); // without a word
    assert!(ann.find(|told| told["nicks"] == json!(["Ann"])).is_some());
}

#[test]
fn rooms_are_listed_with_their_people_and_empty_ones_vanish() {
    let server = Server::start(&[]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    let mut bob = Client::enter(&server, "Bob", "attic");
    assert!(ann.find(|told| told["rooms"] == json!([["attic", 1], ["lobby", 1]])).is_some());
    bob.ask(json!({ "do": "leave", "room": "attic" }));
    bob.expect("left");
    assert!(ann.find(|told| told["rooms"] == json!([["lobby", 1]])).is_some());
}

#[test]
fn nickname_can_be_changed_and_everyone_sees_it() {
    let server = Server::start(&[]);
    let (mut ann, mut bob) = (Client::enter(&server, "Ann", "lobby"), Client::enter(&server, "Bob", "lobby"));
    ann.say_hello("Anna", "token-of-Ann");
    ann.expect("welcome");
    assert!(bob.find(|told| told["nicks"] == json!(["Anna", "Bob"])).is_some());
}

#[test]
fn nickname_of_another_is_refused_and_own_one_is_taken_over() {
    let server = Server::start(&[]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    let mut thief = Client::connect(&server);
    thief.say_hello("ann", "another-token");
    assert!(thief.expect("error")["text"].as_str().unwrap().contains("taken"));
    let mut again = Client::enter(&server, "Ann", "lobby");
    assert_eq!(ann.expect_close().0, 4001);
    assert!(again.find(|told| told["nicks"] == json!(["Ann"])).is_some());
}

#[test]
fn latency_is_measured_and_told() {
    let server = Server::start(&["--ping", "0.5"]);
    let mut ann = Client::connect(&server);
    for _ in 0..3 {
        let ms = ann.expect("latency")["ms"].as_f64().unwrap();
        assert!((0.0..5000.0).contains(&ms), "{ms}");
    }
}
