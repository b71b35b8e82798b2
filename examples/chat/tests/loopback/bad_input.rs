//! What nobody should send: each gets its answer, and the others go on.

use serde_json::json;

use crate::client::Client;
use crate::server::Server;

/// Two clients, the second of which must not notice what becomes of the first.
fn two(server: &Server) -> (Client, Client) {
    (Client::enter(server, "Mallory", "lobby"), Client::enter(server, "Bob", "lobby"))
}

fn goes_on(bob: &mut Client) {
    bob.say("lobby", "still-here", "still here");
    assert_eq!(bob.hear_messages(1)[0].1, "still here");
}

#[test]
fn command_that_makes_no_sense_gets_a_line_and_the_connection_goes_on() {
    let server = Server::start(&[]);
    let (mut mallory, mut bob) = two(&server);
    let fine = "x".repeat(4096);
    for (command, expected) in [
        (json!({ "do": "dance" }), "dance"),
        (json!({ "say": "do is missing" }), "do"),
        (json!([1, 2, 3]), "no command"),
        (json!({ "do": "join", "room": "No Such Name" }), "small letters"),
        (json!({ "do": "join", "room": "" }), "empty"),
        (json!({ "do": "join", "room": "x".repeat(33) }), "32"),
        (json!({ "do": "hello", "nick": "<script>", "token": "t" }), "nickname"),
        (json!({ "do": "hello", "nick": "x".repeat(25), "token": "t" }), "24"),
        (json!({ "do": "hello", "nick": "Eve", "token": "" }), "identifier"),
        (json!({ "do": "say", "room": "lobby", "id": "a b", "text": "x" }), "identifier"),
        (json!({ "do": "say", "room": "lobby", "id": "1", "text": " \n " }), "nothing"),
        (json!({ "do": "say", "room": "lobby", "id": "1", "text": fine.clone() + "x" }), "4096"),
        (json!({ "do": "say", "room": "attic", "id": "1", "text": "x" }), "not in the room"),
        (json!({ "do": "leave", "room": "attic" }), "not in the room"),
    ] {
        mallory.ask(command.clone());
        let text = mallory.expect("error")["text"].to_string();
        assert!(text.contains(expected), "{command} got {text}");
    }
    mallory.send_text("no JSON");
    assert!(mallory.expect("error")["text"].to_string().contains("no command"));
    mallory.say("lobby", "2", &fine);
    assert_eq!(mallory.hear_messages(1), [(1, fine.clone())], "the limit itself passes");
    assert_eq!(bob.hear_messages(1), [(1, fine)]);
    goes_on(&mut bob);
}

#[test]
fn error_does_not_send_back_all_that_was_wrong() {
    let server = Server::start(&[]);
    let (mut mallory, mut bob) = two(&server);
    let long = "x".repeat(900_000);
    for command in [json!({ "do": long }), json!({ "do": "hello", "nick": long, "token": "t" })] {
        mallory.ask(command);
        let error = mallory.expect("error").to_string();
        assert!(error.len() < 1000, "{} bytes", error.len());
    }
    goes_on(&mut bob);
}

#[test]
fn error_names_the_message_it_is_about() {
    let server = Server::start(&[]);
    let mut mallory = Client::enter(&server, "Mallory", "lobby");
    mallory.say("lobby", "the-id", "");
    assert_eq!(mallory.expect("error")["about"], "the-id");
    mallory.show("lobby", "pic", b"<svg>");
    assert_eq!(mallory.expect("error")["about"], "pic");
}

#[test]
fn nothing_can_be_said_before_hello() {
    let server = Server::start(&[]);
    let mut mallory = Client::connect(&server);
    mallory.ask(json!({ "do": "join", "room": "lobby" }));
    assert!(mallory.expect("error")["text"].to_string().contains("hello"));
}

#[test]
fn who_goes_on_with_nonsense_is_closed_with_1008() {
    let server = Server::start(&[]);
    let (mut mallory, mut bob) = two(&server);
    for _ in 0..20 {
        mallory.send_text("nonsense");
    }
    assert_eq!(mallory.expect_close().0, 1008);
    goes_on(&mut bob);
}

#[test]
fn binary_that_is_no_picture_gets_a_line() {
    let server = Server::start(&[]);
    let (mut mallory, mut bob) = two(&server);
    for bytes in [&b""[..], b"\x00", b"\xff\xff{}", b"\x00\x02[]GIF89a"] {
        mallory.send_binary(bytes);
        assert!(mallory.expect("error")["text"].to_string().contains("no picture"), "{bytes:?}");
    }
    mallory.show("lobby", "1", b"<svg onload=alert(1)>");
    assert!(mallory.expect("error")["text"].to_string().contains("PNG"));
    goes_on(&mut bob);
}

#[test]
fn picture_over_the_limit_gets_a_line_and_a_huge_message_1009() {
    let server = Server::start(&[]);
    let (mut mallory, mut bob) = two(&server);
    let mut picture = b"GIF89a".to_vec();
    picture.resize(1024 * 1024 + 1, 0);
    mallory.show("lobby", "1", &picture);
    assert!(mallory.expect("error")["text"].to_string().contains("1048576"));
    mallory.show("lobby", "2", &picture[..1024 * 1024]);
    assert_eq!(mallory.hear_messages(1), [(1, "image/gif".to_owned())], "the limit itself passes");
    // A binary frame that announces 2 MiB: the header is enough.
    mallory.send_raw(&[0x82, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 1, 2, 3, 4]);
    assert_eq!(mallory.expect_close().0, 1009);
    bob.hear_messages(1);
    goes_on(&mut bob);
}

#[test]
fn broken_frames_are_closed_with_their_codes() {
    let server = Server::start(&[]);
    let mut bob = Client::enter(&server, "Bob", "lobby");
    for (frame, code) in [
        (&b"\x81\x02hi"[..], 1002),                      // not masked
        (b"\x83\x80\x00\x00\x00\x00", 1002),             // reserved opcode
        (b"\xc1\x80\x00\x00\x00\x00", 1002),             // RSV1 that was not negotiated
        (b"\x81\x81\x00\x00\x00\x00\xff", 1007),         // no UTF-8
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 1002), // the beginning of a TLS hello
    ] {
        let mut mallory = Client::enter(&server, "Mallory", "lobby");
        mallory.send_raw(frame);
        assert_eq!(mallory.expect_close().0, code, "{}", frame.escape_ascii());
    }
    goes_on(&mut bob);
}

#[test]
fn nobody_can_be_in_too_many_rooms() {
    let server = Server::start(&[]);
    let mut mallory = Client::enter(&server, "Mallory", "room-1");
    for room in 2..=16 {
        mallory.ask(json!({ "do": "join", "room": format!("room-{room}") }));
        mallory.expect("joined");
    }
    mallory.ask(json!({ "do": "join", "room": "room-17" }));
    assert!(mallory.expect("error")["text"].to_string().contains("16 rooms"));
    mallory.ask(json!({ "do": "join", "room": "room-3" }));
    mallory.expect("joined");
}
