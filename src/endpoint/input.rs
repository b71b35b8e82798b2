//! Bytes that were read and not taken yet.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::Redacted;

/// A buffer to read into. It holds no memory until it is asked for room.
#[derive(Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { start: 0, end: bytes.len(), bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// What was read and not taken yet.
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The same, to be taken from its front, with the place to tell how much was left.
    #[inline]
    pub(super) fn split(&mut self) -> (&mut [u8], Left<'_>) {
        (self.bytes.get_mut(self.start..self.end).unwrap_or_default(), Left { start: &mut self.start, end: self.end })
    }

    /// The first `len` bytes were taken.
    pub(super) fn skip(&mut self, len: usize) {
        self.start = self.start.saturating_add(len).min(self.end);
    }

    /// At least `len` bytes to read into, after those that were not taken yet.
    #[inline]
    pub(super) fn room(&mut self, len: usize) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        if self.bytes.len().saturating_sub(self.end) < len {
            self.make_room(len);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    #[inline(never)]
    fn make_room(&mut self, len: usize) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let needed = self.end.saturating_add(len);
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
    }

    /// The first `n` bytes of the room were read into.
    pub(super) fn filled(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.bytes.len());
    }

    /// Adds bytes that were read elsewhere.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let room = self.room(bytes.len());
        if let Some(place) = room.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
            self.filled(bytes.len());
        }
    }

    /// Gives back the memory, unless something lies in it.
    pub(super) fn hibernate(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

/// Where [`Input::split`] is told how much was left.
pub(super) struct Left<'a> {
    start: &'a mut usize,
    end: usize,
}

impl Left<'_> {
    /// All but the last `len` bytes were taken.
    #[inline]
    pub(super) fn keep(self, len: usize) {
        *self.start = self.end.saturating_sub(len);
    }
}

/// Lengths, since bytes have no place in a log.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(self.unread().len()).fmt(f)
    }
}
