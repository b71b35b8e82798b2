//! What memory is kept between messages.

use super::Messages;
use super::incoming::Held;

impl Messages {
    /// Sets how many bytes of the buffer are kept between messages; more are never kept, however many large messages come.
    ///
    /// Without this it keeps [`KEPT_CAPACITY`](Self::KEPT_CAPACITY), and more while large messages come again and again: a buffer that has
    /// grown is given back after the first message that needed it, and kept from the second on, if that comes within 64 turns. (A turn is a
    /// message, a control frame or a read.) After 64 turns in which no message filled a quarter of it, it is given back. So it holds at
    /// most four times the largest message of the last 64 turns, or 64 KiB if that is more, and [`hibernate`](Self::hibernate) gives all
    /// back.
    #[must_use]
    pub const fn with_kept_capacity(mut self, bytes: usize) -> Self {
        self.retention = Retention::fixed();
        self.kept_capacity = bytes;
        self
    }

    /// Gives back the memory that a connection at rest does not need.
    ///
    /// It may be called at any time, but not between a read into [`space`](Self::space) and [`filled`](Self::filled): the bytes that were read
    /// would be lost. It costs no more than to ask for the memory again. What stays is a message that is under way, and the history
    /// that the next compressed message may refer to.
    ///
    /// ```
    /// use websocket_proto::Messages;
    ///
    /// let mut messages = Messages::new();
    /// // ... when nothing has come for some seconds:
    /// messages.hibernate();
    /// ```
    pub fn hibernate(&mut self) {
        if let Held::HandedOut = self.held {
            self.buffer.discard();
            self.held = Held::Nothing;
        }
        self.buffer.shrink();
        self.retention.reset();
        #[cfg(feature = "inflate")]
        if let Some(inflater) = &mut self.inflater {
            inflater.hibernate();
        }
    }
}

/// Remembers how long ago memory beyond what is always kept was needed.
///
/// Memory that a large message needed is given back after it, unless another one came shortly before: a large message now and then
/// leaves nothing behind, and a stream of them does not ask the allocator for the same memory again and again, which may have to ask the
/// system each time. There is no clock here; time is counted in turns, in each of which the owner handled at least one message, one
/// control frame or one read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    /// How many turns have passed since a large buffer was put to use, up to [`QUIET`]; or [`FIXED`].
    turns: u8,
}

impl Default for Retention {
    fn default() -> Self {
        Self::new()
    }
}

/// After this many turns without use, memory is given back.
pub(crate) const QUIET: u8 = 64;

/// In place of a number of turns: no more is kept than what is always kept.
const FIXED: u8 = u8::MAX;

/// A buffer is in use while at least its capacity divided by this is filled.
const USED_PART: usize = 4;

impl Retention {
    /// Nothing was needed yet.
    pub(crate) const fn new() -> Self {
        Self { turns: QUIET }
    }

    /// Keeps nothing beyond what is always kept.
    pub(crate) const fn fixed() -> Self {
        Self { turns: FIXED }
    }

    /// As it was in the beginning, since nothing is held any more.
    pub(crate) const fn reset(&mut self) {
        if self.turns != FIXED {
            self.turns = QUIET;
        }
    }

    /// Takes note that `needed` bytes of a buffer of `capacity` bytes were used, of which `kept` stay in any case. Returns whether the
    /// buffer is to be given back.
    pub(crate) const fn used(&mut self, needed: usize, capacity: usize, kept: usize) -> bool {
        if self.turns == FIXED || needed <= kept || needed < capacity / USED_PART {
            return self.unused(capacity, kept);
        }
        let is_first = self.turns == QUIET;
        self.turns = 0;
        is_first && capacity > kept
    }

    /// Takes note of a turn in which the buffer was not needed. Returns whether it is to be given back.
    pub(crate) const fn unused(&mut self, capacity: usize, kept: usize) -> bool {
        if self.turns < QUIET {
            self.turns += 1;
        }
        self.turns >= QUIET && capacity > kept
    }

    /// Whether turns have to be counted.
    #[inline]
    pub(crate) const fn counts(self) -> bool {
        self.turns < QUIET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: usize = 1000;

    #[test]
    fn memory_of_one_large_message_is_given_back_and_that_of_two_is_kept() {
        let mut retention = Retention::new();
        assert!(retention.used(5000, 8000, KEPT));
        assert!(!retention.used(5000, 8000, KEPT));
        assert!(!retention.used(5000, 8000, KEPT));
    }

    #[test]
    fn memory_is_given_back_after_so_many_turns_without_use() {
        for needed in [0, KEPT, 1999] {
            let mut retention = Retention::new();
            retention.used(5000, 8000, KEPT);
            retention.used(5000, 8000, KEPT);
            for _ in 1..QUIET {
                assert!(retention.counts());
                assert!(!retention.used(needed, 8000, KEPT));
            }
            assert!(retention.used(needed, 8000, KEPT));
            assert!(!retention.counts());
            assert!(retention.used(5000, 8000, KEPT), "as if it were the first");
        }
    }

    #[test]
    fn each_use_begins_the_count_anew() {
        let mut retention = Retention::new();
        retention.used(5000, 8000, KEPT);
        for _ in 0..10 {
            assert!(!retention.used(2000, 8000, KEPT), "a quarter is a use");
            for _ in 1..QUIET {
                assert!(!retention.unused(8000, KEPT));
            }
        }
    }

    #[test]
    fn what_is_fixed_never_adapts() {
        let mut retention = Retention::fixed();
        for _ in 0..3 {
            assert!(retention.used(5000, 8000, KEPT));
            assert!(!retention.counts());
            retention.reset();
        }
    }

    #[test]
    fn what_is_always_kept_is_never_given_back() {
        let mut retention = Retention::new();
        for _ in 0..1000 {
            assert!(!retention.used(KEPT, KEPT, KEPT));
            assert!(!retention.unused(KEPT, KEPT));
        }
    }
}
