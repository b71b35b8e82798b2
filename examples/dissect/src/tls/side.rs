//! One direction of TLS: records out of bytes, and their content.

use std::collections::VecDeque;

use super::keys::Key;

#[derive(Debug, Default)]
pub struct Side {
    /// The bytes of a record that is not complete.
    bytes: Vec<u8>,
    /// What is left of a record that can't be read, because bytes of it are missing.
    passed: u64,
    /// Handshake messages that are not encrypted, until the first is complete.
    handshake: Vec<u8>,
    key: Option<Key>,
    /// Whether the key has opened a record: those before were of the handshake.
    begun: bool,
    encrypted: bool,
    waiting: VecDeque<Record>,
    waiting_len: usize,
    given_up: bool,
    closed: bool,
}

/// A record of TLS (RFC 8446 §5.1).
#[derive(Debug)]
pub struct Record {
    header: [u8; 5],
    fragment: Vec<u8>,
}

/// What became of a record.
#[derive(Debug)]
pub enum Taken {
    Data(Vec<u8>),
    /// A record is damaged, or one before it is missing.
    Undecipherable,
}

const HEADER_LEN: usize = 5;
/// RFC 5246 §6.2.3: "The length MUST NOT exceed 2^14 + 2048."
const MAX_FRAGMENT: usize = (1 << 14) + 2048;
/// Above any hello.
const MAX_HANDSHAKE: usize = 1 << 17;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

impl Record {
    pub fn is_clear_handshake(&self) -> bool {
        self.header[0] == HANDSHAKE
    }

    pub fn is_change_of_cipher(&self) -> bool {
        self.header[0] == CHANGE_CIPHER_SPEC
    }

    pub fn is_application_data(&self) -> bool {
        self.header[0] == APPLICATION_DATA
    }
}

impl Side {
    /// About how many bytes of memory it holds.
    pub fn held(&self) -> usize {
        self.bytes.len() + self.handshake.len() + self.waiting_len
    }

    /// Whether its key has opened a record.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether it has said that it ends.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether its keys are in use: handshake messages can't be read any more.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// RFC 5246 §7.1: what follows is encrypted.
    pub fn begin_encryption(&mut self) {
        self.encrypted = true;
    }

    pub fn key(&mut self, key: Key) {
        self.key = Some(key);
    }

    pub fn push(&mut self, bytes: &[u8]) {
        if !self.given_up {
            let passed = usize::try_from(self.passed).unwrap_or(usize::MAX).min(bytes.len());
            self.passed -= passed as u64;
            self.bytes.extend_from_slice(&bytes[passed..]);
        }
    }

    /// Bytes are missing. How many bytes of content were lost with them; `None` if where the next record begins is unknown.
    pub fn gap(&mut self, len: u64) -> Option<u64> {
        if self.given_up {
            return Some(0);
        }
        if self.passed >= len {
            self.passed -= len;
            return Some(0);
        }
        let header: &[u8; HEADER_LEN] = self.bytes.first_chunk()?;
        let fragment = u64::from(u16::from_be_bytes([header[3], header[4]]));
        let missing = (HEADER_LEN as u64 + fragment).checked_sub(self.bytes.len() as u64)?;
        self.passed = missing.checked_sub(len)?;
        self.bytes.clear();
        let key = self.key.as_mut()?;
        key.skip(1);
        Some(fragment.saturating_sub(key.overhead()))
    }

    /// The next record; `Err` if it can't be one.
    pub fn record(&mut self) -> Result<Option<Record>, ()> {
        let Some(&header) = self.bytes.first_chunk::<HEADER_LEN>() else { return Ok(None) };
        let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if !(CHANGE_CIPHER_SPEC..=APPLICATION_DATA + 1).contains(&header[0]) || header[1] != 3 || len > MAX_FRAGMENT {
            return Err(());
        }
        let Some(fragment) = self.bytes.get(HEADER_LEN..HEADER_LEN + len) else { return Ok(None) };
        let fragment = fragment.to_vec();
        self.bytes.drain(..HEADER_LEN + len);
        Ok(Some(Record { header, fragment }))
    }

    /// A record of the handshake: the first message, if it is complete.
    pub fn hello(&mut self, record: &Record) -> Option<&[u8]> {
        // The one before was looked at; what follows it in its record, and is encrypted in TLS 1.3, tells nothing more.
        if self.message_len().is_some_and(|len| self.handshake.len() >= len) {
            self.handshake.clear();
        }
        if self.handshake.len() < MAX_HANDSHAKE {
            self.handshake.extend_from_slice(&record.fragment);
        }
        self.handshake.get(..self.message_len()?)
    }

    fn message_len(&self) -> Option<usize> {
        let &[_, a, b, c] = self.handshake.first_chunk()?;
        Some(4 + usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()?)
    }

    /// A record waits for its key.
    pub fn wait(&mut self, record: Record) {
        if !self.given_up {
            self.waiting_len += record.fragment.len();
            self.waiting.push_back(record);
        }
    }

    /// What the records that wait have in them, now that there is a key.
    pub fn decrypt_waiting(&mut self) -> Vec<Taken> {
        self.waiting_len = 0;
        let mut taken = Vec::new();
        while let Some(Record { header, fragment }) = self.waiting.pop_front() {
            let Some(key) = &mut self.key else { break };
            let mut opened = key.open(header, &fragment);
            if opened.is_none() && self.begun {
                // RFC 8446 §4.6.3: after a KeyUpdate the next key is in use, from record 0 on.
                if let Some(mut next) = key.next() {
                    opened = next.open(header, &fragment);
                    if opened.is_some() {
                        *key = next;
                    }
                }
            }
            match opened {
                Some((kind, content)) => {
                    self.begun = true;
                    match kind {
                        APPLICATION_DATA => taken.push(Taken::Data(content)),
                        // RFC 8446 §6.1: close_notify.
                        ALERT if content.last() == Some(&0) => self.closed = true,
                        _ => {}
                    }
                }
                // In TLS 1.3, records with the keys of the handshake look the same.
                None if self.begun || key.next().is_none() => {
                    taken.push(Taken::Undecipherable);
                    break;
                }
                None => {}
            }
        }
        taken
    }

    /// Nothing of this side can be read any more.
    pub fn give_up(&mut self) {
        self.given_up = true;
        self.bytes = Vec::new();
        self.waiting = VecDeque::new();
        self.waiting_len = 0;
    }
}
