//! What a `WebSocketContext` has still to write.

use bytes::{Buf, Bytes};
use std::mem;

/// Bytes, a long payload that is not copied, and the bytes after it; either may be missing.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// How many of `bytes` are written.
    written: usize,
    payload: Bytes,
    after: Vec<u8>,
}

impl Output {
    /// How much of a long payload is copied, so that its header does not go out alone.
    const BEGINNING: usize = 64 * 1024;

    /// From which length a payload is not copied.
    pub(super) const LONG: usize = 4 * Self::BEGINNING;

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.written + self.payload.len() + self.after.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where more is appended.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        if self.payload.is_empty() { &mut self.bytes } else { &mut self.after }
    }

    /// Appends a header and its payload.
    pub(super) fn push(&mut self, header: &[u8], mut payload: Bytes) {
        self.end().extend_from_slice(header);
        if self.payload.is_empty() {
            let beginning = payload.split_to(payload.len().min(Self::BEGINNING));
            self.bytes.extend_from_slice(&beginning);
            self.payload = payload;
        } else {
            self.after.extend_from_slice(&payload);
        }
    }

    /// What goes out next; empty if nothing does.
    pub(super) fn front(&self) -> &[u8] {
        match self.bytes.get(self.written..) {
            None | Some([]) => &self.payload,
            Some(bytes) => bytes,
        }
    }

    /// Takes note that the first `n` bytes of what goes out next are written.
    pub(super) fn wrote(&mut self, n: usize) {
        if self.written < self.bytes.len() {
            self.written += n;
        } else {
            self.payload.advance(n);
        }
        if self.written == self.bytes.len() {
            self.bytes.clear();
            self.written = 0;
            if self.payload.is_empty() {
                self.payload = Bytes::new();
                mem::swap(&mut self.bytes, &mut self.after);
            }
        }
    }

    /// Forgets what is written while more waits.
    pub(super) fn compact(&mut self) {
        self.bytes.drain(..mem::take(&mut self.written));
    }
}
