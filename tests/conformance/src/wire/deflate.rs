//! DEFLATE streams (RFC 1951) that are written token by token, and a plain compressor on top of it.

/// One symbol of a compressed block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Token {
    /// This byte.
    Literal(u8),
    /// Bytes from before.
    Copy {
        /// 3 to 258.
        len: usize,
        /// 1 to 32768.
        distance: usize,
    },
}

/// How a block is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Block {
    /// With the fixed code (RFC 1951 §3.2.6), and an empty stored block after it whose last four bytes are left off (RFC 7692 §7.2.1).
    Fixed,
    /// The same, uncompressed (§3.2.4).
    Stored,
    /// With the fixed code and BFINAL, and a byte 00 after it (RFC 7692 §7.2.3.4).
    Final,
}

/// One block. None if a stored block is asked for with copies, or more than it can hold.
pub fn block(kind: Block, tokens: &[Token]) -> Option<Vec<u8>> {
    let mut bits = Bits::default();
    match kind {
        Block::Stored => {
            bits.push(0, 3);
            bits.align();
            let literals: Option<Vec<u8>> = tokens
                .iter()
                .map(|token| match token {
                    Token::Literal(byte) => Some(*byte),
                    Token::Copy { .. } => None,
                })
                .collect();
            let literals = literals?;
            let len = u16::try_from(literals.len()).ok()?;
            bits.bytes.extend(len.to_le_bytes());
            bits.bytes.extend((!len).to_le_bytes());
            bits.bytes.extend(literals);
        }
        Block::Fixed | Block::Final => {
            bits.push(u32::from(kind == Block::Final), 1);
            bits.push(1, 2);
            for &token in tokens {
                bits.token(token);
            }
            bits.huffman(0, 7);
        }
    }
    match kind {
        Block::Final => {
            bits.align();
            bits.bytes.push(0);
        }
        Block::Fixed | Block::Stored => {
            bits.push(0, 3);
            bits.align();
        }
    }
    Some(bits.bytes)
}

/// Compresses messages with copies from up to a window before.
#[derive(Debug)]
pub struct Compressor {
    history: Vec<u8>,
    window: usize,
    takeover: bool,
}

impl Compressor {
    /// A compressor for a window of `1 << bits` bytes.
    pub fn new(bits: u8, takeover: bool) -> Self {
        Self { history: Vec::new(), window: 1 << bits.clamp(8, 15), takeover }
    }

    /// A part of a message: what is to be sent of it, without the last four bytes of its flush if it is the `last`.
    pub fn part(&mut self, data: &[u8], last: bool) -> Vec<u8> {
        let begun = self.history.len();
        self.history.extend(data);
        let tokens = tokens(&self.history, begun, self.window);
        let mut out = block(Block::Fixed, &tokens).unwrap_or_default();
        if !last {
            out.extend([0, 0, 0xff, 0xff]);
        } else if !self.takeover {
            self.history.clear();
        }
        let surplus = self.history.len().saturating_sub(self.window);
        self.history.drain(..surplus);
        out
    }
}

fn tokens(bytes: &[u8], from: usize, window: usize) -> Vec<Token> {
    // The last place of each hash of three bytes.
    let mut seen = vec![usize::MAX; 1 << 13];
    let slot = |at: usize| {
        let key = bytes.get(at..at + 3)?;
        let hash = u32::from_le_bytes([key[0], key[1], key[2], 0]).wrapping_mul(0x9e37_79b1) >> 19;
        Some(hash as usize)
    };
    let note = |seen: &mut Vec<usize>, at: usize| {
        if let Some(slot) = slot(at) {
            seen[slot] = at;
        }
    };
    for at in 0..from {
        note(&mut seen, at);
    }
    let (mut tokens, mut at) = (Vec::new(), from);
    while at < bytes.len() {
        let found = slot(at).map(|slot| seen[slot]).filter(|&before| before < at && at - before <= window);
        let copy = found.map(|before| {
            let len = bytes[at..].iter().zip(&bytes[before..]).take(258).take_while(|(a, b)| a == b).count();
            (len, at - before)
        });
        let copy = copy.filter(|&(len, _)| len >= 3);
        let len = match copy {
            Some((len, distance)) => {
                tokens.push(Token::Copy { len, distance });
                len
            }
            None => {
                tokens.push(Token::Literal(bytes[at]));
                1
            }
        };
        // Long runs need no more than their first and last places.
        for place in (at..at + len).take(4).chain((at + len.saturating_sub(4)).max(at + 4)..at + len) {
            note(&mut seen, place);
        }
        at += len;
    }
    tokens
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    /// Least significant bit first.
    fn push(&mut self, value: u32, n: usize) {
        for i in 0..n {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> i & 1) as u8) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// A Huffman code, most significant bit first (RFC 1951 §3.1.1).
    fn huffman(&mut self, code: u32, n: usize) {
        for i in (0..n).rev() {
            self.push(code >> i & 1, 1);
        }
    }

    fn align(&mut self) {
        self.used = 0;
    }

    fn token(&mut self, token: Token) {
        match token {
            Token::Literal(byte) if byte < 144 => self.huffman(0x30 + u32::from(byte), 8),
            Token::Literal(byte) => self.huffman(0x190 + u32::from(byte) - 144, 9),
            Token::Copy { len, distance } => {
                let (symbol, extra, bits) = length_symbol(len);
                if symbol < 280 {
                    self.huffman(symbol - 256, 7)
                } else {
                    self.huffman(0xc0 + symbol - 280, 8)
                }
                self.push(extra, bits);
                let (symbol, extra, bits) = distance_symbol(distance);
                self.huffman(symbol, 5);
                self.push(extra, bits);
            }
        }
    }
}

/// Symbol, extra bits and their number (RFC 1951 §3.2.5).
fn length_symbol(len: usize) -> (u32, u32, usize) {
    match len {
        258 => (285, 0, 0),
        3..=10 => (len as u32 + 254, 0, 0),
        _ => {
            let n = len - 3;
            let bits = (n.ilog2() - 2) as usize;
            let symbol = 261 + 4 * bits as u32 + (n >> bits) as u32 - 4;
            (symbol, (n & ((1 << bits) - 1)) as u32, bits)
        }
    }
}

fn distance_symbol(distance: usize) -> (u32, u32, usize) {
    match distance {
        0..=4 => (distance.saturating_sub(1) as u32, 0, 0),
        _ => {
            let n = distance - 1;
            let bits = (n.ilog2() - 1) as usize;
            let symbol = 2 * bits as u32 + (n >> bits) as u32;
            (symbol, (n & ((1 << bits) - 1)) as u32, bits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::inflate::{Inflater, Parameters};

    #[test]
    fn examples_of_rfc_7692() {
        let hello: Vec<_> = b"Hello".iter().map(|&byte| Token::Literal(byte)).collect();
        assert_eq!(block(Block::Fixed, &hello).unwrap(), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
        assert_eq!(block(Block::Stored, &hello).unwrap(), b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00");
        assert_eq!(block(Block::Final, &hello).unwrap(), b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00");
        let again = [Token::Literal(b'H'), Token::Copy { len: 4, distance: 5 }];
        assert_eq!(block(Block::Fixed, &again).unwrap(), b"\xf2\x00\x11\x00\x00");
    }

    #[test]
    fn every_length_and_distance_is_read_back() {
        let borders = (0..15).flat_map(|bits| [1 << bits, (1 << bits) + 1, 3 << bits >> 1, (3 << bits >> 1) + 1]);
        let distances = borders.chain([32768]).filter(|&distance| distance > 0).map(|distance| (3, distance));
        for (len, distance) in (3..=258).map(|len| (len, 1)).chain(distances) {
            let mut tokens: Vec<_> = (0..distance).map(|i| Token::Literal(((i * i) >> 3) as u8)).collect();
            tokens.push(Token::Copy { len, distance });
            let bytes = block(Block::Fixed, &tokens).unwrap();
            let out = Inflater::new(Parameters { window_bits: 15, takeover: true }).message(&bytes, 1 << 20).unwrap();
            assert_eq!(out.len(), distance + len);
            assert_eq!(out[0], out[distance]);
        }
    }

    #[test]
    fn what_is_compressed_in_parts_is_read_back() {
        for takeover in [true, false] {
            let parameters = Parameters { window_bits: 9, takeover };
            let (mut compressor, mut inflater) = (Compressor::new(9, takeover), Inflater::new(parameters));
            for _ in 0..3 {
                let data: Vec<u8> = (0..3000_u32).map(|i| (i % 251 % 17) as u8 * (i / 700) as u8).collect();
                let mut sent = compressor.part(&data[..1000], false);
                sent.extend(compressor.part(&data[1000..], true));
                assert_eq!(inflater.message(&sent, 1 << 20).unwrap(), data);
            }
        }
    }
}
