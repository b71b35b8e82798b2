//! Unmasking and validating text, against `core::str`.

use super::super::{Level, Tail, Text, scalar, unmask_text, unmask_text_copy, validate};
use super::{Guarded, Numbers, masked, masking::lengths_and_alignments};

/// Asks each kernel about a text, and compares with what `core::str` says.
fn assert_judged(plain: &[u8], key: u32, alignment: usize) {
    let (aligned, at_the_end) = (Guarded::new(plain, alignment), Guarded::at_the_end(plain, alignment));
    if alignment % 2 == 0 {
        assert_judged_in(plain, key, alignment, (aligned, at_the_end));
    } else {
        assert_judged_in(plain, key, alignment, (at_the_end, aligned));
    }
}

/// The same in this place, and copied to the other.
fn assert_judged_in(plain: &[u8], key: u32, alignment: usize, (mut place, mut copy): (Guarded, Guarded)) {
    let expected = expected(plain);
    let bytes = masked(plain, key);
    for level in Level::all() {
        let case = || format!("{level:?}, alignment {alignment}, key {key:#x}: {plain:02x?}");
        place.bytes().copy_from_slice(&bytes);
        assert_eq!(unmask_text(level, place.bytes(), key), expected, "{}", case());
        assert_eq!(place.bytes(), plain, "every byte is unmasked, {}", case());
        assert_eq!(validate(level, place.bytes()), expected, "validated, {}", case());
        copy.bytes().copy_from_slice(&bytes);
        assert_eq!(unmask_text_copy(level, &bytes, copy.bytes(), key), expected, "copied, {}", case());
        assert_eq!(copy.bytes(), plain, "every byte is unmasked, {}", case());
    }
    place.assert_untouched_around();
    copy.assert_untouched_around();
}

fn expected(plain: &[u8]) -> Text<'_> {
    match core::str::from_utf8(plain) {
        Ok(valid) => Text { valid, tail: Tail::Complete },
        Err(error) => {
            let (valid, rest) = plain.split_at(error.valid_up_to());
            let tail = if error.error_len().is_some() { Tail::Invalid } else { Tail::Cut(rest) };
            Text { valid: core::str::from_utf8(valid).unwrap(), tail }
        }
    }
}

/// RFC 3629: code points of every length, and every way to be none; one of each kind first.
const SEQUENCES: [&[u8]; 25] = [
    "ü".as_bytes(),
    "語".as_bytes(),
    "😀".as_bytes(),
    &[0x80],
    &[0xc3],
    &[0xc0, 0x80],
    &[0xe8, 0xaa],
    &[0xe0, 0x80, 0x80],
    &[0xed, 0xa0, 0x80],
    &[0xf0, 0x9f, 0x98],
    &[0xf0, 0x80, 0x80, 0x80],
    &[0xf4, 0x90, 0x80, 0x80],
    &[0xff],
    "\u{10ffff}".as_bytes(),
    &[0xbf, 0xbf],
    &[0xc1, 0xbf],
    &[0xe8],
    &[0xe8, 0xaa, 0x9e, 0x80],
    &[0xe0, 0x9f, 0xbf],
    &[0xed, 0xbf, 0xbf],
    &[0xf0],
    &[0xf0, 0x9f],
    &[0xf0, 0x8f, 0xbf, 0xbf],
    &[0xf5, 0x80, 0x80, 0x80],
    &[0xf8, 0x88, 0x80, 0x80, 0x80],
];

/// How many kinds there are.
const KINDS: usize = 13;

/// So many bytes of valid text, of code points of this length where they fit.
fn filling(len: usize, char: &str) -> String {
    "a".repeat(len % char.len()) + &char.repeat(len / char.len())
}

/// Puts each sequence at every position of a text, between two fillings, and lets the text's end cut it.
fn assert_judged_at_every_position(len: usize, (before, after): (&str, &str), kinds: &[&[u8]], numbers: &mut Numbers) {
    for at in 0..len {
        for sequence in kinds {
            let mut text = filling(at, before).into_bytes();
            text.extend_from_slice(sequence);
            text.extend_from_slice(filling(len.saturating_sub(text.len()), after).as_bytes());
            text.truncate(len);
            assert_judged(&text, numbers.key(), numbers.below(64));
        }
    }
}

/// Texts of ASCII, with another code point at the end, and with a fault somewhere; in either place.
#[test]
fn every_length_at_every_alignment() {
    let mut numbers = Numbers::new();
    for (len, alignment) in lengths_and_alignments() {
        for char in ["a", "語"] {
            let mut text = (filling(len, "a") + char).into_bytes();
            text.drain(..char.len());
            let at = numbers.below(len + 1);
            for _ in 0..2 {
                let (aligned, at_the_end) = (Guarded::new(&text, alignment), Guarded::at_the_end(&text, alignment));
                assert_judged_in(&text, numbers.key(), alignment, (aligned, at_the_end));
                let (aligned, at_the_end) = (Guarded::new(&text, alignment), Guarded::at_the_end(&text, alignment));
                assert_judged_in(&text, numbers.key(), alignment, (at_the_end, aligned));
                text.get_mut(at).into_iter().for_each(|byte| *byte = 0xc3);
            }
        }
    }
}

#[test]
fn each_sequence_at_every_position_of_ascii() {
    let mut numbers = Numbers::new();
    for len in 1..=145 {
        assert_judged_at_every_position(len, ("a", "a"), &SEQUENCES[..KINDS], &mut numbers);
    }
}

#[test]
fn each_sequence_at_every_position_among_other_code_points() {
    let mut numbers = Numbers::new();
    for len in [7, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 96, 127, 128, 129] {
        for fillings in [("a", "a"), ("ü", "a"), ("語", "語"), ("😀", "a")] {
            assert_judged_at_every_position(len, fillings, &SEQUENCES, &mut numbers);
        }
    }
}

/// Blocks of pure ASCII are not looked up: what is left open before them must still be seen.
#[test]
fn each_sequence_before_and_behind_the_borders_of_long_texts() {
    let mut numbers = Numbers::new();
    let text = filling(2048, "a").into_bytes();
    for sequence in SEQUENCES {
        for border in [64, 128, 192, 256, 512, 1024] {
            for at in border - 6..=border + 2 {
                for len in [border + 64, border + 128, border + 131, 2048] {
                    let mut text = text[..len].to_vec();
                    text[at..at + sequence.len()].copy_from_slice(sequence);
                    assert_judged(&text, numbers.key(), numbers.below(64));
                }
            }
        }
    }
}

#[test]
fn every_cut_end_of_every_length() {
    let mut numbers = Numbers::new();
    for char in ["ü", "語", "😀", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{ffff}", "\u{10000}", "\u{10ffff}"] {
        for len in 1..=300 {
            for cut in 1..=char.len().min(len) {
                for before in ["a", char] {
                    let mut text = filling(len - cut, before).into_bytes();
                    text.extend_from_slice(&char.as_bytes()[..cut]);
                    assert_judged(&text, numbers.key(), numbers.below(64));
                }
            }
        }
    }
}

#[test]
fn all_pairs_of_bytes() {
    let mut numbers = Numbers::new();
    for first in 0..=0xff {
        for second in 0..=0xff {
            let key = numbers.key();
            assert_judged(&[first, second], key, numbers.below(64));
            let mut text = [b'a'; 34];
            text[30..32].copy_from_slice(&[first, second]);
            assert_judged(&text[..32], key, numbers.below(64));
        }
    }
}

/// Third bytes from each of the ranges that the rules tell apart.
#[test]
fn all_pairs_of_bytes_with_a_third() {
    let mut numbers = Numbers::new();
    for first in 0xc0..=0xff {
        for second in 0x7f..=0xc2 {
            for third in [0x00, 0x7f, 0x80, 0x8f, 0x90, 0xa0, 0xbf, 0xc0, 0xff] {
                let text = [b'a', first, second, third, b'a'];
                let len = 4 + numbers.below(2);
                assert_judged(&text[..len], numbers.key(), numbers.below(64));
            }
        }
    }
}

#[test]
fn random_texts_with_random_faults() {
    let mut numbers = Numbers::new();
    for _ in 0..6_000 {
        let mut text = String::new();
        let (len, density) = (numbers.below(700), 1 + numbers.below(100));
        while text.len() < len {
            text.push_str(if numbers.below(density) > 0 { "a" } else { ["é", "字", "🙂"][numbers.below(3)] });
        }
        let mut text = text.into_bytes();
        text.truncate(len);
        if len > 0 && numbers.below(2) == 0 {
            let at = numbers.below(len);
            text[at] = numbers.next().to_le_bytes()[0];
        }
        assert_judged(&text, numbers.key(), numbers.below(64));
    }
}

#[test]
fn copying_takes_as_many_bytes_of_text_as_both_have() {
    for level in Level::all() {
        let (from, mut to) = ("語".repeat(50), [0; 100]);
        let text = unmask_text_copy(level, from.as_bytes(), &mut to, 0);
        assert_eq!((text.valid, text.tail), (&from[..99], Tail::Cut(&[0xe8])));
        let text = unmask_text_copy(level, &from.as_bytes()[..9], &mut to, 0);
        assert_eq!((text.valid, text.tail), ("語語語", Tail::Complete));
    }
}

#[test]
fn the_safe_twin_is_core_str() {
    for sequence in SEQUENCES {
        let text = [b"ab", sequence].concat();
        assert_eq!(scalar::validate(&text), expected(&text));
        assert_eq!(scalar::unmask_text(&mut masked(&text, 0x0403_0201), 0x0403_0201), expected(&text));
    }
}
