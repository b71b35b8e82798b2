//! Sequences that are UTF-8 and sequences that are not, at every position of texts of many lengths: a kernel that works in blocks
//! errs at the borders of its blocks, and random data hardly ever meets them.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::{PEER_KEY, frame, frame_with},
    drive,
    reference::{CodePoint, Side, Step, code_point},
    strategies::text::NOT_UTF8,
};
use websocket_proto::{Event, Incoming, Limits, MessageKind, Messages, Part, ProtocolError};

const UTF8: [&[u8]; 8] = [
    "ü".as_bytes(),
    "\u{7ff}".as_bytes(),
    "€".as_bytes(),
    "\u{d7ff}".as_bytes(),
    "\u{ffff}".as_bytes(),
    "😀".as_bytes(),
    "\u{10ffff}".as_bytes(),
    "é漢😀".as_bytes(),
];

/// Small ones, and those around the borders of blocks of 16, 32, 64, 128 and 256 bytes; 145 of them, in debug builds fewer.
fn lengths() -> impl Iterator<Item = usize> {
    let fast = !cfg!(debug_assertions);
    let all =
        (0..=72).chain(122..=134).chain(186..=198).chain(250..=262).chain(316..=324).chain(508..=521).chain(764..=773);
    all.filter(move |len| fast || matches!(len, 0..=24 | 30..=35 | 62..=67 | 126..=129 | 255..=258))
}

/// Sequence, length of the text before it and after it.
fn texts() -> impl Iterator<Item = (&'static [u8], usize, usize)> {
    let sequences = UTF8.into_iter().chain(NOT_UTF8.iter().copied());
    sequences.flat_map(|sequence| {
        lengths().filter(move |len| *len >= sequence.len()).flat_map(move |len| {
            let room = len - sequence.len();
            // Every position in short texts; in long ones, all around each border.
            (0..=room)
                .filter(move |at| len <= 72 || at % 16 < 2 || at % 16 > 11)
                .map(move |at| (sequence, at, room - at))
        })
    })
}

fn text(sequence: &[u8], before: usize, after: usize) -> Vec<u8> {
    [&vec![b'a'; before], sequence, &vec![b'z'; after]].concat()
}

/// Where the sequence becomes impossible is known from itself and at most one byte after it.
fn expected(text: &[u8]) -> Result<&str, u64> {
    let mut valid = 0;
    for end in 1..=text.len() {
        match code_point(&text[valid..end]) {
            CodePoint::Whole => valid = end,
            CodePoint::Begun if end < text.len() => {}
            CodePoint::Begun | CodePoint::Impossible => return Err(u64::try_from(valid).unwrap()),
        }
    }
    Ok(core::str::from_utf8(text).unwrap())
}

// RFC 3629 §3, §4
#[test]
fn whole_texts_are_judged_at_every_position() {
    for (sequence, before, after) in texts() {
        let text = text(sequence, before, after);
        let expected = expected(&text);
        for side in [Side::Server, Side::Client] {
            let mut bytes = frame(side, 0x81, &text);
            match side {
                Side::Server => expect_whole(&mut drive::server(&Limits::DEFAULT), &mut bytes, expected),
                Side::Client => expect_whole(&mut drive::client(&Limits::DEFAULT), &mut bytes, expected),
            }
        }
    }
}

fn expect_whole<R: websocket_proto::Role>(
    connection: &mut websocket_proto::Connection<R>,
    bytes: &mut [u8],
    expected: Result<&str, u64>,
) {
    let (mut copy, mut out) = (bytes.to_vec(), Vec::new());
    let mut input = &mut copy[..];
    match expected {
        Ok(text) => {
            assert_eq!(connection.receive(&mut input), Ok(Some(Event::Text(text, Part::Whole))));
            let mut messages = Messages::new();
            let next = messages.next(connection, &mut &mut *bytes, &mut out);
            assert_eq!(next, Ok(Some(Incoming::Text(text))));
        }
        Err(valid_up_to) => {
            let error = ProtocolError::InvalidUtf8 { valid_up_to };
            if valid_up_to > 0 {
                match connection.receive(&mut input) {
                    Ok(Some(Event::Text(text, Part::First))) => {
                        assert_eq!(u64::try_from(text.len()), Ok(valid_up_to));
                        assert!(text.bytes().all(|byte| byte == b'a'));
                    }
                    other => panic!("{other:?} instead of the {valid_up_to} bytes before"),
                }
            }
            assert_eq!(connection.receive(&mut input), Err(error));
        }
    }
}

#[test]
fn messages_judge_whole_texts_at_every_position() {
    for (sequence, before, after) in texts() {
        let text = text(sequence, before, after);
        let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
        let (mut bytes, mut out) = (frame(Side::Server, 0x81, &text), Vec::new());
        let next = messages.next(&mut connection, &mut &mut bytes[..], &mut out);
        match expected(&text) {
            Ok(text) => assert_eq!(next, Ok(Some(Incoming::Text(text)))),
            Err(valid_up_to) => assert_eq!(next, Err(ProtocolError::InvalidUtf8 { valid_up_to })),
        }
    }
}

/// The input ends at every place within and around the sequence; so does the frame, in a second run.
#[test]
fn texts_are_judged_with_a_cut_around_the_sequence() {
    let endpoint = testkit::reference::Endpoint::new(Side::Server, Limits::DEFAULT);
    for (sequence, before, after) in texts().filter(|(_, before, after)| before % 16 < 2 || after % 16 < 2) {
        let text = text(sequence, before, after);
        let steps = match expected(&text) {
            Ok(text) => vec![Step::Message(MessageKind::Text, text.as_bytes().to_vec())],
            Err(valid_up_to) => {
                vec![Step::Fail(ProtocolError::InvalidUtf8 { valid_up_to }), Step::Send(vec![0x88, 0x02, 0x03, 0xef])]
            }
        };
        let whole = frame(Side::Server, 0x81, &text);
        for cut in before.saturating_sub(1)..=(before + sequence.len() + 1).min(text.len()) {
            let pieces = whole.split_at(whole.len() - text.len() + cut);
            expect(&endpoint, &[pieces.0, pieces.1], &steps);

            let (front, back) = text.split_at(cut);
            let front = frame(Side::Server, 0x01, front);
            let back = frame_with(Some(PEER_KEY.map(|byte| !byte)), 0x80, testkit::bytes::Form::Shortest, back);
            expect(&endpoint, &[&[front, back].concat()], &steps);
        }
    }
}

fn expect(endpoint: &testkit::reference::Endpoint, pieces: &[&[u8]], steps: &[Step]) {
    assert_eq!(drive::receive(endpoint, pieces.iter().copied()).steps, steps, "{pieces:02x?}");
    assert_eq!(drive::messages(endpoint, pieces.iter().copied()), steps, "{pieces:02x?}");
}

#[test]
fn impossible_bytes_fail_at_once_before_their_frame_ends() {
    for sequence in NOT_UTF8 {
        // A frame that declares a hundred bytes more than ever come.
        let mut bytes = frame(Side::Server, 0x81, &text(sequence, 3, 100));
        bytes.truncate(6 + 3 + sequence.len());
        let endpoint = testkit::reference::Endpoint::new(Side::Server, Limits::DEFAULT);
        let outcome = drive::receive(&endpoint, [&bytes[..]]);
        match code_point(sequence) {
            CodePoint::Impossible => {
                assert_eq!(outcome.steps[0], Step::Fail(ProtocolError::InvalidUtf8 { valid_up_to: 3 }));
                assert_eq!(outcome.unfinished, b"aaa");
            }
            CodePoint::Begun | CodePoint::Whole => assert_eq!(outcome.steps, []),
        }
    }
}
