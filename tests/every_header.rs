//! Every two-byte header there is, in every place, for both roles: judged as the reference judges it, on the header alone.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::{PEER_KEY, frame},
    drive,
    reference::{self, Endpoint, Side, Step},
};
use websocket_proto::Limits;

/// What stands after the second byte: representatives of each way to be right and wrong, and of each side of the limits.
fn extended_lengths(second: u8) -> Vec<Vec<u8>> {
    let short = |lens: &[u16]| lens.iter().map(|len| len.to_be_bytes().to_vec()).collect();
    let long = |lens: &[u64]| lens.iter().map(|len| len.to_be_bytes().to_vec()).collect();
    match second & 0x7f {
        126 => short(&[0, 125, 126, 199, 200, 201, 65_535]),
        127 => long(&[0, 125, 126, 65_535, 65_536, 1 << 62, (1 << 63) - 1, 1 << 63, u64::MAX]),
        _ => vec![Vec::new()],
    }
}

/// Limits that a 7-bit length meets, that a 16-bit one does, and none; an unfinished message of one byte uses some of them up.
fn limits() -> Vec<Limits> {
    let mut limits = vec![
        Limits::DEFAULT.with_max_frame_len(100).with_max_message_len(101).with_max_fragments(2),
        Limits::DEFAULT.with_max_frame_len(u64::MAX).with_max_message_len(200).with_max_fragments(1),
        Limits::UNLIMITED,
    ];
    // Debug builds are slow, and have every header under the strictest limits.
    limits.truncate(if cfg!(debug_assertions) { 1 } else { 3 });
    limits
}

fn check(side: Side, limits: Limits, before: &[u8]) {
    let endpoint = Endpoint::new(side, limits);
    // Debug builds are slow: within a message, they see the lengths around the limits and around each form only.
    let all = !cfg!(debug_assertions) || before.is_empty();
    let seen = |second: u8| all || matches!(second & 0x7f, 0 | 1 | 99..=102 | 124..=127);
    for [first, second] in (0..=u16::MAX).map(u16::to_be_bytes).filter(|[_, second]| seen(*second)) {
        for extended in extended_lengths(second) {
            let key = if second & 0x80 != 0 { &PEER_KEY[..] } else { &[] };
            let header = [before, &[first, second], &extended, key].concat();
            let three_bytes = [&header[..], b"abc"].concat();
            let judged = expect(&endpoint, &header, &[&header]);
            let cut: Vec<&[u8]> = three_bytes.chunks(1).collect();
            let after = expect(&endpoint, &three_bytes, &cut);
            if judged.iter().any(|step| matches!(step, Step::Fail(_))) {
                assert_eq!(after, judged, "judged on the header alone: {header:02x?}");
            }
        }
    }
}

fn expect(endpoint: &Endpoint, bytes: &[u8], pieces: &[&[u8]]) -> Vec<Step> {
    let expected = reference::decode(endpoint, bytes);
    assert_eq!(drive::receive(endpoint, pieces.iter().copied()), expected, "{endpoint:?} {pieces:02x?}");
    assert_eq!(drive::messages(endpoint, pieces.iter().copied()), expected.steps, "{endpoint:?} {pieces:02x?}");
    expected.steps
}

#[test]
fn every_header_at_a_server_between_messages() {
    limits().into_iter().for_each(|limits| check(Side::Server, limits, &[]));
}

#[test]
fn every_header_at_a_client_between_messages() {
    limits().into_iter().for_each(|limits| check(Side::Client, limits, &[]));
}

#[test]
fn every_header_at_a_server_within_a_text_message() {
    limits().into_iter().for_each(|limits| check(Side::Server, limits, &frame(Side::Server, 0x01, b"t")));
}

#[test]
fn every_header_at_a_client_within_a_binary_message() {
    limits().into_iter().for_each(|limits| check(Side::Client, limits, &frame(Side::Client, 0x02, b"b")));
}
