//! How much a client may send in how much time.

use tokio::time::Instant;

/// An allowance that fills up with time.
#[derive(Debug)]
pub struct Allowance {
    left: f64,
    at: Instant,
}

/// What a client may send at once.
const BURST: f64 = 2000.0;
/// What it may send for ever.
const PER_SECOND: f64 = 500.0;

impl Allowance {
    pub fn new(now: Instant) -> Self {
        Self { left: BURST, at: now }
    }

    /// Takes one; false if there is none left.
    pub fn spend(&mut self, now: Instant) -> bool {
        self.left = BURST.min(self.left + PER_SECOND * (now - self.at).as_secs_f64());
        self.at = now;
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn burst_is_free_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        assert_eq!((0..3000).filter(|_| allowance.spend(start)).count(), 2000);
        let mut allowance = Allowance::new(start);
        let spent = (0..20_000_u32).filter(|n| allowance.spend(start + Duration::from_millis(1) * *n / 2)).count();
        assert!((6990..=7010).contains(&spent), "2000 and 500 in each of ten seconds, found {spent}");
    }
}
