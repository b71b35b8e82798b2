//! Masking, in place and while copying.

use super::super::{Level, copy, scalar, short, unmask_ascii, xor, xor_copy, xor_short};
use super::{Guarded, Numbers, masked};

/// Every length up to 256 at every alignment up to 64, then some longer ones.
pub(super) fn lengths_and_alignments() -> impl Iterator<Item = (usize, usize)> {
    let short = (0..=256).flat_map(|len| (0..64).map(move |alignment| (len, alignment)));
    short.chain((257..1100).map(|len| (len, len % 64)))
}

fn assert_masks_in_place(masks: impl Fn(&mut [u8], u32)) {
    let mut numbers = Numbers::new();
    let random = numbers.bytes(1100);
    for (len, alignment) in lengths_and_alignments() {
        let key = numbers.key();
        for mut guarded in [Guarded::new(&random[..len], alignment), Guarded::at_the_end(&random[..len], alignment)] {
            masks(guarded.bytes(), key);
            assert_eq!(guarded.bytes(), masked(&random[..len], key), "{len} bytes at {alignment}");
            guarded.assert_untouched_around();
        }
    }
}

fn assert_masks_while_copying(masks: impl Fn(&[u8], &mut [u8], u32)) {
    let mut numbers = Numbers::new();
    let random = numbers.bytes(1100);
    for (len, alignment) in lengths_and_alignments() {
        let key = numbers.key();
        let (other, zeros) = (numbers.below(64), vec![0; len]);
        for (mut from, mut to) in [
            (Guarded::new(&random[..len], other), Guarded::new(&zeros, alignment)),
            (Guarded::new(&random[..len], alignment), Guarded::at_the_end(&zeros, alignment)),
            (Guarded::at_the_end(&random[..len], alignment), Guarded::new(&zeros, other)),
        ] {
            masks(from.bytes(), to.bytes(), key);
            assert_eq!(from.bytes(), &random[..len]);
            assert_eq!(to.bytes(), masked(&random[..len], key), "{len} bytes at {alignment}");
            from.assert_untouched_around();
            to.assert_untouched_around();
        }
    }
}

#[test]
fn masking_is_section_5_3_in_place() {
    assert_masks_in_place(scalar::xor);
    assert_masks_in_place(xor_short);
    for level in Level::all() {
        assert_masks_in_place(|bytes, key| xor(level, bytes, key));
    }
}

#[test]
fn masking_is_section_5_3_while_copying() {
    assert_masks_while_copying(scalar::xor_copy);
    for level in Level::all() {
        assert_masks_while_copying(|from, to, key| xor_copy(level, from, to, key));
    }
}

/// On this machine too: the register of those without kernels of their own.
#[test]
fn masking_is_section_5_3_with_words_as_registers() {
    assert_masks_in_place(|bytes, key| {
        let at = bytes.as_mut_ptr();
        // SAFETY: `at` has `bytes.len()` bytes, borrowed for writing, and a word needs nothing.
        assert!(unsafe { short::mask::<u128, false>(at, at, bytes.len(), key) });
    });
    assert_masks_while_copying(|from, to, key| {
        let (at, place, len) = (from.as_ptr(), to.as_mut_ptr(), from.len());
        // SAFETY: both have `len` bytes, of which `to` is borrowed for writing, and a word needs nothing.
        unsafe {
            if len < 2 * size_of::<u128>() {
                short::mask::<u128, false>(at, place, len, key);
            } else {
                copy::aligned::<u128>(at, place, len, key);
            }
        }
    });
}

#[test]
fn copying_takes_as_many_bytes_as_both_have() {
    for level in Level::all() {
        for (from, to) in [(0, 5), (5, 0), (20, 7), (7, 20), (300, 200), (200, 300)] {
            let mut place = vec![0; to];
            xor_copy(level, &vec![1; from], &mut place, 0);
            assert_eq!(place.iter().filter(|byte| **byte == 1).count(), from.min(to));
        }
    }
}

type UnmaskAscii = fn(&mut [u8], u32) -> Result<&str, &mut [u8]>;

/// The kernel and its twin.
const UNMASK_ASCII: [UnmaskAscii; 2] = [unmask_ascii, scalar::unmask_ascii];

#[test]
fn ascii_is_unmasked() {
    let mut numbers = Numbers::new();
    let text: Vec<u8> = numbers.bytes(1100).into_iter().map(|byte| byte & 0x7f).collect();
    for (len, alignment) in lengths_and_alignments() {
        for unmask_ascii in UNMASK_ASCII {
            let key = numbers.key();
            let bytes = masked(&text[..len], key);
            for mut guarded in [Guarded::new(&bytes, alignment), Guarded::at_the_end(&bytes, alignment)] {
                assert_eq!(unmask_ascii(guarded.bytes(), key).map(str::as_bytes), Ok(&text[..len]));
                assert_eq!(guarded.bytes(), &text[..len]);
                guarded.assert_untouched_around();
            }
        }
    }
}

#[test]
fn one_byte_above_ascii_anywhere_leaves_all_bytes_masked() {
    let mut numbers = Numbers::new();
    for len in (1..=256).chain([300, 513]) {
        for at in 0..len {
            for unmask_ascii in UNMASK_ASCII {
                let key = numbers.key();
                let mut text = vec![b'a'; len];
                text[at] = 0x80 | u8::try_from(at % 128).unwrap();
                let bytes = masked(&text, key);
                let mut guarded = Guarded::new(&bytes, at % 64);
                assert_eq!(unmask_ascii(guarded.bytes(), key), Err(&mut bytes.clone()[..]), "{at} of {len}");
                assert_eq!(guarded.bytes(), bytes);
                guarded.assert_untouched_around();
            }
        }
    }
}
