//! What is to be written, in the order in which it goes out.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use super::lane::Lane;
use super::shared::{Frame, Shared, SharedFrames};
use crate::messages::retention::Retention;
use crate::wire::Header;

/// The output of an endpoint: data frames and the Close in one lane, Pings and Pongs in another.
///
/// §5.4: "Control frames MAY be injected in the middle of a fragmented message." So a Pong does not wait until a long message is
/// written: it goes out at the next border between frames. Where both lanes have something, they take turns.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Data frames, and after the last of them the Close. The head of an HTTP message may come before the first.
    frames: Lane,
    /// Frames that are referred to, not copied.
    shared: SharedFrames,
    /// Pings and Pongs.
    control: Lane,
    /// A position in `frames` where a frame begins or the lane ends. It may lag while no control frame waits.
    border: usize,
    /// While it is the turn of the control frames: where those end that go out now.
    control_end: Option<NonZeroUsize>,
    /// Control frames have had their turn, so one data frame goes first.
    data_first: bool,
    /// Output was handed out and its write not reported yet, so what goes out first must not change.
    offered: bool,
    /// Where that output ends in `frames`.
    offered_end: usize,
    /// Whether the memory of `frames` is kept for the next large message.
    retention: Retention,
}

/// How much memory of the data frames is always kept.
const KEPT: usize = 64 * 1024;

impl Queue {
    /// Begins with the head of an HTTP message, before whose end no frame goes out.
    pub(super) fn after_head(head: Lane) -> Self {
        Self { border: head.bytes.len(), frames: head, ..Self::default() }
    }

    /// How many bytes wait.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.frames.len().saturating_add(self.control.len()).saturating_add(self.shared.len())
    }

    /// How many bytes of Pings and Pongs wait.
    pub(super) fn control_len(&self) -> usize {
        self.control.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.control.is_empty() && self.shared.len() == 0
    }

    /// Where data frames and the Close are appended.
    #[inline]
    pub(super) fn frames(&mut self) -> &mut Vec<u8> {
        &mut self.frames.bytes
    }

    /// Appends whole data frames, without a copy if there are no others. What is left in `frames` is of no use.
    pub(super) fn append(&mut self, frames: &mut Vec<u8>) {
        if self.frames.bytes.is_empty() {
            core::mem::swap(&mut self.frames.bytes, frames);
        } else {
            self.frames.bytes.extend_from_slice(frames);
        }
    }

    /// Where other control frames are appended; [`settle`](Self::settle) has to follow.
    pub(super) fn control(&mut self) -> &mut Vec<u8> {
        &mut self.control.bytes
    }

    /// Appends a whole data frame without copying it.
    pub(super) fn push_shared(&mut self, frame: Frame) {
        self.shared.push(self.frames.bytes.len(), frame);
    }

    /// Whether nothing waits but the connection's own data frames.
    #[inline]
    fn is_plain(&self) -> bool {
        self.control.is_empty() && self.shared.len() == 0
    }

    /// What goes out next; empty only if nothing waits.
    #[inline]
    pub(super) fn output(&mut self) -> &[u8] {
        if self.is_plain() {
            (self.offered, self.offered_end) = (!self.frames.is_empty(), self.frames.bytes.len());
            return self.frames.until(self.offered_end);
        }
        self.mixed_output()
    }

    #[inline(never)]
    fn mixed_output(&mut self) -> &[u8] {
        (self.offered, self.offered_end) = (!self.is_empty(), self.stop());
        self.front()
    }

    /// What goes out next, and what follows it as far as that is decided: for a vectored write.
    pub(super) fn slices(&mut self) -> impl Iterator<Item = &[u8]> {
        // Control frames that wait go out in between, so that what follows them is not decided.
        let decided = self.control_end.is_none() && self.control.is_empty();
        (self.offered, self.offered_end) =
            (!self.is_empty(), if decided { self.frames.bytes.len() } else { self.stop() });
        let queue = &*self;
        let before = |index: usize| match index.checked_sub(1) {
            None => queue.frames.written,
            Some(index) => queue.shared.get(index).map_or(usize::MAX, |shared| shared.at),
        };
        let alternating = (0..=queue.shared.count()).flat_map(move |index| {
            let shared = queue.shared.get(index);
            let end = shared.map_or(queue.frames.bytes.len(), |shared| shared.at);
            let lane = queue.frames.bytes.get(before(index)..end).unwrap_or_default();
            let [header, payload] = shared.map_or([&[][..]; 2], Shared::slices);
            [lane, header, payload]
        });
        let (all, one) = if decided { (Some(alternating), None) } else { (None, Some(queue.front())) };
        all.into_iter().flatten().chain(one).filter(|slice| !slice.is_empty())
    }

    /// Takes note that the first `n` bytes of what was handed out were written.
    #[inline]
    pub(super) fn written(&mut self, n: usize) {
        if self.is_plain() && n >= self.frames.len() {
            let used = self.frames.bytes.len();
            self.frames.clear();
            (self.border, self.offered, self.data_first) = (0, false, false);
            if self.frames.bytes.capacity() > KEPT || self.retention.counts() {
                self.give_back(used);
            }
            return;
        }
        self.written_in_part(n);
    }

    #[inline(never)]
    fn written_in_part(&mut self, mut n: usize) {
        while n > 0 {
            let taken = n.min(self.front().len());
            match (self.control_end, self.shared.front()) {
                _ if taken == 0 => break,
                (Some(_), _) => self.control.written = self.control.written.saturating_add(taken),
                (None, Some(shared)) if shared.at <= self.frames.written => {
                    self.shared.written(taken);
                    self.data_first = false;
                }
                (None, _) => {
                    self.frames.written = self.frames.written.saturating_add(taken);
                    self.data_first = false;
                }
            }
            n -= taken;
        }
        self.offered = false;
        if self.control_end.is_some_and(|end| self.control.written >= end.get()) {
            self.control_end = None;
            self.data_first = !self.frames.is_empty() || self.shared.len() > 0;
        }
        self.compact();
        self.settle();
    }

    /// Decides whose turn it is; to be called after control frames were appended.
    pub(super) fn settle(&mut self) {
        if self.control.is_empty() || self.control_end.is_some() {
            return;
        }
        self.catch_up(if self.offered { self.offered_end } else { self.frames.written });
        if self.data_first && self.border == self.frames.written {
            self.border = self.frame_end(self.border);
        }
        let at_border = self.border == self.frames.written && !self.shared.front().is_some_and(Shared::is_begun);
        if at_border && !self.offered && !self.data_first {
            self.control_end = NonZeroUsize::new(self.control.bytes.len());
        }
    }

    /// Gives back memory that nothing waits in.
    pub(super) fn hibernate(&mut self) {
        self.frames.bytes.shrink_to_fit();
        self.retention.reset();
        self.control.bytes.shrink_to_fit();
        self.shared.hibernate();
    }

    #[inline]
    fn front(&self) -> &[u8] {
        match (self.control_end, self.shared.front()) {
            (Some(end), _) => self.control.until(end.get()),
            (None, Some(shared)) if shared.at <= self.frames.written => shared.rest(),
            (None, _) => self.frames.until(self.stop()),
        }
    }

    /// Where the data frames stop for now: before a shared frame, and at the next border if control frames wait.
    #[inline]
    fn stop(&self) -> usize {
        let end = if self.control.is_empty() { self.frames.bytes.len() } else { self.border };
        self.shared.front().map_or(end, |shared| end.min(shared.at).max(self.frames.written))
    }

    /// Moves the border to the first one that is not before this position of `frames`.
    fn catch_up(&mut self, position: usize) {
        while self.border < position {
            self.border = self.frame_end(self.border);
        }
    }

    /// Where the frame ends that begins at this position of `frames`.
    fn frame_end(&self, start: usize) -> usize {
        let end = match Header::decode(self.frames.bytes.get(start..).unwrap_or_default()) {
            Ok(Some((header, header_len))) => usize::try_from(header.payload_len())
                .ok()
                .and_then(|len| start.checked_add(header_len)?.checked_add(len)),
            // No frame begins there.
            Ok(None) | Err(_) => None,
        };
        end.unwrap_or(usize::MAX).min(self.frames.bytes.len())
    }

    fn compact(&mut self) {
        if self.control_end.is_none() && self.control.is_empty() {
            self.control.compact();
        }
        if self.frames.is_empty() {
            self.border = self.frames.bytes.len();
        } else if self.frames.wants_compaction() {
            self.catch_up(self.frames.written);
        } else {
            return;
        }
        let used = self.frames.bytes.len();
        let removed = self.frames.compact();
        self.border = self.border.saturating_sub(removed);
        self.shared.moved(removed);
        self.give_back(used);
    }

    /// Takes note of how many bytes of the data frames' memory were used since it was last compact, and gives it back if they are empty
    /// and it was not worth keeping.
    #[inline(never)]
    fn give_back(&mut self, used: usize) {
        let excess = self.retention.used(used, self.frames.bytes.capacity(), KEPT);
        if excess && self.frames.bytes.is_empty() {
            self.frames.bytes = Vec::new();
        }
    }
}
