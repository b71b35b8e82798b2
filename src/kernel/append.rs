//! Frames at the end of a vector.

use alloc::vec::Vec;

use super::short::{self, rotated};
use super::{Level, SHORT, machine, xor};

/// Appends a frame: the first `header_len` bytes of `header`, the least significant first, and the payload, masked while it is copied.
///
/// A frame that is short or unmasked costs one look at the vector's capacity and a copy; no memory is zeroed first.
#[inline]
pub(crate) fn append_frame(level: Level, to: &mut Vec<u8>, header: u128, header_len: usize, payload: &[u8], key: u32) {
    let is_short = payload.len() <= SHORT;
    if header_len > HEADER_ROOM || !(is_short || key == 0) {
        let header = header.to_le_bytes();
        return append_long(level, to, header.get(..header_len).unwrap_or(&header), payload, key);
    }
    to.reserve(HEADER_ROOM + payload.len());
    let len = to.len();
    // SAFETY: the vector has room for 16 bytes and the payload after its `len` bytes, and `header_len` is at most 16: the whole
    // header fits, and so does the payload, which begins on the header's padding. The payload is borrowed, so it does not overlap
    // the vector. After both writes the first `header_len + payload.len()` bytes of the room are initialised. `Short` needs what
    // every machine of the target has.
    unsafe {
        let place = to.as_mut_ptr().add(len);
        place.cast::<u128>().write_unaligned(header.to_le());
        if is_short {
            short::mask::<machine::Short, false>(payload.as_ptr(), place.add(header_len), payload.len(), key);
        } else {
            place.add(header_len).copy_from_nonoverlapping(payload.as_ptr(), payload.len());
        }
        to.set_len(len + header_len + payload.len());
    }
}

/// The safe twin, for any length: pieces are masked while they are in the cache.
fn append_long(level: Level, to: &mut Vec<u8>, header: &[u8], payload: &[u8], key: u32) {
    to.reserve(header.len() + payload.len());
    to.extend_from_slice(header);
    if key == 0 {
        return to.extend_from_slice(payload);
    }
    let mut key = key;
    for piece in payload.chunks(PIECE) {
        let start = to.len();
        to.extend_from_slice(piece);
        xor(level, to.get_mut(start..).unwrap_or_default(), key);
        key = rotated(key, piece.len());
    }
}

/// What a header's number takes.
const HEADER_ROOM: usize = size_of::<u128>();

/// A third of a small first-level cache.
const PIECE: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0, 0];

    #[test]
    fn appended_frames_are_those_of_the_safe_twin() {
        let payload: Vec<u8> = (0..=255).cycle().take(40_000).collect();
        for key in [0, 0x3d21_fa37] {
            for len in (0..300).chain([PIECE - 1, PIECE, PIECE + 1, 40_000]) {
                for header_len in [2, 4, 6, 8, 10, 14] {
                    for spare in [0, 5, 1000] {
                        let (mut fast, mut twin) = (Vec::with_capacity(3 + spare), b"abc".to_vec());
                        fast.extend_from_slice(b"abc");
                        append_frame(
                            Level::detect(),
                            &mut fast,
                            u128::from_le_bytes(HEADER),
                            header_len,
                            &payload[..len],
                            key,
                        );
                        twin.extend_from_slice(&HEADER[..header_len]);
                        twin.extend(payload[..len].iter().enumerate().map(|(i, byte)| byte ^ key.to_le_bytes()[i % 4]));
                        assert!(fast == twin, "{len} bytes after a header of {header_len}");
                    }
                }
            }
        }
    }
}
