//! What was delivered, so that nobody is credited for work not done.

use std::hint::black_box;

/// Messages, their bytes, and a mark of what was in them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    pub messages: u64,
    pub bytes: u64,
    /// The sum of the first and last bytes of all messages: wrong if they are still masked.
    pub mark: u64,
    /// The last byte of the message that is being received in pieces.
    last: u8,
}

impl Tally {
    /// A whole message.
    #[inline]
    pub fn whole(&mut self, message: &[u8]) {
        if let (Some(&first), Some(&last)) = (message.first(), message.last()) {
            self.mark += u64::from(first) + u64::from(last);
        }
        self.bytes += black_box(message).len() as u64;
        self.messages += 1;
    }

    /// A piece of a message.
    #[inline]
    pub fn piece(&mut self, piece: &[u8], first: bool, last: bool) {
        if let (Some(&a), Some(&z)) = (piece.first(), piece.last()) {
            self.mark += if first { u64::from(a) } else { 0 };
            self.last = z;
        }
        self.bytes += black_box(piece).len() as u64;
        if last {
            self.mark += u64::from(self.last);
            self.messages += 1;
            self.last = 0;
        }
    }

    pub fn same_as(self, other: Self) -> bool {
        (self.messages, self.bytes, self.mark) == (other.messages, other.bytes, other.mark)
    }

    pub fn times(mut self, cycles: u64) -> Self {
        self.messages *= cycles;
        self.bytes *= cycles;
        self.mark *= cycles;
        self
    }
}
