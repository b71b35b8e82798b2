//! Law: masking is §5.3's formula at every cut and alignment, in place and while copying; and no other byte is touched.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use websocket_proto::wire::{Masker, MaskingKey};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    key: [u8; 4],
    offset: u8,
    payload: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { key, offset, payload } = input;
    let (offset, payload) = (usize::from(offset % 64), &payload[..payload.len().min(600)]);
    // §5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-j", j = i MOD 4.
    let naive: Vec<u8> = payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
    let expected = [&GUARD[..offset], &naive, &GUARD].concat();

    for cut in 0..=payload.len() {
        let mut place = [&GUARD[..offset], payload, &GUARD].concat();
        let (front, back) = place[offset..offset + payload.len()].split_at_mut(cut);
        let mut masker = Masker::new(MaskingKey::new(key));
        masker.apply(front);
        masker.apply(back);
        assert_eq!(place, expected, "in place, cut at {cut}");

        let mut place = [&GUARD[..offset], &vec![0xee; payload.len()], &GUARD].concat();
        let (front, back) = place[offset..offset + payload.len()].split_at_mut(cut);
        let mut masker = Masker::new(MaskingKey::new(key));
        assert!(masker.apply_copy(&payload[..cut], front).is_some());
        assert!(masker.apply_copy(&payload[cut..], back).is_some());
        assert_eq!(place, expected, "while copying, cut at {cut}");
    }
});

const GUARD: [u8; 64] = [0xa5; 64];
