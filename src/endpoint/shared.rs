//! Frames that are referred to, not copied: those that other connections send, too, and those of messages that are large.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::ops::Range;

use crate::connection::Counted;
use crate::wire::EncodedHeader;
use crate::{OwnedMessage, Prepared, PreparedForm};

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
    frame: Frame,
    written: usize,
}

/// What is referred to.
#[derive(Debug)]
pub(super) enum Frame {
    /// A frame as it goes out.
    Prepared(Prepared, PreparedForm),
    /// A header, and the part of a message that follows it.
    Part(EncodedHeader, Message, Range<usize>),
}

/// A message whose frames refer to it.
pub(super) type Message = Counted<OwnedMessage>;

impl SharedFrames {
    pub(super) fn push(&mut self, at: usize, frame: Frame) {
        let shared = Shared { at, frame, written: 0 };
        let Frames { frames, len } = &mut **self.0.get_or_insert_default();
        *len = shared.slices().iter().fold(*len, |len, slice| len.saturating_add(slice.len()));
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
    /// What is still to be written next.
    pub(super) fn rest(&self) -> &[u8] {
        match self.slices() {
            [[], payload] => payload,
            [header, _] => header,
        }
    }

    /// What is still to be written.
    pub(super) fn slices(&self) -> [&[u8]; 2] {
        let (header, payload) = match &self.frame {
            Frame::Prepared(message, form) => (&[][..], message.frame(*form)),
            Frame::Part(header, message, part) => {
                (&header[..], message.payload().get(part.clone()).unwrap_or_default())
            }
        };
        let of_payload = self.written.saturating_sub(header.len());
        [header.get(self.written..).unwrap_or_default(), payload.get(of_payload..).unwrap_or_default()]
    }

    pub(super) fn is_begun(&self) -> bool {
        self.written > 0
    }
}
