//! Frames that other connections send, too.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::{Prepared, PreparedForm};

/// References to frames, in the order in which they go out. It takes no memory before the first.
#[derive(Debug, Default)]
pub(super) struct SharedFrames(Option<Box<Frames>>);

#[derive(Debug, Default)]
struct Frames {
    frames: VecDeque<Shared>,
    /// How many bytes of them wait.
    len: usize,
}

/// A whole data frame that is referred to, not copied.
#[derive(Debug)]
pub(super) struct Shared {
    /// It goes out before the byte at this position among the bytes of the connection's own frames.
    pub(super) at: usize,
    message: Prepared,
    form: PreparedForm,
    written: usize,
}

impl SharedFrames {
    pub(super) fn push(&mut self, at: usize, message: Prepared, form: PreparedForm) {
        let shared = Shared { at, message, form, written: 0 };
        let Frames { frames, len } = &mut **self.0.get_or_insert_default();
        *len = len.saturating_add(shared.rest().len());
        frames.push_back(shared);
    }

    /// How many bytes wait.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |frames| frames.len)
    }

    pub(super) fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |frames| frames.frames.len())
    }

    pub(super) fn get(&self, index: usize) -> Option<&Shared> {
        self.0.as_ref()?.frames.get(index)
    }

    #[inline]
    pub(super) fn front(&self) -> Option<&Shared> {
        self.0.as_ref()?.frames.front()
    }

    /// `n` bytes of the first were written.
    pub(super) fn written(&mut self, n: usize) {
        let Some(Frames { frames, len }) = self.0.as_deref_mut() else { return };
        let Some(first) = frames.front_mut() else { return };
        *len = len.saturating_sub(n);
        first.written = first.written.saturating_add(n);
        if first.rest().is_empty() {
            frames.pop_front();
        }
    }

    /// The first bytes of the connection's own frames were removed.
    pub(super) fn moved(&mut self, removed: usize) {
        for shared in self.0.iter_mut().flat_map(|frames| &mut frames.frames) {
            shared.at = shared.at.saturating_sub(removed);
        }
    }

    /// Gives back memory that nothing waits in.
    pub(super) fn hibernate(&mut self) {
        match &mut self.0 {
            Some(frames) if !frames.frames.is_empty() => frames.frames.shrink_to_fit(),
            _ => self.0 = None,
        }
    }
}

impl Shared {
    /// What is still to be written.
    pub(super) fn rest(&self) -> &[u8] {
        self.message.frame(self.form).get(self.written..).unwrap_or_default()
    }

    pub(super) fn is_begun(&self) -> bool {
        self.written > 0
    }
}
