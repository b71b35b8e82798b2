//! An echo of 20 bytes, by an `Endpoint` with all its duties, and by `Messages` alone, which has no queue and no time.
//!
//! Times are of a stream of 64 KiB, which comes in one read, or in a read for each message; `items` is the messages. Reading is a copy.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use websocket_proto::endpoint::{Config, Endpoint};
use websocket_proto::{Incoming, Message, Messages, Negotiated, Server, Timeouts, Timers, Transport};
use websocket_proto_benches::{server, stream, text};

fn main() {
    divan::main();
}

/// How many messages come in a read.
#[derive(Clone, Copy, Debug)]
enum Reads {
    Full,
    OfOne,
}

const READS: [Reads; 2] = [Reads::Full, Reads::OfOne];

const TIMEOUTS: Timeouts<u64> = {
    let mut timeouts = Timeouts::<u64>::none();
    (timeouts.idle, timeouts.pong, timeouts.close, timeouts.write) =
        (Some(30_000), Some(20_000), Some(5_000), Some(30_000));
    timeouts
};

fn input(reads: Reads) -> (Vec<u8>, usize, usize) {
    let (bytes, times) = stream(Message::Text(&text("The quick brown fox ", 20)));
    let read_len = match reads {
        Reads::Full => bytes.len(),
        Reads::OfOne => bytes.len() / times,
    };
    (bytes, times, read_len)
}

#[divan::bench(args = READS)]
fn messages(bencher: Bencher, reads: Reads) {
    let (bytes, times, read_len) = input(reads);
    let (mut connection, mut messages, mut buffer) = (server(), Messages::new(), vec![0; read_len]);
    let mut out = Vec::with_capacity(bytes.len());
    bencher.counter(ItemsCount::new(times)).bench_local(|| {
        for read in bytes.chunks_exact(read_len) {
            buffer.copy_from_slice(black_box(read));
            let mut input = &mut buffer[..];
            while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).expect("no violation") {
                match incoming {
                    Incoming::Text(text) => connection.send(text, &mut out).expect("it is open"),
                    other => panic!("{other:?}"),
                }
            }
            black_box(&out);
            out.clear();
        }
    });
}

/// The same with time-outs, and asking what the transport has to do.
#[divan::bench(args = READS)]
fn messages_and_timers(bencher: Bencher, reads: Reads) {
    let (bytes, times, read_len) = input(reads);
    let (mut connection, mut messages, mut buffer) = (server(), Messages::new(), vec![0; read_len]);
    let (mut out, mut timers) = (Vec::with_capacity(bytes.len()), Timers::new(TIMEOUTS, 0));
    timers.opened(0);
    bencher.counter(ItemsCount::new(times)).bench_local(|| {
        for read in bytes.chunks_exact(read_len) {
            let now = black_box(1);
            buffer.copy_from_slice(black_box(read));
            timers.received(now);
            let mut input = &mut buffer[..];
            while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).expect("no violation") {
                match incoming {
                    Incoming::Text(text) => connection.send(text, &mut out).expect("it is open"),
                    other => panic!("{other:?}"),
                }
            }
            black_box(&out);
            out.clear();
            timers.sent(0, now);
            timers.observe(connection.state(), now);
            assert!(timers.expired(now).is_none() && connection.transport() == Transport::KeepOpen);
            black_box(timers.deadline());
        }
    });
}

#[divan::bench(args = READS)]
fn endpoint(bencher: Bencher, reads: Reads) {
    let (bytes, times, read_len) = input(reads);
    let mut endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &Config::with_timeouts(TIMEOUTS), b"", 0);
    bencher.counter(ItemsCount::new(times)).bench_local(|| {
        for mut read in bytes.chunks_exact(read_len) {
            while !read.is_empty() {
                let room = endpoint.room();
                let n = room.len().min(read.len());
                room[..n].copy_from_slice(&black_box(read)[..n]);
                read = &read[n..];
                endpoint.filled(n);
                echo(&mut endpoint);
            }
        }
    });
}

/// The same with the owner's read buffer.
#[divan::bench(args = READS)]
fn endpoint_receive(bencher: Bencher, reads: Reads) {
    let (bytes, times, read_len) = input(reads);
    let mut endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &Config::with_timeouts(TIMEOUTS), b"", 0);
    let mut buffer = vec![0; read_len];
    bencher.counter(ItemsCount::new(times)).bench_local(|| {
        for read in bytes.chunks_exact(read_len) {
            buffer.copy_from_slice(black_box(read));
            let mut received = endpoint.receive(&mut buffer);
            while let Some((incoming, mut sender)) = received.next() {
                match incoming {
                    Incoming::Text(text) => sender.send(text).expect("it is open"),
                    other => panic!("{other:?}"),
                }
            }
            drop(received);
            finish(&mut endpoint);
        }
    });
}

fn echo(endpoint: &mut Endpoint<Server, u64, u64>) {
    while let Some((incoming, mut sender)) = endpoint.next() {
        match incoming {
            Incoming::Text(text) => sender.send(text).expect("it is open"),
            other => panic!("{other:?}"),
        }
    }
    finish(endpoint);
}

fn finish(endpoint: &mut Endpoint<Server, u64, u64>) {
    let n = black_box(endpoint.output()).len();
    endpoint.written(n);
    let deadline = endpoint.tick(black_box(1));
    black_box((deadline, endpoint.status()));
}
