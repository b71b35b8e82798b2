//! What an endpoint holds at rest, and that it asks for no memory for each message; counted by the allocator.
#![cfg(feature = "alloc")]

use testkit::{
    bytes::frame,
    counting::{Counting, counted, live},
    reference::Side,
};
use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::{Incoming, Negotiated, Server, Timeouts};

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

fn echo(endpoint: &mut Ours, wire: &[u8]) {
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
