//! How long to wait before the next attempt.

use std::time::Duration;

/// Delays that double up to a bound, each shortened at random by up to a half, so that many who lost the same server do not come back
/// together.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    first: Duration,
    longest: Duration,
    random: u64,
}

impl Backoff {
    /// `seed` makes the delays differ from those of others.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { next: first, first, longest, random: seed | 1 }
    }

    /// The delay before the next attempt.
    pub fn delay(&mut self) -> Duration {
        // xorshift64: nothing depends on its quality.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let share = 0.5 + (self.random >> 40) as f64 / (1_u64 << 25) as f64;
        let delay = self.next.mul_f64(share);
        self.next = (self.next * 2).min(self.longest);
        delay
    }

    /// An attempt has succeeded.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_bound_and_differ_between_peers() {
        let of = |seed| {
            let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30), seed);
            (0..12).map(|_| backoff.delay()).collect::<Vec<_>>()
        };
        let mut most = Duration::from_millis(500);
        for delay in of(42) {
            assert!((most / 2..=most).contains(&delay), "{delay:?} of {most:?}");
            most = (most * 2).min(Duration::from_secs(30));
        }
        assert_ne!(of(42), of(4242));
    }

    #[test]
    fn success_begins_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30), 7);
        for _ in 0..5 {
            backoff.delay();
        }
        backoff.reset();
        assert!(backoff.delay() <= Duration::from_secs(1));
    }
}
