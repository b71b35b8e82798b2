//! `Messages` in two steps: `advance` says whether there is something, `next` or `take` gives it.
#![cfg(feature = "alloc")]

use testkit::{bytes::frame, drive, reference::Side};
use websocket_proto::{Incoming, Limits, Messages, OwnedMessage, ProtocolError};

/// The struct that everybody writes first: buffer, connection and messages are fields, and the loop reads more where it has to.
struct Reader<'s> {
    reads: Vec<&'s [u8]>,
    connection: websocket_proto::Connection<websocket_proto::Server>,
    messages: Messages,
    buffer: Vec<u8>,
    start: usize,
    out: Vec<u8>,
}

impl Reader<'_> {
    fn new<'s>(reads: &[&'s [u8]]) -> Reader<'s> {
        let reads = reads.iter().rev().copied().collect();
        let connection = drive::server(&Limits::DEFAULT);
        Reader { reads, connection, messages: Messages::new(), buffer: Vec::new(), start: 0, out: Vec::new() }
    }

    fn next(&mut self) -> Result<Option<Incoming<'_>>, ProtocolError> {
        loop {
            let end = self.buffer.len();
            let mut input = &mut self.buffer[self.start..];
            let found = self.messages.advance(&mut self.connection, &mut input, &mut self.out);
            self.start = end - input.len();
            if found {
                break;
            }
            let Some(read) = self.reads.pop() else { return Ok(None) };
            self.buffer = read.to_vec();
            self.start = 0;
        }
        let end = self.buffer.len();
        let mut input = &mut self.buffer[self.start..];
        let incoming = self.messages.next(&mut self.connection, &mut input, &mut self.out);
        self.start = end - input.len();
        incoming
    }
}

#[test]
fn a_lending_loop_over_owned_buffers_compiles_and_finds_everything() {
    let mut stream = frame(Side::Server, 0x81, b"whole");
    stream.extend(frame(Side::Server, 0x01, "gr\u{fc}".as_bytes()));
    stream.extend(frame(Side::Server, 0x89, b"?"));
    stream.extend(frame(Side::Server, 0x80, b"n"));
    stream.extend(frame(Side::Server, 0x82, &[7; 300]));
    stream.extend(frame(Side::Server, 0x88, b"\x03\xe8"));
    for len in [1, 2, 3, 7, 20, 330, stream.len()] {
        let mut reader = Reader::new(&stream.chunks(len).collect::<Vec<_>>());
        assert_eq!(reader.next(), Ok(Some(Incoming::Text("whole"))));
        assert_eq!(reader.next(), Ok(Some(Incoming::Ping(b"?"))));
        assert_eq!(reader.next(), Ok(Some(Incoming::Text("gr\u{fc}n"))));
        assert_eq!(reader.next(), Ok(Some(Incoming::Binary(&mut [7; 300]))));
        assert!(matches!(reader.next(), Ok(Some(Incoming::Close(_)))));
        assert_eq!(reader.next(), Ok(None));
        assert_eq!(reader.next(), Ok(None));
        assert_eq!(reader.out, b"\x8a\x01?\x88\x02\x03\xe8");
    }
}

#[test]
fn a_failure_is_something_and_next_tells_it() {
    for read in [&b"\x81\x81\0\0\0\0\xff"[..], b"\x83", b"\x01\x81\0\0\0\0\xff"] {
        let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
        let mut read = read.to_vec();
        let mut input = &mut read[..];
        assert!(messages.advance(&mut connection, &mut input, &mut out));
        let error = messages.next(&mut connection, &mut input, &mut out).unwrap_err();
        assert_eq!((connection.failure(), out.len()), (Some(error), 4), "and its Close is written");
        assert!(messages.advance(&mut connection, &mut &mut [][..], &mut out), "and goes on telling it");
        assert_eq!(messages.next(&mut connection, &mut &mut [][..], &mut out), Err(error));
    }
}

#[test]
fn an_assembled_message_is_taken_without_a_copy() {
    for (first, kind) in [(0x01, "text"), (0x02, "binary")] {
        let mut read = [frame(Side::Server, first, &[b'a'; 70_000]), frame(Side::Server, 0x80, &[b'b'; 10])].concat();
        let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
        let mut input = &mut read[..];
        assert_eq!(messages.take(), None, "nothing has come");
        assert!(messages.advance(&mut connection, &mut input, &mut out));
        let whole = [&[b'a'; 70_000][..], &[b'b'; 10]].concat();
        let expected = if kind == "text" {
            OwnedMessage::from(String::from_utf8(whole).unwrap())
        } else {
            OwnedMessage::from(whole)
        };
        assert!(messages.take() == Some(expected), "{kind}");
        assert_eq!(messages.take(), None, "it was taken");
        assert_eq!(messages.next(&mut connection, &mut input, &mut out), Ok(None));
    }
}

#[test]
fn what_was_lent_is_not_taken_afterwards() {
    let mut read = [frame(Side::Server, 0x01, b"fragm"), frame(Side::Server, 0x80, b"ents")].concat();
    let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
    let mut input = &mut read[..];
    assert!(messages.advance(&mut connection, &mut input, &mut out));
    assert_eq!(messages.next(&mut connection, &mut input, &mut out), Ok(Some(Incoming::Text("fragments"))));
    assert_eq!(messages.take(), None);
    let mut whole = frame(Side::Server, 0x81, b"in the input");
    assert!(messages.advance(&mut connection, &mut &mut whole[..], &mut out));
    assert_eq!(messages.take(), None, "it lies in the input");
}

#[test]
fn a_message_that_waits_survives_hibernation_and_comes_before_what_follows_it() {
    let mut read = [frame(Side::Server, 0x01, b"fir"), frame(Side::Server, 0x80, b"st")].concat();
    let mut second = frame(Side::Server, 0x81, b"second");
    let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
    assert!(messages.advance(&mut connection, &mut &mut read[..], &mut out));
    messages.hibernate();
    let mut input = &mut second[..];
    assert_eq!(messages.next(&mut connection, &mut input, &mut out), Ok(Some(Incoming::Text("first"))));
    assert_eq!(messages.next(&mut connection, &mut input, &mut out), Ok(Some(Incoming::Text("second"))));
}

#[test]
fn a_large_frame_read_into_the_lent_place_waits_for_next() {
    let payload = vec![b'x'; 100_000];
    let bytes = frame(Side::Server, 0x82, &payload);
    let (mut connection, mut messages, mut out) = (drive::server(&Limits::DEFAULT), Messages::new(), Vec::new());
    let (head, mut rest) = bytes.split_at(50);
    assert!(!messages.advance(&mut connection, &mut &mut head.to_vec()[..], &mut out));
    while let Some(space) = messages.space(&connection) {
        let n = space.len().min(rest.len());
        space[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        if messages.advance_filled(&mut connection, n, &mut out) {
            assert!(rest.is_empty());
        }
    }
    let mut left = rest.to_vec();
    let mut input = &mut left[..];
    assert!(messages.advance(&mut connection, &mut input, &mut out));
    assert!(messages.take() == Some(OwnedMessage::Binary(payload)));
}
