//! Large frames read right into the place that `Messages` lends.
#![cfg(feature = "alloc")]

use proptest::prelude::*;
use testkit::strategies;
use websocket_proto::wire::{DataOpcode, Header, MaskingKey};
use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, ProtocolError, Server};

/// Frames of a text message of this length, each cut at the given lengths, masked.
fn frames(payload: &[u8], text: bool, lens: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut rest, mut opcode) = (payload, if text { DataOpcode::Text } else { DataOpcode::Binary });
    for len in lens.iter().copied().chain([usize::MAX]) {
        let (now, later) = rest.split_at(len.min(rest.len()));
        let key = [len as u8, 7, 99, now.len() as u8];
        let header = Header::data(opcode, len == usize::MAX, now.len() as u64).unwrap();
        bytes.extend_from_slice(&header.with_masking_key(Some(MaskingKey::new(key))).encode());
        bytes.extend(now.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
        (rest, opcode) = (later, DataOpcode::Continuation);
    }
    bytes
}

/// What comes of a stream that is read into the lent place where there is one, in reads of at most these sizes, in turn.
fn receive(mut stream: &[u8], reads: &[usize]) -> (Vec<Vec<u8>>, Option<ProtocolError>, usize) {
    let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    let (mut messages, mut out, mut found, mut lent) = (Messages::new(), Vec::new(), Vec::new(), 0);
    let mut take = |incoming: Incoming<'_>| match incoming {
        Incoming::Text(text) => found.push(text.as_bytes().to_vec()),
        Incoming::Binary(bytes) => found.push(bytes.to_vec()),
        other => panic!("{other:?}"),
    };
    let mut reads = reads.iter().cycle();
    while !stream.is_empty() {
        let at_most = *reads.next().unwrap();
        let mut read = Vec::new();
        let mut incoming = if let Some(space) = messages.space(&connection) {
            let n = at_most.min(space.len()).min(stream.len());
            space[..n].copy_from_slice(&stream[..n]);
            stream = &stream[n..];
            lent += n;
            messages.filled(&mut connection, n, &mut out)
        } else {
            let n = at_most.min(stream.len());
            read.extend_from_slice(&stream[..n]);
            stream = &stream[n..];
            Ok(None)
        };
        let mut input = &mut read[..];
        loop {
            match incoming {
                Ok(Some(incoming)) => take(incoming),
                Ok(None) if input.is_empty() => break,
                Ok(None) => {}
                Err(error) => return (found, Some(error), lent),
            }
            incoming = messages.next(&mut connection, &mut input, &mut out);
        }
    }
    (found, None, lent)
}

#[test]
fn rest_of_a_large_frame_is_read_where_it_stays() {
    let payload: Vec<u8> = (0..1_000_000_u32).map(|i| (i * 31) as u8).collect();
    let (found, error, lent) = receive(&frames(&payload, false, &[]), &[65_536]);
    assert_eq!((found.len(), error), (1, None));
    assert!(found[0] == payload);
    assert!(lent > 900_000, "only {lent} bytes were read into the lent place");
}

#[test]
fn nothing_is_lent_for_less_than_16_kib() {
    assert_eq!(receive(&frames(&[0; 16 * 1024], false, &[]), &[100]).2, 0);
    assert!(receive(&frames(&[0; 16 * 1024 + 100], false, &[]), &[20]).2 > 0);
}

#[test]
fn lent_place_grows_with_what_came_and_not_with_what_was_declared() {
    let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::UNLIMITED);
    let mut messages = Messages::new();
    let mut header = [0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]; // 2⁶² bytes
    assert_eq!(messages.next(&mut connection, &mut &mut header[..], &mut Vec::new()), Ok(None));
    assert!(messages.space(&connection).unwrap().len() <= 64 * 1024);
}

#[test]
fn bad_text_in_the_lent_place_fails_where_it_is_bad() {
    let mut payload = "ü".repeat(100_000).into_bytes();
    payload[150_001] = b'x';
    let (found, error, _) = receive(&frames(&payload, true, &[]), &[4096]);
    assert_eq!((found.len(), error), (0, Some(ProtocolError::InvalidUtf8 { valid_up_to: 150_000 })));
    let (found, error, _) = receive(&frames(&payload[..99_999], true, &[]), &[4096]);
    assert_eq!((found.len(), error), (0, Some(ProtocolError::InvalidUtf8 { valid_up_to: 99_998 })));
}

#[test]
fn nothing_is_lent_between_frames_or_after_the_end() {
    let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    let mut messages = Messages::new();
    assert!(messages.space(&connection).is_none());
    let mut header = [0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4];
    messages.next(&mut connection, &mut &mut header[..], &mut Vec::new()).unwrap();
    assert!(messages.space(&connection).is_some());
    connection.receive_eof();
    assert!(messages.space(&connection).is_none());
    assert_eq!(messages.filled(&mut connection, 10, &mut Vec::new()), Ok(None));
}

/// A binary frame of so many bytes, of which none has come.
fn awaiting(len: u32, messages: &mut Messages) -> Connection<Server> {
    let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    await_frame(0x82, len, &mut connection, messages);
    connection
}

fn await_frame(first: u8, len: u32, connection: &mut Connection<Server>, messages: &mut Messages) {
    let mut header = match u16::try_from(len) {
        Ok(len) => [&[first, 0xfe][..], &len.to_be_bytes(), &[0; 4]].concat(),
        Err(_) => [&[first, 0xff, 0, 0, 0, 0][..], &len.to_be_bytes(), &[0; 4]].concat(),
    };
    assert_eq!(messages.next(connection, &mut &mut header[..], &mut Vec::new()), Ok(None));
}

#[test]
fn bytes_that_were_not_lent_are_not_taken_however_many_are_reported() {
    let mut messages = Messages::new();
    let mut secret = [&[0x02, 0xfe, 0x9c, 0x40, 0, 0, 0, 0][..], &[b'S'; 40_000], &[0x80, 0x80, 0, 0, 0, 0]].concat();
    let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    assert!(messages.next(&mut connection, &mut &mut secret[..], &mut Vec::new()).unwrap().is_some());

    // The memory holds the message from before, and `space` was not called.
    await_frame(0x82, 70_000, &mut connection, &mut messages);
    assert_eq!(messages.filled(&mut connection, 20_000, &mut Vec::new()), Ok(None));
    assert_eq!(connection.payload_remaining(), 70_000, "none of them has come");

    // Twice for one loan.
    let lent = messages.space(&connection).unwrap().len();
    assert_eq!(messages.filled(&mut connection, 10, &mut Vec::new()), Ok(None));
    assert_eq!(messages.filled(&mut connection, lent - 10, &mut Vec::new()), Ok(None));
    assert_eq!(connection.payload_remaining(), 70_000 - 10);

    // After other input.
    assert!(messages.space(&connection).is_some());
    assert_eq!(messages.next(&mut connection, &mut &mut [1; 5][..], &mut Vec::new()), Ok(None));
    assert_eq!(messages.filled(&mut connection, 1000, &mut Vec::new()), Ok(None));
    assert_eq!(connection.payload_remaining(), 70_000 - 15);
}

#[test]
fn more_than_a_frame_misses_is_not_taken_from_the_next() {
    let mut messages = Messages::new();
    let mut connection = awaiting(20_000, &mut messages);
    while connection.payload_remaining() > 16_500 {
        messages.space(&connection).unwrap();
        assert_eq!(messages.filled(&mut connection, 500, &mut Vec::new()), Ok(None));
    }
    let lent = messages.space(&connection).map_or(0, |space| space.len());
    assert_eq!(lent, usize::try_from(connection.payload_remaining()).unwrap());
    let found = messages.filled(&mut connection, usize::MAX, &mut Vec::new()).unwrap();
    assert!(matches!(found, Some(Incoming::Binary(bytes)) if bytes.len() == 20_000));
    let mut next = *b"\x81\x82\0\0\0\0ok";
    assert_eq!(messages.next(&mut connection, &mut &mut next[..], &mut Vec::new()), Ok(Some(Incoming::Text("ok"))));

    // A loan for the larger frame of another connection.
    let mut messages = Messages::new();
    let larger = awaiting(60_000, &mut messages);
    assert_eq!(messages.space(&larger).unwrap().len(), 16_384);
    let mut connection = awaiting(500, &mut Messages::new());
    let found = messages.filled(&mut connection, 16_384, &mut Vec::new()).unwrap();
    assert!(matches!(found, Some(Incoming::Binary(bytes)) if bytes.len() == 500));
    assert_eq!(connection.payload_remaining(), 0);
    assert_eq!(
        messages.next(&mut connection, &mut &mut [0x81, 0x80, 0, 0, 0, 0][..], &mut Vec::new()),
        Ok(Some(Incoming::Text("")))
    );
}

#[test]
fn what_was_read_into_the_lent_place_is_there_even_if_next_is_asked_before_it_is_reported() {
    for kept in [0, Messages::KEPT_CAPACITY] {
        let mut messages = Messages::new().with_kept_capacity(kept);
        let mut connection = awaiting(20_000, &mut messages);
        let space = messages.space(&connection).unwrap();
        space.fill(7);
        let read = space.len();
        assert_eq!(messages.next(&mut connection, &mut &mut [][..], &mut Vec::new()), Ok(None));
        assert_eq!(messages.filled(&mut connection, read, &mut Vec::new()), Ok(None));
        let mut rest = vec![7; 20_000 - read];
        let found = messages.next(&mut connection, &mut &mut rest[..], &mut Vec::new()).unwrap();
        assert!(matches!(found, Some(Incoming::Binary(bytes)) if *bytes == [7; 20_000]), "{kept} bytes kept");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: strategies::persistence(), ..ProptestConfig::with_cases(48) })]

    #[test]
    fn lent_or_not_the_messages_are_the_same(
        text in "[a-zü漢🦀]{0,60000}",
        as_text: bool,
        lens in prop::collection::vec(0..40_000_usize, 0..4),
        reads in prop::collection::vec(1..30_000_usize, 1..8),
    ) {
        let mut stream = frames(text.as_bytes(), as_text, &lens);
        stream.extend(frames(b"the next one", true, &[]));
        let (found, error, _) = receive(&stream, &reads);
        prop_assert_eq!(error, None);
        prop_assert!(found == [text.into_bytes(), b"the next one".to_vec()]);
    }
}
