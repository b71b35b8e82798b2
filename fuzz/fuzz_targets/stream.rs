//! Law: the generator of streams, which breaks one rule on purpose, the reference decoder and the crate agree on what is heard, and why
//! it ends; under any cuts, and with compression agreed on or not, which changes nothing where nothing is compressed.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::reference::{self, Endpoint, Side, Step};
use testkit::{Cuts, drive};
use websocket_proto::extension::deflate::Compression;
use websocket_proto::{Limits, MessageKind, ProtocolError, frame::Masking, wire::Rsv};
use websocket_proto_testing::{End, FrameStream, Heard};

#[derive(Arbitrary, Debug)]
struct Input {
    cuts: Cuts,
    stream: FrameStream,
    deflate: Option<Compression>,
}

fuzz_target!(|input: Input| {
    let Input { cuts, stream, deflate } = input;
    // RFC 7692 §6: then RSV1 is no violation.
    let is_rsv1 = matches!(stream.end, End::Failed(ProtocolError::ReservedBits { rsv }) if rsv.contains(Rsv::RSV1));
    let deflate = deflate.filter(|_| !is_rsv1);
    let side = match stream.masking {
        Masking::Required => Side::Server,
        Masking::Forbidden => Side::Client,
    };
    let mut said: Vec<Step> = stream.heard.into_iter().map(step).collect();
    match stream.end {
        End::Open => {}
        End::Closed(frame) => said.push(Step::Close(frame.code().map(u16::from), frame.reason().into())),
        End::Failed(error) => said.push(Step::Fail(error)),
    }

    let (endpoint, bytes) = (Endpoint { deflate, ..Endpoint::new(side, Limits::DEFAULT) }, stream.frames.concat());
    let expected = reference::decode(&endpoint, &bytes);
    let heard: Vec<_> = expected.steps.iter().filter(|step| !matches!(step, Step::Send(_))).cloned().collect();
    assert_eq!(heard, said, "the reference and the generator");
    for pieces in [vec![&bytes[..]], cuts.pieces(&bytes), stream.frames.iter().map(|frame| &frame[..]).collect()] {
        assert_eq!(drive::receive(&endpoint, pieces.iter().copied()), expected);
        assert_eq!(drive::messages(&endpoint, pieces.iter().copied()), expected.steps);
    }
});

fn step(heard: Heard) -> Step {
    match heard {
        Heard::Text(text) => Step::Message(MessageKind::Text, text.into_bytes()),
        Heard::Binary(bytes) => Step::Message(MessageKind::Binary, bytes),
        Heard::Ping(payload) => Step::Ping(payload),
        Heard::Pong(payload) => Step::Pong(payload),
    }
}
