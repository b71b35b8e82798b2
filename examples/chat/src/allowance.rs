//! How much a client may ask for in how much time.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{BURST, PER_SECOND};

/// An allowance that fills up with time. A client that has used it up is not refused: it is read later, so that nothing is lost, and
/// TCP holds back what it goes on sending.
#[derive(Debug)]
pub struct Allowance {
    /// What was left `at`; below zero for a while after something heavy.
    left: f64,
    at: Instant,
}

impl Allowance {
    pub fn new(now: Instant) -> Self {
        Self { left: BURST, at: now }
    }

    /// Until when the client has to wait, if it has to.
    pub fn exhausted_until(&mut self, now: Instant) -> Option<Instant> {
        self.left = BURST.min(self.left + PER_SECOND * (now - self.at).as_secs_f64());
        self.at = now;
        // A little more than is missing, so that waiting is never in vain.
        (self.left < 1.0)
            .then(|| now + Duration::from_secs_f64((1.0 - self.left) / PER_SECOND) + Duration::from_millis(1))
    }

    pub fn spend(&mut self, weight: f64) {
        self.left -= weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_is_free_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let (mut now, mut commands) = (start, 0.0);
        while now < start + Duration::from_secs(10) && commands < 1000.0 {
            match allowance.exhausted_until(now) {
                Some(until) => {
                    assert!(until > now, "time goes on");
                    now = until;
                }
                None => {
                    allowance.spend(1.0);
                    commands += 1.0;
                }
            }
        }
        let expected = BURST + 10.0 * PER_SECOND;
        assert!((expected - 5.0..=expected + 1.0).contains(&commands), "{commands}");
    }

    #[test]
    fn rest_fills_it_up_to_the_burst_and_no_further() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let later = start + Duration::from_secs(3600);
        assert_eq!(allowance.exhausted_until(later), None);
        allowance.spend(BURST);
        assert!(allowance.exhausted_until(later).is_some());
    }
}
