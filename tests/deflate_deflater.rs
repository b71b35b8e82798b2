//! What the compressor promises (RFC 7692 §7.2.1).
#![cfg(feature = "deflate")]
#![allow(clippy::cast_possible_truncation)] // Patterns of bytes.

use websocket_proto::extension::deflate::{Compression, Deflater, Effort, Inflater, WindowBits};

fn compression(window_bits: WindowBits, context_takeover: bool) -> Compression {
    Compression::new(window_bits, context_takeover)
}

const TEXT: &[u8] = b"It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.";

fn inflate(inflater: &mut Inflater, mut piece: &[u8], ends: bool) -> Vec<u8> {
    let mut output = Vec::new();
    while let Some(bytes) = inflater.inflate(&mut piece, ends, usize::MAX).unwrap() {
        output.extend_from_slice(bytes);
    }
    output
}

/// Bytes that a compressor likes to find again, at all distances.
fn repetitive(len: u32) -> Vec<u8> {
    (0..len).map(|n| if n % 7 < 3 { b' ' } else { (n / 64 * (n % 64) % 23) as u8 }).collect()
}

// RFC 7692 §7.2.3.6
#[test]
fn empty_message_is_a_zero_byte() {
    for takeover in [true, false] {
        let mut deflater = Deflater::new(compression(WindowBits::MAX, takeover), Effort::FAST);
        assert_eq!(deflater.deflate(b"", true), [0x00]);
        deflater.deflate(TEXT, true);
        assert_eq!(deflater.deflate(b"", true), [0x00]);
    }
}

#[test]
fn trailer_is_removed_from_the_end_and_only_there() {
    let mut deflater = Deflater::new(compression(WindowBits::MAX, true), Effort::FAST);
    assert!(deflater.deflate(TEXT, false).ends_with(&[0x00, 0x00, 0xff, 0xff]));
    assert!(!deflater.deflate(TEXT, true).ends_with(&[0x00, 0x00, 0xff, 0xff]));
}

#[test]
fn each_piece_can_be_read_when_it_comes() {
    let mut deflater = Deflater::new(compression(WindowBits::MAX, true), Effort::SMALL);
    let mut inflater = Inflater::new(compression(WindowBits::MAX, true));
    for (piece, ends) in
        [(TEXT, false), (b"", false), (b"?", false), (TEXT, true), (b"", false), (b"", true), (TEXT, true)]
    {
        let compressed = deflater.deflate(piece, ends);
        assert!(!ends || !compressed.is_empty());
        assert_eq!(inflate(&mut inflater, compressed, ends), piece);
    }
}

/// The inflater refuses references beyond its window.
#[test]
fn no_reference_reaches_beyond_the_window() {
    for bits in 8..=15 {
        let bits = WindowBits::new(bits).unwrap();
        for level in [0, 1, 2, 3, 4, 6, 9] {
            for takeover in [true, false] {
                let memory = 1 + level % 9;
                let mut deflater = Deflater::new(compression(bits, takeover), Effort::new(level, memory));
                let mut inflater = Inflater::new(compression(bits, takeover));
                for len in [1, 3, 255, 256, 257, 511, 3000, 10] {
                    let message = repetitive(len);
                    assert_eq!(
                        inflate(&mut inflater, deflater.deflate(&message, true), true),
                        message,
                        "{bits}, {level}"
                    );
                }
            }
        }
    }
}

#[test]
fn window_of_256_bytes_still_shortens_runs() {
    let mut deflater = Deflater::new(compression(WindowBits::W8, true), Effort::FAST);
    assert!(deflater.deflate(&[b'x'; 10_000], true).len() < 100);
    assert!(deflater.deflate(TEXT, true).len() < TEXT.len());
}

#[test]
fn context_makes_the_second_message_smaller_unless_it_was_given_up() {
    let mut with = Deflater::new(compression(WindowBits::MAX, true), Effort::FAST);
    let mut without = Deflater::new(compression(WindowBits::MAX, false), Effort::FAST);
    let first = with.deflate(TEXT, true).to_vec();
    assert!(with.deflate(TEXT, true).len() < 20);
    assert_eq!(without.deflate(TEXT, true), first);
    assert_eq!(without.deflate(TEXT, true), first);
}

#[test]
fn history_can_be_given_up_anywhere() {
    let give_up: [fn(&mut Deflater); 2] = [Deflater::forget, Deflater::hibernate];
    for give_up in give_up {
        let mut deflater = Deflater::new(compression(WindowBits::MAX, true), Effort::FAST);
        let mut unaware = Inflater::new(compression(WindowBits::MAX, true));
        for (piece, ends) in [(TEXT, true), (TEXT, false), (TEXT, true)] {
            assert_eq!(inflate(&mut unaware, deflater.deflate(piece, ends), ends), piece);
            give_up(&mut deflater);
        }
        // The next piece is for a peer that knows of nothing.
        let mut newcomer = Inflater::new(compression(WindowBits::MAX, true));
        assert_eq!(inflate(&mut newcomer, deflater.deflate(TEXT, true), true), TEXT);
    }
}

/// By a sixteenth at most: level 1 writes literals from 144 on with nine bits.
#[test]
fn bytes_that_do_not_compress_grow_little() {
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..200_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    for level in 0..=9 {
        let mut deflater = Deflater::new(compression(WindowBits::MAX, true), Effort::new(level, 8));
        let compressed = deflater.deflate(&noise, true);
        assert!(compressed.len() < noise.len() + noise.len() / 16, "{level}");
        assert_eq!(inflate(&mut Inflater::new(compression(WindowBits::MAX, true)), compressed, true), noise);
    }
}
