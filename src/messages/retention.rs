//! Whether the memory of large messages is kept for the next ones.

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

/// After so many turns without use, memory is given back.
pub(crate) const QUIET: u8 = 64;

/// In place of a number of turns: no more is kept than what is always kept.
const FIXED: u8 = u8::MAX;

/// A buffer is in use while at least one part in so many of it is filled.
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
