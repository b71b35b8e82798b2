//! Frames (RFC 6455 §5.2), good and bad.

/// The form of a payload length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)]
pub enum Form {
    Bits7,
    Bits16,
    Bits64,
}

impl Form {
    /// The shortest for this length.
    pub const fn shortest(len: u64) -> Self {
        match len {
            0..=125 => Self::Bits7,
            126..=0xffff => Self::Bits16,
            _ => Self::Bits64,
        }
    }
}

/// The bytes of a header. What does not fit a form is cut off.
pub fn header(first: u8, form: Form, len: u64, key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut out = vec![first];
    match form {
        Form::Bits7 => out.push(mask | (len & 0x7f) as u8),
        Form::Bits16 => {
            out.push(mask | 126);
            out.extend((len as u16).to_be_bytes());
        }
        Form::Bits64 => {
            out.push(mask | 127);
            out.extend(len.to_be_bytes());
        }
    }
    out.extend(key.into_iter().flatten());
    out
}

/// Masks a part of a payload that begins `offset` bytes after the payload's start (§5.3).
pub fn mask(bytes: &mut [u8], key: [u8; 4], offset: usize) {
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte ^= key[(offset + i) % 4];
    }
}

/// A frame that was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// FIN.
    pub fin: bool,
    /// RSV1, RSV2, RSV3 as the bits 4, 2, 1.
    pub rsv: u8,
    /// 0 to 15.
    pub opcode: u8,
    /// The masking key, if the mask bit is set.
    pub key: Option<[u8; 4]>,
    /// How the length was written.
    pub form: Form,
    /// The length that was declared.
    pub len: u64,
    /// Unmasked.
    pub payload: Vec<u8>,
}

/// Reads frames out of bytes that come in any pieces. It takes whatever it is given.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
    /// How many of them were read.
    read: usize,
}

impl Reader {
    /// Takes further bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.read));
        self.bytes.extend(bytes);
    }

    /// The next frame that is complete.
    pub fn next_frame(&mut self) -> Option<Frame> {
        let bytes = self.unfinished();
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (form, header) = match second & 0x7f {
            126 => (Form::Bits16, 4),
            127 => (Form::Bits64, 10),
            _ => (Form::Bits7, 2),
        };
        let length = bytes.get(2..header)?;
        let len = match form {
            Form::Bits7 => u64::from(second & 0x7f),
            Form::Bits16 | Form::Bits64 => length.iter().fold(0, |len, &byte| len << 8 | u64::from(byte)),
        };
        let masked = second & 0x80 != 0;
        let key = if masked { Some(<[u8; 4]>::try_from(bytes.get(header..header + 4)?).ok()?) } else { None };
        let start = header + if masked { 4 } else { 0 };
        let end = usize::try_from(len).ok().and_then(|len| start.checked_add(len))?;
        let mut payload = bytes.get(start..end)?.to_vec();
        if let Some(key) = key {
            mask(&mut payload, key, 0);
        }
        self.read += end;
        Some(Frame { fin: first & 0x80 != 0, rsv: first >> 4 & 7, opcode: first & 15, key, form, len, payload })
    }

    /// The bytes of a frame that is not complete.
    pub fn unfinished(&self) -> &[u8] {
        &self.bytes[self.read..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_section_5_7() {
        let mut reader = Reader::default();
        reader.push(b"\x81\x05Hello\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x01\x03Hel\x80\x02lo");
        let frames: Vec<_> = std::iter::from_fn(|| reader.next_frame()).collect();
        assert_eq!(frames.iter().map(|f| &*f.payload).collect::<Vec<_>>(), [&b"Hello"[..], b"Hello", b"Hel", b"lo"]);
        assert_eq!(frames[1].key, Some([0x37, 0xfa, 0x21, 0x3d]));
        assert_eq!((frames[2].fin, frames[2].opcode, frames[3].fin, frames[3].opcode), (false, 1, true, 0));
        assert!(reader.unfinished().is_empty());
    }

    #[test]
    fn every_form_is_read_as_it_was_written() {
        for (form, len) in
            [(Form::Bits7, 5), (Form::Bits16, 5), (Form::Bits64, 5), (Form::Bits16, 300), (Form::Bits64, 70_000)]
        {
            for key in [None, Some([1, 2, 3, 4])] {
                let mut payload = vec![7; len];
                let mut bytes = header(0xf2, form, len as u64, key);
                if let Some(key) = key {
                    mask(&mut payload, key, 0);
                }
                bytes.extend(&payload);
                let mut reader = Reader::default();
                for byte in bytes {
                    assert_eq!(reader.next_frame(), None);
                    reader.push(&[byte]);
                }
                let frame = reader.next_frame().unwrap();
                assert_eq!((frame.form, frame.rsv, frame.opcode, frame.key), (form, 7, 2, key));
                assert_eq!(frame.payload, vec![7; len]);
            }
        }
    }
}
