//! Receiving and sending messages, of 16 bytes to 64 MiB.
//!
//! Receiving unmasks in place, so each run has a fresh copy of the stream, which is not measured. Times are of a stream of 64 KiB, or of one
//! message if that is longer; `items` is the messages.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use websocket_proto::{Event, Incoming, Message, Messages};
use websocket_proto_benches::{client, server, stream, text};

const LENGTHS: [usize; 6] = [16, 125, 1 << 10, 16 << 10, 1 << 20, 64 << 20];

fn main() {
    divan::main();
}

#[divan::bench(args = LENGTHS)]
fn receive_binary(bencher: Bencher, len: usize) {
    receive(bencher, Message::Binary(&vec![0xa5; len]));
}

#[divan::bench(args = LENGTHS)]
fn receive_text_ascii(bencher: Bencher, len: usize) {
    receive(bencher, Message::Text(&text("The quick brown fox ", len)));
}

#[divan::bench(args = LENGTHS)]
fn receive_text_latin(bencher: Bencher, len: usize) {
    receive(bencher, Message::Text(&text("Zwölf Boxkämpfer jagen Viktor quer über den großen Deich ", len)));
}

#[divan::bench(args = LENGTHS)]
fn receive_text_cjk(bencher: Bencher, len: usize) {
    receive(bencher, Message::Text(&text("漢字仮名交じり文", len)));
}

#[divan::bench(args = LENGTHS)]
fn messages_next_binary(bencher: Bencher, len: usize) {
    next(bencher, Message::Binary(&vec![0xa5; len]));
}

#[divan::bench(args = LENGTHS)]
fn messages_next_text(bencher: Bencher, len: usize) {
    next(bencher, Message::Text(&text("The quick brown fox ", len)));
}

/// Reads of 64 KiB, so that messages are assembled.
#[divan::bench(args = [1 << 20, 64 << 20])]
fn messages_assemble_text(bencher: Bencher, len: usize) {
    let (bytes, _) = stream(Message::Text(&text("The quick brown fox ", len)));
    let mut messages = Messages::new().with_kept_capacity(len);
    bencher.counter(BytesCount::new(len)).with_inputs(|| (server(), bytes.clone(), Vec::new())).bench_local_values(
        |(mut connection, mut bytes, mut out)| {
            for read in bytes.chunks_mut(64 * 1024) {
                let mut input = read;
                while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).expect("no violation") {
                    match incoming {
                        Incoming::Text(text) => drop(black_box((text.as_ptr(), text.len()))),
                        other => panic!("{other:?}"),
                    }
                }
            }
            bytes
        },
    );
}

/// Header and payload, into a buffer that has room.
#[divan::bench(args = LENGTHS)]
fn send_server(bencher: Bencher, len: usize) {
    let (payload, mut connection) = (vec![0xa5; len], server());
    let mut out = Vec::with_capacity(len + 14);
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        out.clear();
        connection.send(black_box(&payload), &mut out)
    });
}

/// The same, masked on the way.
#[divan::bench(args = LENGTHS)]
fn send_client(bencher: Bencher, len: usize) {
    let (payload, mut connection) = (vec![0xa5; len], client());
    let mut out = Vec::with_capacity(len + 14);
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        out.clear();
        connection.send(black_box(&payload), &mut out)
    });
}

fn receive(bencher: Bencher, message: Message<'_>) {
    let (bytes, times) = stream(message);
    bencher
        .counter(BytesCount::new(bytes.len()))
        .counter(ItemsCount::new(times))
        .with_inputs(|| (server(), bytes.clone()))
        .bench_values(|(mut connection, mut bytes)| {
            let mut input = &mut bytes[..];
            while let Some(event) = connection.receive(&mut input).expect("no violation") {
                match event {
                    Event::Text(text, _) => drop(black_box((text.as_ptr(), text.len()))),
                    Event::Binary(bytes, _) => drop(black_box((bytes.as_ptr(), bytes.len()))),
                    other => panic!("{other:?}"),
                }
            }
            bytes
        });
}

fn next(bencher: Bencher, message: Message<'_>) {
    let (bytes, times) = stream(message);
    bencher
        .counter(BytesCount::new(bytes.len()))
        .counter(ItemsCount::new(times))
        .with_inputs(|| (server(), Messages::new(), bytes.clone(), Vec::new()))
        .bench_values(|(mut connection, mut messages, mut bytes, mut out)| {
            let mut input = &mut bytes[..];
            while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out).expect("no violation") {
                match incoming {
                    Incoming::Text(text) => drop(black_box((text.as_ptr(), text.len()))),
                    Incoming::Binary(bytes) => drop(black_box((bytes.as_ptr(), bytes.len()))),
                    other => panic!("{other:?}"),
                }
            }
            bytes
        });
}
