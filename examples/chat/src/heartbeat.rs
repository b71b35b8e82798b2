//! Pings, and how long their answers take.

use std::time::Duration;

use tokio::time::Instant;
use websocket_proto::Server;
use websocket_proto::endpoint::Sender;

use crate::protocol::Told;

/// Sends a numbered Ping now and then, and measures until its Pong. The page can't see Pings, so it is told; and since it is told
/// regularly, a page that hears nothing for long knows that the line is dead.
pub struct Heartbeat {
    every: Duration,
    next: Instant,
    count: u32,
    sent: Instant,
}

impl Heartbeat {
    /// Begins with a Ping at once.
    pub fn new(every: Duration, now: Instant) -> Self {
        Self { every, next: now, count: 0, sent: now }
    }

    /// When the next Ping is due.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// Sends a Ping, while the connection is open.
    pub fn beat(&mut self, sender: &mut Sender<'_, Server>) {
        let now = Instant::now();
        self.next = now + self.every;
        if sender.ping(&self.count.wrapping_add(1).to_be_bytes()).is_ok() {
            self.count = self.count.wrapping_add(1);
            self.sent = now;
        }
    }

    /// What to tell about a Pong, if it is the one that is waited for.
    pub fn heard(&mut self, payload: &[u8]) -> Option<String> {
        let ms = (payload == self.count.to_be_bytes()).then(|| self.sent.elapsed().as_secs_f64() * 1000.0)?;
        Some(Told::Latency { ms: (ms * 100.0).round() / 100.0 }.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use websocket_proto::Negotiated;
    use websocket_proto::endpoint::{Config, Endpoint};

    #[test]
    fn pong_to_the_last_ping_is_told_and_no_other() {
        let mut endpoint =
            Endpoint::<_, Instant>::new(Negotiated::elsewhere(), Server, &Config::default(), b"", Instant::now());
        let mut heartbeat = Heartbeat::new(Duration::from_secs(10), Instant::now());
        heartbeat.beat(&mut endpoint.sender());
        heartbeat.beat(&mut endpoint.sender());
        let mut out = Vec::new();
        while !endpoint.output().is_empty() {
            out.extend_from_slice(endpoint.output());
            let n = endpoint.output().len();
            endpoint.written(n);
        }
        assert_eq!(out, b"\x89\x04\0\0\0\x01\x89\x04\0\0\0\x02");
        assert!(heartbeat.heard(b"\0\0\0\x01").is_none() && heartbeat.heard(b"").is_none());
        assert!(heartbeat.heard(b"\0\0\0\x02").unwrap().contains("latency"));
    }
}
