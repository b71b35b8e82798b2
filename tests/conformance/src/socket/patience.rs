//! How long a peer was waited for.

use std::time::{Duration, Instant};

/// Time that was waited, in turns.
///
/// Of each turn no more counts than it was to take: while the machine stands still, or the judge is stopped, a peer can't answer either,
/// or its answer waits to be read.
#[derive(Debug, Default)]
pub(super) struct Waited(Duration);

impl Waited {
    /// Waits by this, which is to take so long at most.
    pub(super) fn turn<T>(&mut self, most: Duration, wait: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = wait();
        self.0 += begun.elapsed().min(most);
        done
    }

    /// All turns.
    pub(super) fn all(&self) -> Duration {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_counts_as_long_as_it_was_to_take() {
        let (long, short) = (Duration::from_millis(20), Duration::from_millis(5));
        let mut waited = Waited::default();
        waited.turn(short, || std::thread::sleep(long));
        assert_eq!(waited.all(), short);
        waited.turn(10 * long, || std::thread::sleep(long));
        assert!(waited.all() >= short + long);
        let before = waited.all();
        // What comes at once has cost no patience.
        assert_eq!(waited.turn(long, || 7), 7);
        assert!(waited.all() < before + long);
    }
}
