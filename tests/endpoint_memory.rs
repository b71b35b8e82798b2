//! What an endpoint holds at rest, and that it asks for no memory for each message; counted by the allocator.
#![cfg(feature = "alloc")]

use std::ops::Add;

use testkit::{
    bytes::frame,
    counting::{Counting, counted, live},
    reference::Side,
};
use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::{Incoming, Negotiated, Prepared, Server, Timeouts};

#[global_allocator]
static COUNTING: Counting = Counting;

type Ours = Endpoint<Server, std::time::Instant>;

fn endpoint(negotiated: Negotiated) -> Ours {
    let now = std::time::Instant::now();
    Endpoint::new(negotiated, Server, &Config::with_timeouts(Timeouts::none()), b"", now)
}

#[test]
fn ten_thousand_endpoints_at_rest_hold_at_most_1_2_kib_each() {
    let before = live();
    let hello = frame(Side::Server, 0x81, b"Hello");
    let mut endpoints: Vec<Ours> = Vec::with_capacity(10_000);
    endpoints.extend((0..10_000).map(|_| endpoint(Negotiated::elsewhere())));
    for endpoint in &mut endpoints {
        echo(endpoint, &hello);
        endpoint.hibernate();
    }
    let each = (live() - before) / 10_000;
    assert!(each <= 1228, "{each} bytes each");
}

/// Nobody calls `hibernate`: the clock is looked at, and each peer answers its Pings.
#[test]
fn ten_thousand_endpoints_that_are_kept_alive_hold_at_most_1_2_kib_each() {
    let config = Config::with_timeouts(Timeouts::none().with_idle(30).with_pong(20));
    let hello = frame(Side::Server, 0x81, b"Hello");
    let pong = frame(Side::Server, 0x8a, b"");
    let before = live();
    let mut endpoints: Vec<Endpoint<Server, u64, u64>> = Vec::with_capacity(10_000);
    for _ in 0..10_000 {
        let mut endpoint = Endpoint::new(negotiated(), Server, &config, b"", 0);
        echo(&mut endpoint, &hello);
        for round in 0..3 {
            let now = round * 40;
            endpoint.tick(now);
            endpoint.tick(now + 30);
            assert_eq!(endpoint.output(), [0x89, 0]);
            endpoint.written(2);
            echo(&mut endpoint, &pong);
            endpoint.tick(now + 31);
        }
        endpoints.push(endpoint);
    }
    let each = (live() - before) / 10_000;
    assert!(each <= 1228, "{each} bytes each");
    echo(&mut endpoints[0], &hello);
}

fn negotiated() -> Negotiated {
    #[cfg(feature = "deflate")]
    return Negotiated::elsewhere().with_deflate(websocket_proto::extension::deflate::DeflateParams::default());
    #[cfg(not(feature = "deflate"))]
    Negotiated::elsewhere()
}

#[test]
fn a_message_for_many_is_held_once() {
    let prepared = Prepared::new(&vec![7; 1 << 20]).unwrap();
    let mut endpoints: Vec<Ours> = (0..100).map(|_| endpoint(Negotiated::elsewhere())).collect();
    let before = live();
    for endpoint in &mut endpoints {
        endpoint.sender().send_prepared(&prepared).unwrap();
        assert_eq!(endpoint.sender().queued_len(), 10 + (1 << 20));
    }
    let each = (live() - before) / 100;
    assert!(each <= 512, "{each} bytes each");
}

/// Messages without a byte of payload, too: what waits is counted with a header.
#[test]
fn empty_messages_that_wait_are_counted() {
    let mut endpoint = endpoint(Negotiated::elsewhere());
    endpoint.sender().send_owned(vec![7; 1 << 20]).unwrap();
    let before = endpoint.sender().queued_len();
    (0..1000).for_each(|_| endpoint.sender().send_owned(Vec::new()).unwrap());
    assert!(endpoint.sender().queued_len() >= before + 2000);
}

#[cfg(feature = "deflate")]
#[test]
fn an_endpoint_at_rest_holds_no_compressor() {
    let negotiated =
        Negotiated::elsewhere().with_deflate(websocket_proto::extension::deflate::DeflateParams::default());
    let mut endpoint = endpoint(negotiated);
    echo(&mut endpoint, &frame(Side::Server, 0x81, &[b'x'; 100]));
    let held = live();
    endpoint.hibernate();
    assert!(held - live() > 100_000, "the compressor's memory was given back");
    echo(&mut endpoint, &frame(Side::Server, 0x81, &[b'x'; 100]));
}

#[test]
fn a_warm_endpoint_asks_for_no_memory() {
    let mut endpoint = endpoint(Negotiated::elsewhere());
    let wire = [
        frame(Side::Server, 0x81, "short, gr\u{fc}n".as_bytes()),
        frame(Side::Server, 0x01, b"fragmen"),
        frame(Side::Server, 0x89, b"ping"),
        frame(Side::Server, 0x80, b"ted"),
        frame(Side::Server, 0x82, &[7; 10_000]),
    ]
    .concat();
    for _ in 0..3 {
        echo(&mut endpoint, &wire);
    }
    let (calls, _) = counted(|| (0..100).for_each(|_| echo(&mut endpoint, &wire)));
    assert_eq!(calls, 0);
}

fn echo<I, D>(endpoint: &mut Endpoint<Server, I, D>, wire: &[u8])
where
    I: Copy + Ord + Add<D, Output = I>,
    D: Copy,
{
    endpoint.room()[..wire.len()].copy_from_slice(wire);
    endpoint.filled(wire.len());
    while let Some((incoming, mut sender)) = endpoint.next() {
        match incoming {
            Incoming::Text(text) => sender.send(text).unwrap(),
            Incoming::Binary(bytes) => sender.send(bytes).unwrap(),
            _ => {}
        }
    }
    while !endpoint.output().is_empty() {
        let n = endpoint.output().len();
        endpoint.written(n);
    }
}

/// A message of 1 MiB, echoed, in reads and writes of so many bytes.
fn echo_large(endpoint: &mut Ours, mut wire: &[u8], writes: usize) {
    while !wire.is_empty() {
        let room = endpoint.room();
        let n = room.len().min(wire.len());
        room[..n].copy_from_slice(&wire[..n]);
        wire = &wire[n..];
        endpoint.filled(n);
        while let Some((incoming, mut sender)) = endpoint.next() {
            if let Incoming::Binary(bytes) = incoming {
                sender.send(bytes).unwrap();
            }
        }
    }
    while !endpoint.output().is_empty() {
        let n = endpoint.output().len().min(writes);
        endpoint.written(n);
    }
}

#[test]
fn an_endpoint_keeps_the_memory_of_large_messages_while_they_come_again_and_again() {
    for writes in [usize::MAX, 200_000, 50_000] {
        let mut endpoint = endpoint(Negotiated::elsewhere());
        let (large, small) = (frame(Side::Server, 0x82, &vec![7; 1 << 20]), frame(Side::Server, 0x82, b"small"));
        let before = live();
        (0..3).for_each(|_| echo_large(&mut endpoint, &large, writes));
        let (calls, _) = counted(|| (0..10).for_each(|_| echo_large(&mut endpoint, &large, writes)));
        assert_eq!(calls, 0, "in writes of {writes}");
        assert!(live() - before > 2 << 20, "room for the message, and for its echo");
        (0..64).for_each(|_| echo(&mut endpoint, &small));
        assert!(live() - before <= 2 * 64 * 1024 + 32 * 1024, "{} bytes stay", live() - before);
    }
}

#[test]
fn one_large_echo_leaves_an_endpoint_as_small_as_before() {
    let mut endpoint = endpoint(Negotiated::elsewhere());
    let (large, small) = (frame(Side::Server, 0x82, &vec![7; 1 << 20]), frame(Side::Server, 0x82, b"small"));
    echo(&mut endpoint, &small);
    let before = live();
    echo_large(&mut endpoint, &large, usize::MAX);
    echo(&mut endpoint, &small);
    assert!(live() - before <= 2 * 64 * 1024, "{} bytes stay", live() - before);
}

#[test]
fn an_endpoint_that_reads_into_a_buffer_of_the_owners_holds_none_at_rest() {
    let mut endpoint = endpoint(Negotiated::elsewhere());
    let mut wire = frame(Side::Server, 0x82, &[7; 10_000]);
    let before = live();
    drop(endpoint.receive(&mut wire));
    endpoint.release_input();
    assert!(live() >= before + 10_000, "what was not taken stays");
    assert!(matches!(endpoint.next(), Some((Incoming::Binary(bytes), _)) if *bytes == [7; 10_000]));
    assert!(endpoint.next().is_none());
    endpoint.release_input();
    assert_eq!(live(), before);
}
