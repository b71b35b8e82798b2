//! What a strict endpoint makes of the bytes that were sent to it, told for every byte: when a violation is due to be noticed.

use super::extension::Deflate;
use super::frame::{Form, mask};
use super::inflate::Inflater;

/// A receiver that knows every rule of RFC 6455 §5, §7.4 and §8.1, and of RFC 7692 §6.
#[derive(Debug)]
pub struct Strict {
    expects_mask: bool,
    inflater: Option<Inflater>,
    bytes: Vec<u8>,
    begun: Option<Message>,
    /// Violated with this code.
    pub failed: Option<u16>,
    /// A Close was received.
    pub closed: bool,
    /// Whole messages.
    pub messages: usize,
    /// The payloads of whole Pings.
    pub pings: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Message {
    text: bool,
    compressed: bool,
    /// What is kept: all of what is compressed, of text the bytes of a character that is not complete.
    kept: Vec<u8>,
}

impl Strict {
    /// The endpoint that is a server, or a client, and agreed to this.
    pub fn new(server: bool, deflate: Option<Deflate>) -> Self {
        let parameters = deflate.map(|deflate| if server { deflate.from_client() } else { deflate.from_server() });
        Self {
            expects_mask: server,
            inflater: parameters.map(Inflater::new),
            bytes: Vec::new(),
            begun: None,
            failed: None,
            closed: false,
            messages: 0,
            pings: Vec::new(),
        }
    }

    /// Takes further bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_some() || self.closed {
            return;
        }
        self.bytes.extend(bytes);
        let taken = std::mem::take(&mut self.bytes);
        let mut rest = &taken[..];
        while self.failed.is_none() && !self.closed {
            match self.frame(rest) {
                Ok(Some(len)) => rest = &rest[len..],
                Ok(None) => break,
                Err(code) => self.failed = Some(code),
            }
        }
        self.bytes = rest.to_vec();
    }

    /// Whether what was sent ends with a frame's last byte.
    pub fn at_border(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether a fragmented message is not finished.
    pub fn in_message(&self) -> bool {
        self.begun.is_some()
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<Option<usize>, u16> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let (fin, rsv, opcode) = (first & 0x80 != 0, first >> 4 & 7, first & 15);
        let begins = matches!(opcode, 1 | 2);
        let compressed = rsv == 4 && begins && self.inflater.is_some();
        let sequence = match opcode {
            0 => self.begun.is_some(),
            1 | 2 => self.begun.is_none(),
            8..=10 => fin,
            _ => false,
        };
        if rsv != 0 && !compressed || !sequence {
            return Err(1002);
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        if (second & 0x80 != 0) != self.expects_mask || opcode >= 8 && second & 0x7f > 125 {
            return Err(1002);
        }
        let (form, header) = match second & 0x7f {
            126 => (Form::Bits16, 4),
            127 => (Form::Bits64, 10),
            _ => (Form::Bits7, 2),
        };
        let Some(length) = bytes.get(2..header) else { return Ok(None) };
        let len = match form {
            Form::Bits7 => u64::from(second & 0x7f),
            Form::Bits16 | Form::Bits64 => length.iter().fold(0, |len, &byte| len << 8 | u64::from(byte)),
        };
        if form != Form::shortest(len) || len >> 63 != 0 {
            return Err(1002);
        }
        let start = header + if self.expects_mask { 4 } else { 0 };
        let Some(payload) = bytes.get(start..) else { return Ok(None) };
        let whole = payload.len() as u64 >= len;
        let mut payload = if whole { payload[..len as usize].to_vec() } else { payload.to_vec() };
        if let (true, Some(&[a, b, c, d])) = (self.expects_mask, bytes.get(header..start)) {
            mask(&mut payload, [a, b, c, d], 0);
        }
        if opcode >= 8 {
            return if whole { self.control(opcode, &payload).map(|()| Some(start + payload.len())) } else { Ok(None) };
        }
        let before = self.begun.as_ref();
        let text = before.map_or(opcode == 1, |message| message.text);
        let compressed = before.map_or(compressed, |message| message.compressed);
        let len = start + payload.len();
        let mut kept = before.map(|message| message.kept.clone()).unwrap_or_default();
        kept.extend(payload);
        let last = whole && fin;
        if compressed && last {
            let inflated = self.inflater.as_mut().and_then(|inflater| inflater.message(&kept, 1 << 28).ok());
            kept = inflated.ok_or(1007_u16)?;
        }
        if text && (last || !compressed) {
            if let Err(error) = std::str::from_utf8(&kept) {
                if last || error.error_len().is_some() {
                    return Err(1007);
                }
                kept.drain(..error.valid_up_to());
            } else {
                kept.clear();
            }
        }
        if !whole {
            return Ok(None);
        }
        if !text && !compressed {
            kept.clear();
        }
        self.begun = if fin { None } else { Some(Message { text, compressed, kept }) };
        self.messages += usize::from(fin);
        Ok(Some(len))
    }

    fn control(&mut self, opcode: u8, payload: &[u8]) -> Result<(), u16> {
        match (opcode, payload) {
            (8, []) => self.closed = true,
            (8, [_]) => return Err(1002),
            (8, [high, low, reason @ ..]) => {
                // §7.4, and the registry of §11.7.
                if !matches!(u16::from_be_bytes([*high, *low]), 1000..=1003 | 1007..=1014 | 3000..=4999) {
                    return Err(1002);
                }
                if std::str::from_utf8(reason).is_err() {
                    return Err(1007);
                }
                self.closed = true;
            }
            (9, _) => self.pings.push(payload.to_vec()),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many bytes a client fails, and with what.
    fn fails(bytes: &[u8]) -> Option<(usize, u16)> {
        let mut strict = Strict::new(false, None);
        bytes.iter().enumerate().find_map(|(i, byte)| {
            strict.push(&[*byte]);
            strict.failed.map(|code| (i + 1, code))
        })
    }

    #[test]
    fn violations_are_due_at_their_byte() {
        assert_eq!(fails(b"\x81\x05Hello\x89\x00\x01\x01a\x8a\x00\x80\x00"), None);
        assert_eq!(fails(b"\x81\x02Hi\xa1"), Some((5, 1002)));
        assert_eq!(fails(b"\x83"), Some((1, 1002)));
        assert_eq!(fails(b"\x81\x80"), Some((2, 1002)));
        assert_eq!(fails(b"\x89\x7e"), Some((2, 1002)));
        assert_eq!(fails(b"\x81\x7e\x00\x7d"), Some((4, 1002)));
        assert_eq!(fails(b"\x81\x03a\xffb"), Some((4, 1007)));
        assert_eq!(fails(b"\x01\x02\xe2\x82\x80\x00"), Some((6, 1007)));
        assert_eq!(fails(b"\x01\x01a\x81"), Some((4, 1002)));
        assert_eq!(fails(b"\x80"), Some((1, 1002)));
        assert_eq!(fails(b"\x88\x02\x03\xed"), Some((4, 1002)));
        assert_eq!(fails(b"\x09"), Some((1, 1002)));
    }
}
