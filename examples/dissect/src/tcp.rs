//! One direction of a TCP connection: bytes in their order, each once, and the gaps between them.

use std::collections::BTreeMap;

/// What a direction has next.
#[derive(Debug, Eq, PartialEq)]
pub enum Next {
    Bytes(Vec<u8>),
    /// So many bytes were sent and are not in the capture.
    Gap(u64),
}

/// Puts the segments of one direction in order.
///
/// Of bytes that come twice the first ones count. What is missing is waited for until it can't come any more: until a while after the other
/// side has acknowledged it, the connection or the capture ends, or too much waits for it.
#[derive(Debug, Default)]
pub struct Direction {
    /// The sequence number of offset 0.
    origin: Option<u32>,
    /// How many bytes were handed out or passed over.
    next: u64,
    /// Segments that came too early, by offset.
    waiting: BTreeMap<u64, Vec<u8>>,
    waiting_len: usize,
    /// Bytes up to here were sent, captured or not.
    sent: u64,
    /// Bytes up to here have reached the other side, and that was said a while ago.
    acknowledged: u64,
    /// Bytes up to here have reached the other side, and so many of its packets came since it said so.
    said: (u64, u32),
    fin: Option<u64>,
}

/// A capture may have an acknowledgement before what it acknowledges: so many further packets are waited for.
const PATIENCE: u32 = 16;
/// More than this is not kept for a byte that is missing.
const MAX_WAITING: usize = 4 << 20;

impl Direction {
    /// The offset of a sequence number near the bytes that are due; `None` for one from before the connection.
    fn offset(&mut self, sequence: u32) -> Option<u64> {
        let origin = *self.origin.get_or_insert(sequence);
        let next = origin.wrapping_add(self.next as u32);
        self.next.checked_add_signed(i64::from(sequence.wrapping_sub(next) as i32))
    }

    /// The connection began with this number, which a SYN occupies.
    pub fn begin(&mut self, syn: u32) {
        if self.next == 0 && self.waiting.is_empty() {
            self.origin = Some(syn.wrapping_add(1));
        }
    }

    /// Whether it began with another number than this SYN's: then the ports are in use again.
    pub fn is_other_than(&self, syn: u32) -> bool {
        self.origin.is_some_and(|origin| origin != syn.wrapping_add(1))
    }

    /// A segment came. `missing` bytes after `payload` were not captured.
    pub fn segment(&mut self, sequence: u32, payload: &[u8], missing: u32, fin: bool) {
        if payload.is_empty() && missing == 0 && !fin {
            return;
        }
        let Some(mut at) = self.offset(sequence) else { return };
        let end = at + payload.len() as u64 + u64::from(missing);
        self.sent = self.sent.max(end);
        if fin {
            self.fin = Some(end);
        }
        // What is known already counts as it came first.
        let mut payload = payload;
        if at < self.next {
            payload = payload.get(usize::try_from(self.next - at).unwrap_or(usize::MAX)..).unwrap_or_default();
            at = self.next;
        }
        while !payload.is_empty() {
            if let Some((&earlier, bytes)) = self.waiting.range(..=at).next_back() {
                let covered = (earlier + bytes.len() as u64).saturating_sub(at);
                let skip = usize::try_from(covered).unwrap_or(usize::MAX).min(payload.len());
                payload = &payload[skip..];
                at += skip as u64;
                if payload.is_empty() {
                    break;
                }
            }
            let room = self.waiting.range(at..).next().map_or(u64::MAX, |(&later, _)| later - at);
            let (new, rest) = payload.split_at(usize::try_from(room).unwrap_or(usize::MAX).min(payload.len()));
            if new.is_empty() {
                break;
            }
            self.waiting.insert(at, new.to_vec());
            self.waiting_len += new.len();
            at += new.len() as u64;
            payload = rest;
        }
    }

    /// The other side has received all before `sequence`: what of it is missing here was lost by the capture.
    pub fn acknowledge(&mut self, sequence: u32) {
        if self.origin.is_none() {
            return;
        }
        if let Some(offset) = self.offset(sequence) {
            // A FIN occupies a number, too.
            let offset = offset.min(self.fin.unwrap_or(u64::MAX));
            let (said, packets) = &mut self.said;
            *packets += 1;
            if *said <= self.next {
                self.said = (offset, 0);
            } else if *packets > PATIENCE {
                self.acknowledged = self.acknowledged.max(*said);
                self.said = (offset, 0);
            }
        }
    }

    /// The next bytes, or the gap before them; `ended` says that no further segment comes.
    pub fn next(&mut self, ended: bool) -> Option<Next> {
        let first = self.waiting.first_key_value().map(|(&at, _)| at);
        if first == Some(self.next) {
            let (_, bytes) = self.waiting.pop_first()?;
            self.waiting_len -= bytes.len();
            self.next += bytes.len() as u64;
            return Some(Next::Bytes(bytes));
        }
        let known = match first {
            _ if ended => self.sent.max(self.acknowledged).max(self.said.0),
            Some(at) if self.waiting_len > MAX_WAITING => at,
            _ => self.acknowledged,
        };
        let until = first.unwrap_or(u64::MAX).min(known);
        let len = until.checked_sub(self.next).filter(|&len| len > 0)?;
        self.next = until;
        Some(Next::Gap(len))
    }

    /// How many bytes wait for one that is missing.
    pub fn held(&self) -> usize {
        self.waiting_len
    }

    /// Whether all up to the FIN went by.
    pub fn is_finished(&self) -> bool {
        self.fin.is_some_and(|fin| self.next >= fin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that comes out, with `ended` at last.
    fn drain(direction: &mut Direction, ended: bool) -> Vec<Next> {
        std::iter::from_fn(|| direction.next(ended)).collect()
    }

    fn bytes(text: &str) -> Next {
        Next::Bytes(text.into())
    }

    #[test]
    fn segments_out_of_order_twice_and_overlapping_come_in_order_and_once() {
        let mut direction = Direction::default();
        direction.begin(u32::MAX - 1); // the numbers wrap within the connection
        direction.segment(2, b"defg", 0, false);
        direction.segment(1, b"cdX", 0, false);
        assert_eq!(drain(&mut direction, false), []);
        direction.segment(u32::MAX, b"ab", 0, false);
        direction.segment(u32::MAX, b"ZZ", 0, false);
        direction.segment(6, b"h", 0, true);
        assert_eq!(drain(&mut direction, false), ["ab", "c", "defg", "h"].map(bytes));
        assert!(direction.is_finished());
    }

    #[test]
    fn what_was_acknowledged_and_not_captured_is_a_gap_after_some_packets() {
        let mut direction = Direction::default();
        direction.begin(0);
        direction.segment(1, b"ab", 0, false);
        direction.segment(6, b"fg", 0, false);
        assert_eq!(drain(&mut direction, false), [bytes("ab")]);
        for _ in 0..=PATIENCE {
            direction.acknowledge(8);
            assert_eq!(drain(&mut direction, false), []);
        }
        direction.acknowledge(8);
        assert_eq!(drain(&mut direction, false), [Next::Gap(3), bytes("fg")]);
    }

    #[test]
    fn what_comes_after_its_acknowledgement_is_no_gap() {
        let mut direction = Direction::default();
        direction.begin(0);
        direction.segment(4, b"def", 0, false);
        direction.acknowledge(7);
        direction.segment(1, b"abc", 0, false);
        assert_eq!(drain(&mut direction, false), [bytes("abc"), bytes("def")]);
        assert_eq!(drain(&mut direction, true), []);
    }

    #[test]
    fn bytes_cut_off_by_the_capture_are_a_gap_at_its_end() {
        let mut direction = Direction::default();
        direction.segment(1, b"ab", 3, false);
        assert_eq!(drain(&mut direction, false), [bytes("ab")]);
        assert_eq!(drain(&mut direction, true), [Next::Gap(3)]);
    }

    #[test]
    fn too_much_waiting_gives_the_missing_bytes_up() {
        let mut direction = Direction::default();
        direction.begin(0);
        for n in 0..=64 {
            direction.segment(100 + (n << 16), &[7; 1 << 16], 0, false);
        }
        assert_eq!(direction.next(false), Some(Next::Gap(99)));
    }
}
