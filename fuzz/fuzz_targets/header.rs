//! Law: what is decoded is encoded to the same bytes, and what is encoded is decoded to the same header. A header is accepted as soon as
//! its bytes are there and not before, and what follows it changes nothing; it is refused for what §5.2 and §5.5 name only, at the first
//! byte that shows it.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use websocket_proto::wire::Header;

fuzz_target!(|bytes: &[u8]| {
    let whole = Header::decode(bytes);
    assert_eq!(whole.map(|header| header.map(|(_, len)| len)).map_err(|_| ()), naive(bytes));
    if let Ok(Some((header, len))) = whole {
        assert_eq!(header.encode()[..], bytes[..len]);
    }
    let mut judged = false;
    for end in 0..=bytes.len().min(Header::MAX_LEN + 1) {
        let so_far = Header::decode(&bytes[..end]);
        match so_far {
            Ok(None) => assert!(!judged),
            _ => assert_eq!(so_far, whole),
        }
        judged = so_far != Ok(None);
    }

    if let Ok(header) = Header::arbitrary(&mut Unstructured::new(bytes)) {
        let encoded = header.encode();
        assert_eq!(Header::decode(&encoded), Ok(Some((header, encoded.len()))));
        assert_eq!(Header::decode(&encoded[..encoded.len() - 1]), Ok(None));
    }
});

/// The length of a legal header, none where it is cut, or an error.
fn naive(bytes: &[u8]) -> Result<Option<usize>, ()> {
    let Some(first) = bytes.first() else { return Ok(None) };
    let (fin, opcode) = (first >> 7 == 1, first & 15);
    if (3..8).contains(&opcode) || opcode > 10 || (opcode >= 8 && !fin) {
        return Err(());
    }
    let Some(second) = bytes.get(1) else { return Ok(None) };
    // A control frame is too long, or its length is not in the shortest form; and no length has its top bit set.
    let top_bit = second & 127 == 127 && bytes.get(2).is_some_and(|byte| byte >> 7 == 1);
    if (opcode >= 8 && second & 127 > 125) || top_bit {
        return Err(());
    }
    let (masked, len_len, least) = match second & 127 {
        126 => (second >> 7, 2, 126),
        127 => (second >> 7, 8, 65_536),
        _ => (second >> 7, 0, 0),
    };
    let Some(extended) = bytes.get(2..2 + len_len) else { return Ok(None) };
    let extended = extended.iter().fold(0_u128, |len, &byte| len * 256 + u128::from(byte));
    let len = if len_len == 0 { u128::from(second & 127) } else { extended };
    if len < least {
        return Err(());
    }
    let header_len = 2 + len_len + 4 * usize::from(masked);
    Ok((bytes.len() >= header_len).then_some(header_len))
}
