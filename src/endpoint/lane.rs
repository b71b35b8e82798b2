//! Bytes that wait to be written, and how far they have been.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::Redacted;

/// A buffer that grows at its end and is written from its front.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) bytes: Vec<u8>,
    /// How many of them were written.
    pub(super) written: usize,
}

impl Lane {
    /// Written bytes are removed while others still wait if they are this many, and no fewer than the others.
    const COMPACTED_FROM: usize = 64 * 1024;

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.written >= self.bytes.len()
    }

    /// How many bytes wait.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len().saturating_sub(self.written)
    }

    /// What waits, up to the position `end`.
    #[inline]
    pub(super) fn until(&self, end: usize) -> &[u8] {
        self.bytes.get(self.written..end).unwrap_or_default()
    }

    /// All of it was written.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.written = 0;
    }

    /// Whether [`compact`](Self::compact) costs no more than what was written since the last time.
    pub(super) fn wants_compaction(&self) -> bool {
        self.is_empty() || (self.written >= Self::COMPACTED_FROM && self.written >= self.len())
    }

    /// Removes what was written, and returns by how much the positions move.
    pub(super) fn compact(&mut self) -> usize {
        let removed = core::mem::take(&mut self.written);
        self.bytes.drain(..removed.min(self.bytes.len()));
        removed
    }
}

/// Lengths, since bytes have no place in a log.
impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(self.len()).fmt(f)
    }
}
