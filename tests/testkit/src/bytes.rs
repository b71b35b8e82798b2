//! Frames as bytes, legal or not, without the crate's encoder.

use super::reference::Side;

/// The key that the peer of a server under test masks with.
pub const PEER_KEY: [u8; 4] = [0xa5, 0x0f, 0x3c, 0x81];

/// The form of a payload length (§5.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    Shortest,
    Bits16,
    Bits64,
}

/// A frame as the peer of `side` sends it: masked for a server.
pub fn frame(side: Side, first: u8, payload: &[u8]) -> Vec<u8> {
    frame_with(peer_key(side), first, Form::Shortest, payload)
}

pub fn peer_key(side: Side) -> Option<[u8; 4]> {
    match side {
        Side::Server => Some(PEER_KEY),
        Side::Client => None,
    }
}

pub fn frame_with(key: Option<[u8; 4]>, first: u8, form: Form, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(key, first, form, u64::try_from(payload.len()).unwrap());
    let key = key.unwrap_or_default();
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    bytes
}

/// A header that declares `len` bytes.
pub fn header(key: Option<[u8; 4]>, first: u8, form: Form, len: u64) -> Vec<u8> {
    let mask_bit = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match (form, u8::try_from(len), u16::try_from(len)) {
        (Form::Shortest, Ok(len @ 0..=125), _) => bytes.push(mask_bit | len),
        (Form::Shortest | Form::Bits16, _, Ok(len)) => {
            bytes.push(mask_bit | 126);
            bytes.extend(len.to_be_bytes());
        }
        _ => {
            bytes.push(mask_bit | 127);
            bytes.extend(len.to_be_bytes());
        }
    }
    bytes.extend(key.unwrap_or_default().iter().take(if key.is_some() { 4 } else { 0 }));
    bytes
}
