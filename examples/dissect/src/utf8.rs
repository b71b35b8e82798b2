//! Text that comes in pieces.

/// Judges UTF-8 piece by piece.
#[derive(Debug, Default)]
pub struct Utf8 {
    /// The beginning of a code point whose end has not come.
    carry: Vec<u8>,
    valid: u64,
    failed: bool,
}

impl Utf8 {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed {
            return;
        }
        let mut bytes = bytes;
        // At most three bytes: the code point that was cut is finished first.
        while !self.carry.is_empty() {
            let Some((&byte, rest)) = bytes.split_first() else { return };
            bytes = rest;
            self.carry.push(byte);
            match std::str::from_utf8(&self.carry) {
                Ok(_) => {
                    self.valid += self.carry.len() as u64;
                    self.carry.clear();
                }
                Err(error) if error.error_len().is_some() => {
                    self.failed = true;
                    return;
                }
                Err(_) => {}
            }
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            self.valid += error.valid_up_to() as u64;
            self.failed = error.error_len().is_some();
            self.carry = bytes[error.valid_up_to()..].to_vec();
        } else {
            self.valid += bytes.len() as u64;
        }
    }

    /// How many bytes are valid before the fault, if there is one.
    pub fn end(self) -> Result<(), u64> {
        if self.failed || !self.carry.is_empty() { Err(self.valid) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_gives_the_same_verdict() {
        for (text, verdict) in [
            ("κόσμε 😀".as_bytes(), Ok(())),
            (b"ok\xc3", Err(2)),
            (b"\xed\xa0\x80", Err(0)),
            (b"a\xf0\x9f\x98!", Err(1)),
        ] {
            for cut in 0..=text.len() {
                let mut utf8 = Utf8::default();
                utf8.push(&text[..cut]);
                utf8.push(&text[cut..]);
                assert_eq!(utf8.end(), verdict, "{text:?} at {cut}");
            }
        }
    }
}
