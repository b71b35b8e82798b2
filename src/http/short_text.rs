//! Text by value, for callers without an allocator.

use core::fmt::{self, Write};

use super::token::ascii;

/// Text of at most `MAX_LEN` bytes, in ASCII. What is written beyond that is an error, and what was written before stays.
#[derive(Clone, Copy)]
pub(crate) struct ShortText<const MAX_LEN: usize> {
    bytes: [u8; MAX_LEN],
    len: u16,
}

impl<const MAX_LEN: usize> ShortText<MAX_LEN> {
    pub(crate) const EMPTY: Self = Self { bytes: [0; MAX_LEN], len: 0 };

    pub(crate) fn as_str(&self) -> &str {
        ascii(self.bytes.get(..usize::from(self.len)).unwrap_or_default())
    }
}

impl<const MAX_LEN: usize> Write for ShortText<MAX_LEN> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.bytes.get_mut(usize::from(self.len)..).unwrap_or_default();
        let place = free.get_mut(..text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = self.len.saturating_add(u16::try_from(text.len()).map_err(|_| fmt::Error)?);
        Ok(())
    }
}

impl<const MAX_LEN: usize> fmt::Debug for ShortText<MAX_LEN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
