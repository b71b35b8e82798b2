//! The limits on frames, messages and fragments: each inclusive, each judged on the header alone, each off when it is unlimited.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::{Form, frame, header, peer_key},
    drive::{self, binary, text},
    reference::{Endpoint, Side, Step},
};
use websocket_proto::{Limits, ProtocolError};

fn steps_of(limits: Limits, side: Side, bytes: &[u8]) -> Vec<Step> {
    drive::steps(&Endpoint::new(side, limits), bytes)
}

fn failure_of(limits: Limits, side: Side, bytes: &[u8]) -> (ProtocolError, u16) {
    drive::failure(&Endpoint::new(side, limits), bytes)
}

/// Each limit is inclusive: one below and the limit itself pass, one above does not; for each form of length.
#[test]
fn frame_beyond_its_limit() {
    for max in [5_u8, 125, 126, 200].map(u64::from).into_iter().chain([65_535, 65_536, 70_000]) {
        let limits = Limits::DEFAULT.with_max_frame_len(max);
        for (len, passes) in [(max - 1, true), (max, true), (max + 1, false)] {
            if passes {
                let payload = vec![9; usize::try_from(len).unwrap()];
                assert_eq!(steps_of(limits, Side::Server, &frame(Side::Server, 0x82, &payload)), [binary(&payload)]);
                let fragments = [frame(Side::Server, 0x02, &payload), frame(Side::Server, 0x80, b"")].concat();
                assert_eq!(steps_of(limits, Side::Server, &fragments), [binary(&payload)]);
            } else {
                let header = header(peer_key(Side::Server), 0x82, Form::Shortest, len);
                let whole = frame(Side::Server, 0x82, &vec![9; usize::try_from(len).unwrap()]);
                let expected = (ProtocolError::FrameTooLong { len, max }, 1009);
                assert_eq!(failure_of(limits, Side::Server, &header), expected, "on the header alone");
                assert_eq!(failure_of(limits, Side::Server, &whole), expected, "also when all of it is there");
            }
        }
    }
}

#[test]
fn message_beyond_its_limit() {
    let limits = Limits::DEFAULT.with_max_message_len(10);
    for (len, passes) in [(9, true), (10, true), (11, false)] {
        for first_fragment in 0..=len {
            let message = vec![b'm'; len];
            let (front, back) = message.split_at(first_fragment);
            let bytes = [frame(Side::Client, 0x01, front), frame(Side::Client, 0x80, back)].concat();
            if passes {
                assert_eq!(steps_of(limits, Side::Client, &bytes), [text(&"m".repeat(len))]);
            } else {
                let error = ProtocolError::MessageTooLong { len: 11, max: 10 };
                assert_eq!(failure_of(limits, Side::Client, &bytes), (error, 1009));
            }
        }
    }
}

#[test]
fn a_limit_on_one_message_starts_anew_with_the_next() {
    let limits = Limits::DEFAULT.with_max_message_len(4).with_max_fragments(2);
    let message = [frame(Side::Server, 0x02, &[1, 2]), frame(Side::Server, 0x80, &[3, 4])].concat();
    let thrice = [&message[..], &frame(Side::Server, 0x82, &[5; 4]), &message].concat();
    assert_eq!(
        steps_of(limits, Side::Server, &thrice),
        [binary(&[1, 2, 3, 4]), binary(&[5; 4]), binary(&[1, 2, 3, 4])]
    );
}

#[test]
fn fragments_beyond_their_limit_empty_ones_included() {
    let limits = Limits::DEFAULT.with_max_fragments(3);
    for (fragments, passes) in [(2, true), (3, true), (4, false)] {
        let mut bytes = frame(Side::Server, 0x02, b"");
        for i in 2..=fragments {
            bytes.extend(frame(Side::Server, if i == fragments { 0x80 } else { 0 }, b""));
            bytes.extend(frame(Side::Server, 0x8a, b"")); // Control frames are no fragments.
        }
        if passes {
            assert!(steps_of(limits, Side::Server, &bytes).contains(&binary(b"")));
        } else {
            assert_eq!(failure_of(limits, Side::Server, &bytes), (ProtocolError::TooManyFragments { max: 3 }, 1009));
        }
    }
}

#[test]
fn no_fragment_at_all_may_be_the_limit() {
    let limits = Limits::DEFAULT.with_max_fragments(0);
    let bytes = [frame(Side::Client, 0x89, b""), header(None, 0x81, Form::Shortest, 0)].concat();
    assert_eq!(failure_of(limits, Side::Client, &bytes), (ProtocolError::TooManyFragments { max: 0 }, 1009));
}

#[test]
fn fragment_limit_is_decided_at_the_first_byte_that_suffices() {
    let limits = Limits::DEFAULT.with_max_fragments(2).with_max_frame_len(5);
    let two = [frame(Side::Server, 0x02, b"1"), frame(Side::Server, 0x00, b"2")].concat();
    let expected = (ProtocolError::TooManyFragments { max: 2 }, 1009);
    assert_eq!(failure_of(limits, Side::Server, &[&two[..], &[0x00]].concat()), expected);
    assert_eq!(failure_of(limits, Side::Server, &[&two[..], &[0x80, 0x86, 1, 2, 3, 4]].concat()), expected);
    assert_eq!(steps_of(limits, Side::Server, &[&two[..], &[0x89]].concat()), [], "a control frame is no fragment");
    let none = limits.with_max_fragments(0);
    assert_eq!(failure_of(none, Side::Client, &[0x81]), (ProtocolError::TooManyFragments { max: 0 }, 1009));
}

#[test]
fn control_frames_are_bounded_by_125_and_by_no_other_limit() {
    let limits = Limits::DEFAULT.with_max_frame_len(0).with_max_message_len(0).with_max_fragments(0);
    let steps = steps_of(limits, Side::Client, &frame(Side::Client, 0x8a, &[1; 125]));
    assert_eq!(steps, [Step::Pong(vec![1; 125])]);
}

#[test]
fn declared_length_of_2_to_the_62_is_no_failure_where_nothing_is_limited() {
    for side in [Side::Server, Side::Client] {
        for first in [0x81, 0x82, 0x01, 0x02] {
            // Three bytes of it have come: zeros, masked.
            let zeros = peer_key(side).unwrap_or_default()[..3].to_vec();
            let bytes = [header(peer_key(side), first, Form::Bits64, 1 << 62), zeros].concat();
            assert_eq!(steps_of(Limits::UNLIMITED, side, &bytes), []);
            let outcome = drive::receive(&Endpoint::new(side, Limits::UNLIMITED), [&bytes[..]]);
            assert_eq!(outcome.remaining, (1 << 62) - 3);
        }
        let bytes = header(peer_key(side), 0x82, Form::Bits64, 1 << 62);
        let error = ProtocolError::FrameTooLong { len: 1 << 62, max: 16 << 20 };
        assert_eq!(failure_of(Limits::DEFAULT, side, &bytes), (error, 1009));
    }
}

/// A message in a single frame is limited as a message, too, also when all of it is there.
#[test]
fn a_whole_message_beyond_its_limit() {
    for max in [0, 10, 125, 126, 65_535, 65_536] {
        let limits = Limits::DEFAULT.with_max_message_len(max);
        let payload = vec![b'm'; usize::try_from(max + 1).unwrap()];
        for first in [0x81, 0x82, 0x01, 0x02] {
            let (fits, too_long) = (frame(Side::Client, first, &payload[1..]), frame(Side::Client, first, &payload));
            assert!(!steps_of(limits, Side::Client, &fits).iter().any(|step| matches!(step, Step::Fail(_))));
            let error = ProtocolError::MessageTooLong { len: max + 1, max };
            assert_eq!(failure_of(limits, Side::Client, &too_long), (error, 1009));
        }
    }
}

/// Lengths are added as they are declared, and no sum of them comes round to a small one.
#[test]
fn lengths_that_add_up_beyond_63_bits() {
    let longest = (1 << 63) - 1;
    let bytes = [frame(Side::Client, 0x02, b"xy"), header(None, 0x00, Form::Bits64, longest)].concat();
    assert_eq!(steps_of(Limits::UNLIMITED, Side::Client, &bytes), []);
    let limits = Limits::DEFAULT.with_max_frame_len(u64::MAX).with_max_message_len(longest);
    let error = ProtocolError::MessageTooLong { len: longest + 2, max: longest };
    assert_eq!(failure_of(limits, Side::Client, &bytes), (error, 1009));
}

#[test]
fn control_frames_between_fragments_change_no_count() {
    let ping = || frame(Side::Server, 0x89, b"?");
    let two = |last| [frame(Side::Server, 0x02, &[1; 6]), ping(), frame(Side::Server, last, &[2; 5]), ping()].concat();
    let limits = Limits::DEFAULT.with_max_message_len(10);
    let error = ProtocolError::MessageTooLong { len: 11, max: 10 };
    assert_eq!(failure_of(limits, Side::Server, &two(0x80)), (error, 1009));
    let limits = Limits::DEFAULT.with_max_fragments(2);
    let three = [two(0x00), frame(Side::Server, 0x80, b"")].concat();
    assert_eq!(failure_of(limits, Side::Server, &three), (ProtocolError::TooManyFragments { max: 2 }, 1009));
}

#[test]
fn a_limit_that_is_set_changes_and_no_other_does() {
    let set = Limits::DEFAULT
        .with_max_head_len(1)
        .with_max_head_fields(2)
        .with_max_interim_responses(3)
        .with_max_frame_len(4)
        .with_max_message_len(5)
        .with_max_fragments(6)
        .with_high_water_mark(7);
    let Limits { max_head_len, max_head_fields, max_interim_responses, .. } = set;
    let Limits { max_frame_len, max_message_len, max_fragments, high_water_mark, .. } = set;
    assert_eq!((max_head_len, max_head_fields, max_interim_responses), (1, 2, 3));
    assert_eq!((max_frame_len, max_message_len, max_fragments, high_water_mark), (4, 5, 6, 7));
    let one = Limits::DEFAULT.with_max_fragments(6);
    assert_eq!(one.with_max_fragments(Limits::DEFAULT.max_fragments), Limits::DEFAULT);
}
