//! The figures of the status line.

use std::fmt;
use std::time::Duration;

/// What has happened since the start.
#[derive(Clone, Copy, Default)]
pub struct Counters {
    pub messages: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub timeouts: u64,
    /// Requests that opened nothing and got no page.
    pub refused: u64,
    /// Connections whose peer broke the protocol.
    pub failed: u64,
    /// Slow readers that were dropped.
    pub dropped: u64,
    /// Messages that slow readers missed.
    pub skipped: u64,
}

impl Counters {
    /// A line about the time since `before`.
    pub fn line(&self, before: &Self, span: Duration, connections: usize) -> impl fmt::Display {
        let per_second = |now: u64, before: u64| (now - before) as f64 / span.as_secs_f64();
        format!(
            "{connections} connections, {:.0} messages/s, {:.3} MB/s in, {:.3} MB/s out; so far: {} time-outs, {} refused, {} failed, \
             {} slow readers dropped, {} messages skipped",
            per_second(self.messages, before.messages),
            per_second(self.bytes_in, before.bytes_in) / 1e6,
            per_second(self.bytes_out, before.bytes_out) / 1e6,
            self.timeouts,
            self.refused,
            self.failed,
            self.dropped,
            self.skipped,
        )
    }
}
