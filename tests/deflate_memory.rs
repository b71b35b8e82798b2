//! Memory that compression takes, counted by the allocator.
#![cfg(feature = "deflate")]

use testkit::{
    bytes,
    counting::{Counting, counted, live},
    reference::Side,
};
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, Inflater, WindowBits};
use websocket_proto::{
    Client, Connection, Incoming, Limits, Messages, Negotiated, Prepared, ProtocolError, Server, wire::FixedOutput,
};

#[global_allocator]
static COUNTING: Counting = Counting;

type Keys = websocket_proto::FnKeys<fn() -> [u8; 4]>;

fn client(limits: &Limits) -> Connection<Client<Keys>> {
    let negotiated = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    Connection::new(negotiated, Client::from_fn(|| [0; 4]), limits)
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    bytes::frame(Side::Client, first, payload)
}

/// What came of the bytes, in pieces, and how much memory that took at most.
fn receive(limits: &Limits, bytes: &mut [u8], piece_len: usize) -> (Result<usize, ProtocolError>, i64) {
    let mut memory = [0; 1024];
    let mut received = Ok(0);
    let (_, peak) = counted(|| {
        let (mut connection, mut messages) = (client(limits), Messages::new());
        let mut out = FixedOutput::new(&mut memory);
        'all: for mut piece in bytes.chunks_mut(piece_len) {
            loop {
                received = match messages.next(&mut connection, &mut piece, &mut out) {
                    Ok(None) => break,
                    Ok(Some(Incoming::Text(text))) => Ok(text.len()),
                    Ok(Some(Incoming::Binary(bytes))) => Ok(bytes.len()),
                    Ok(Some(_)) => continue,
                    Err(error) => Err(error),
                };
                if received.is_err() {
                    break 'all;
                }
            }
        }
    });
    (received, peak)
}

#[test]
fn bomb_is_stopped_at_the_limit_and_takes_no_more_memory() {
    const LIMIT: u64 = 1024 * 1024;
    let limits = Limits::default().with_max_message_len(LIMIT);
    let without = Compression::DEFAULT.with_context_takeover(false);
    let mut deflater = Deflater::new(without, Effort::new(9, 8));
    let payload = deflater.deflate(&vec![b'x'; 20 * 1024 * 1024], true).to_vec();
    assert!(payload.len() < 21_000, "{}", payload.len());
    for (first, piece_len) in [(0xc1, 100), (0xc2, usize::MAX)] {
        let (received, peak) = receive(&limits, &mut frame(first, &payload), piece_len);
        assert_eq!(received, Err(ProtocolError::MessageTooLong { len: LIMIT + 1, max: LIMIT }));
        assert!(peak < 1024 * 1024 + 64 * 1024, "{peak}");
    }
}

#[test]
fn message_of_exactly_the_limit_takes_no_more_memory_either() {
    const LIMIT: u64 = 1_000_000;
    let limits = Limits::default().with_max_message_len(LIMIT);
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::SMALL);
    let mut bytes = frame(0xc1, deflater.deflate(&vec![b'x'; 1_000_000], true));
    let (received, peak) = receive(&limits, &mut bytes, 1000);
    assert_eq!(received, Ok(1_000_000));
    assert!(peak < 1_000_000 + 64 * 1024, "{peak}");
}

/// Whatever the bytes say.
#[test]
fn garbage_takes_no_more_than_the_limit_and_a_buffer() {
    let limits = Limits::default().with_max_message_len(100_000);
    let mut state = 7_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::SMALL);
    let valid = deflater.deflate(&b"what a bomb is made of, ".repeat(20_000), true).to_vec();
    for _ in 0..500 {
        let mut payload = if random() % 2 == 0 { valid.clone() } else { vec![0; 300] };
        for _ in 0..=random() % 40 {
            let at = usize::try_from(random() % u64::try_from(payload.len()).unwrap()).unwrap();
            payload[at] = random().to_le_bytes()[0];
        }
        let (_, peak) = receive(&limits, &mut frame(0xc2, &payload), 50);
        assert!(peak < 100_000 + 64 * 1024, "{peak}");
    }
}

#[test]
fn connection_without_compressed_messages_takes_no_memory_for_them() {
    let (received, peak) = receive(&Limits::default(), &mut frame(0x82, &[7; 70_000]), usize::MAX);
    assert_eq!((received, peak), (Ok(70_000), 0));
    let (_, peak) = counted(|| {
        let connection = client(&Limits::default());
        let (deflater, inflater) = (connection.deflater(Effort::FAST), connection.inflater());
        assert!(deflater.is_some() && inflater.is_some());
    });
    assert_eq!(peak, 0);
}

/// Bytes that a compressor can't say in fewer codes than its own.
fn traffic() -> Vec<u8> {
    (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0] & 0x3f).collect()
}

/// The table in the documentation of `extension::deflate`, which is that of a 64-bit machine.
#[cfg(target_pointer_width = "64")]
#[test]
fn memory_per_connection_is_what_the_documentation_says() {
    let documentation = include_str!("../src/extension/deflate/mod.rs");
    let mut missing = Vec::new();
    for bits in [15, 12, 10, 9, 8] {
        for context_takeover in [true, false] {
            let window_bits = WindowBits::new(bits).unwrap();
            let compression = Compression::new(window_bits, context_takeover);
            let held = |deflater: &mut Deflater, inflater: &mut Inflater| {
                for message in traffic().chunks(1000) {
                    let mut compressed = deflater.deflate(message, true);
                    while inflater.inflate(&mut compressed, true, usize::MAX).unwrap().is_some() {}
                }
            };
            let mut row = format!("//! | {bits} | {} |", if context_takeover { "yes" } else { "no" });
            let mut inflater = Inflater::new(compression);
            for memory in [8, 1] {
                let mut deflater = Deflater::new(compression, Effort::new(6, memory));
                let before = live() - i64::try_from(inflater.allocated()).unwrap();
                held(&mut deflater, &mut inflater);
                let taken = live() - before - i64::try_from(inflater.allocated()).unwrap();
                deflater.hibernate();
                assert_eq!(live() - before, i64::try_from(inflater.allocated()).unwrap(), "nothing stays");
                row += &format!(" {} |", (taken + 512) / 1024);
            }
            let active = inflater.allocated();
            inflater.hibernate();
            row += &format!(" {:.1} | {:.1} |", active as f64 / 1024.0, inflater.allocated() as f64 / 1024.0);
            missing.extend((!documentation.contains(&row)).then_some(row));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// 65,536 bytes of output are kept for the next piece, and no more.
#[test]
fn output_of_up_to_64_kib_is_kept() {
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::FAST);
    let noise = noise(70_000);
    let (calls, _) = counted(|| {
        assert!((57_000..65_536 - 128).contains(&deflater.deflate(&noise[..60_000], true).len()));
    });
    assert!(calls <= 12, "memory was asked for {calls} times");
    let (calls, _) = counted(|| {
        for _ in 0..10 {
            deflater.deflate(&noise[..60_000], true);
            deflater.deflate(b"a", true);
        }
    });
    assert_eq!(calls, 0);
    let before = live();
    assert!(deflater.deflate(&noise, true).len() > 65_536);
    deflater.deflate(b"a", true);
    assert!(live() < before, "given back with the next piece");
}

/// 16 MiB that shrink to some 160 KB.
fn large() -> Vec<u8> {
    let line = |n: u32| {
        format!("{:05} {}", n * 7 % 100_000, "a line that comes again and again, with another number each time\n")
    };
    (0..).flat_map(|n| line(n).into_bytes()).take(16 << 20).collect()
}

#[test]
fn place_for_the_output_is_sized_by_the_output() {
    let (large, mut deflater) = (large(), Deflater::new(Compression::DEFAULT, Effort::FAST));
    deflater.deflate(b"a", true);
    let mut len = 0;
    let (_, peak) = counted(|| len = deflater.deflate(&large, true).len());
    assert!(len < large.len() / 8, "{len}");
    // Twice, as it doubles, and once more while it moves.
    assert!(peak < i64::try_from(3 * len).unwrap() + 64 * 1024, "{peak} bytes for {len}");
}

/// Whether the next message is compressed or not.
#[test]
fn sending_a_large_message_keeps_at_most_64_kib_of_output() {
    let (large, negotiated) = (large(), Negotiated::elsewhere().with_deflate(DeflateParams::default()));
    let mut connection = Connection::new(negotiated, Server, &Limits::default());
    let mut deflater = connection.deflater(Effort::FAST).unwrap();
    connection.send_compressed("x".repeat(100).as_bytes(), &mut deflater, &mut Vec::new()).unwrap();
    let before = live();
    connection.send_compressed(&large[..], &mut deflater, &mut Vec::new()).unwrap();
    assert!(live() - before <= 64 * 1024, "{} bytes", live() - before);
    Prepared::compressed(&large[..], &mut deflater).unwrap();
    assert!(live() - before <= 64 * 1024, "{} bytes", live() - before);
}

#[test]
fn window_grows_by_doubling() {
    let (mut deflater, mut inflater) =
        (Deflater::new(Compression::DEFAULT, Effort::FAST), Inflater::new(Compression::DEFAULT));
    let compressed = deflater.deflate(&noise(40_000), true).to_vec();
    let (calls, _) = counted(|| {
        let mut input = &compressed[..];
        while inflater.inflate(&mut input, true, usize::MAX).unwrap().is_some() {}
    });
    // 1 KiB, five times doubled.
    assert_eq!(calls, 6);
    // And the tables, for a block that brings codes of its own.
    let codes = "each block that brings its own codes needs tables ".repeat(9);
    let mut small = Deflater::new(Compression::DEFAULT, Effort::SMALL);
    let compressed = small.deflate(codes.as_bytes(), true).to_vec();
    let (calls, _) = counted(|| {
        let mut input = &compressed[..];
        while inflater.inflate(&mut input, true, usize::MAX).unwrap().is_some() {}
    });
    assert_eq!(calls, 1);
}

/// Bytes that can't be compressed.
fn noise(len: usize) -> Vec<u8> {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    (0..len)
        .map(|_| {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            word.to_le_bytes()[3]
        })
        .collect()
}
