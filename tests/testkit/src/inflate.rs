//! DEFLATE bit by bit, as RFC 1951 describes it, with RFC 7692 §7.2.2 around it: what the crate's decompressor has to agree with. It
//! shares no code with it, nor with its backend.

use websocket_proto::extension::deflate::Compression;
use websocket_proto::wire::InvalidDeflate;

/// The messages of one peer, of each the output and what was wrong with it. Nothing follows one that was wrong.
pub fn inflate(compression: Compression, messages: &[&[u8]]) -> Vec<(Vec<u8>, Result<(), InvalidDeflate>)> {
    let (mut results, mut history) = (Vec::new(), Vec::new());
    for message in messages {
        if !compression.context_takeover {
            history.clear();
        }
        let begun = history.len();
        let mut decoder = Decoder { bytes: message, position: 0, out: history, window: compression.window_bits.size() };
        let result = decoder.message(message.len());
        history = decoder.out;
        results.push((history[begun..].to_vec(), result));
        if result.is_err() {
            break;
        }
    }
    results
}

/// The message that comes after those, as far as it has come; what is missing is no defect unless it is `whole`.
pub fn next(
    compression: Compression,
    earlier: &[Vec<u8>],
    message: &[u8],
    whole: bool,
) -> (Vec<u8>, Result<(), InvalidDeflate>) {
    let mut messages: Vec<&[u8]> = earlier.iter().map(|message| &message[..]).collect();
    if whole {
        messages.push(message);
        return inflate(compression, &messages).pop().expect("as many as there were");
    }
    let mut history = Vec::new();
    if compression.context_takeover {
        history = inflate(compression, &messages).into_iter().flat_map(|(bytes, _)| bytes).collect();
    }
    let begun = history.len();
    let mut decoder = Decoder { bytes: message, position: 0, out: history, window: compression.window_bits.size() };
    let result = loop {
        match decoder.block() {
            Ok(_) if decoder.position == 8 * message.len() => break Ok(()),
            Ok(_) => {}
            Err(InvalidDeflate::Unfinished) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    (decoder.out.split_off(begun), result)
}

struct Decoder<'b> {
    bytes: &'b [u8],
    /// In bits.
    position: usize,
    out: Vec<u8>,
    window: usize,
}

impl Decoder<'_> {
    fn message(&mut self, len: usize) -> Result<(), InvalidDeflate> {
        if len == 0 {
            return Ok(());
        }
        let with_trailer = [self.bytes, &[0x00, 0x00, 0xff, 0xff]].concat();
        let mut decoder =
            Decoder { bytes: &with_trailer, position: 0, out: std::mem::take(&mut self.out), window: self.window };
        let result = loop {
            match decoder.block() {
                // A stream that has ended with the message needs no trailer.
                Ok(true) if decoder.position == 8 * len => break Ok(()),
                Ok(_) if decoder.position == 8 * with_trailer.len() => break Ok(()),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        self.out = decoder.out;
        result
    }

    fn bits(&mut self, n: usize) -> Result<usize, InvalidDeflate> {
        let mut value = 0;
        for i in 0..n {
            let byte = self.bytes.get(self.position / 8).ok_or(InvalidDeflate::Unfinished)?;
            value |= usize::from(byte >> (self.position % 8) & 1) << i;
            self.position += 1;
        }
        Ok(value)
    }

    /// §3.2.3. Says whether it was the final block, after which a new stream begins with the next byte.
    fn block(&mut self) -> Result<bool, InvalidDeflate> {
        let last = self.bits(1)? == 1;
        match self.bits(2)? {
            0 => self.stored()?,
            1 => {
                let lens: Vec<u8> = (0..288)
                    .map(|n| [8, 9, 7, 8][(n > 143) as usize + (n > 255) as usize + (n > 279) as usize])
                    .collect();
                self.symbols(&Huffman::new(&lens), &Huffman::new(&[5; 32]))?;
            }
            2 => {
                let (literals, distances) = self.dynamic()?;
                self.symbols(&literals, &distances)?;
            }
            _ => return Err(InvalidDeflate::Corrupt),
        }
        if last {
            self.position = self.position.next_multiple_of(8);
        }
        Ok(last)
    }

    /// §3.2.4
    fn stored(&mut self) -> Result<(), InvalidDeflate> {
        self.position = self.position.next_multiple_of(8);
        let (len, complement) = (self.bits(16)?, self.bits(16)?);
        if len != !complement & 0xffff {
            return Err(InvalidDeflate::Corrupt);
        }
        for _ in 0..len {
            let byte = self.bits(8)?;
            self.out.push(byte as u8);
        }
        Ok(())
    }

    /// §3.2.7
    fn dynamic(&mut self) -> Result<(Huffman, Huffman), InvalidDeflate> {
        let (literals, distances, codes) = (self.bits(5)? + 257, self.bits(5)? + 1, self.bits(4)? + 4);
        if literals > 286 || distances > 30 {
            return Err(InvalidDeflate::Corrupt);
        }
        let mut lens = [0; 19];
        for &place in &[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15][..codes] {
            lens[place] = self.bits(3)? as u8;
        }
        let code = Huffman::new(&lens);
        if !code.complete {
            return Err(InvalidDeflate::Corrupt);
        }
        let mut lens = Vec::new();
        while lens.len() < literals + distances {
            let (len, times) = match self.symbol(&code)? {
                16 => (*lens.last().ok_or(InvalidDeflate::Corrupt)?, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                len => (len as u8, 1),
            };
            lens.resize(lens.len() + times, len);
        }
        let (literals, distances) = (lens.len() == literals + distances)
            .then(|| lens.split_at(literals))
            .map(|(literals, distances)| (Huffman::new(literals), Huffman::new(distances)))
            .ok_or(InvalidDeflate::Corrupt)?;
        // "If only one distance code is used, it is encoded using one bit": such a code need not be complete; nor need one without any.
        let usable = |code: &Huffman| code.complete || matches!(code.codes[..], [] | [(1, ..)]);
        if usable(&literals) && usable(&distances) { Ok((literals, distances)) } else { Err(InvalidDeflate::Corrupt) }
    }

    /// §3.2.5
    fn symbols(&mut self, literals: &Huffman, distances: &Huffman) -> Result<(), InvalidDeflate> {
        loop {
            let symbol = self.symbol(literals)?;
            let len = match symbol {
                0..=255 => {
                    self.out.push(symbol as u8);
                    continue;
                }
                256 => return Ok(()),
                257..=264 => symbol - 254,
                265..=284 => {
                    let extra = (symbol - 261) / 4;
                    (((symbol - 261) % 4 + 4) << extra) + 3 + self.bits(extra)?
                }
                285 => 258,
                _ => return Err(InvalidDeflate::Corrupt),
            };
            let distance = match self.symbol(distances)? {
                symbol @ 0..=3 => symbol + 1,
                symbol @ 4..=29 => {
                    let extra = symbol / 2 - 1;
                    ((symbol % 2 + 2) << extra) + 1 + self.bits(extra)?
                }
                _ => return Err(InvalidDeflate::Corrupt),
            };
            if distance > self.window || distance > self.out.len() {
                return Err(InvalidDeflate::Corrupt);
            }
            for _ in 0..len {
                self.out.push(self.out[self.out.len() - distance]);
            }
        }
    }

    fn symbol(&mut self, code: &Huffman) -> Result<usize, InvalidDeflate> {
        let mut bits = 0;
        for len in 1..=15 {
            bits = bits << 1 | self.bits(1)?;
            if let Ok(at) = code.codes.binary_search_by_key(&(len, bits), |&(len, bits, _)| (len, bits)) {
                return Ok(code.codes[at].2);
            }
        }
        Err(InvalidDeflate::Corrupt)
    }
}

/// A canonical code (§3.2.2).
struct Huffman {
    /// Length, bits, symbol; in this order.
    codes: Vec<(u8, usize, usize)>,
    complete: bool,
}

impl Huffman {
    fn new(lens: &[u8]) -> Self {
        let (mut codes, mut next, mut space) = (Vec::new(), 0, 0);
        for len in 1..=15 {
            next <<= 1;
            for symbol in (0..lens.len()).filter(|&symbol| lens[symbol] == len) {
                codes.push((len, next, symbol));
                next += 1;
                space += 1 << (15 - len);
            }
        }
        Self { complete: space == 1 << 15, codes }
    }
}
