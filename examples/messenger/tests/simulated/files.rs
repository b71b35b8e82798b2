//! Files, whole and resumed.

use crate::world::{ANN, BOB, World, digest};

fn bytes(len: u32) -> Vec<u8> {
    (0..len).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

#[test]
fn a_file_arrives_as_it_was_with_either_road() {
    for is_cut in [false, true] {
        let mut world = World::new();
        world.udp_is_cut = is_cut;
        world.enter(ANN);
        world.enter(BOB);
        let file = bytes(700_001);
        world.send_file(ANN, "cat.png", file.clone(), &digest(&file));
        world.until(60, "the file", |world| world.people[BOB].received.contains_key("cat.png"));
        assert!(world.people[BOB].received["cat.png"] == file);
        world.until(5, "it is known", |world| world.people[ANN].has_noted("Sent"));
        assert_eq!(world.people[ANN].pieces_sent, 700_001);
        assert!(world.people[BOB].has_noted("Progress") && world.people[ANN].has_noted("Progress"));
    }
}

#[test]
fn a_file_without_a_byte_arrives_too() {
    let mut world = World::begun();
    world.send_file(BOB, "empty", Vec::new(), &digest(b""));
    world.until(10, "the file", |world| world.people[ANN].received.contains_key("empty"));
}

/// Whoever is killed, what was on the disk is not sent again.
#[test]
fn after_a_crash_of_either_side_a_file_goes_on_where_it_was() {
    for killed in [ANN, BOB] {
        let mut world = World::begun();
        let file = bytes(3_000_000);
        world.send_file(ANN, "long", file.clone(), &digest(&file));
        let so_far = |world: &World| world.people[BOB].parts.values().map(Vec::len).sum::<usize>();
        world.until(60, "a third of it", |world| so_far(world) > 1_000_000);
        world.kill(killed);
        world.pass(1);
        let kept = so_far(&world) as u64;
        world.people[ANN].pieces_sent = 0;
        world.enter(killed);
        world.until(60, "the file", |world| world.people[BOB].received.contains_key("long"));
        assert!(world.people[BOB].received["long"] == file);
        // What was written to a channel before the friend asked on a new call is sent again.
        let sent = world.people[ANN].pieces_sent;
        assert!(
            sent <= 3_000_000 - kept + 1_100_000 && sent < 3_000_000,
            "{sent} bytes were sent after {kept} were kept"
        );
    }
}

#[test]
fn a_file_survives_the_loss_of_its_road_in_the_middle() {
    let mut world = World::begun();
    let file = bytes(3_000_000);
    world.send_file(BOB, "long", file.clone(), &digest(&file));
    world.until(60, "a third of it", |world| world.people[ANN].parts.values().any(|part| part.len() > 1_000_000));
    world.udp_is_cut = true;
    world.until(60, "two thirds of it", |world| world.people[ANN].parts.values().any(|part| part.len() > 2_000_000));
    world.udp_is_cut = false;
    world.until(60, "the file", |world| world.people[ANN].received.contains_key("long"));
    assert!(world.people[ANN].received["long"] == file);
}

#[test]
fn a_wrong_digest_is_refused_and_the_talk_goes_on() {
    let mut world = World::begun();
    let file = bytes(100_000);
    world.send_file(ANN, "lie", file.clone(), &digest(b"something else"));
    world.until(20, "it is refused", |world| world.people[BOB].has_noted("discarded lie: expected the digest"));
    assert!(world.people[BOB].parts.is_empty() && world.people[BOB].received.is_empty());
    world.until(5, "the sender is told", |world| world.people[ANN].has_noted("Unwanted"));
    world.say(ANN, "sorry");
    world.until(5, "the message", |world| world.people[BOB].seen == ["sorry"]);
}

#[test]
fn a_file_that_is_too_long_is_refused_before_a_byte_of_it() {
    let mut world = World::begun();
    let file = bytes(10_000_001);
    world.send_file(ANN, "huge", file.clone(), &digest(&file));
    world.until(20, "the sender is told", |world| {
        world.people[ANN].has_noted("expected a file of at most 10000000 bytes, found 10000001")
    });
    assert_eq!(world.people[ANN].pieces_sent, 0);
}
