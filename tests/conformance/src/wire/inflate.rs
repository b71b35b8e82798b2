//! DEFLATE bit by bit, as RFC 1951 describes it, with RFC 7692 §7.2.2 around it.

use std::fmt;
use std::sync::OnceLock;

/// What was agreed for one direction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parameters {
    /// 8 to 15.
    pub window_bits: u8,
    /// Whether the window lasts beyond a message.
    pub takeover: bool,
}

/// What is wrong with compressed data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InflateError {
    /// The data end within a block, and the four bytes 00 00 ff ff do not end it.
    Unfinished,
    /// No DEFLATE stream.
    Corrupt,
    /// A copy from farther away than the agreed window.
    Distance {
        /// From how far.
        distance: usize,
        /// The window.
        window: usize,
    },
    /// A copy from before the first byte, or from a message that may not be used any more.
    NoSuchHistory {
        /// From how far.
        distance: usize,
    },
    /// More output than asked for.
    TooLong,
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("the compressed data end within a block"),
            Self::Corrupt => f.write_str("no DEFLATE stream"),
            Self::Distance { distance, window } => {
                write!(f, "expected copies from at most {window} bytes before, found one from {distance}")
            }
            Self::NoSuchHistory { distance } => {
                write!(f, "a copy from {distance} bytes before, where there is nothing")
            }
            Self::TooLong => f.write_str("too much output"),
        }
    }
}

/// The decompressor for one direction of a connection.
#[derive(Debug)]
pub struct Inflater {
    parameters: Parameters,
    history: Vec<u8>,
}

impl Inflater {
    /// A decompressor that has seen nothing.
    pub fn new(parameters: Parameters) -> Self {
        Self { parameters, history: Vec::new() }
    }

    /// One message, of at most `most` bytes.
    pub fn message(&mut self, bytes: &[u8], most: usize) -> Result<Vec<u8>, InflateError> {
        if !self.parameters.takeover {
            self.history.clear();
        }
        let window = 1 << self.parameters.window_bits;
        let from = self.history.len();
        let with_trailer = [bytes, &[0x00, 0x00, 0xff, 0xff]].concat();
        let mut decoder = Decoder {
            bytes: &with_trailer,
            position: 0,
            out: std::mem::take(&mut self.history),
            window,
            most: most.saturating_add(from),
        };
        let end = 8 * bytes.len();
        loop {
            let last = decoder.block()?;
            // A stream that has ended with the message needs no trailer.
            if (last && decoder.position == end) || decoder.position == 8 * with_trailer.len() {
                break;
            }
        }
        let data = decoder.out[from..].to_vec();
        self.history = decoder.out;
        let surplus = self.history.len().saturating_sub(window);
        self.history.drain(..surplus);
        Ok(data)
    }
}

struct Decoder<'b> {
    bytes: &'b [u8],
    /// In bits.
    position: usize,
    out: Vec<u8>,
    window: usize,
    most: usize,
}

impl Decoder<'_> {
    fn bits(&mut self, n: usize) -> Result<usize, InflateError> {
        let mut value = 0;
        for i in 0..n {
            let byte = self.bytes.get(self.position / 8).ok_or(InflateError::Unfinished)?;
            value |= usize::from(byte >> (self.position % 8) & 1) << i;
            self.position += 1;
        }
        Ok(value)
    }

    fn push(&mut self, byte: u8) -> Result<(), InflateError> {
        if self.out.len() >= self.most {
            return Err(InflateError::TooLong);
        }
        self.out.push(byte);
        Ok(())
    }

    /// §3.2.3. Says whether it was the final block, after which a new stream begins with the next byte.
    fn block(&mut self) -> Result<bool, InflateError> {
        let last = self.bits(1)? == 1;
        match self.bits(2)? {
            0 => self.stored()?,
            1 => {
                let (literals, distances) = fixed();
                self.symbols(literals, distances)?;
            }
            2 => {
                let (literals, distances) = self.dynamic()?;
                self.symbols(&literals, &distances)?;
            }
            _ => return Err(InflateError::Corrupt),
        }
        if last {
            self.position = self.position.next_multiple_of(8);
        }
        Ok(last)
    }

    /// §3.2.4
    fn stored(&mut self) -> Result<(), InflateError> {
        self.position = self.position.next_multiple_of(8);
        let (len, complement) = (self.bits(16)?, self.bits(16)?);
        if len != !complement & 0xffff {
            return Err(InflateError::Corrupt);
        }
        for _ in 0..len {
            let byte = self.bits(8)?;
            self.push(byte as u8)?;
        }
        Ok(())
    }

    /// §3.2.7
    fn dynamic(&mut self) -> Result<(Huffman, Huffman), InflateError> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let (literals, distances, codes) = (self.bits(5)? + 257, self.bits(5)? + 1, self.bits(4)? + 4);
        if literals > 286 || distances > 30 {
            return Err(InflateError::Corrupt);
        }
        let mut lens = [0; 19];
        for &place in &ORDER[..codes] {
            lens[place] = self.bits(3)? as u8;
        }
        let code = Huffman::new(&lens);
        if code.is_complete() != Some(true) {
            return Err(InflateError::Corrupt);
        }
        let mut lens: Vec<u8> = Vec::new();
        while lens.len() < literals + distances {
            let (len, times) = match self.symbol(&code)? {
                16 => (*lens.last().ok_or(InflateError::Corrupt)?, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                len => (len as u8, 1),
            };
            lens.resize(lens.len() + times, len);
        }
        if lens.len() != literals + distances {
            return Err(InflateError::Corrupt);
        }
        let (literals, distances) = lens.split_at(literals);
        let (literals, distances) = (Huffman::new(literals), Huffman::new(distances));
        // "If only one distance code is used, it is encoded using one bit": such a code need not be complete, nor need an empty one.
        let usable = |code: &Huffman| match code.is_complete() {
            Some(complete) => complete || code.symbols.len() == code.counts[1] && code.counts[1] <= 1,
            None => false,
        };
        if usable(&literals) && usable(&distances) { Ok((literals, distances)) } else { Err(InflateError::Corrupt) }
    }

    /// §3.2.5
    fn symbols(&mut self, literals: &Huffman, distances: &Huffman) -> Result<(), InflateError> {
        loop {
            let symbol = self.symbol(literals)?;
            let len = match symbol {
                0..=255 => {
                    self.push(symbol as u8)?;
                    continue;
                }
                256 => return Ok(()),
                257..=264 => symbol - 254,
                265..=284 => {
                    let extra = (symbol - 261) / 4;
                    (((symbol - 261) % 4 + 4) << extra) + 3 + self.bits(extra)?
                }
                285 => 258,
                _ => return Err(InflateError::Corrupt),
            };
            let distance = match self.symbol(distances)? {
                symbol @ 0..=3 => symbol + 1,
                symbol @ 4..=29 => {
                    let extra = symbol / 2 - 1;
                    ((symbol % 2 + 2) << extra) + 1 + self.bits(extra)?
                }
                _ => return Err(InflateError::Corrupt),
            };
            if distance > self.window {
                return Err(InflateError::Distance { distance, window: self.window });
            }
            if distance > self.out.len() {
                return Err(InflateError::NoSuchHistory { distance });
            }
            if len > self.most.saturating_sub(self.out.len()) {
                return Err(InflateError::TooLong);
            }
            // A copy may reach into what it writes itself, which repeats what was there.
            let (from, end) = (self.out.len() - distance, self.out.len() + len);
            while self.out.len() < end {
                let n = (end - self.out.len()).min(self.out.len() - from);
                self.out.extend_from_within(from..from + n);
            }
        }
    }

    fn symbol(&mut self, code: &Huffman) -> Result<usize, InflateError> {
        let (mut bits, mut first, mut index) = (0, 0, 0);
        for &count in &code.counts[1..] {
            bits |= self.bits(1)?;
            if let Some(within) = usize::checked_sub(bits, first).filter(|&within| within < count) {
                return Ok(code.symbols[index + within]);
            }
            index += count;
            first = (first + count) << 1;
            bits <<= 1;
        }
        Err(InflateError::Corrupt)
    }
}

/// A canonical code (§3.2.2): the codes of one length follow each other, in the order of their symbols.
#[derive(Clone)]
struct Huffman {
    /// How many codes there are of each length.
    counts: [usize; 16],
    /// By length, then by symbol.
    symbols: Vec<usize>,
}

impl Huffman {
    fn new(lens: &[u8]) -> Self {
        let (mut counts, mut symbols) = ([0; 16], Vec::new());
        for (len, count) in counts.iter_mut().enumerate().skip(1) {
            let of_this = (0..lens.len()).filter(|&symbol| usize::from(lens[symbol]) == len);
            let before = symbols.len();
            symbols.extend(of_this);
            *count = symbols.len() - before;
        }
        Self { counts, symbols }
    }

    /// Whether every sequence of bits is a code. None: some have more than one meaning.
    fn is_complete(&self) -> Option<bool> {
        let space: usize = (1..16).map(|len| self.counts[len] << (15 - len)).sum();
        (space <= 1 << 15).then_some(space == 1 << 15)
    }
}

/// The codes of §3.2.6.
fn fixed() -> &'static (Huffman, Huffman) {
    static FIXED: OnceLock<(Huffman, Huffman)> = OnceLock::new();
    FIXED.get_or_init(|| {
        let lens: Vec<u8> = (0..288_u16)
            .map(|n| match n {
                0..=143 | 280.. => 8,
                144..=255 => 9,
                256..=279 => 7,
            })
            .collect();
        (Huffman::new(&lens), Huffman::new(&[5; 32]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Parameters = Parameters { window_bits: 15, takeover: true };

    #[test]
    fn examples_of_rfc_7692() {
        let mut inflater = Inflater::new(FULL);
        for bytes in [
            &b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..],
            b"\xf2\x00\x11\x00\x00",
            b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
            b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
            b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
        ] {
            assert_eq!(inflater.message(bytes, 100).unwrap(), b"Hello");
        }
    }

    #[test]
    fn distance_beyond_the_window_is_told() {
        let stream = crate::wire::deflate::block(
            crate::wire::deflate::Block::Fixed,
            &[
                vec![crate::wire::deflate::Token::Literal(b'x'); 300],
                vec![crate::wire::deflate::Token::Copy { len: 3, distance: 257 }],
            ]
            .concat(),
        );
        let narrow = Parameters { window_bits: 8, takeover: true };
        let error = Inflater::new(narrow).message(&stream.unwrap(), 1000);
        assert_eq!(error, Err(InflateError::Distance { distance: 257, window: 256 }));
    }

    #[test]
    fn history_is_gone_without_takeover() {
        let mut inflater = Inflater::new(Parameters { window_bits: 15, takeover: false });
        inflater.message(b"\xf2\x48\xcd\xc9\xc9\x07\x00", 100).unwrap();
        assert_eq!(inflater.message(b"\xf2\x00\x11\x00\x00", 100), Err(InflateError::NoSuchHistory { distance: 5 }));
    }

    #[test]
    fn cut_and_broken_streams_are_told() {
        let error = |bytes: &[u8]| Inflater::new(FULL).message(bytes, 100).unwrap_err();
        assert_eq!(error(b"\xf2\x48\xcd"), InflateError::Unfinished);
        assert_eq!(error(b"\xff\xff\xff\xff"), InflateError::Corrupt);
        assert_eq!(error(b"\x00\x05\x00\xfa"), InflateError::Corrupt);
        assert_eq!(Inflater::new(FULL).message(b"\xf2\x48\xcd\xc9\xc9\x07\x00", 4), Err(InflateError::TooLong));
    }
}
