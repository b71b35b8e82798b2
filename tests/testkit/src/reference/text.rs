//! UTF-8, as RFC 3629 §4 lists it.

pub enum CodePoint {
    Whole,
    Begun,
    Impossible,
}

/// The lines of RFC 3629 §4: UTF8-1, UTF8-2, four of UTF8-3, three of UTF8-4.
const FORMS: [&[(u8, u8)]; 9] = [
    &[(0x00, 0x7f)],
    &[(0xc2, 0xdf), TAIL],
    &[(0xe0, 0xe0), (0xa0, 0xbf), TAIL],
    &[(0xe1, 0xec), TAIL, TAIL],
    &[(0xed, 0xed), (0x80, 0x9f), TAIL],
    &[(0xee, 0xef), TAIL, TAIL],
    &[(0xf0, 0xf0), (0x90, 0xbf), TAIL, TAIL],
    &[(0xf1, 0xf3), TAIL, TAIL, TAIL],
    &[(0xf4, 0xf4), (0x80, 0x8f), TAIL, TAIL],
];
const TAIL: (u8, u8) = (0x80, 0xbf);

pub fn code_point(bytes: &[u8]) -> CodePoint {
    for form in FORMS {
        let fits = form.iter().zip(bytes).all(|((low, high), byte)| (low..=high).contains(&byte));
        if fits && bytes.len() == form.len() {
            return CodePoint::Whole;
        }
        if fits && bytes.len() < form.len() {
            return CodePoint::Begun;
        }
    }
    CodePoint::Impossible
}

/// How many bytes from the front are whole code points.
pub fn valid_up_to(bytes: &[u8]) -> usize {
    let mut valid = 0;
    for end in 1..=bytes.len() {
        match code_point(&bytes[valid..end]) {
            CodePoint::Whole => valid = end,
            CodePoint::Begun => {}
            CodePoint::Impossible => break,
        }
    }
    valid
}
