//! What compression costs, beside its backends alone (zlib-rs compresses, miniz_oxide decompresses): `cargo bench -p websocket-proto-benches --bench deflate`.
//!
//! Messages are JSON of about 200 bytes, level 1, with context takeover. Each figure is the best of several rounds, in nanoseconds.

use std::hint::black_box;
use std::time::Instant;

use miniz_oxide::inflate::core::inflate_flags::{TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, Inflater};
use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Negotiated, Prepared, Server};
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

const FLAGS: u32 = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;

fn main() {
    let messages: Vec<String> = (0..1000).map(json).collect();
    let bytes: usize = messages.iter().map(String::len).sum();
    let mut place = vec![0; 4096];

    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::FAST);
    let compressed: Vec<Vec<u8>> =
        messages.iter().map(|text| deflater.deflate(text.as_bytes(), true).to_vec()).collect();
    let smaller: usize = compressed.iter().map(Vec::len).sum();
    println!("messages of {} bytes, compressed to {}", bytes / messages.len(), smaller / messages.len());

    report("compress, backend alone", || {
        let mut deflate = Deflate::new(1, false, 15);
        deflate.compress(b"its first use", &mut place, DeflateFlush::SyncFlush).unwrap();
        each(&messages, |text| {
            deflate.compress(text, &mut place, DeflateFlush::SyncFlush).unwrap();
        })
    });
    report("compress, Deflater", || {
        let mut deflater = Deflater::new(Compression::DEFAULT, Effort::FAST);
        deflater.deflate(b"its first use", true);
        each(&messages, |text| {
            black_box(deflater.deflate(text, true));
        })
    });
    report("decompress, zlib-rs", || {
        let mut inflate = Inflate::new(false, 15);
        each(&compressed, |bytes| {
            let before = inflate.total_out();
            inflate.decompress(bytes, &mut place, InflateFlush::SyncFlush).unwrap();
            let len = usize::try_from(inflate.total_out() - before).unwrap();
            inflate.decompress(&[0, 0, 0xff, 0xff], &mut place[len..], InflateFlush::SyncFlush).unwrap();
        })
    });
    report("decompress, backend alone", || {
        let (mut decoder, mut window, mut position) = (DecompressorOxide::new(), vec![0; 1 << 15], 0);
        each(&compressed, |bytes| {
            for mut input in [bytes, &[0, 0, 0xff, 0xff]] {
                while !input.is_empty() {
                    let (status, read, len) = decompress(&mut decoder, input, &mut window, position, FLAGS);
                    assert!(status as i32 >= 0, "{status:?}");
                    (input, position) = (&input[read..], (position + len) % window.len());
                }
            }
        })
    });
    report("decompress, Inflater", || {
        let mut inflater = Inflater::new(Compression::DEFAULT);
        each(&compressed, |mut bytes| {
            let mut len = 0;
            while let Some(piece) = inflater.inflate(&mut bytes, true, usize::MAX).unwrap() {
                place[len..len + piece.len()].copy_from_slice(piece);
                len += piece.len();
            }
        })
    });

    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    report("send_compressed, a server", || {
        let mut server = Connection::new(agreed, Server, &Limits::default());
        let (mut deflater, mut out) = (server.deflater(Effort::FAST).unwrap(), Vec::new());
        deflater.deflate(b"its first use", true);
        each(&messages, |text| {
            out.clear();
            server.send_compressed(text, &mut deflater, &mut out).unwrap();
        })
    });
    let mut wire: Vec<Vec<u8>> = Vec::new();
    let mut server = Connection::new(agreed, Server, &Limits::default());
    let mut deflater = server.deflater(Effort::FAST).unwrap();
    for text in &messages {
        let mut frame = Vec::new();
        server.send_compressed(text, &mut deflater, &mut frame).unwrap();
        wire.push(frame);
    }
    report("Messages::next, a client", || {
        let mut client = Connection::new(agreed, Client::from_fn(|| [0; 4]), &Limits::default());
        let (mut messages, mut out) = (Messages::new(), Vec::new());
        let mut wire = wire.clone();
        let start = Instant::now();
        for frame in &mut wire {
            let incoming = messages.next(&mut client, &mut &mut frame[..], &mut out).unwrap();
            assert!(matches!(incoming, Some(Incoming::Text(_))));
        }
        per_item(start, wire.len())
    });

    broadcast(&messages);
}

/// To 100 connections: each with its own compressor, and compressed once.
fn broadcast(messages: &[String]) {
    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    let mut servers: Vec<_> = (0..100).map(|_| Connection::new(agreed, Server, &Limits::default())).collect();
    let mut own: Vec<_> = servers.iter().map(|server| server.deflater(Effort::FAST).unwrap()).collect();
    let messages = &messages[..50];
    let mut out = Vec::new();
    report("to each of 100, send_compressed", || {
        each(messages, |text| {
            for (server, deflater) in servers.iter_mut().zip(&mut own) {
                out.clear();
                server.send_compressed(text, deflater, &mut out).unwrap();
            }
        }) / 100.0
    });
    let mut shared = Deflater::new(Compression { context_takeover: false, ..Compression::DEFAULT }, Effort::FAST);
    report("to each of 100, Prepared::compressed", || {
        each(messages, |text| {
            let prepared = Prepared::compressed(text, &mut shared).unwrap();
            for server in &mut servers {
                out.clear();
                out.extend_from_slice(prepared.frame(server.send_prepared(&prepared).unwrap()));
            }
        }) / 100.0
    });
}

fn json(n: u64) -> String {
    let mut state = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let mut random = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    format!(
        "{{\"id\":{},\"type\":\"trade\",\"symbol\":\"{}\",\"price\":{}.{:02},\"size\":0.{:04},\"side\":\"{}\",\
         \"time\":\"2026-11-{:02}T{:02}:{:02}:{:02}Z\",\"venue\":\"example exchange\",\"flags\":[\"public\",\"final\"],\"seq\":{n}}}",
        random(1_000_000),
        ["BTC-USD", "ETH-USD", "BTC-EUR"][usize::try_from(random(3)).unwrap()],
        random(100_000),
        random(100),
        random(10_000),
        ["buy", "sell"][usize::try_from(random(2)).unwrap()],
        random(28) + 1,
        random(24),
        random(60),
        random(60),
    )
}

fn each<T: AsRef<[u8]>>(items: &[T], mut act: impl FnMut(&[u8])) -> f64 {
    let start = Instant::now();
    for item in items {
        act(item.as_ref());
    }
    per_item(start, items.len())
}

fn per_item(start: Instant, items: usize) -> f64 {
    start.elapsed().as_nanos() as f64 / items as f64
}

fn report(what: &str, mut round: impl FnMut() -> f64) {
    let best = (0..100).map(|_| round()).fold(f64::MAX, f64::min);
    println!("{what:<40} {best:>8.0} ns");
}
