//! What compression costs, beside other libraries: `cargo bench -p websocket-proto-benches --bench deflate`.
//!
//! Messages are JSON, compressed at level 1, with context takeover. Each figure is the best of several rounds, in nanoseconds, and the
//! rounds of those that are compared take turns.

use std::hint::black_box;
use std::time::Instant;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, Inflater};
use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Negotiated, Prepared, Server};
use websocket_proto_benches::blocks;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

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
    broadcast(&messages);

    println!("\ndecompress, ns a message      Inflater  zlib-rs  miniz_oxide  Messages::next");
    for (len, count) in [(60, 2000), (180, 1000), (1 << 10, 500), (4 << 10, 100), (16 << 10, 40), (64 << 10, 10)] {
        decompress_messages(len, count, Compression::DEFAULT);
    }
    println!("without context takeover");
    for (len, count) in [(60, 2000), (180, 1000), (1 << 10, 500), (16 << 10, 40)] {
        decompress_messages(len, count, Compression::DEFAULT.with_context_takeover(false));
    }
    println!("\nattacks, ns a byte            Inflater  zlib-rs  miniz_oxide");
    for (name, unit) in attacks() {
        attack(name, &unit);
    }
}

/// JSON of about so many bytes.
fn json_of(len: usize, n: u64) -> String {
    let line = json(n);
    match len {
        0..100 => line.replacen("\"type\":\"trade\",", "", 1)[..len - 1].to_string() + "}",
        100..200 => line[..len - 1].to_string() + "}",
        _ => (0..=len as u64 / 100).map(|k| json(n * 1000 + k)).collect::<String>()[..len].to_string(),
    }
}

fn decompress_messages(len: usize, count: u64, compression: Compression) {
    let messages: Vec<String> = (0..count).map(|n| json_of(len, n)).collect();
    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    let mut server = Connection::new(agreed, Server, &Limits::default());
    let mut deflater = Deflater::new(compression, Effort::FAST);
    let (mut wire, mut compressed) = (Vec::new(), Vec::new());
    for text in &messages {
        let mut frame = Vec::new();
        server.send_compressed(text, &mut deflater, &mut frame).unwrap();
        let header = match frame[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        compressed.push(frame[header..].to_vec());
        wire.push(frame);
    }
    let mut place = vec![0; len + 16];
    let mut best = [f64::MAX; 4];
    for _ in 0..40 {
        let now = [
            ours(&compressed, &mut place),
            zlib_rs(&compressed, &mut place),
            miniz_oxide(&compressed, &mut place),
            whole(&wire),
        ];
        best = std::array::from_fn(|n| now[n].min(best[n]));
    }
    let smaller = compressed.iter().map(Vec::len).sum::<usize>() / compressed.len();
    let [ours, zlib_rs, miniz_oxide, whole] = best;
    println!("{len:>8} B, {smaller:>6} on the wire {ours:>9.0} {zlib_rs:>8.0} {miniz_oxide:>12.0} {whole:>15.0}");
}

fn ours(compressed: &[Vec<u8>], place: &mut [u8]) -> f64 {
    let mut inflater = Inflater::new(Compression::DEFAULT);
    each(compressed, |mut bytes| {
        let mut len = 0;
        while let Some(piece) = inflater.inflate(&mut bytes, true, usize::MAX).unwrap() {
            place[len..len + piece.len()].copy_from_slice(piece);
            len += piece.len();
        }
    })
}

fn zlib_rs(compressed: &[Vec<u8>], place: &mut [u8]) -> f64 {
    let mut inflate = Inflate::new(false, 15);
    each(compressed, |bytes| {
        let before = inflate.total_out();
        inflate.decompress(bytes, place, InflateFlush::SyncFlush).unwrap();
        let len = usize::try_from(inflate.total_out() - before).unwrap();
        inflate.decompress(&[0, 0, 0xff, 0xff], &mut place[len..], InflateFlush::SyncFlush).unwrap();
    })
}

fn miniz_oxide(compressed: &[Vec<u8>], place: &mut [u8]) -> f64 {
    let (mut decoder, mut window, mut position) = (DecompressorOxide::new(), vec![0; 1 << 15], 0);
    each(compressed, |bytes| {
        let mut out = 0;
        for mut input in [bytes, &[0, 0, 0xff, 0xff]] {
            loop {
                let (status, read, len) = decompress(&mut decoder, input, &mut window, position, FLAGS);
                assert!(status as i32 >= 0, "{status:?}");
                place[out..out + len].copy_from_slice(&window[position..position + len]);
                (input, out) = (&input[read..], out + len);
                position = (position + len) % window.len();
                if input.is_empty() && status != TINFLStatus::HasMoreOutput {
                    break;
                }
            }
        }
    })
}

fn whole(wire: &[Vec<u8>]) -> f64 {
    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    let mut client = Connection::new(agreed, Client::from_fn(|| [0; 4]), &Limits::default());
    let (mut messages, mut out) = (Messages::new(), Vec::new());
    let mut wire = wire.to_vec();
    let start = Instant::now();
    for frame in &mut wire {
        let mut input = &mut frame[..];
        while let Incoming::Progress = messages.next(&mut client, &mut input, &mut out).unwrap().unwrap() {}
    }
    per_item(start, wire.len())
}

/// Streams that cost much and yield little, each repeated to 64 KiB.
fn attacks() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty stored blocks", vec![0x00, 0x00, 0x00, 0xff, 0xff]),
        ("empty fixed blocks", vec![0x02, 0x08, 0x20, 0x80, 0x00]),
        ("final fixed blocks", vec![0x03, 0x00]),
        ("tiny dynamic blocks", blocks::tiny()),
        ("deepest codes", blocks::deepest()),
        ("codes for all symbols", blocks::all_symbols(false)),
        ("codes for all symbols, a literal each", blocks::all_symbols(true)),
        ("lengths of a bit", blocks::single(&[8; 257], false)),
        ("lengths of a bit, a literal each", blocks::single(&[8; 257], true)),
        ("lengths of two bits", blocks::single(&[7, 8, 8], false)),
        ("lengths of two bits, a literal each", blocks::single(&[7, 8, 8], true)),
        ("lengths of a bit in turns, a literal each", blocks::in_turns()),
        // No branch on a length is foretold.
        ("lengths of 7 and 9 bits, shuffled", blocks::shuffled(&[(7, 76), (9, 208)])),
        ("lengths of 8 and 9 bits, shuffled", blocks::shuffled(&[(8, 226), (9, 60)])),
        ("lengths of 0 and 7 bits, shuffled", blocks::shuffled(&[(0, 129), (7, 128)])),
        ("lengths of 0, 7 and 8 bits, shuffled", blocks::shuffled(&[(0, 94), (7, 64), (8, 128)])),
        ("lengths of 7, 8 and 9 bits, shuffled", blocks::shuffled(&[(7, 50), (8, 94), (9, 124)])),
    ]
}

fn attack(name: &str, unit: &[u8]) {
    let message = [unit.repeat((64 << 10) / unit.len()), vec![0]].concat();
    let mut place = vec![0; 1 << 20];
    let mut best = [f64::MAX; 3];
    for _ in 0..20 {
        let input = std::slice::from_ref(&message);
        let now = [ours(input, &mut place), zlib_rs_restarting(&message, &mut place), miniz_restarting(&message)];
        best = std::array::from_fn(|n| now[n].min(best[n]));
    }
    let [ours, zlib_rs, miniz_oxide] = best.map(|ns| ns / message.len() as f64);
    println!("{name:<38} {ours:>9.1} {zlib_rs:>8.1} {miniz_oxide:>12.1}");
}

/// After a final block, a further stream begins.
fn zlib_rs_restarting(message: &[u8], place: &mut [u8]) -> f64 {
    let mut inflate = Inflate::new(false, 15);
    let (start, mut at) = (Instant::now(), 0);
    while at < message.len() {
        let before = inflate.total_in();
        if inflate.decompress(&message[at..], place, InflateFlush::SyncFlush).unwrap() == Status::StreamEnd {
            at += usize::try_from(inflate.total_in() - before).unwrap();
            inflate.reset(false);
        } else {
            break;
        }
    }
    start.elapsed().as_nanos() as f64
}

fn miniz_restarting(message: &[u8]) -> f64 {
    let (mut decoder, mut window) = (DecompressorOxide::new(), vec![0; 1 << 15]);
    let (start, mut input) = (Instant::now(), message);
    while !input.is_empty() {
        let (status, read, _) = decompress(&mut decoder, input, &mut window, 0, FLAGS);
        assert!(status as i32 >= 0, "{status:?}");
        input = &input[read..];
        if status == TINFLStatus::Done {
            decoder.init();
        }
    }
    start.elapsed().as_nanos() as f64
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
    let mut shared = Deflater::new(Compression::DEFAULT.with_context_takeover(false), Effort::FAST);
    report("to each of 100, Prepared::compressed", || {
        each(messages, |text| {
            let prepared = Prepared::compressed(text, &mut shared).unwrap();
            for server in &mut servers {
                out.clear();
                let form = server.send_prepared(&prepared).unwrap();
                out.extend_from_slice(prepared.frame(form));
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
