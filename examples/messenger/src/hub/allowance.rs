//! How much somebody may ask for in how much time.

use std::time::{Duration, Instant};

/// An allowance that fills up with time. Who has used it up is read later: TCP holds back what comes.
#[derive(Debug)]
pub struct Allowance {
    left: f64,
    most: f64,
    per_second: f64,
    at: Instant,
}

impl Allowance {
    pub fn new(most: f64, per_second: f64, now: Instant) -> Self {
        Self { left: most, most, per_second, at: now }
    }

    /// Takes from it, and tells how long to wait before more is read.
    pub fn spend(&mut self, weight: f64, now: Instant) -> Duration {
        let gained = self.per_second * now.saturating_duration_since(self.at).as_secs_f64();
        (self.left, self.at) = (self.most.min(self.left + gained) - weight, now);
        Duration::from_secs_f64((-self.left).max(0.0) / self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_the_rate_holds() {
        let start = Instant::now();
        let (mut allowance, mut now) = (Allowance::new(10.0, 5.0, start), start);
        for _ in 0..60 {
            now += allowance.spend(1.0, now);
        }
        let seconds = (now - start).as_secs_f64();
        assert!((9.9..=10.1).contains(&seconds), "60 = 10 + 5 x 10 s, found {seconds} s");
    }
}
