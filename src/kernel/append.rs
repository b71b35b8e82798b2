//! Frames at the end of a vector.

use alloc::vec::Vec;

use super::{Level, copy};

/// Appends a frame: the first `header_len` bytes of `header`, the least significant first, and the payload, masked while it is copied.
///
/// It costs one look at the vector's capacity and a copy; no memory is zeroed first.
#[inline(always)] // A short one is appended in as many instructions as it takes to call a function.
pub(crate) fn append_frame(level: Level, to: &mut Vec<u8>, header: u128, header_len: usize, payload: &[u8], key: u32) {
    let header_len = header_len.min(HEADER_ROOM);
    let needed = HEADER_ROOM + payload.len();
    if to.capacity() - to.len() < needed {
        reserve(to, needed);
    }
    let len = to.len();
    // SAFETY: the vector has room for 16 bytes and the payload after its `len` bytes, and `header_len` is at most 16: the whole
    // header fits, and so does the payload, which begins on the header's padding. The payload is borrowed, so it does not overlap
    // the vector. After both writes the first `header_len + payload.len()` bytes of the room are initialised.
    unsafe {
        let place = to.as_mut_ptr().add(len);
        place.cast::<u128>().write_unaligned(header.to_le());
        copy::mask(level, payload.as_ptr(), place.add(header_len), payload.len(), key);
        to.set_len(len + header_len + payload.len());
    }
}

#[cold]
#[inline(never)] // So that what is inlined is short.
fn reserve(to: &mut Vec<u8>, needed: usize) {
    to.reserve(needed);
}

/// What a header's number takes.
const HEADER_ROOM: usize = size_of::<u128>();

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0, 0];

    #[test]
    fn appended_frames_are_the_header_and_the_masked_payload() {
        let payload: Vec<u8> = (0..=255).cycle().take(40_000).collect();
        for key in [0, 0x3d21_fa37] {
            for len in (0..600).chain([8191, 8192, 8193, 40_000]) {
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
