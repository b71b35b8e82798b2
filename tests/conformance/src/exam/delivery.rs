//! In which pieces the judge's bytes arrive.

use std::fmt;

/// How the same bytes are delivered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// As much at once as the case allows.
    Whole,
    /// Each byte for itself; of long payloads only what is near a border.
    Bytes,
    /// In two, after this byte of all that is sent.
    Cut(usize),
    /// In pieces of random lengths, from this seed.
    Random(u64),
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Bytes => f.write_str("bytes"),
            Self::Cut(at) => write!(f, "cut:{at}"),
            Self::Random(seed) => write!(f, "random:{seed}"),
        }
    }
}

impl Delivery {
    /// The pieces of bytes of which `before` were sent already.
    pub(super) fn pieces(self, bytes: &[u8], before: usize) -> Vec<Vec<u8>> {
        match self {
            Self::Whole => vec![bytes.to_vec()],
            Self::Cut(at) => match at.checked_sub(before) {
                Some(at) if at > 0 && at < bytes.len() => vec![bytes[..at].to_vec(), bytes[at..].to_vec()],
                _ => vec![bytes.to_vec()],
            },
            Self::Bytes => {
                let (near, end) = (2048.min(bytes.len()), bytes.len().saturating_sub(64));
                let mut pieces: Vec<Vec<u8>> = bytes[..near].iter().map(|&byte| vec![byte]).collect();
                if near < end {
                    pieces.extend(bytes[near..end].chunks(1021).map(<[u8]>::to_vec));
                }
                pieces.extend(bytes[near.max(end)..].iter().map(|&byte| vec![byte]));
                pieces
            }
            Self::Random(seed) => {
                let (mut pieces, mut rest, mut state) = (Vec::new(), bytes, seed.wrapping_add(before as u64) | 1);
                while !rest.is_empty() {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    // Short pieces are as likely as long ones.
                    let len = (1_usize << (state % 12)) + (state >> 8) as usize % (1 << (state % 12));
                    let (piece, after) = rest.split_at(len.min(rest.len()));
                    pieces.push(piece.to_vec());
                    rest = after;
                }
                pieces
            }
        }
    }

    /// Every cut of so many bytes after the first `from`. Where `much` is moved in each exam, only those near the ends.
    pub fn cuts(len: usize, from: usize, much: usize) -> Vec<Self> {
        let all = from.max(1)..len.max(1);
        let near = |at: &usize| match much.max(len) {
            0..=4096 => true,
            4097..=65_536 => *at < from + 24 || at + 8 >= len,
            _ => *at < from + 12 || at + 2 >= len,
        };
        all.filter(near).map(Self::Cut).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_what_was_to_be_sent() {
        let bytes: Vec<u8> = (0..5000_u32).map(|i| (i * i % 251) as u8).collect();
        for delivery in [Delivery::Whole, Delivery::Bytes, Delivery::Cut(100), Delivery::Cut(4999), Delivery::Random(7)]
        {
            for len in [0, 1, 2048, 2049, 2100, 5000] {
                assert_eq!(delivery.pieces(&bytes[..len], 50).concat(), &bytes[..len], "{delivery} {len}");
            }
        }
        assert_eq!(Delivery::Cut(100).pieces(&bytes, 50).len(), 2);
        assert_eq!(Delivery::Bytes.pieces(&bytes[..300], 0).len(), 300);
    }
}
