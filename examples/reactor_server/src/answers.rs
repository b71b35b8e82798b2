//! Where a connection's answers go.

use std::io;

use crate::link::Link;
use crate::output::Output;

/// The way to answer what one read has brought.
pub struct Answers<'c> {
    /// What is written in one piece, after all was received.
    pub replies: &'c mut Vec<u8>,
    output: &'c mut Output,
    link: &'c mut Link,
    written: io::Result<usize>,
}

/// From so many bytes of payload on, a frame is written from where it lies.
pub const LARGE: usize = 8 * 1024;

impl<'c> Answers<'c> {
    pub fn new(replies: &'c mut Vec<u8>, output: &'c mut Output, link: &'c mut Link) -> Self {
        Self { replies, output, link, written: Ok(0) }
    }

    /// Writes a frame at once, after the replies before it.
    pub fn send_large(&mut self, header: &[u8], payload: &[u8]) {
        if let Ok(before) = self.written {
            self.written = self.output.send_frame(self.replies, (header, payload), self.link).map(|n| before + n);
        }
        self.replies.clear();
    }

    /// How many bytes were written so far.
    pub fn into_written(self) -> io::Result<usize> {
        self.written
    }
}
