//! The numbered messages of a room.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::letter::Letter;
use crate::limits::MAX_KEPT_LEN;

/// The last messages of a room: its history, and the queue of every connection in it at the same time.
///
/// A connection remembers the number that it has to send next and fetches letters from here as its socket takes them. So a slow
/// reader costs nothing, one that comes back goes on where it was, and both are the same thing.
#[derive(Debug)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// The number of the first entry; of the next message, if there is none.
    first: u64,
    /// The numbers of the entries by the identifiers that clients gave them.
    numbers: HashMap<String, u64>,
    len: usize,
    keep: usize,
}

#[derive(Debug)]
struct Entry {
    id: String,
    letter: Rc<Letter>,
}

impl Log {
    /// Begins with number 1, and keeps as many messages as told.
    pub fn new(keep: usize) -> Self {
        Self { entries: VecDeque::new(), first: 1, numbers: HashMap::new(), len: 0, keep: keep.max(1) }
    }

    /// The number of the oldest message that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number of the message to come.
    pub fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The number that a message with this identifier has, if it has come before.
    pub fn number_of(&self, id: &str) -> Option<u64> {
        self.numbers.get(id).copied()
    }

    pub fn get(&self, number: u64) -> Option<&Rc<Letter>> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get(index).map(|entry| &entry.letter)
    }

    /// Adds message [`next`](Self::next), and forgets the oldest if there are too many.
    pub fn push(&mut self, id: String, letter: Letter) {
        self.numbers.insert(id.clone(), self.next());
        self.len += letter.len();
        self.entries.push_back(Entry { id, letter: Rc::new(letter) });
        while self.entries.len() > self.keep || self.len > MAX_KEPT_LEN && self.entries.len() > 1 {
            let Some(entry) = self.entries.pop_front() else { break };
            self.numbers.remove(&entry.id);
            self.len -= entry.letter.len();
            self.first += 1;
        }
    }

    /// The same for a message of an earlier run, whose number is known: where the numbers leap, the log begins anew.
    pub fn restore(&mut self, number: u64, id: String, letter: Letter) {
        if number != self.next() {
            *self = Self { first: number, ..Self::new(self.keep) };
        }
        self.push(id, letter);
    }

    /// All that is kept, in its order.
    pub fn letters(&self) -> impl Iterator<Item = &Rc<Letter>> {
        self.entries.iter().map(|entry| &entry.letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::Form;

    fn push(log: &mut Log, id: &str) {
        log.push(id.to_owned(), Letter::new(id));
    }

    #[test]
    fn numbers_go_on_when_the_oldest_are_forgotten() {
        let mut log = Log::new(2);
        for id in ["a", "b", "c"] {
            push(&mut log, id);
        }
        assert_eq!((log.first(), log.next()), (2, 4));
        assert!(log.get(1).is_none() && log.get(4).is_none());
        assert_eq!(log.get(3).unwrap().bytes(Form::Plain), b"\x81\x01c");
    }

    #[test]
    fn identifier_is_known_as_long_as_its_message() {
        let mut log = Log::new(2);
        for id in ["a", "b", "c"] {
            push(&mut log, id);
        }
        assert_eq!((log.number_of("a"), log.number_of("b"), log.number_of("c")), (None, Some(2), Some(3)));
    }

    #[test]
    fn bytes_are_bounded_too_and_the_newest_message_stays() {
        let mut log = Log::new(1000);
        for id in 0..40 {
            log.push(id.to_string(), Letter::new(&vec![0; 1024 * 1024]));
        }
        assert!(log.len <= MAX_KEPT_LEN && log.next() == 41);
        log.push("huge".to_owned(), Letter::new(&vec![0; MAX_KEPT_LEN + 1]));
        assert_eq!((log.first(), log.next()), (41, 42));
    }

    #[test]
    fn restored_numbers_are_kept_and_a_leap_begins_anew() {
        let mut log = Log::new(10);
        log.restore(7, "a".to_owned(), Letter::new("a"));
        log.restore(8, "b".to_owned(), Letter::new("b"));
        assert_eq!((log.first(), log.next()), (7, 9));
        log.restore(20, "c".to_owned(), Letter::new("c"));
        assert_eq!((log.first(), log.next(), log.number_of("a")), (20, 21, None));
    }
}
