//! Text, right and wrong, short and long.

use proptest::{collection::vec, prelude::*, sample::Index};

/// Valid UTF-8, with code points of each length, and the borders of each.
pub fn text() -> impl Strategy<Value = Vec<u8>> {
    let chars = prop_oneof![
        4 => prop::char::range('a', 'e'),
        4 => prop::sample::select(vec!['\0', '\u{7f}', '\u{80}', '\u{7ff}', '\u{800}', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}']),
        1 => any::<char>(),
    ];
    prop_oneof![6 => vec(chars.clone(), 0..12), 1 => vec(chars, 40..70)]
        .prop_map(|chars| chars.into_iter().collect::<String>().into_bytes())
}

/// Text with something in it that is not UTF-8, perhaps at its end.
pub(super) fn broken_text() -> impl Strategy<Value = Vec<u8>> {
    let broken = prop_oneof![
        Just(NOT_UTF8.to_vec()).prop_flat_map(prop::sample::select),
        vec(0x80..=0xff_u8, 1..4).boxed().prop_map(|bytes| &*bytes.leak())
    ];
    (text(), broken, prop_oneof![Just(Vec::new()), text()])
        .prop_map(|(before, broken, after)| [&before, broken, &after].concat())
}

/// What RFC 3629 forbids, and beginnings of what it allows.
pub const NOT_UTF8: &[&[u8]] = &[
    &[0x80],                   // a lone continuation byte
    &[0xbf, 0xbf],             // two
    &[0xc0, 0xaf],             // overlong '/'
    &[0xc1, 0xbf],             // overlong DEL
    &[0xe0, 0x9f, 0xbf],       // overlong U+07FF
    &[0xf0, 0x8f, 0xbf, 0xbf], // overlong U+FFFF
    &[0xed, 0xa0, 0x80],       // the first surrogate
    &[0xed, 0xbf, 0xbf],       // the last surrogate
    &[0xf4, 0x90, 0x80, 0x80], // U+110000
    &[0xf5, 0x80, 0x80, 0x80], // a first byte beyond
    &[0xff],
    &[0xc3],                   // cut after 1 of 2
    &[0xe2, 0x82],             // cut after 2 of 3
    &[0xf0, 0x9f, 0x98],       // cut after 3 of 4
    &[0xf0, 0x9f, 0x98, 0x41], // a last byte that is none
];

/// Mostly ASCII, or none of it, in runs.
pub fn long_text() -> impl Strategy<Value = Vec<u8>> {
    let run = (prop::sample::select(vec!["a", "ü", "語", "😀", "plain ", "größer ", "語a"]), 1..120_usize)
        .prop_map(|(unit, times)| unit.repeat(times));
    (vec(run, 1..8), prop_oneof![9 => Just(1), 1 => Just(150)])
        .prop_map(|(runs, times)| runs.concat().repeat(times).into_bytes())
}

/// The opcode and the payload of a long message: text that is valid, or corrupted somewhere, or other bytes.
pub fn long_message() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let corrupted =
        (long_text(), any::<Index>(), prop::sample::select(NOT_UTF8.to_vec())).prop_map(|(mut text, at, bad)| {
            let at = at.index(text.len());
            text.splice(at..at, bad.iter().copied());
            text
        });
    prop_oneof![
        3 => long_text().prop_map(|text| (1, text)),
        2 => corrupted.prop_map(|text| (1, text)),
        1 => (0..=255_u8, prop_oneof![120..70_000_usize, 65_530..65_540_usize])
            .prop_map(|(start, len)| (2, (start..=255).chain(0..start).cycle().take(len).collect())),
    ]
}
