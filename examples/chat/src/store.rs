//! The history's file.
//!
//! It holds what a client would have received that was there from the beginning: WebSocket frames, one after the other. So it is written
//! like a connection, read like one, and checked like one, and a server that was killed in the middle of a write left a cut frame.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use websocket_proto::{Client, Connection, Incoming, MaskingKeys, Messages, Negotiated};

use crate::letter::{Form, Letter};
use crate::limits;
use crate::protocol::{Told, split_caption};

/// A file that everything said is appended to before anyone is told.
///
/// What was told survives the death of the process, not that of the machine: nothing waits for the disk.
#[derive(Debug)]
pub struct Store {
    file: File,
    path: PathBuf,
    len: u64,
    /// The length that it had with nothing in it but what was kept.
    tidy_len: u64,
}

impl Store {
    /// Hands out what the file holds, in its order; one that is not there holds nothing. A frame that the end of the file cuts was
    /// never told to anyone, and is passed over.
    pub fn read(path: &Path, mut restore: impl FnMut(Told<'_>, Letter)) -> io::Result<()> {
        match fs::read(path) {
            Ok(mut bytes) => read_all(&mut bytes, &mut restore),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Puts a new file in the place of the old one, with these letters alone.
    pub fn create(path: &Path, letters: impl Iterator<Item = Rc<Letter>>) -> io::Result<Self> {
        let aside = path.with_extension("new");
        let mut store = Self { file: File::create(&aside)?, path: path.to_owned(), len: 0, tidy_len: 0 };
        for letter in letters {
            store.append(&letter)?;
        }
        store.tidy_len = store.len;
        fs::rename(&aside, path)?;
        Ok(store)
    }

    /// Appends a letter, or nothing.
    pub fn append(&mut self, letter: &Letter) -> io::Result<()> {
        if let Err(error) = self.file.write_all(letter.bytes(Form::Plain)) {
            self.file.set_len(self.len)?;
            self.file.seek(SeekFrom::End(0))?;
            return Err(error);
        }
        self.len += letter.bytes(Form::Plain).len() as u64;
        Ok(())
    }

    /// Whether most of it is perhaps no longer kept.
    pub fn is_overgrown(&self) -> bool {
        self.len > 4 * self.tidy_len + (4 << 20)
    }

    /// Begins anew with these letters alone.
    pub fn rewrite(&mut self, letters: impl Iterator<Item = Rc<Letter>>) -> io::Result<()> {
        *self = Self::create(&self.path, letters)?;
        Ok(())
    }
}

/// Reads a file as a client reads a connection.
fn read_all(bytes: &mut [u8], restore: &mut impl FnMut(Told<'_>, Letter)) -> io::Result<()> {
    let total = bytes.len();
    let mut connection = Connection::new(Negotiated::elsewhere(), Client::new(Silent), &limits::protocol());
    let mut messages = Messages::new();
    let mut input = bytes;
    let mut whole = 0;
    loop {
        let broken = |what: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidData, format!("no history after byte {whole}: {what}"))
        };
        match messages.next(&mut connection, &mut input, &mut Vec::new()) {
            Ok(None) => return Ok(()),
            Ok(Some(Incoming::Text(text))) => {
                let told = serde_json::from_str(text).map_err(|error| broken(&error))?;
                restore(told, Letter::new(text));
            }
            Ok(Some(Incoming::Binary(bytes))) => {
                let (caption, _) = split_caption(bytes).ok_or_else(|| broken(&"a caption is cut"))?;
                let told = serde_json::from_slice(caption).map_err(|error| broken(&error))?;
                restore(told, Letter::new(&*bytes));
            }
            Ok(Some(_)) => return Err(broken(&"a control frame")),
            Err(error) => return Err(broken(&error)),
        }
        whole = total - input.len();
    }
}

/// The masking keys of a client that only listens.
struct Silent;

impl MaskingKeys for Silent {
    fn next_key(&mut self) -> [u8; 4] {
        [0; 4]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        read_all(&mut bytes.to_vec(), &mut |told, _| match told {
            Told::Message { n, .. } | Told::Picture { n, .. } => numbers.push(n),
            _ => panic!("{told:?}"),
        })?;
        Ok(numbers)
    }

    fn message(n: u64) -> Letter {
        let (room, id, nick, text) = ("a".into(), "b".into(), "c".into(), "d".into());
        Letter::new(&Told::Message { room, n, id, nick, at: 0, text }.to_json())
    }

    #[test]
    fn file_that_ends_anywhere_holds_the_messages_before() {
        let bytes = [message(1).bytes(Form::Plain), message(2).bytes(Form::Plain)].concat();
        let one = message(1).len();
        for cut in 0..=bytes.len() {
            assert_eq!(read(&bytes[..cut]).unwrap().len(), cut / one, "cut at {cut}");
        }
    }

    #[test]
    fn file_of_something_else_is_refused_with_the_place() {
        let bytes = [message(1).bytes(Form::Plain), b"GIF89a"].concat();
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains(&format!("after byte {}", message(1).len())), "{error}");
    }
}
