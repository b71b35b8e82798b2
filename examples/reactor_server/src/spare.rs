//! Memory for large messages, which connections share.

use std::time::{Duration, Instant};

use websocket_proto::Messages;

/// Buffers that no connection needs now.
///
/// A connection holds a buffer only while a message of its own is cut. To ask the system for one each time would be slow: the system
/// hands out fresh pages, one fault for each. So a few are kept, but never for longer than a while: then the next large message has to
/// ask the system again, which does not matter so seldom.
#[derive(Default)]
pub struct Spare {
    // In boxes, so that handing one over moves a pointer.
    #[expect(clippy::vec_box)]
    messages: Vec<Box<Messages>>,
    /// When to give them back.
    until: Option<Instant>,
}

/// How many buffers are kept: as many as connections may well have a large message under way at a time.
const COUNT: usize = 16;
/// No larger one is kept.
const KEPT: usize = 4 * 1024 * 1024;
const WHILE: Duration = Duration::from_secs(2);

impl Spare {
    pub fn take(&mut self) -> Box<Messages> {
        self.messages.pop().unwrap_or_else(|| Box::new(Messages::new().with_kept_capacity(KEPT)))
    }

    pub fn give(&mut self, messages: Box<Messages>, now: Instant) {
        if self.messages.len() < COUNT {
            self.messages.push(messages);
            self.until.get_or_insert(now + WHILE);
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Gives all back, when it is time.
    pub fn tidy(&mut self, now: Instant) {
        if self.until.is_some_and(|until| until <= now) {
            self.messages.clear();
            self.until = None;
        }
    }
}
