//! Roads, heartbeats, and who answers.

use std::time::Duration;

use messenger::road::Road;
use messenger::signal::Signal;

use crate::world::{ANN, BOB, World};

fn open(world: &mut World) {
    world.until(10, "both see the call", |world| world.road(ANN).is_some() && world.road(BOB).is_some());
}

#[test]
fn friends_find_the_direct_road_and_talk() {
    let mut world = World::begun();
    world.until(5, "the direct road", |world| {
        world.road(ANN) == Some(Road::Direct) && world.road(BOB) == Some(Road::Direct)
    });
    world.say(ANN, "Hello");
    world.say(BOB, "Hello yourself");
    world.until(2, "messages", |world| {
        world.people[BOB].seen == ["Hello"] && world.people[ANN].seen == ["Hello yourself"]
    });
    assert_eq!(world.people[ANN].pinned, Some(world.people[BOB].identity.fingerprint()));
    assert_eq!(world.people[BOB].pinned, Some(world.people[ANN].identity.fingerprint()));
}

#[test]
fn where_udp_is_blocked_the_hub_carries_what_it_cannot_read() {
    let mut world = World::new();
    world.udp_is_cut = true;
    world.enter(ANN);
    world.enter(BOB);
    world.until(5, "a road", |world| world.road(ANN) == Some(Road::Hub) && world.road(BOB) == Some(Road::Hub));
    world.say(ANN, "A secret that nobody else reads");
    world.until(2, "the message", |world| !world.people[BOB].seen.is_empty());
    assert!(world.hub_datagrams > 10);
    let needle = b"secret";
    assert!(!world.hub_saw.windows(needle.len()).any(|window| window == needle), "the hub saw the message");
}

#[test]
fn when_udp_is_cut_the_talk_goes_on_through_the_hub_and_comes_back() {
    let mut world = World::begun();
    open(&mut world);
    world.until(5, "the direct road", |world| world.road(ANN) == Some(Road::Direct));
    world.udp_is_cut = true;
    for n in 0..20 {
        world.say(ANN, &format!("{n}"));
        world.say(BOB, &format!("{n}"));
        world.pass(1);
    }
    world.until(10, "the hub", |world| world.road(ANN) == Some(Road::Hub) && world.road(BOB) == Some(Road::Hub));
    let all: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    world.until(5, "each message once, in order", |world| {
        world.people[BOB].seen == all && world.people[ANN].seen == all
    });
    world.udp_is_cut = false;
    world.until(120, "the direct road again", |world| {
        world.road(ANN) == Some(Road::Direct) && world.road(BOB) == Some(Road::Direct)
    });
}

#[test]
fn friends_who_talk_directly_do_not_need_the_hub() {
    let mut world = World::begun();
    world.until(5, "the direct road", |world| {
        world.road(ANN) == Some(Road::Direct) && world.road(BOB) == Some(Road::Direct)
    });
    world.lose_hub();
    for n in 0..60 {
        world.say(ANN, &format!("{n}"));
        world.pass(1);
    }
    assert_eq!(world.people[BOB].seen.len(), 60);
    assert!(!world.people[ANN].has_noted("Gone") && !world.people[BOB].has_noted("Gone"));
    world.hub_back();
    world.say(BOB, "still here");
    world.until(2, "the answer", |world| world.people[ANN].seen == ["still here"]);
}

#[test]
fn a_friend_that_dies_is_noticed_within_five_seconds_by_either_side() {
    for (dead, left) in [(ANN, BOB), (BOB, ANN)] {
        let mut world = World::begun();
        open(&mut world);
        world.pass(20);
        assert!(!world.people[left].has_noted("Gone"), "a friend who says nothing is not dead");
        world.people[dead].peer = None; // the hub has not noticed either
        let killed = world.now;
        world.until(6, "it is noticed", |world| world.people[left].has_noted("Gone"));
        assert!(world.now - killed <= Duration::from_secs(5), "{:?}", world.now - killed);
    }
}

#[test]
fn messages_to_a_friend_who_is_away_wait_and_outlive_both_programs() {
    let mut world = World::new();
    world.enter(ANN);
    world.say(ANN, "one");
    world.say(ANN, "two");
    world.kill(ANN);
    world.enter(ANN);
    world.say(ANN, "three");
    world.pass(5);
    world.enter(BOB);
    world.until(5, "all three", |world| world.people[BOB].seen == ["one", "two", "three"]);
    for _ in 0..3 {
        world.kill(BOB);
        world.enter(BOB);
        world.pass(10);
        world.kill(ANN);
        world.enter(ANN);
        world.pass(10);
    }
    world.say(ANN, "four");
    world.until(20, "the fourth", |world| world.people[BOB].seen.len() >= 4);
    assert_eq!(world.people[BOB].seen, ["one", "two", "three", "four"], "each is shown once");
}

#[test]
fn with_a_twentieth_of_the_datagrams_lost_each_message_comes_once_and_in_order() {
    let mut world = World::new();
    world.loss = Some(20);
    world.enter(ANN);
    world.enter(BOB);
    open(&mut world);
    for n in 0..200 {
        world.say(ANN, &format!("{n}"));
    }
    let all: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    world.until(60, "all", |world| world.people[BOB].seen.len() >= 200);
    assert_eq!(world.people[BOB].seen, all);
}

#[test]
fn a_friend_with_another_fingerprint_is_refused() {
    for who in [ANN, BOB] {
        let mut world = World::new();
        let wrong = "sha-256 00:11".to_owned();
        world.people[who].pinned = Some(wrong.clone());
        world.enter(ANN);
        world.enter(BOB);
        world.say(who, "not for you");
        world.until(5, "it is refused", |world| world.people[who].has_noted("Refused"));
        world.pass(30);
        assert!(world.people[1 - who].seen.is_empty(), "nothing was said to it");
        assert_eq!(world.people[who].pinned, Some(wrong));
        assert!(!world.people[who].has_noted("OPEN"));
    }
}

/// As a hub would that puts itself between two friends who have never met: what it promises is not what DTLS shows.
#[test]
fn a_promised_fingerprint_that_dtls_does_not_show_opens_nothing() {
    let mut world = World::new();
    world.meddle = |signal| {
        if let Signal::Offer { sdp, .. } | Signal::Answer { sdp, .. } = signal {
            let (before, rest) = sdp.split_once("a=fingerprint:sha-256 ").unwrap();
            *sdp = format!("{before}a=fingerprint:sha-256 {}{}", "00:11:22:33", &rest[11..]);
        }
    };
    world.enter(ANN);
    world.enter(BOB);
    world.say(ANN, "not for you");
    world.until(30, "the calls fail", |world| {
        world.people[ANN].has_noted("Gone") || world.people[BOB].has_noted("Gone")
    });
    world.pass(60);
    let why = "remote fingerprint no match";
    assert!(world.people[ANN].has_noted(why) || world.people[BOB].has_noted(why), "it is said why");
    for who in [ANN, BOB] {
        assert!(
            world.people[who].seen.is_empty() && !world.people[who].has_noted("OPEN"),
            "{:?}",
            world.people[who].notes
        );
    }
}

#[test]
fn attempts_grow_rarer_while_a_friend_does_not_answer() {
    let mut world = World::begun();
    open(&mut world);
    world.people[BOB].peer = None;
    world.pass(300);
    let calls = world.people[ANN].notes.iter().filter(|note| note.contains("Gone")).count();
    assert!((3..=16).contains(&calls), "{calls} calls in {:?}", world.elapsed());
}
