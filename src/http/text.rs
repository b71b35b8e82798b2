//! Which bytes a target, a reason phrase and a field value may have, checked eight at a time.

/// RFC 9110 §5.5: what a field value, and a reason phrase, may consist of: visible characters, `obs-text`, space and tab.
pub(crate) fn is_text_byte(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f || byte == b'\t'
}

/// What a target may consist of: visible ASCII, and no fragment (§3). Browsers send more than RFC 3986 has, `|` for one.
pub(crate) fn is_target_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#'
}

/// Whether all bytes may stand in a target.
pub(crate) fn is_target(target: &str) -> bool {
    // No early end: so sixteen bytes are checked at once.
    target.bytes().fold(true, |all, byte| all & is_target_byte(byte))
}

/// How many bytes at the front of `bytes` may stand in a target.
pub(crate) fn target_len(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| !is_target_byte(byte)).unwrap_or(bytes.len())
}

/// How many bytes at the front of `bytes` are text.
pub(crate) fn text_len(bytes: &[u8]) -> usize {
    let others = |word| below_space(word) & !equal(word, b'\t') | equal(word, 0x7f);
    first(bytes, others, |byte| !is_text_byte(byte)).unwrap_or(bytes.len())
}

/// What is before the first `byte`, and what is after it.
pub(crate) fn split_at_byte(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let (before, from) = bytes.split_at_checked(first(bytes, |word| equal(word, byte), |found| found == byte)?)?;
    Some((before, from.get(1..)?))
}

/// Where the first byte is that is looked for: `in_word` sets the top bit of such bytes among eight, `is` knows a single one.
#[inline]
fn first(bytes: &[u8], in_word: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> Option<usize> {
    let mut rest = bytes.get(if bytes.len() < 8 { 0 } else { before_in_words(bytes, in_word) }..)?;
    while let [byte, after @ ..] = rest {
        if is(*byte) {
            return Some(bytes.len() - rest.len());
        }
        rest = after;
    }
    None
}

/// How many bytes come before the first that is looked for, as far as whole words tell. Apart, so that few bytes cost little.
#[inline(never)]
fn before_in_words(bytes: &[u8], in_word: impl Fn(u64) -> u64) -> usize {
    let mut rest = bytes;
    while let Some((eight, after)) = rest.split_first_chunk() {
        let found = in_word(u64::from_le_bytes(*eight));
        if found != 0 {
            // At most 7: it fits.
            return bytes.len() - rest.len() + usize::try_from(found.trailing_zeros() / 8).unwrap_or_default();
        }
        rest = after;
    }
    bytes.len() - rest.len()
}

/// The top bit of each byte that is below 0x20; no other bit.
const fn below_space(word: u64) -> u64 {
    !(((word & !TOPS) + ONES * 0x60) | word) & TOPS
}

/// The top bit of each byte that is `byte`; no other bit.
const fn equal(word: u64, byte: u8) -> u64 {
    let differ = word ^ (ONES * byte as u64);
    !(((differ & !TOPS) + !TOPS) | differ) & TOPS
}

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_the_first_control_character_but_a_tab() {
        for len in 0..40 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'\xe4'; len];
                    bytes[len / 2] = b'\t';
                    bytes[at] = byte;
                    let expected = if is_text_byte(byte) { len } else { at };
                    assert_eq!(text_len(&bytes), expected, "{byte:#x} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn bytes_are_split_at_the_first_match() {
        for len in 0..40 {
            let none = vec![b';'; len];
            assert_eq!(split_at_byte(&none, b':'), None);
            for at in 0..len {
                let mut bytes = none.clone();
                // What is after the first match, and what differs from it by one bit, must not matter.
                bytes[at..].fill(b':');
                assert_eq!(split_at_byte(&bytes, b':'), Some((&none[..at], &bytes[at + 1..])));
            }
        }
    }

    #[test]
    fn text_is_visible_characters_space_tab_and_bytes_beyond_ascii() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_graphic() || byte == b' ' || byte == b'\t' || byte >= 0x80;
            assert_eq!(is_text_byte(byte), expected, "{byte:#x}");
        }
    }
}
