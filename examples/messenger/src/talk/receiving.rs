//! Files that come in.

use serde::{Deserialize, Serialize};

use super::frame::{Frame, is_id};

/// A file that is not here as a whole yet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Receiving {
    pub id: String,
    pub name: String,
    pub size: u64,
    pub sha256: String,
    /// Up to where it was taken, and is on the disk: told by the disk after a start.
    #[serde(skip)]
    pub taken: u64,
    #[serde(skip)]
    pub written: u64,
    /// Up to where the friend was told.
    #[serde(skip)]
    pub told: u64,
    /// Everything is there, and its digest is looked at.
    #[serde(skip)]
    pub is_checked: bool,
}

impl Receiving {
    /// # Errors
    ///
    /// What is wrong with the offer.
    pub fn new(id: &str, name: &str, size: u64, sha256: &str, max_file: u64) -> Result<Self, String> {
        if !is_id(id) {
            return Err("expected an identifier of 16 hexadecimal digits".into());
        }
        if size > max_file {
            return Err(format!("expected a file of at most {max_file} bytes, found {size}"));
        }
        if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("expected a SHA-256 digest of 64 hexadecimal digits".into());
        }
        Ok(Self {
            id: id.to_owned(),
            name: plain_name(name),
            size,
            sha256: sha256.to_owned(),
            taken: 0,
            written: 0,
            told: 0,
            is_checked: false,
        })
    }

    /// Whether it is the same that was offered before.
    pub fn is_same(&self, size: u64, sha256: &str) -> bool {
        self.size == size && self.sha256 == sha256
    }

    /// A call begins: what was taken and not written is lost.
    pub fn want(&mut self) -> Frame {
        (self.taken, self.told) = (self.written, self.written);
        Frame::Want { id: self.id.clone(), from: self.written }
    }

    /// A piece has come.
    ///
    /// # Errors
    ///
    /// It is not the next one, or more than was promised.
    pub fn take(&mut self, offset: u64, len: usize) -> Result<(), String> {
        if offset != self.taken {
            return Err(format!("expected byte {}, found byte {offset}", self.taken));
        }
        let end = offset.saturating_add(len as u64);
        if end > self.size {
            return Err(format!("expected {} bytes as promised, found more", self.size));
        }
        self.taken = end;
        Ok(())
    }

    /// What was taken is on the disk up to here. The friend is told now and then, and at the end.
    pub fn written(&mut self, upto: u64) -> Option<Frame> {
        self.written = self.written.max(upto.min(self.taken));
        if self.written - self.told < TELL && self.written < self.size || self.written == self.told {
            return None;
        }
        self.told = self.written;
        Some(Frame::Got { id: self.id.clone(), upto: self.written })
    }

    pub fn is_whole(&self) -> bool {
        self.written == self.size
    }
}

/// The last part of a path, without anything that a file system or a terminal takes as an order.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|char| !char.is_control()).take(100).collect();
    match plain.trim_matches(['.', ' ']) {
        "" => "file".into(),
        name => name.to_owned(),
    }
}

/// How much is written before the friend hears of it.
const TELL: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn names_lead_nowhere_else() {
        for (name, plain) in [
            ("cat.png", "cat.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\boot.ini", "boot.ini"),
            (".bashrc", "bashrc"),
            ("..", "file"),
            ("a/", "file"),
            ("\u{1b}[2Jx", "[2Jx"),
        ] {
            assert_eq!(plain_name(name), plain, "{name:?}");
        }
        assert_eq!(plain_name(&"é".repeat(500)).chars().count(), 100);
    }

    #[test]
    fn offers_that_cannot_be_kept_are_refused() {
        let id = "0123456789abcdef";
        assert!(Receiving::new(id, "a", 10, DIGEST, 10).is_ok());
        assert_eq!(
            Receiving::new(id, "a", 11, DIGEST, 10),
            Err("expected a file of at most 10 bytes, found 11".into())
        );
        assert!(Receiving::new("../x", "a", 1, DIGEST, 10).is_err());
        assert!(Receiving::new(id, "a", 1, &DIGEST[1..], 10).is_err());
        assert!(Receiving::new(id, "a", 1, &DIGEST.to_uppercase(), 10).is_err());
    }

    #[test]
    fn no_more_is_taken_than_was_promised() {
        let mut file = Receiving::new("0123456789abcdef", "a", 10, DIGEST, 10).unwrap();
        assert_eq!(file.take(0, 8), Ok(()));
        assert_eq!(file.take(0, 2), Err("expected byte 8, found byte 0".into()));
        assert_eq!(file.take(8, 3), Err("expected 10 bytes as promised, found more".into()));
        assert_eq!(file.take(8, 2), Ok(()));
    }

    #[test]
    fn a_new_call_goes_on_after_what_was_written() {
        let mut file = Receiving::new("0123456789abcdef", "a", 1_000_000, DIGEST, 1_000_000).unwrap();
        file.take(0, 300_000).unwrap();
        assert_eq!(file.written(100_000), None, "not yet worth telling");
        assert_eq!(file.want(), Frame::Want { id: "0123456789abcdef".into(), from: 100_000 });
        assert_eq!(file.take(100_000, 900_000), Ok(()));
        assert_eq!(file.written(1_000_000), Some(Frame::Got { id: "0123456789abcdef".into(), upto: 1_000_000 }));
        assert!(file.is_whole());
    }
}
