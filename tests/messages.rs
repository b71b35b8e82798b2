//! What `Messages` promises beyond the messages themselves: order of replies, memory, and a new beginning for another connection.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::frame,
    counting::{Counting, live},
    drive,
    reference::Side,
};
use websocket_proto::{Incoming, Limits, Messages, OwnedMessage, ProtocolError, wire::FixedOutput};

#[global_allocator]
static COUNTING: Counting = Counting;

const KEPT: i64 = Messages::KEPT_CAPACITY as i64;

/// A megabyte of an unfinished message, which `messages` holds afterwards.
fn begin_large(connection: &mut websocket_proto::Connection<websocket_proto::Server>, messages: &mut Messages) {
    let mut begin = frame(Side::Server, 0x02, &vec![7; 1 << 20]);
    let before = live();
    assert_eq!(messages.next(connection, &mut &mut begin[..], &mut Vec::new()), Ok(None));
    assert!(live() - before >= 1 << 20);
}

#[test]
fn a_pong_that_found_no_room_is_written_before_the_next_ping_is_read() {
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let mut first = frame(Side::Server, 0x89, b"1");
    let full = &mut FixedOutput::new(&mut []);
    assert_eq!(messages.next(&mut connection, &mut &mut first[..], full), Ok(Some(Incoming::Ping(b"1"))));
    assert!(connection.wants_write());
    let (mut second, mut out) = (frame(Side::Server, 0x89, b"2"), Vec::new());
    assert_eq!(messages.next(&mut connection, &mut &mut second[..], &mut out), Ok(Some(Incoming::Ping(b"2"))));
    assert_eq!(out, b"\x8a\x011\x8a\x012");
}

#[test]
fn a_failure_gives_the_memory_of_the_unfinished_message_back() {
    let (mut connection, mut messages, before) = (drive::server(&Limits::DEFAULT), Messages::new(), live());
    begin_large(&mut connection, &mut messages);
    let (mut reserved, mut memory) = ([0x83], [0; 10]);
    let error = messages.next(&mut connection, &mut &mut reserved[..], &mut FixedOutput::new(&mut memory));
    assert_eq!(error, Err(ProtocolError::ReservedOpcode { opcode: 3 }));
    assert_eq!(live(), before);
}

#[test]
fn a_close_gives_the_memory_of_the_unfinished_message_back() {
    let (mut connection, mut messages, before) = (drive::server(&Limits::DEFAULT), Messages::new(), live());
    begin_large(&mut connection, &mut messages);
    let mut close = [0x88, 0x80, 0, 0, 0, 0];
    let mut memory = [0; 10];
    let found = messages.next(&mut connection, &mut &mut close[..], &mut FixedOutput::new(&mut memory));
    assert!(matches!(found, Ok(Some(Incoming::Close(_)))));
    assert!(live() - before <= KEPT, "{} bytes are held", live() - before);
}

#[test]
fn hibernation_gives_the_memory_of_a_message_back_that_was_handed_out() {
    let (mut connection, mut messages, before) = (drive::server(&Limits::DEFAULT), Messages::new(), live());
    begin_large(&mut connection, &mut messages);
    let mut end = [0x80, 0x80, 0, 0, 0, 0];
    assert!(messages.next(&mut connection, &mut &mut end[..], &mut Vec::new()).unwrap().is_some());
    messages.hibernate();
    assert_eq!(live(), before);
}

#[test]
fn hibernation_keeps_what_has_come_of_a_message() {
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let mut begin = frame(Side::Server, 0x01, b"Hel");
    assert_eq!(messages.next(&mut connection, &mut &mut begin[..], &mut Vec::new()), Ok(None));
    messages.hibernate();
    let mut end = frame(Side::Server, 0x80, b"lo");
    assert_eq!(messages.next(&mut connection, &mut &mut end[..], &mut Vec::new()), Ok(Some(Incoming::Text("Hello"))));
}

/// A connection was lost in the middle of a message; the next one begins with a frame that is read into the lent place.
#[test]
fn a_lent_place_of_another_connection_begins_anew() {
    let mut messages = Messages::new();
    begin_large(&mut drive::server(&Limits::DEFAULT), &mut messages);
    let mut connection = drive::server(&Limits::DEFAULT);
    let payload = vec![b'n'; 20_000];
    let bytes = frame(Side::Server, 0x81, &payload);
    let (head, mut rest) = bytes.split_at(8);
    assert_eq!(messages.next(&mut connection, &mut &mut head.to_vec()[..], &mut Vec::new()), Ok(None));
    while let Some(space) = messages.space(&connection) {
        let n = space.len().min(rest.len());
        space[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        if let Some(incoming) = messages.filled(&mut connection, n, &mut Vec::new()).unwrap() {
            assert!(incoming == Incoming::Text(std::str::from_utf8(&payload).unwrap()));
            return;
        }
    }
    let mut rest = rest.to_vec();
    let incoming = messages.next(&mut connection, &mut &mut rest[..], &mut Vec::new()).unwrap();
    assert!(incoming == Some(Incoming::Text(std::str::from_utf8(&payload).unwrap())));
}

#[cfg(feature = "deflate")]
mod compressed {
    use super::*;
    use websocket_proto::extension::deflate::{DeflateParams, Effort};
    use websocket_proto::{Client, Connection, Negotiated, Server};

    fn server() -> Connection<Server> {
        Connection::new(Negotiated::elsewhere().with_deflate(DeflateParams::default()), Server, &Limits::DEFAULT)
    }

    /// A message of so many bytes that compression makes no shorter than 16 KiB, framed by a client.
    fn message() -> (Vec<u8>, Vec<u8>) {
        let mut state = 1_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        let payload: Vec<u8> = (0..60_000).map(|_| noise()).collect();
        let negotiated = Negotiated::elsewhere().with_deflate(DeflateParams::default());
        let mut client = Connection::new(negotiated, Client::from_fn(|| [1, 2, 3, 4]), &Limits::DEFAULT);
        let (mut deflater, mut out) = (client.deflater(Effort::default()).unwrap(), Vec::new());
        client.send_compressed(&payload, &mut deflater, &mut out).unwrap();
        assert_eq!(out[0], 0xc2, "it is compressed");
        assert!(out.len() > 2 * Messages::LEAST_SPACE, "{}", out.len());
        (payload, out)
    }

    /// The binary message that ends in these bytes; a call undoes 16 KiB of it at most.
    fn found(messages: &mut Messages, connection: &mut Connection<Server>, mut input: &mut [u8]) -> Vec<u8> {
        loop {
            match messages.next(connection, &mut input, &mut Vec::new()) {
                Ok(Some(Incoming::Progress)) => {}
                Ok(Some(Incoming::Binary(bytes))) => return bytes.to_vec(),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Its bytes are not the message's.
    #[test]
    fn no_place_is_lent_for_a_compressed_frame() {
        let (payload, bytes) = message();
        for header in [8, 9, 14, 1000] {
            let (mut connection, mut messages, mut out) = (server(), Messages::new(), Vec::new());
            let (head, rest) = bytes.split_at(header);
            assert_eq!(messages.next(&mut connection, &mut &mut head.to_vec()[..], &mut out), Ok(None));
            assert!(connection.payload_remaining() > Messages::LEAST_SPACE as u64);
            assert!(messages.space(&connection).is_none());
            assert_eq!(messages.filled(&mut connection, 1000, &mut out), Ok(None));
            assert_eq!(found(&mut messages, &mut connection, &mut rest.to_vec()), payload);
        }
    }

    #[test]
    fn a_compressed_message_of_another_connection_begins_anew() {
        let (payload, mut bytes) = message();
        let mut messages = Messages::new();
        begin_large(&mut drive::server(&Limits::DEFAULT), &mut messages);
        assert_eq!(found(&mut messages, &mut server(), &mut bytes), payload);
    }
}

/// §8.1: a text is judged by its own bytes.
#[test]
fn a_text_given_up_inside_a_code_point_leaves_nothing_for_the_next_connection() {
    let (mut messages, mut out) = (Messages::new(), Vec::new());
    let mut first = frame(Side::Server, 0x01, b"\xc3");
    assert_eq!(messages.next(&mut drive::server(&Limits::DEFAULT), &mut &mut first[..], &mut out), Ok(None));
    let mut connection = drive::server(&Limits::DEFAULT);
    let mut second = [frame(Side::Server, 0x01, b"a\xc3"), frame(Side::Server, 0x80, b"\xbc")].concat();
    let found = messages.next(&mut connection, &mut &mut second[..], &mut out);
    assert_eq!(found, Ok(Some(Incoming::Text("a\u{fc}"))));
}

/// The memory of a connection that is between messages may serve another: nothing of a message is in it, whatever came between.
#[test]
fn memory_is_free_for_others_where_no_message_is_under_way() {
    let stream = [
        frame(Side::Server, 0x01, b"a"),
        frame(Side::Server, 0x89, b""),
        frame(Side::Server, 0x00, b""),
        frame(Side::Server, 0x89, b"p"),
        frame(Side::Server, 0x80, b"b"),
        frame(Side::Server, 0x89, b"q"),
        frame(Side::Server, 0x82, &[7; 300]),
    ]
    .concat();
    for len in 1..=stream.len() {
        let mut connection = drive::server(&Limits::DEFAULT);
        let (mut messages, mut heard, mut out) = (Messages::new(), Vec::new(), Vec::new());
        for read in stream.clone().chunks_mut(len) {
            let mut input = read;
            while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).unwrap() {
                heard.extend(OwnedMessage::try_from(incoming));
            }
            if connection.is_between_messages() {
                messages = Messages::new();
            }
        }
        assert!(connection.is_between_messages());
        assert_eq!(heard, [OwnedMessage::Text("ab".into()), OwnedMessage::Binary(vec![7; 300])], "{len} bytes a read");
    }
}
