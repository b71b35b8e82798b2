//! Stand-in until the kernels land.
#![allow(missing_docs)]
use super::{Level, Tail, scalar};
use alloc::vec::Vec;

#[derive(Debug, Default)]
pub(crate) struct Assembly {
    bytes: Vec<u8>,
    cut: usize,
}

impl Assembly {
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), cut: 0 }
    }
    pub(crate) fn push_binary(&mut self, _level: Level, masked: &[u8], key: u32) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(masked);
        scalar::xor(&mut self.bytes[start..], key);
    }
    pub(crate) fn push_text(&mut self, level: Level, masked: &[u8], key: u32) -> Result<(), usize> {
        let start = self.bytes.len() - self.cut;
        self.push_binary(level, masked, key);
        let text = scalar::validate(&self.bytes[start..]);
        match text.tail {
            Tail::Complete => self.cut = 0,
            Tail::Cut(cut) => self.cut = cut.len(),
            Tail::Invalid => return Err(start + text.valid.len()),
        }
        Ok(())
    }
    pub(crate) fn expect_whole(&self) -> Result<(), usize> {
        if self.cut == 0 { Ok(()) } else { Err(self.bytes.len() - self.cut) }
    }
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
    pub(crate) fn text(&self) -> Option<&str> {
        (self.cut == 0).then(|| core::str::from_utf8(&self.bytes).unwrap_or_default())
    }
    pub(crate) fn binary(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
    pub(crate) fn clear(&mut self, keep: usize) {
        self.cut = 0;
        self.bytes.clear();
        self.bytes.shrink_to(keep);
    }
}
