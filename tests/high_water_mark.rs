//! Replies are bounded: from a mark on, the newest Pong waits until the output has been written.
#![cfg(feature = "alloc")]

use testkit::{bytes::frame, drive, reference::Side};
use websocket_proto::{Connection, Incoming, Limits, Messages, Output, Server, wire::FixedOutput};

const MARK: usize = 1000;

fn server() -> (Connection<Server>, Messages) {
    (drive::server(&Limits::DEFAULT.with_high_water_mark(MARK)), Messages::new())
}

/// Every message is echoed.
fn receive(connection: &mut Connection<Server>, messages: &mut Messages, read: &[&[u8]], out: &mut impl Output) {
    let mut read = read.concat();
    let mut input = &mut read[..];
    while let Some(incoming) = messages.next(connection, &mut input, out).unwrap() {
        if let Incoming::Binary(bytes) = incoming {
            connection.send(&*bytes, out).unwrap();
        }
    }
    assert!(input.is_empty());
}

fn ping(payload: &[u8]) -> Vec<u8> {
    frame(Side::Server, 0x89, payload)
}

#[test]
fn below_the_mark_each_ping_is_answered() {
    let ((mut connection, mut messages), mut out) = (server(), vec![0; MARK - 5]);
    receive(&mut connection, &mut messages, &[&ping(b"1"), &ping(b"2")], &mut out);
    assert_eq!((&out[MARK - 5..], connection.wants_write()), (&b"\x8a\x011\x8a\x012"[..], false));
}

#[test]
fn at_the_mark_the_newest_of_one_read_is_answered_and_then_none_until_something_is_written() {
    let ((mut connection, mut messages), mut out) = (server(), vec![0; MARK]);
    receive(&mut connection, &mut messages, &[&ping(b"1"), &ping(b"2"), &ping(b"3")], &mut out);
    assert_eq!((&out[MARK..], connection.wants_write()), (&b"\x8a\x013"[..], false));
    receive(&mut connection, &mut messages, &[&ping(b"4"), &ping(b"5")], &mut out);
    assert_eq!((&out[MARK + 3..], connection.wants_write()), (&b""[..], true));

    out.drain(..4);
    connection.write_control(&mut out).unwrap();
    assert_eq!((&out[MARK - 1..], connection.wants_write()), (&b"\x8a\x015"[..], false));
}

/// With a mark of 0, nothing would ever be below it.
#[test]
fn a_mark_of_0_counts_as_1() {
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT.with_high_water_mark(0)), Messages::new());
    for i in 0..5_u8 {
        let mut out = Vec::new();
        receive(&mut connection, &mut messages, &[&ping(b"x"), &ping(&[i])], &mut out);
        assert!(out.ends_with(&[0x8a, 1, i]), "read {i}");
    }
    connection.receive(&mut &mut ping(b"y")[..]).unwrap();
    let mut out = Vec::new();
    connection.write_control(&mut out).unwrap();
    assert_eq!(out, b"\x8a\x01y");
}

/// A caller that writes everything after each read need not look whether a Pong waits.
#[test]
fn a_caller_that_writes_all_after_each_read_answers_the_newest_ping_of_each() {
    let ((mut connection, mut messages), mut out) = (server(), Vec::new());
    let large = frame(Side::Server, 0x82, &[7; 5 * MARK]);
    for i in 0..5_u8 {
        receive(&mut connection, &mut messages, &[&large, &ping(b"x"), &ping(&[i])], &mut out);
        assert!(out.ends_with(&[0x8a, 1, i]), "read {i}");
        assert!(!connection.wants_write());
        out.clear();
    }
}

#[test]
fn two_steps_are_bounded_alike() {
    let ((mut connection, mut messages), mut out) = (server(), vec![0; MARK]);
    for _ in 0..100 {
        let mut read = [ping(b"1"), ping(b"2")].concat();
        let mut input = &mut read[..];
        while messages.advance(&mut connection, &mut input, &mut out) {
            assert!(messages.next(&mut connection, &mut input, &mut out).unwrap().is_some());
        }
    }
    assert_eq!((out.len(), connection.wants_write()), (MARK + 3, true));
}

/// It is the last frame, and the Pong before it the last but one.
#[test]
fn a_close_does_not_wait_and_neither_does_the_pong_before_it() {
    let ((mut connection, mut messages), mut out) = (server(), vec![0; MARK]);
    receive(&mut connection, &mut messages, &[&ping(b"1")], &mut out);
    receive(&mut connection, &mut messages, &[&ping(b"2")], &mut out);
    assert!(connection.wants_write());
    receive(&mut connection, &mut messages, &[&frame(Side::Server, 0x88, b"\x03\xe8")], &mut out);
    assert_eq!((&out[MARK + 3..], connection.wants_write()), (&b"\x8a\x012\x88\x02\x03\xe8"[..], false));
}

#[test]
fn output_of_a_fixed_size_is_bounded_by_mark_and_size() {
    let mut memory = [0; 2 * MARK];
    let ((mut connection, mut messages), mut out) = (server(), FixedOutput::new(&mut memory));
    for _ in 0..2000 {
        receive(&mut connection, &mut messages, &[&ping(b"1"), &ping(b"2")], &mut out);
    }
    assert!((MARK..=MARK + 6).contains(&out.written().len()), "{}", out.written().len());
}

#[test]
fn no_mark_is_no_bound() {
    let ((mut connection, mut messages), mut out) = ((drive::server(&Limits::UNLIMITED), Messages::new()), Vec::new());
    receive(&mut connection, &mut messages, &[&ping(b"1").repeat(100_000)], &mut out);
    assert_eq!(out.len(), 300_000);
}

#[test]
fn a_single_frame_that_the_caller_takes_is_not_held_back() {
    let ((mut connection, mut messages), mut out) = (server(), vec![0; 2 * MARK]);
    receive(&mut connection, &mut messages, &[&ping(b"1")], &mut out);
    receive(&mut connection, &mut messages, &[&ping(b"2")], &mut out);
    assert_eq!(connection.take_control().unwrap().as_bytes(), b"\x8a\x012");
    assert!(!connection.wants_write());
}

/// §5.5.3: an endpoint "MAY elect to send a Pong frame for only the most recently processed Ping frame".
#[test]
fn a_pong_that_found_no_room_is_replaced_by_a_newer_one_that_does() {
    let (mut connection, mut messages) = (drive::server(&Limits::DEFAULT), Messages::new());
    let mut memory = [0; 20];
    let mut out = FixedOutput::new(&mut memory);
    let mut pings = [frame(Side::Server, 0x89, &[b'l'; 100]), frame(Side::Server, 0x89, b"s")].concat();
    let mut input = &mut pings[..];
    assert!(matches!(messages.next(&mut connection, &mut input, &mut out), Ok(Some(Incoming::Ping(_)))));
    assert!(out.written().is_empty() && connection.wants_write());
    assert_eq!(messages.next(&mut connection, &mut input, &mut out), Ok(Some(Incoming::Ping(b"s"))));
    assert_eq!((out.written(), connection.wants_write()), (&b"\x8a\x01s"[..], false));
    out.clear();
    assert_eq!(messages.next(&mut connection, &mut input, &mut out), Ok(None));
    assert!(out.written().is_empty(), "the older Pong");
}
