//! The property of the crate: every way to cut the same bytes yields the same messages, the same control frames, the same
//! replies and the same error, in the same order, and they are those of the reference.
#![cfg(feature = "alloc")]

use proptest::{collection::vec, prelude::*, sample::Index};
use testkit::{
    drive,
    reference::{self, Outcome},
    strategies::{
        self,
        streams::{Stream, stream},
    },
};

fn expect(stream: &Stream, expected: &Outcome, pieces: &[&[u8]]) -> Result<(), TestCaseError> {
    let cut: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
    let received = drive::receive(&stream.endpoint, pieces.iter().copied());
    prop_assert_eq!(&received, expected, "`receive`, cut into {:?}", cut);
    let messages = drive::messages(&stream.endpoint, pieces.iter().copied());
    prop_assert_eq!(&messages, &expected.steps, "`Messages::next`, cut into {:?}", cut);
    let messages = drive::two_steps(&stream.endpoint, pieces.iter().copied());
    prop_assert_eq!(&messages, &expected.steps, "`Messages::advance`, cut into {:?}", cut);
    Ok(())
}

fn cut_at<'b>(mut bytes: &'b [u8], cuts: &mut [usize]) -> Vec<&'b [u8]> {
    cuts.sort_unstable();
    let (mut pieces, mut done) = (Vec::new(), 0);
    for cut in cuts {
        let (piece, rest) = bytes.split_at(*cut - done);
        pieces.push(piece);
        (bytes, done) = (rest, *cut);
    }
    pieces.push(bytes);
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: strategies::persistence(), max_shrink_time: 30_000, ..ProptestConfig::default() })]

    // §6.2
    #[test]
    fn any_split_agrees_with_the_reference(stream in stream(), cuttings in vec(vec(any::<Index>(), 1..12), 8)) {
        let bytes = stream.bytes();
        let expected = reference::decode(&stream.endpoint, &bytes);
        expect(&stream, &expected, &[&bytes])?;
        for len in [1, 2, 3, 5, 7, 13, 64] {
            expect(&stream, &expected, &bytes.chunks(len).collect::<Vec<_>>())?;
        }
        for cutting in &cuttings {
            let mut cuts: Vec<_> = cutting.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            expect(&stream, &expected, &cut_at(&bytes, &mut cuts))?;
        }
        // Pieces end where frames do.
        let frames: Vec<&[u8]> = stream.frames.iter().map(|frame| &frame[..]).collect();
        expect(&stream, &expected, &frames)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: strategies::persistence(), max_shrink_time: 30_000, ..ProptestConfig::default() })]

    #[test]
    fn every_single_cut_agrees_with_the_reference(stream in stream()) {
        let bytes = stream.bytes();
        let expected = reference::decode(&stream.endpoint, &bytes);
        for cut in 0..=bytes.len() {
            let (front, back) = bytes.split_at(cut);
            expect(&stream, &expected, &[front, back])?;
        }
    }

    /// The reference itself is one byte at a time, so what it says of a stream's beginning is a beginning of what it says.
    #[test]
    fn every_beginning_of_a_stream_agrees_with_the_reference(stream in stream()) {
        let bytes = stream.bytes();
        for end in 0..bytes.len() {
            let expected = reference::decode(&stream.endpoint, &bytes[..end]);
            expect(&stream, &expected, &[&bytes[..end]])?;
        }
    }
}

/// Streams are made of good and bad alike: otherwise the properties above would show little.
#[test]
fn streams_contain_every_kind_of_step_and_error() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    use reference::Step;

    let (mut runner, strategy) = (TestRunner::deterministic(), stream());
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..4000 {
        let stream = strategy.new_tree(&mut runner).unwrap().current();
        for step in reference::decode(&stream.endpoint, &stream.bytes()).steps {
            let name = match step {
                Step::Message(kind, _) => format!("{kind:?}"),
                Step::Fail(error) => format!("{error:?}").split_whitespace().next().unwrap_or_default().to_string(),
                Step::Ping(_) => "Ping".into(),
                Step::Pong(_) => "Pong".into(),
                Step::Close(..) => "Close".into(),
                Step::Send(_) => "Send".into(),
                Step::Compressed(..) => "Compressed".into(),
            };
            seen.insert(name);
        }
    }
    let all = "Binary Close CloseCodeCut ControlTooLong ExpectedContinuation FragmentedControl FrameTooLong InvalidCloseCode \
        InvalidCloseReason InvalidUtf8 LengthNotMinimal LengthTopBit Masked MessageTooLong Ping Pong ReservedBits \
        ReservedOpcode Send Text TooManyFragments UnexpectedContinuation Unmasked";
    assert_eq!(seen.into_iter().collect::<Vec<_>>().join(" "), all);
}
