//! A friend that breaks the rules: a line that says so, a bounded cost, and nothing else changes.

use std::time::Instant;

use messenger::talk::frame::{Frame, PIECE, write_piece};
use messenger::talk::{Event, State, Talk};

const ID: &str = "0123456789abcdef";
const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn talk() -> Talk {
    let mut talk = Talk::new(State { stream: "00000000000000aa".into(), ..State::default() }, 1_000_000, 1);
    talk.opened(Instant::now());
    assert!(say(&mut talk, &Frame::Hello { stream: "00000000000000bb".into() }));
    all(&mut talk);
    talk
}

fn say(talk: &mut Talk, frame: &Frame) -> bool {
    talk.text(&frame.write(), Instant::now())
}

fn offer(talk: &mut Talk, id: &str, size: u64) -> bool {
    say(talk, &Frame::File { id: id.into(), name: "a".into(), size, sha256: DIGEST.into() })
}

/// What was to be said, and to be done, since the last time.
fn all(talk: &mut Talk) -> (Vec<Frame>, Vec<Event>) {
    (std::iter::from_fn(|| talk.poll_frame()).collect(), std::iter::from_fn(|| talk.poll_event()).collect())
}

#[test]
fn more_bytes_than_promised_are_refused_and_what_came_is_discarded() {
    let mut talk = talk();
    assert!(offer(&mut talk, ID, 10));
    talk.found(ID, 0);
    assert_eq!(all(&mut talk).0, [Frame::Want { id: ID.into(), from: 0 }]);
    assert!(talk.binary(&write_piece(ID, 0, b"12345678")));
    assert!(talk.binary(&write_piece(ID, 8, b"123")));
    let (frames, events) = all(&mut talk);
    let why = "expected 10 bytes as promised, found more".to_owned();
    assert_eq!(frames, [Frame::Refuse { id: ID.into(), why: why.clone() }]);
    assert!(matches!(&events[..], [Event::Write { .. }, Event::Discard(file, said)] if file.id == ID && *said == why));
    assert!(talk.binary(&write_piece(ID, 11, b"more")), "what was on its way is dropped");
    assert_eq!(all(&mut talk), (vec![], vec![]));
}

#[test]
fn pieces_elsewhere_than_expected_are_refused() {
    for offset in [1, 16_384, u64::MAX] {
        let mut talk = talk();
        offer(&mut talk, ID, 100_000);
        talk.found(ID, 0);
        talk.binary(&write_piece(ID, offset, &[0; PIECE]));
        let refused =
            |frame: &Frame| matches!(frame, Frame::Refuse { why, .. } if why.starts_with("expected byte 0, found"));
        assert!(all(&mut talk).0.iter().any(refused));
    }
}

#[test]
fn files_at_once_are_few() {
    let mut talk = talk();
    for n in 0..4 {
        assert!(offer(&mut talk, &format!("{n:016x}"), 10));
    }
    assert!(offer(&mut talk, &format!("{:016x}", 4), 10));
    let (frames, events) = all(&mut talk);
    assert!(
        matches!(&frames[..], [Frame::Refuse { why, .. }] if why == "expected at most 4 files at once, found one more")
    );
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Find(_))).count(), 4);
}

#[test]
fn another_file_under_the_same_identifier_is_refused() {
    let mut talk = talk();
    offer(&mut talk, ID, 10);
    offer(&mut talk, ID, 11);
    assert!(all(&mut talk).0.iter().any(|frame| matches!(frame, Frame::Refuse { .. })));
}

#[test]
fn confirmations_of_what_was_never_sent_change_nothing() {
    let mut talk = talk();
    talk.say("Hello", Instant::now()).unwrap();
    for frame in [
        Frame::Heard { n: 2 },
        Frame::Got { id: ID.into(), upto: 1 },
        Frame::Done { id: ID.into() },
        Frame::Want { id: ID.into(), from: 0 },
    ] {
        assert!(say(&mut talk, &frame));
        assert!(matches!(&all(&mut talk).1[..], [Event::Wrong(_)]), "{frame:?}");
    }
    assert_eq!(talk.state().unheard.len(), 1, "the message still waits");
}

#[test]
fn messages_out_of_turn_are_not_shown() {
    let mut talk = talk();
    say(&mut talk, &Frame::Say { n: 2, text: "too early".into() });
    say(&mut talk, &Frame::Say { n: 1, text: "first".into() });
    say(&mut talk, &Frame::Say { n: 1, text: "again".into() });
    say(&mut talk, &Frame::Say { n: 0, text: "never".into() });
    let (frames, events) = all(&mut talk);
    assert_eq!(events, [Event::Message("first".into())]);
    assert_eq!(frames, [0, 1, 1, 1].map(|n| Frame::Heard { n }));
}

#[test]
fn a_friend_that_sends_garbage_is_given_up_after_a_few_frames() {
    let mut talk = talk();
    let taken = (0..100)
        .take_while(|n| if n % 2 == 0 { talk.text(b"garbage", Instant::now()) } else { talk.binary(b"garbage") })
        .count();
    assert_eq!(taken, 9);
    let (frames, events) = all(&mut talk);
    assert!(frames.is_empty() && events.len() == 10, "one line for each");
}
