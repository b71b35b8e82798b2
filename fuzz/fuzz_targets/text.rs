//! Law: text is UTF-8 as the lines of RFC 3629 §4 say, at every cut of the input and of the message; what is valid is handed out, and
//! the first impossible byte fails. The same for a code point that is put together byte by byte.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::drive;
use testkit::reference::{self, CodePoint, Endpoint, Outcome, Side, Step};
use websocket_proto::{Limits, MessageKind, ProtocolError, wire::PartialChar};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    key: [u8; 4],
    payload: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { key, payload } = input;
    let payload = &payload[..payload.len().min(72)];
    partial_char(payload);

    let valid = reference::valid_up_to(payload);
    let expected = if valid == payload.len() {
        Outcome { steps: vec![Step::Message(MessageKind::Text, payload.to_vec())], ..Outcome::default() }
    } else {
        let error = ProtocolError::InvalidUtf8 { valid_up_to: valid as u64 };
        let steps = vec![Step::Fail(error), Step::Send(vec![0x88, 2, 0x03, 0xef])];
        Outcome { steps, unfinished: payload[..valid].to_vec(), remaining: 0 }
    };
    let endpoint = Endpoint::new(Side::Server, Limits::DEFAULT);
    let whole = frame(0x81, key, payload);
    for cut in 0..=whole.len() {
        let pieces = [&whole[..cut], &whole[cut..]];
        assert_eq!(drive::receive(&endpoint, pieces), expected, "input cut at {cut}");
        assert_eq!(drive::messages(&endpoint, pieces), expected.steps, "input cut at {cut}");
    }
    for cut in 0..=payload.len() {
        let frames = [frame(0x01, key, &payload[..cut]), frame(0x80, key, &payload[cut..])].concat();
        assert_eq!(drive::receive(&endpoint, [&frames[..]]), expected, "message cut at {cut}");
        assert_eq!(drive::messages(&endpoint, [&frames[..]]), expected.steps, "message cut at {cut}");
    }
});

fn partial_char(payload: &[u8]) {
    let (mut partial, mut begun) = (PartialChar::default(), 0);
    for end in 1..=payload.len() {
        let bytes = &payload[begun..end];
        let pushed = partial.push(payload[end - 1]);
        match reference::code_point(bytes) {
            CodePoint::Whole => {
                assert_eq!(pushed.map(|char| char.map(String::from).map(String::into_bytes)), Ok(Some(bytes.to_vec())));
                begun = end;
            }
            CodePoint::Begun => assert_eq!(pushed, Ok(None)),
            CodePoint::Impossible => {
                assert!(pushed.is_err());
                // The byte was not taken: it may be the first of another code point only after a new beginning.
                assert_eq!(partial.len(), bytes.len() - 1);
                return;
            }
        }
        assert_eq!((partial.len(), partial.is_empty()), (end - begun, end == begun));
    }
}

fn frame(first: u8, key: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let masked = payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]);
    [first, 0x80 | payload.len() as u8].into_iter().chain(key).chain(masked).collect()
}
