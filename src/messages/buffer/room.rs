//! How a message's memory grows.

use super::MessageBuffer;

impl MessageBuffer {
    /// Lends room after what has arrived, to read masked bytes into: at most `max` bytes, and at least one unless `max` is 0.
    ///
    /// The room holds whatever was there before. Reading into it has no effect until `filled` says how
    /// many bytes were read.
    pub(in crate::messages) fn space(&mut self, max: usize) -> &mut [u8] {
        if self.capacity() - self.filled < max.min(LEAST_SPACE) {
            // A vector's capacity at least doubles when it grows.
            let expected = usize::try_from(core::mem::take(&mut self.taken)).unwrap_or(0).saturating_sub(self.filled);
            self.text.reserve(self.filled + self.filled.max(LEAST_SPACE).max(expected).min(max));
        }
        let len = (self.capacity() - self.filled).min(max).min(MOST_SPACE);
        self.lent = len;
        self.place(len)
    }

    /// Makes room for `len` more bytes, without holding more than `max` in the end unless they need it; nor more than the `kept` bytes that
    /// stay between messages, so that the next message finds them.
    pub(in crate::messages) fn grow(&mut self, len: usize, max: usize, kept: usize) {
        let needed = self.filled.saturating_add(len);
        if self.capacity() < needed {
            let most = if needed <= kept { max.min(kept) } else { max };
            self.text.reserve_exact(self.capacity().saturating_mul(2).min(most).max(needed));
        }
    }
}

/// Less room than this is not lent, unless less is asked for.
const LEAST_SPACE: usize = 16 * 1024;

/// More room than this is not lent: what is zeroed is still in the cache when it is read into.
const MOST_SPACE: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Level;
    use crate::wire::MessageKind;

    #[test]
    fn space_is_what_was_asked_for_but_never_sized_by_it() {
        let level = Level::detect();
        let mut buffer = MessageBuffer::new();
        assert!(buffer.space(0).is_empty());
        assert_eq!(buffer.capacity(), 0);
        assert_eq!(buffer.space(5).len(), 5);
        let mut arrived = 0;
        while arrived < 4 << 20 {
            let lent = buffer.space(usize::MAX).len();
            assert!(lent >= 1);
            assert!(buffer.capacity() <= 2 * (arrived + LEAST_SPACE), "{} for {arrived}", buffer.capacity());
            let read = lent.min(50_000);
            buffer.filled(MessageKind::Binary, level, read, 0).unwrap();
            arrived += read;
        }
        assert_eq!(buffer.len(), arrived);
    }

    #[test]
    fn space_after_a_message_that_was_taken_is_as_large_as_that_once() {
        let level = Level::detect();
        let mut buffer = MessageBuffer::new();
        let lent = buffer.space(100_000).len();
        buffer.filled(MessageKind::Binary, level, lent, 0).unwrap();
        buffer.push(MessageKind::Binary, level, &vec![0; 100_000 - lent], 0).unwrap();
        assert_eq!(buffer.take_binary().len(), 100_000);
        for (max, least, most) in [(usize::MAX, 100_000, 100_000), (usize::MAX, 1, 2 * LEAST_SPACE)] {
            let lent = buffer.space(max).len();
            assert!((least..=most).contains(&lent), "{lent}");
            assert_eq!(buffer.take_binary().len(), 0);
        }
        buffer.push(MessageKind::Binary, level, &[0; 90_000], 0).unwrap();
        assert_eq!(buffer.take_binary().len(), 90_000);
        assert_eq!(buffer.space(20_000).len(), 20_000);
        assert_eq!(buffer.capacity(), 20_000, "no more than is missing");
    }

    #[test]
    fn growing_stops_at_what_is_kept_where_that_is_enough() {
        let level = Level::detect();
        let mut buffer = MessageBuffer::new();
        for (len, capacity) in [(600, 600), (300, 1000), (100, 1000), (1, 2000), (1500, 4000)] {
            buffer.grow(len, 4000, 1000);
            buffer.push(MessageKind::Binary, level, &vec![0; len], 0).unwrap();
            assert_eq!(buffer.capacity(), capacity, "after {} bytes", buffer.len());
        }
    }

    #[test]
    fn pushing_grows_by_doubling() {
        let level = Level::detect();
        let mut buffer = MessageBuffer::new();
        let (mut capacity, mut growths) = (0, 0);
        for _ in 0..1 << 16 {
            buffer.push(MessageKind::Text, level, b"sixteen bytes ..", 0).unwrap();
            assert!(buffer.capacity() <= 2 * buffer.len());
            growths += usize::from(buffer.capacity() != capacity);
            capacity = buffer.capacity();
        }
        assert!(growths <= 20, "{growths} times");
    }
}
