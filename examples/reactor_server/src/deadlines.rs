//! Which connection to look at next, when nothing comes from outside.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A heap of deadlines, the next on top.
///
/// Most deadlines move on with every read and are never reached, so entries are lazy: a connection notes the one entry that counts
/// for it. A deadline that moves away leaves the entry as it is; when that comes up, the connection enters the later one. Only a
/// deadline that comes nearer gets a new entry at once, and the old one is recognised as stale when it comes up. The entries of
/// connections that are gone are stale too; there are at most as many as connections came within the longest time-out.
#[derive(Default)]
pub struct Deadlines {
    heap: BinaryHeap<Reverse<(Instant, usize)>>,
}

impl Deadlines {
    /// Makes sure that the connection `key` comes up by `deadline`. `entered` is the connection's own note.
    pub fn enter(&mut self, key: usize, deadline: Option<Instant>, entered: &mut Option<Instant>) {
        let Some(deadline) = deadline else { return };
        if entered.is_none_or(|entered| deadline < entered) {
            *entered = Some(deadline);
            self.heap.push(Reverse((deadline, key)));
        }
    }

    /// The next entry, stale or not.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((deadline, _))| *deadline)
    }

    /// Takes an entry that is due.
    pub fn due(&mut self, now: Instant) -> Option<(Instant, usize)> {
        let Reverse((deadline, _)) = self.heap.peek()?;
        if *deadline > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn deadline_that_moves_away_makes_no_second_entry() {
        let (start, mut deadlines, mut entered) = (Instant::now(), Deadlines::default(), None);
        for seconds in 30..1000 {
            deadlines.enter(7, Some(start + Duration::from_secs(seconds)), &mut entered);
        }
        assert_eq!(deadlines.heap.len(), 1);
        assert_eq!(deadlines.due(start + Duration::from_secs(29)), None);
        assert_eq!(deadlines.due(start + Duration::from_secs(30)), Some((start + Duration::from_secs(30), 7)));
    }

    #[test]
    fn deadline_that_comes_nearer_comes_up_first() {
        let (start, mut deadlines, mut entered) = (Instant::now(), Deadlines::default(), None);
        let [near, far] = [5, 30].map(|seconds| start + Duration::from_secs(seconds));
        deadlines.enter(7, Some(far), &mut entered);
        deadlines.enter(7, Some(near), &mut entered);
        deadlines.enter(7, None, &mut entered);
        assert_eq!((entered, deadlines.next(), deadlines.due(near)), (Some(near), Some(near), Some((near, 7))));
    }
}
