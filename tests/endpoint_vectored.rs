//! Messages whose payload an endpoint refers to and does not copy: `Sender::send_vectored`.
#![cfg(feature = "alloc")]

use testkit::{bytes::frame, reference::Side};
use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::frame::OutOfSequence;
use websocket_proto::{
    Client, CloseCode, FnKeys, Limits, MessageKind, Negotiated, OwnedMessage, Prepared, Role, SendError, Server, State,
    Timeouts,
};

/// The fragments are as short as they can be.
const MOST: usize = 4;

fn config(max_fragment_len: usize) -> Config<u64> {
    let mut config = Config::with_timeouts(Timeouts::none());
    config.max_fragment_len = max_fragment_len;
    config
}

fn endpoint<R: Role>(role: R, max_fragment_len: usize) -> Endpoint<R, u64, u64> {
    Endpoint::new(Negotiated::elsewhere(), role, &config(max_fragment_len), b"", 0)
}

type Keys = fn() -> [u8; 4];

fn client() -> Endpoint<Client<FnKeys<Keys>>, u64, u64> {
    let keys: Keys = || [1, 2, 3, 4];
    endpoint(Client::from_fn(keys), 1024)
}

/// Writes all, so many bytes at a time, by slices or one after the other, as long as there are any.
fn written<R: Role>(endpoint: &mut Endpoint<R, u64, u64>, at_once: usize, slices: bool) -> Vec<u8> {
    let mut wire = Vec::new();
    loop {
        let now: Vec<u8> = match slices {
            true => endpoint.output_slices().flatten().copied().take(at_once).collect(),
            false => endpoint.output().iter().copied().take(at_once).collect(),
        };
        if now.is_empty() {
            return wire;
        }
        endpoint.written(now.len());
        wire.extend(now);
    }
}

#[test]
fn payload_of_a_server_is_a_slice_of_the_message_itself() {
    let mut endpoint = endpoint(Server, 64 * 1024);
    let message = vec![7; 60_000];
    let place = message.as_ptr();
    endpoint.sender().send_vectored(message).unwrap();
    let slices: Vec<(*const u8, usize)> = endpoint.output_slices().map(|slice| (slice.as_ptr(), slice.len())).collect();
    let [(_, 4), payload] = slices[..] else { panic!("{slices:?}") };
    assert_eq!(payload, (place, 60_000));
    assert_eq!(endpoint.sender().queued_len(), 60_004);
}

#[test]
fn bytes_are_those_of_a_message_that_is_copied_in_every_cut() {
    type Send = fn(&mut Endpoint<Server, u64, u64>, &OwnedMessage);
    let send: [Send; 2] = [
        |endpoint, message| endpoint.sender().send_vectored(message.clone()).unwrap(),
        |endpoint, message| endpoint.send(message).unwrap(),
    ];
    for text in ["", "a", "four", "größer", "zwölf Zeichen und ein paar mehr, 語語"] {
        for message in [OwnedMessage::Text(text.into()), OwnedMessage::Binary(text.into())] {
            let mut copied = endpoint(Server, MOST);
            (0..3).for_each(|_| copied.send(&message).unwrap());
            let expected = written(&mut copied, usize::MAX, false);
            for (first, at_once, slices) in
                (0..2).flat_map(|first| (1..40).flat_map(move |n| [(first, n, false), (first, n, true)]))
            {
                let mut endpoint = endpoint(Server, MOST);
                // Before one that is copied, and after it.
                for turn in 0..3 {
                    send[(turn + first) % 2](&mut endpoint, &message);
                }
                assert_eq!(endpoint.sender().queued_len(), expected.len());
                assert_eq!(written(&mut endpoint, at_once, slices), expected, "{at_once} bytes at once");
                assert_eq!(endpoint.sender().queued_len(), 0);
            }
        }
    }
}

/// §5.4: control frames may come between fragments, and nothing between a header and its payload.
#[test]
fn pong_goes_out_between_two_fragments_wherever_writing_stands() {
    let (first, second) = (&b"\x02\x04abcd"[..], &b"\x80\x04efgh"[..]);
    for slices in [false, true] {
        for before in 0..=first.len() + second.len() {
            let mut endpoint = endpoint(Server, MOST);
            endpoint.sender().send_vectored(b"abcdefgh".to_vec()).unwrap();
            let mut wire = Vec::new();
            while wire.len() < before {
                let byte = endpoint.output()[0];
                endpoint.written(1);
                wire.push(byte);
            }
            let mut ping = frame(Side::Server, 0x89, b"?");
            assert!(endpoint.receive(&mut ping).next().is_some());
            wire.extend(written(&mut endpoint, usize::MAX, slices));
            let border = [0, first.len(), first.len() + second.len()].into_iter().find(|&border| border >= before);
            let both = [first, second].concat();
            let (front, back) = both.split_at(border.unwrap());
            let expected = [front, b"\x8a\x01?", back].concat();
            assert_eq!(wire, expected, "the Ping came after {before} bytes");
        }
    }
}

#[test]
fn client_masks_and_so_copies() {
    let mut endpoint = client();
    let message = vec![7; 100];
    let place = message.as_ptr();
    endpoint.sender().send_vectored(message).unwrap();
    assert!(endpoint.output_slices().all(|slice| slice.as_ptr() != place));
    let wire = written(&mut endpoint, 7, true);
    assert_eq!(wire[..6], [0x82, 0x80 | 100, 1, 2, 3, 4]);
    assert!(wire[6..].iter().zip([1, 2, 3, 4].into_iter().cycle()).all(|(byte, key)| byte ^ key == 7));
}

#[cfg(feature = "deflate")]
#[test]
fn message_is_compressed_where_that_was_agreed_on() {
    let negotiated =
        Negotiated::elsewhere().with_deflate(websocket_proto::extension::deflate::DeflateParams::default());
    let mut endpoint: Endpoint<_, u64, u64> = Endpoint::new(negotiated, Server, &config(64 * 1024), b"", 0);
    endpoint.sender().send_vectored(vec![7; 60_000]).unwrap();
    let wire = written(&mut endpoint, usize::MAX, true);
    assert!(wire[0] == 0xc2 && wire.len() < 1000, "{} bytes", wire.len());
}

/// Only as much is framed as the high-water mark asks for, so that a Close of the peer's drops the rest (§5.5.1).
#[test]
fn what_is_not_framed_when_the_connection_closes_is_dropped() {
    let mut config = config(1000);
    config.limits = Limits::DEFAULT;
    config.limits.high_water_mark = 1500;
    let mut endpoint: Endpoint<_, u64, u64> = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
    endpoint.sender().send_vectored(vec![7; 5000]).unwrap();
    assert_eq!(endpoint.output_slices().map(<[u8]>::len).collect::<Vec<_>>(), [4, 1000, 4, 1000]);
    assert!(endpoint.sender().queued_len() >= 5000);
    let mut close = frame(Side::Server, 0x88, &[0x03, 0xe8]);
    assert!(endpoint.receive(&mut close).next().is_some());
    let wire = written(&mut endpoint, usize::MAX, true);
    assert_eq!(wire.len(), 2 * 1004 + 4);
    assert_eq!(wire[2 * 1004..], [0x88, 0x02, 0x03, 0xe8]);
}

#[test]
fn nothing_is_sent_after_a_close() {
    let mut endpoint = endpoint(Server, 1024);
    endpoint.close(CloseCode::NORMAL).unwrap();
    let refused = endpoint.sender().send_vectored(vec![7; 100]);
    assert_eq!(refused, Err(SendError::NotOpen { state: State::CloseSent }));
    assert_eq!(written(&mut endpoint, usize::MAX, true), [0x88, 0x02, 0x03, 0xe8]);
}

/// §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message".
#[test]
fn no_other_message_is_taken_inside_one_that_is_sent_in_pieces() {
    let mut endpoint = endpoint(Server, MOST);
    assert_eq!(endpoint.sender().send_piece("Hello", 0), Ok(Some(4)));
    let refused =
        |kind| Err(SendError::OutOfSequence(OutOfSequence::ExpectedContinuation { kind })) as Result<(), SendError>;
    let other = || OwnedMessage::Binary(vec![7; 100]);
    assert_eq!(endpoint.sender().send_owned(other()), refused(MessageKind::Binary));
    assert_eq!(endpoint.sender().send_vectored(other()), refused(MessageKind::Binary));
    assert_eq!(endpoint.sender().send_prepared(&Prepared::new("a").unwrap()), refused(MessageKind::Binary));
    assert_eq!(endpoint.send("a"), refused(MessageKind::Text));
    assert_eq!(endpoint.sender().send_piece("Hello", 4), Ok(None));
    endpoint.sender().send_owned("a".to_owned()).unwrap();
    assert_eq!(written(&mut endpoint, usize::MAX, true), b"\x01\x04Hell\x80\x01o\x81\x01a");
}
