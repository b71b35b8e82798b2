//! One end of a connection, seen from its transport.
#![cfg(feature = "alloc")]

use testkit::{bytes::frame, reference::Side};
use websocket_proto::endpoint::{Config, Endpoint, Failure, Status};
use websocket_proto::{
    CloseCode, Incoming, Limits, Negotiated, Prepared, ProtocolError, SendError, Server, State, Timeout, Timeouts,
};

type Ours = Endpoint<Server, u64, u64>;

fn timeouts() -> Timeouts<u64> {
    Timeouts::none().with_handshake(10).with_idle(30).with_pong(20).with_close(5).with_write(40)
}

fn server() -> Ours {
    Endpoint::new(Negotiated::elsewhere(), Server, &Config::with_timeouts(timeouts()), b"", 0)
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(Side::Server, first, payload)
}

/// Everything that was said, with text and bytes echoed.
fn take(endpoint: &mut Ours) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some((incoming, mut sender)) = endpoint.next() {
        heard.push(format!("{incoming:?}"));
        match incoming {
            Incoming::Text(text) => sender.send(text).unwrap_or(()),
            Incoming::Binary(bytes) => sender.send(&*bytes).unwrap_or(()),
            _ => {}
        }
    }
    heard
}

fn read(endpoint: &mut Ours, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let room = endpoint.room();
        let n = room.len().min(bytes.len());
        room[..n].copy_from_slice(&bytes[..n]);
        endpoint.filled(n);
        bytes = &bytes[n..];
    }
}

fn written(endpoint: &mut Ours, max: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < max && !endpoint.output().is_empty() {
        let n = endpoint.output().len().min(max - all.len());
        all.extend(&endpoint.output()[..n]);
        endpoint.written(n);
    }
    all
}

#[test]
fn bytes_after_the_head_come_first() {
    let config = Config::with_timeouts(timeouts());
    let mut endpoint: Ours = Endpoint::new(Negotiated::elsewhere(), Server, &config, &masked(0x81, b"early"), 0);
    read(&mut endpoint, &masked(0x81, b"late"));
    take(&mut endpoint);
    assert_eq!(written(&mut endpoint, usize::MAX), b"\x81\x05early\x81\x04late");
}

#[test]
fn messages_in_a_buffer_of_the_owners_are_heard_and_what_is_not_taken_is_kept() {
    let mut endpoint = server();
    let mut shared = [masked(0x81, b"one"), masked(0x81, b"two"), masked(0x81, b"three")].concat();
    let mut received = endpoint.receive(&mut shared);
    let (Incoming::Text(text), mut sender) = received.next().unwrap() else { panic!() };
    sender.send(text).unwrap();
    drop(received);
    shared.fill(0);
    let mut shared = masked(0x81, b"four");
    drop(endpoint.receive(&mut shared));
    take(&mut endpoint);
    assert_eq!(written(&mut endpoint, usize::MAX), b"\x81\x03one\x81\x03two\x81\x05three\x81\x04four");
}

/// §5.4: "Control frames MAY be injected in the middle of a fragmented message."
#[test]
fn a_pong_goes_out_between_the_fragments_of_a_long_message() {
    let mut endpoint = server();
    let long = vec![7; 3 * 64 * 1024];
    endpoint.send(&long).unwrap();
    let mut wire = written(&mut endpoint, 1000);
    read(&mut endpoint, &masked(0x89, b"?"));
    take(&mut endpoint);
    wire.extend(written(&mut endpoint, usize::MAX));
    let first = 10 + 64 * 1024;
    assert_eq!(wire[..2], [0x02, 127]);
    assert_eq!(wire[first..first + 5], [0x8a, 1, b'?', 0x00, 127]);
    assert_eq!(wire.len(), 3 * first + 3);
}

/// §5.5.1: an endpoint "MUST NOT send any more data frames after sending a Close frame".
#[test]
fn a_close_goes_out_after_all_that_was_sent_before_it() {
    let mut endpoint = server();
    endpoint.send(&vec![7; 70_000]).unwrap();
    endpoint.sender().send_owned(vec![8; 200_000]).unwrap();
    endpoint.close(CloseCode::NORMAL).unwrap();
    assert_eq!(endpoint.send("late"), Err(SendError::NotOpen { state: State::CloseSent }));
    let wire = written(&mut endpoint, usize::MAX);
    assert!(wire.ends_with(&[8, 8, 0x88, 2, 0x03, 0xe8]));
    assert_eq!(wire.iter().filter(|&&byte| byte == 8).count(), 200_000);
}

#[test]
fn a_violation_is_answered_on_the_wire_though_nobody_asks() {
    let mut endpoint = server();
    read(&mut endpoint, &[&masked(0x81, b"Hello")[..], &[0xc1, 0x80, 0, 0, 0, 0]].concat());
    assert_eq!(take(&mut endpoint), ["Text(5 bytes)"]);
    // 1002, after the echo of what was valid.
    let wire = written(&mut endpoint, usize::MAX);
    assert!(wire.starts_with(b"\x81\x05Hello\x88") && wire[9..11] == [0x03, 0xea], "{wire:?}");
    assert_eq!(endpoint.status(), Status::HalfClose);
    endpoint.half_closed();
    assert_eq!(endpoint.status(), Status::Drain);
    read(&mut endpoint, &masked(0x81, b"more"));
    assert_eq!(take(&mut endpoint), [""; 0]);
    endpoint.filled(0);
    take(&mut endpoint);
    assert_eq!(endpoint.status(), Status::Close);
    assert!(
        matches!(endpoint.end(), Err(Failure::Protocol(ProtocolError::ReservedBits { .. }))),
        "{:?}",
        endpoint.end()
    );
}

#[test]
fn a_close_of_the_peer_is_echoed_and_its_code_told() {
    let mut endpoint = server();
    read(&mut endpoint, &masked(0x88, &[0x0f, 0xa0]));
    assert_eq!(take(&mut endpoint).len(), 1);
    assert_eq!(endpoint.status(), Status::Open, "the echo is still to be written");
    assert_eq!(written(&mut endpoint, usize::MAX), [0x88, 2, 0x0f, 0xa0]);
    assert_eq!(endpoint.status(), Status::HalfClose);
    endpoint.half_closed();
    endpoint.filled(0);
    take(&mut endpoint);
    assert_eq!((endpoint.status(), endpoint.end()), (Status::Close, Ok(Some(CloseCode::new(4000).unwrap()))));
}

/// A half-closed peer still gets what was queued.
#[test]
fn end_of_input_leaves_what_is_queued_to_be_written() {
    let mut endpoint = server();
    read(&mut endpoint, &masked(0x81, b"Hello"));
    endpoint.filled(0);
    take(&mut endpoint);
    assert_eq!(endpoint.status(), Status::Flush);
    assert_eq!(written(&mut endpoint, usize::MAX), b"\x81\x05Hello");
    assert_eq!((endpoint.status(), endpoint.end()), (Status::Close, Err(Failure::NoClose)));
}

/// However much that was, framed or not.
#[test]
fn end_of_input_leaves_what_waits_to_be_framed_to_be_written() {
    let mut endpoint = server();
    endpoint.sender().send_owned(vec![7; 1 << 20]).unwrap();
    read(&mut endpoint, &masked(0x81, b"Hello"));
    endpoint.filled(0);
    take(&mut endpoint);
    let wire = written(&mut endpoint, usize::MAX);
    assert_eq!(wire.iter().filter(|&&byte| byte == 7).count(), 1 << 20);
    assert!(wire.ends_with(b"\x81\x05Hello"));
    assert_eq!((endpoint.status(), endpoint.end()), (Status::Close, Err(Failure::NoClose)));
}

#[test]
fn nothing_can_be_sent_after_the_end() {
    for drained in [false, true] {
        let mut endpoint = server();
        if drained {
            take(&mut endpoint);
        }
        endpoint.filled(0);
        take(&mut endpoint);
        assert_eq!(endpoint.status(), Status::Close);
        assert_eq!(endpoint.send("late"), Err(SendError::NotOpen { state: State::Closed }));
        endpoint.tick(1000);
        assert_eq!((endpoint.status(), endpoint.output()), (Status::Close, &b""[..]));
    }
    let mut endpoint = server();
    endpoint.send("before").unwrap();
    take(&mut endpoint);
    endpoint.filled(0);
    written(&mut endpoint, usize::MAX);
    assert_eq!(endpoint.status(), Status::Close);
    assert_eq!(endpoint.send("late"), Err(SendError::NotOpen { state: State::Closed }));
}

#[test]
fn a_peer_that_sends_pings_and_does_not_read_is_bounded() {
    let mut endpoint = server();
    let flood = masked(0x89, &[b'?'; 125]).repeat(100);
    for _ in 0..1000 {
        read(&mut endpoint, &flood);
        take(&mut endpoint);
    }
    assert!(endpoint.sender().queued_len() <= Limits::DEFAULT.high_water_mark + 2 * 127);
    assert_eq!(endpoint.status(), Status::Flush);
    let wire = written(&mut endpoint, usize::MAX);
    assert_eq!(wire.len() % 127, 0);
    assert!(wire.len() <= Limits::DEFAULT.high_water_mark + 3 * 127);
    assert_eq!(endpoint.status(), Status::Open);
}

#[test]
fn above_the_high_water_mark_owned_answers_wait_and_the_owner_is_asked_not_to_read() {
    let mut endpoint = server();
    read(&mut endpoint, &masked(0x81, b"all of it"));
    let (_, mut sender) = endpoint.next().unwrap();
    for _ in 0..100 {
        sender.send_owned(vec![7; 10_000]).unwrap();
    }
    assert!(endpoint.next().is_none());
    assert_eq!(endpoint.status(), Status::Flush);
    assert!(endpoint.output().len() < 2 * 64 * 1024);
    assert_eq!(written(&mut endpoint, usize::MAX).len(), 100 * 10_004);
    assert_eq!(endpoint.status(), Status::Open);
}

#[test]
fn silence_is_asked_about_and_then_ends_the_connection() {
    let mut endpoint = server();
    assert_eq!(endpoint.tick(0), Some(30));
    assert_eq!(endpoint.tick(30), Some(50));
    assert_eq!(written(&mut endpoint, usize::MAX), [0x89, 0]);
    read(&mut endpoint, &masked(0x8a, b""));
    assert_eq!(endpoint.tick(40), Some(70));
    assert_eq!(endpoint.tick(70), Some(90));
    assert_eq!(endpoint.status(), Status::Open);
    endpoint.tick(90);
    assert_eq!((endpoint.status(), endpoint.end()), (Status::Close, Err(Failure::Timeout(Timeout::Pong))));
}

#[test]
fn the_time_to_close_runs_without_being_asked_for() {
    let mut endpoint = server();
    endpoint.close(CloseCode::GOING_AWAY).unwrap();
    assert_eq!(endpoint.tick(100), Some(105));
    written(&mut endpoint, usize::MAX);
    assert_eq!(endpoint.tick(101), Some(106), "it starts again when output moves");
    endpoint.tick(106);
    assert_eq!((endpoint.status(), endpoint.end()), (Status::Close, Err(Failure::Timeout(Timeout::Close))));
}

#[test]
fn a_large_frame_is_read_into_its_place() {
    let mut endpoint = server();
    let wire = masked(0x82, &vec![7; 1 << 20]);
    read(&mut endpoint, &wire[..20]);
    take(&mut endpoint);
    assert!(endpoint.room().len() >= 16 * 1024);
    let mut rest = &wire[20..];
    while !rest.is_empty() {
        let room = endpoint.room();
        let n = room.len().min(rest.len());
        room[..n].copy_from_slice(&rest[..n]);
        endpoint.filled(n);
        rest = &rest[n..];
        if !rest.is_empty() {
            assert!(!endpoint.advance());
        }
    }
    assert!(endpoint.advance());
    assert_eq!(endpoint.take().unwrap().payload(), vec![7; 1 << 20]);
}

#[test]
fn at_rest_it_is_at_most_1228_bytes() {
    assert!(
        size_of::<Endpoint<Server, std::time::Instant>>() <= 1228,
        "{}",
        size_of::<Endpoint<Server, std::time::Instant>>()
    );
}

#[test]
fn a_message_for_many_is_referred_to_and_goes_out_in_order() {
    let prepared = Prepared::new(&vec![7; 100_000]).unwrap();
    let mut endpoint = server();
    endpoint.send("before").unwrap();
    endpoint.sender().send_prepared(&prepared).unwrap();
    endpoint.send("after").unwrap();
    let slices: Vec<usize> = endpoint.output_slices().map(<[u8]>::len).collect();
    assert_eq!(slices, [8, 100_010, 7]);
    endpoint.written(8 + 50_000);
    read(&mut endpoint, &masked(0x89, b"?"));
    take(&mut endpoint);
    assert_eq!(endpoint.output().len(), 50_010, "a frame is not interrupted");
    let rest = written(&mut endpoint, usize::MAX);
    assert!(rest[..50_010].iter().all(|&byte| byte == 7));
    assert_eq!(rest[50_010..], *b"\x8a\x01?\x81\x05after");
}

#[test]
fn debug_shows_no_payload() {
    let mut endpoint = server();
    read(&mut endpoint, &masked(0x81, b"SECRET"));
    endpoint.send("SECRET").unwrap();
    endpoint.sender().ping(b"SECRET").unwrap();
    let before = format!("{endpoint:?}");
    take(&mut endpoint);
    for shown in [before, format!("{endpoint:?}"), format!("{:?}", endpoint.sender())] {
        assert!(!shown.contains("SECRET") && !shown.contains("83, 69, 67"), "{shown}");
    }
}

#[test]
fn an_owner_that_found_nothing_to_write_finds_what_comes_later() {
    let mut endpoint = server();
    assert!(endpoint.output().is_empty());
    read(&mut endpoint, &masked(0x89, b"?"));
    take(&mut endpoint);
    assert_eq!(endpoint.output(), b"\x8a\x01?");
}

#[test]
fn an_owner_with_a_buffer_of_its_own_reads_the_rest_of_a_large_frame_into_its_place() {
    let mut endpoint = server();
    let mut frame = masked(0x82, &[7; 100_000]);
    let (first, mut rest) = frame.split_at_mut(1_000);
    assert!(endpoint.space().is_none());
    drop(endpoint.receive(first));
    assert!(endpoint.space().is_none(), "what was read is taken first");
    assert!(!endpoint.advance());
    while !rest.is_empty() {
        let space = endpoint.space().unwrap();
        let n = space.len().min(rest.len()).min(30_000);
        space[..n].copy_from_slice(&rest[..n]);
        rest = &mut rest[n..];
        endpoint.filled(n);
        if rest.len() < 16_384 {
            break;
        }
    }
    drop(endpoint.receive(rest));
    assert!(matches!(endpoint.next(), Some((Incoming::Binary(bytes), _)) if *bytes == [7; 100_000]));
    assert!(endpoint.space().is_none());
}
