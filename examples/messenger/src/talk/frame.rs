//! What two friends say to each other on the data channel: JSON in text messages, pieces of files in binary ones.

use serde::{Deserialize, Serialize};

/// The longest text that a message may have, in bytes.
pub const MAX_SAID: usize = 8 * 1024;
/// The longest frame, in bytes.
pub const MAX_FRAME: usize = 64 * 1024;
/// How much of a file goes into one frame.
pub const PIECE: usize = 16 * 1024;

/// A text frame.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum Frame {
    /// The first on each call. The stream is the sender's numbering, made up once and kept.
    Hello { stream: String },
    /// A message, numbered from 1 without a gap.
    Say { n: u64, text: String },
    /// All messages up to this one were shown.
    Heard { n: u64 },
    /// I am here.
    Ping,
    /// A file is there to be had.
    File { id: String, name: String, size: u64, sha256: String },
    /// Send it, from this byte on.
    Want { id: String, from: u64 },
    /// Everything before this byte is on the disk.
    Got { id: String, upto: u64 },
    /// All of it is there, and the digest is right.
    Done { id: String },
    /// It is not wanted, or not what was promised.
    Refuse { id: String, why: String },
}

impl Frame {
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default() // it has no map with keys that are no strings
    }

    /// # Errors
    ///
    /// What was expected.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        if text.len() > MAX_FRAME {
            return Err(format!("expected a frame of at most {MAX_FRAME} bytes, found {}", text.len()));
        }
        serde_json::from_slice(text).map_err(|error| format!("expected a frame, found what is none: {error}"))
    }
}

/// A piece of a file: its identifier, where the piece begins, its bytes.
pub fn write_piece(id: &str, offset: u64, bytes: &[u8]) -> Vec<u8> {
    [id.as_bytes(), &offset.to_be_bytes(), bytes].concat()
}

/// # Errors
///
/// What was expected.
pub fn read_piece(frame: &[u8]) -> Result<(&str, u64, &[u8]), String> {
    let cut = frame.split_at_checked(ID_LEN).and_then(|(id, rest)| Some((id, rest.split_first_chunk::<8>()?)));
    let Some((id, (offset, bytes))) = cut else { return Err("expected a piece of a file, found less".into()) };
    let id = std::str::from_utf8(id).ok().filter(|id| is_id(id)).ok_or("expected a file's identifier")?;
    match bytes.len() {
        1..=PIECE => Ok((id, u64::from_be_bytes(*offset), bytes)),
        found => Err(format!("expected a piece of 1 to {PIECE} bytes, found {found}")),
    }
}

/// The length of a file's identifier: 64 bits in hexadecimal digits.
pub const ID_LEN: usize = 16;

/// Whether this may be the identifier of a file, which is part of a file's name, too.
pub fn is_id(text: &str) -> bool {
    text.len() == ID_LEN && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_as_they_went() {
        let frame = write_piece("0123456789abcdef", 0x0102, b"xyz");
        assert_eq!(frame, *b"0123456789abcdef\0\0\0\0\0\0\x01\x02xyz");
        assert_eq!(read_piece(&frame), Ok(("0123456789abcdef", 0x0102, &b"xyz"[..])));
        for wrong in
            [&b""[..], b"0123456789abcdef", b"0123456789abcdef\0\0\0\0\0\0\0\0", b"../../etc/passwd\0\0\0\0\0\0\0\0x"]
        {
            assert!(read_piece(wrong).is_err());
        }
        assert!(read_piece(&write_piece("0123456789abcdef", 0, &[0; PIECE])).is_ok());
        assert!(read_piece(&write_piece("0123456789abcdef", 0, &[0; PIECE + 1])).is_err());
    }

    #[test]
    fn frames_are_json_with_a_tag() {
        let said = Frame::Say { n: 1, text: "Hello".into() };
        assert_eq!(said.write(), br#"{"t":"say","n":1,"text":"Hello"}"#);
        assert_eq!(Frame::read(br#"{"t":"say","n":1,"text":"Hello"}"#), Ok(said));
        for wrong in [
            &b"{}"[..],
            b"Hello",
            b"{\"t\":\"say\"}",
            b"{\"t\":\"say\",\"n\":-1,\"text\":\"\"}",
            &[b'1'; MAX_FRAME + 1],
        ] {
            assert!(Frame::read(wrong).is_err());
        }
    }
}
