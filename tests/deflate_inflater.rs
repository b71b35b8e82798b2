//! What the decompressor reads, refuses and remembers (RFC 1951, RFC 7692 §7.2.2).
#![cfg(feature = "deflate")]
#![allow(clippy::cast_possible_truncation)] // Patterns of bytes.

use websocket_proto::extension::deflate::{Compression, Inflater, WindowBits};
use websocket_proto::wire::InvalidDeflate;

fn compression(window_bits: WindowBits, context_takeover: bool) -> Compression {
    Compression::new(window_bits, context_takeover)
}

/// The output of one message, and what was wrong with it.
fn inflate_by(
    inflater: &mut Inflater,
    message: &[u8],
    piece_len: usize,
    max: usize,
) -> (Vec<u8>, Result<(), InvalidDeflate>) {
    let mut output = Vec::new();
    let mut pieces = message.chunks(piece_len).peekable();
    loop {
        let mut piece = pieces.next().unwrap_or_default();
        let ends = pieces.peek().is_none();
        loop {
            match inflater.inflate(&mut piece, ends, max) {
                Ok(Some(bytes)) => {
                    assert!((1..=max).contains(&bytes.len()));
                    output.extend_from_slice(bytes);
                }
                Ok(None) => break,
                Err(error) => return (output, Err(error)),
            }
        }
        assert!(piece.is_empty(), "all of the input is used up");
        if ends {
            return (output, Ok(()));
        }
    }
}

fn inflate(inflater: &mut Inflater, message: &[u8]) -> Result<Vec<u8>, InvalidDeflate> {
    let (output, result) = inflate_by(inflater, message, usize::MAX, usize::MAX);
    result.map(|()| output)
}

fn fresh() -> Inflater {
    Inflater::new(Compression::DEFAULT)
}

fn alone(message: &[u8]) -> Result<Vec<u8>, InvalidDeflate> {
    inflate(&mut fresh(), message)
}

/// Writes a stream bit by bit, as RFC 1951 describes it.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    used: u32,
}

impl Stream {
    fn bits(mut self, value: u32, n: u32) -> Self {
        for bit in 0..n {
            if self.used % 8 == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((u64::from(value) >> bit & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
        self
    }

    /// Huffman codes begin with their most significant bit (RFC 1951 §3.1.1).
    fn code(self, code: u32, n: u32) -> Self {
        (0..n).rev().fold(self, |stream, bit| stream.bits(code >> bit & 1, 1))
    }

    fn fixed_block(self, last: bool) -> Self {
        self.bits(last.into(), 1).bits(1, 2)
    }

    fn literal(self, byte: u8) -> Self {
        match byte {
            0..=143 => self.code(0x30 + u32::from(byte), 8),
            144.. => self.code(0x190 + u32::from(byte) - 144, 9),
        }
    }

    /// The shortest back-reference, by 3 bytes.
    fn copy_three(self, distance: u32) -> Self {
        self.code(1, 7).distance(distance)
    }

    /// The longest back-reference, by 258 bytes.
    fn copy_longest(self, distance: u32) -> Self {
        self.code(0b1100_0101, 8).distance(distance)
    }

    fn distance(self, distance: u32) -> Self {
        if distance < 5 {
            return self.code(distance - 1, 5);
        }
        let extra = (distance - 1).ilog2() - 1;
        let symbol = 2 * extra + 2 + ((distance - 1) >> extra & 1);
        self.code(symbol, 5).bits(distance - 1, extra)
    }

    fn end_of_block(self) -> Self {
        self.code(0, 7)
    }

    /// An empty stored block without the four bytes that the sender removes.
    fn flushed(self) -> Vec<u8> {
        self.bits(0, 3).bytes
    }
}

fn stored(bytes: &[u8], last: bool) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap();
    [&[u8::from(last)][..], &len.to_le_bytes(), &(!len).to_le_bytes(), bytes].concat()
}

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

// RFC 1951 §3.1.1, §3.2.6; RFC 7692 §7.2.3
#[test]
fn examples_of_section_7_2_3_are_read() {
    for (section, message) in [
        ("7.2.3.1", &HELLO[..]),
        ("7.2.3.3", &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        ("7.2.3.4", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        ("7.2.3.5", &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]),
    ] {
        assert_eq!(alone(message), Ok(b"Hello".to_vec()), "{section}");
    }
    let mut inflater = fresh();
    assert_eq!(inflate(&mut inflater, &HELLO), Ok(b"Hello".to_vec()));
    assert_eq!(inflate(&mut inflater, &[0xf2, 0x00, 0x11, 0x00, 0x00]), Ok(b"Hello".to_vec()), "7.2.3.2");
}

#[test]
fn empty_messages_are_read_in_every_form() {
    let mut inflater = fresh();
    for message in [&[0x00][..], &[0x02, 0x00], &[0x03, 0x00], &[0x03, 0x80], &[]] {
        assert_eq!(inflate(&mut inflater, message), Ok(vec![]), "{message:02x?}");
        assert_eq!(inflate(&mut inflater, &HELLO), Ok(b"Hello".to_vec()), "after {message:02x?}");
    }
}

#[test]
fn blocks_after_a_final_block_are_read() {
    let message = [&stored(b"one, ", true)[..], &stored(b"two, ", true), &stored(b"three", false), &[0x00]].concat();
    assert_eq!(alone(&message), Ok(b"one, two, three".to_vec()));
    // A final block that ends inside a byte: the next stream begins with the next byte.
    let first = Stream::default().fixed_block(true).literal(b'a').end_of_block().bytes;
    let second = Stream::default().fixed_block(false).literal(b'b').end_of_block().flushed();
    assert_eq!(alone(&[first, second].concat()), Ok(b"ab".to_vec()));
}

#[test]
fn history_outlives_a_final_block() {
    let mut inflater = fresh();
    let history: Vec<u8> = (0..32_768_u32).map(|n| (n * n / 7) as u8).collect();
    assert_eq!(inflate(&mut inflater, &stored(&history, true)), Ok(history.clone()));
    // Inside the message, and from the next message.
    let back = || Stream::default().fixed_block(true).copy_three(32_768).end_of_block().bytes;
    assert_eq!(inflate(&mut inflater, &[back(), back()].concat()), Ok(history[..6].to_vec()));
    assert_eq!(inflate(&mut inflater, &back()), Ok(history[6..9].to_vec()));
}

#[test]
fn message_that_was_cut_off_is_refused() {
    for len in 1..HELLO.len() {
        assert!(alone(&HELLO[..len]).is_err(), "{len} bytes");
    }
    assert_eq!(
        alone(&stored(b"Hello", false)),
        Err(InvalidDeflate::Unfinished),
        "no block follows a block that isn't the last"
    );
    assert_eq!(alone(&stored(b"Hello, hello", false)[..7]), Err(InvalidDeflate::Unfinished));
}

#[test]
fn trailer_that_was_left_on_is_refused() {
    for message in [&HELLO[..], &[0x00], &stored(b"x", true)] {
        let message = [message, &[0x00, 0x00, 0xff, 0xff]].concat();
        assert_eq!(alone(&message), Err(InvalidDeflate::Unfinished), "{message:02x?}");
    }
}

/// Block borders inside the four bytes that are appended are none on which a message may end.
#[test]
fn message_that_ends_inside_the_trailer_is_refused() {
    // A code in which `a` is 0 and the end of the block is 1 x 15: the trailer is `a` x 16, an end, and one bit more.
    let mut message = Stream::default().bits(0b100, 3).bits(0, 5).bits(0, 5).bits(15, 4).bits(0, 9);
    for _ in 0..16 {
        message = message.bits(4, 3); // lengths 0 to 15 are coded by 4 bits each
    }
    for symbol in 0..=257 {
        let len = match symbol {
            b if (97..112).contains(&b) => b - 96,
            256 => 15,
            _ => 0,
        };
        message = message.code(len, 4);
    }
    assert_eq!(message.used % 8, 2);
    let message = message.code(0, 6).bytes;
    assert_eq!(inflate_by(&mut fresh(), &message, 5, 7), (vec![b'a'; 22], Err(InvalidDeflate::Unfinished)));
}

#[test]
fn distances_beyond_the_window_are_refused() {
    for bits in 8..=15 {
        let bits = WindowBits::new(bits).unwrap();
        let size = u32::try_from(bits.size()).unwrap();
        for before in [bits.size(), bits.size() + 5, 50_000] {
            let history: Vec<u8> = (0..before).map(|n| n as u8).collect();
            let message = |distance| {
                let copy = Stream::default().fixed_block(false).copy_three(distance).end_of_block().flushed();
                [stored(&history, false), copy].concat()
            };
            let mut inflater = Inflater::new(compression(bits, true));
            let copied = history[before - bits.size()..][..3].to_vec();
            assert_eq!(inflate(&mut inflater, &message(size)), Ok([history.clone(), copied].concat()), "{bits}");
            if size < 32_768 {
                let refused = Err(InvalidDeflate::Corrupt);
                let mut inflater = Inflater::new(compression(bits, true));
                assert_eq!(inflate_by(&mut inflater, &message(size + 1), 9, 100), (history.clone(), refused), "{bits}");
            }
        }
    }
}

/// The window is a ring from the moment on at which it is full, be it in the middle of a back-reference.
/// RFC 1951 §3.2.5: distances from 1 to 32,768, lengths from 3 to 258.
#[test]
fn references_are_read_where_the_window_comes_round() {
    for bits in [WindowBits::W8, WindowBits::W9, WindowBits::W10, WindowBits::W15] {
        let size = bits.size();
        for before in [size - 3, size - 1, size, 2 * size - 257, 2 * size - 1] {
            let history: Vec<u8> = (0..before).map(|n| (n * n / 3) as u8).collect();
            for distance in [1, 2, 3, 4, 5, 200, 255, 256, size - 3, size - 1, size] {
                let Some(distance) = (distance <= before.min(size)).then_some(distance) else { continue };
                let (mut expected, mut stream) = (history.clone(), Stream::default().fixed_block(false));
                for _ in 0..3 {
                    stream = stream.copy_longest(distance as u32);
                    (0..258).for_each(|_| expected.push(expected[expected.len() - distance]));
                }
                let message = [stored(&history, false), stream.end_of_block().flushed()].concat();
                for (piece_len, max) in [(usize::MAX, usize::MAX), (usize::MAX, 100), (3, 7)] {
                    let mut inflater = Inflater::new(compression(bits, true));
                    let (output, result) = inflate_by(&mut inflater, &message, piece_len, max);
                    assert!((result, &output) == (Ok(()), &expected), "{bits}, {before} bytes, then {distance} back");
                }
            }
        }
    }
}

#[test]
fn distances_beyond_the_history_are_refused() {
    let message =
        |distance| Stream::default().fixed_block(false).literal(b'a').copy_three(distance).end_of_block().flushed();
    assert_eq!(alone(&message(1)), Ok(b"aaaa".to_vec()));
    assert_eq!(alone(&message(2)), Err(InvalidDeflate::Corrupt));
}

#[test]
fn without_context_takeover_history_ends_with_the_message() {
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    for bits in [WindowBits::MIN, WindowBits::MAX] {
        let mut inflater = Inflater::new(compression(bits, false));
        assert_eq!(inflate(&mut inflater, &HELLO), Ok(b"Hello".to_vec()));
        assert_eq!(inflate(&mut inflater, &HELLO), Ok(b"Hello".to_vec()));
        assert_eq!(inflate(&mut inflater, &again), Err(InvalidDeflate::Corrupt));
    }
}

// RFC 1951 §3.2.2, §3.2.3, §3.2.4, §3.2.7
#[test]
fn impossible_blocks_are_refused() {
    let symbol = |code, n| Stream::default().fixed_block(false).code(code, n).bits(0, 30).bytes;
    let dynamic =
        |literals, distances| Stream::default().bits(0b100, 3).bits(literals, 5).bits(distances, 5).bits(0, 60).bytes;
    for message in [
        vec![0x06],                         // the reserved type: RFC 1951 §3.2.3
        vec![0x00, 0x01, 0x00, 0xff, 0xff], // a length that contradicts itself: RFC 1951 §3.2.4
        symbol(0b1100_0110, 8),             // 286: RFC 1951 §3.2.6
        Stream::default().fixed_block(false).literal(b'a').code(1, 7).code(30, 5).bits(0, 30).bytes,
        dynamic(30, 0), // 287 literals: RFC 1951 §3.2.7
        dynamic(0, 30), // 31 distances
        dynamic(0, 0),  // a code for lengths without codes: RFC 1951 §3.2.2
    ] {
        for piece_len in [1, 2, 100] {
            let refused = Err(InvalidDeflate::Corrupt);
            assert_eq!(inflate_by(&mut fresh(), &message, piece_len, 1).1, refused, "{message:02x?}");
        }
    }
}

#[test]
fn result_depends_neither_on_cuts_nor_on_room() {
    let long =
        Stream::default().fixed_block(false).literal(b'a').literal(b'b').copy_three(2).copy_three(1).end_of_block();
    for message in [long.flushed(), HELLO.to_vec(), vec![0x06], HELLO[..5].to_vec()] {
        let expected = inflate_by(&mut fresh(), &message, usize::MAX, usize::MAX);
        for piece_len in 1..message.len() {
            for max in 1..10 {
                assert_eq!(inflate_by(&mut fresh(), &message, piece_len, max), expected);
            }
        }
    }
}

#[test]
fn error_is_told_again() {
    let mut inflater = fresh();
    for mut message in [&[0x06][..], &HELLO, &[]] {
        assert_eq!(inflater.inflate(&mut message, true, 1), Err(InvalidDeflate::Corrupt));
    }
}

#[test]
fn memory_is_that_of_the_history_and_can_be_given_back() {
    const DECODER: usize = 11 * 1024;
    let mut inflater = fresh();
    assert_eq!(inflater.allocated(), 0, "before the first message");
    for n in 1..=100_usize {
        inflate(&mut inflater, &[&stored(&[7; 1000], false)[..], &[0x00]].concat()).unwrap();
        assert!(inflater.allocated() <= (2 * 1000 * n).clamp(1024, 32_768) + DECODER);
        inflater.hibernate();
        assert_eq!(inflater.allocated(), (1000 * n).min(32_768), "no more than there is to remember");
    }
    let mut inflater = Inflater::new(compression(WindowBits::MAX, false));
    inflate(&mut inflater, &HELLO).unwrap();
    inflater.hibernate();
    assert_eq!(inflater.allocated(), 0, "nothing is to be remembered");
    inflater.inflate(&mut &[0x06][..], true, 1).unwrap_err();
    inflater.hibernate();
    assert_eq!(inflater.allocated(), 0, "nothing follows a failure");
}

/// Between messages, in the middle of one, and between its blocks.
#[test]
fn memory_can_be_given_back_anywhere() {
    let block = |byte| Stream::default().fixed_block(false).literal(byte).copy_longest(1).end_of_block();
    let message = [block(b'a').flushed(), vec![0x00, 0x00, 0xff, 0xff], block(b'b').flushed()].concat();
    let expected = [[b'a'; 259], [b'b'; 259]].concat();
    let mut inflater = Inflater::new(compression(WindowBits::W9, true));
    for max in [1, 2, 100, 1000] {
        let (mut output, last) = (Vec::new(), message.len() - 1);
        for (at, byte) in message.iter().enumerate() {
            let mut piece = std::slice::from_ref(byte);
            loop {
                inflater.hibernate();
                let Some(bytes) = inflater.inflate(&mut piece, at == last, max).unwrap() else { break };
                output.extend_from_slice(bytes);
            }
        }
        assert_eq!(output, expected);
    }
}

/// However many bits wait for the next piece, from none to all that can be held.
#[test]
fn bits_that_wait_for_room_are_kept() {
    for literals in 1..=40_u8 {
        let stream =
            (0..literals).fold(Stream::default().fixed_block(false), |stream, n| stream.literal(100 + 5 * (n % 20)));
        let message = stream.end_of_block().flushed();
        let expected: Vec<u8> = (0..literals).map(|n| 100 + 5 * (n % 20)).collect();
        for piece_len in 1..=20 {
            for max in 1..=9 {
                assert_eq!(inflate_by(&mut fresh(), &message, piece_len, max), (expected.clone(), Ok(())));
            }
        }
    }
}

/// However many bits were fetched by then, a whole word included.
// RFC 1951 §3.2.5
#[test]
fn impossible_code_is_refused_wherever_it_stands() {
    for literals in 0..=12 {
        let stream = (0..literals).fold(Stream::default().fixed_block(false), |stream, _| stream.literal(200));
        let message = stream.code(0b1100_0110, 8).bytes; // 286
        for after in 0..=16 {
            let message = [&message[..], &vec![0; after]].concat();
            let expected = (vec![200; literals], Err(InvalidDeflate::Corrupt));
            for piece_len in 1..=20 {
                assert_eq!(inflate_by(&mut fresh(), &message, piece_len, 3), expected);
            }
        }
    }
}
