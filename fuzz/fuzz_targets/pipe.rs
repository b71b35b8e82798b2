//! An output whose frames can be looked at.

use websocket_proto::wire::{Output, OutputFull};

/// An output with little room, which remembers how far it was looked at.
pub struct Pipe {
    bytes: Vec<u8>,
    seen: usize,
    pub room: usize,
}

impl Pipe {
    pub fn new(room: usize) -> Self {
        Self { bytes: Vec::new(), seen: 0, room }
    }

    /// What was appended since this was asked last.
    pub fn appended(&mut self) -> Vec<u8> {
        let appended = self.bytes[self.seen..].to_vec();
        self.seen = self.bytes.len();
        appended
    }

    pub fn take(&mut self, len: usize) -> Vec<u8> {
        assert_eq!(self.seen, self.bytes.len(), "every byte was looked at");
        let taken: Vec<u8> = self.bytes.drain(..len.min(self.seen)).collect();
        self.seen -= taken.len();
        taken
    }
}

impl Output for Pipe {
    fn waiting_len(&self) -> usize {
        self.bytes.len()
    }

    fn append_slices(&mut self, head: &[u8], body: &[u8]) -> Result<&mut [u8], OutputFull> {
        let needed = head.len() + body.len();
        if needed > self.room {
            return Err(OutputFull::new(needed, self.room));
        }
        self.room -= needed;
        self.bytes.append_slices(head, body)
    }

    fn append_zeros(&mut self, len: usize) -> Result<&mut [u8], OutputFull> {
        panic!("{len} zeros: no head is written here")
    }
}

/// Whole frames, as a naive reader takes them apart: first byte and payload.
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (len_len, masked) = (
            match second & 127 {
                126 => 2,
                127 => 8,
                _ => 0,
            },
            second & 128 != 0,
        );
        let (extended, rest) = rest.split_at(len_len);
        let len = extended.iter().fold(0, |len, &byte| len << 8 | usize::from(byte));
        let len = if len_len == 0 { usize::from(second & 127) } else { len };
        let (key, rest) = rest.split_at(if masked { 4 } else { 0 });
        let (payload, rest) = rest.split_at(len);
        let key = if masked { key } else { &[0; 4] };
        frames.push((*first, payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "a cut frame");
    frames
}
