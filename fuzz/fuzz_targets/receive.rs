//! Law: however a stream is cut, `Connection` and `Messages` make the same of it, and it is what the reference decoder makes of it; with
//! compression agreed on or not.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::reference::{self, Endpoint, Side};
use testkit::{Cuts, drive};
use websocket_proto::Limits;
use websocket_proto::extension::deflate::{Compression, WindowBits};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// 1: a client receives; 2: its Close was sent before; 128: compression was agreed on, 64: without context takeover, 32: for the
    /// smallest window; what is left without the lowest two bits chooses the limits.
    options: u8,
    cuts: Cuts,
    stream: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { options, cuts, stream } = input;
    let side = if options & 1 == 0 { Side::Server } else { Side::Client };
    let limits = LIMITS[usize::from(options >> 2) % LIMITS.len()];
    let deflate = (options & 128 != 0).then_some(Compression::new(
        if options & 32 == 0 { WindowBits::MAX } else { WindowBits::MIN },
        options & 64 == 0,
    ));
    let endpoint = Endpoint { close_sent: options & 2 != 0, deflate, ..Endpoint::new(side, limits) };

    let expected = reference::decode(&endpoint, stream);
    let messages = reference::decode_messages(&endpoint, stream);
    for pieces in [vec![stream], cuts.pieces(stream), stream.chunks(1).collect()] {
        assert_eq!(drive::receive(&endpoint, pieces.iter().copied()), expected);
        assert_eq!(drive::messages(&endpoint, pieces.iter().copied()), messages);
    }
});

/// No limit, each limit met by short streams, and limits that end all.
const LIMITS: [Limits; 6] = [
    Limits::DEFAULT,
    Limits::UNLIMITED,
    Limits::DEFAULT.with_max_frame_len(20).with_max_message_len(40).with_max_fragments(3),
    Limits::DEFAULT.with_max_frame_len(130).with_max_message_len(130).with_max_fragments(5),
    Limits::DEFAULT.with_max_frame_len(9).with_max_message_len(u64::MAX).with_max_fragments(1),
    Limits::DEFAULT.with_max_frame_len(0).with_max_message_len(0).with_max_fragments(0),
];
