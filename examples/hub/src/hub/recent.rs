//! The last records, for clients that come back.

use std::collections::VecDeque;

use super::{Entry, Name};
use crate::broker::Place;

/// The newest records, within bounds: what a client has missed is taken from here.
#[derive(Debug, Default)]
pub struct Recent {
    entries: VecDeque<(Place, usize, Entry)>,
    len: usize,
    /// Whether older ones were dropped.
    dropped: bool,
}

const MAX_ENTRIES: usize = 20_000;
const MAX_BYTES: usize = 64 << 20;

impl Recent {
    /// Adds an entry that takes nearly `len` bytes.
    pub fn push(&mut self, place: Place, len: usize, entry: Entry) {
        self.len += len;
        self.entries.push_back((place, len, entry));
        while self.entries.len() > MAX_ENTRIES || self.len > MAX_BYTES {
            let Some((_, len, _)) = self.entries.pop_front() else { break };
            self.len -= len;
            self.dropped = true;
        }
    }

    /// The place of the oldest.
    pub fn oldest(&self) -> Option<Place> {
        self.entries.front().map(|(place, ..)| *place)
    }

    /// What was told to a peer after `from` and before `until`; and whether nothing of it may be missing.
    pub fn told<'r>(&'r self, to: &'r Name, from: Place, until: Place) -> (Vec<(Place, &'r Entry)>, bool) {
        let start = self.entries.partition_point(|(place, ..)| *place <= from);
        let entries = self.entries.range(start..).take_while(|(place, ..)| *place < until);
        let told = entries.filter(|(_, _, entry)| entry.is_told(to)).map(|(place, _, entry)| (*place, entry)).collect();
        (told, !self.dropped || self.oldest().is_some_and(|oldest| oldest <= from))
    }
}

#[cfg(test)]
mod tests {
    use super::super::What;
    use super::*;

    fn place(number: usize) -> Place {
        format!("1-{number}").parse().unwrap()
    }

    fn entry(to: &str) -> Entry {
        let to = vec![Name::new(to.into()).unwrap()];
        let what = What::Tell { to, room: None, event: "message".into(), arguments: Vec::new() };
        Entry { hub: String::new(), number: 0, socket: String::new(), what, attachments: Vec::new() }
    }

    #[test]
    fn what_was_told_to_a_peer_in_a_span_is_found_and_nothing_else() {
        let mut recent = Recent::default();
        for (number, to) in ["ada", "bob", "ada", "ada", "bob", "ada"].into_iter().enumerate() {
            recent.push(place(number), 100, entry(to));
        }
        let ada = Name::new("ada".into()).unwrap();
        let (told, whole) = recent.told(&ada, place(0), place(5));
        assert_eq!(
            (told.into_iter().map(|(place, _)| place).collect::<Vec<_>>(), whole),
            (vec![place(2), place(3)], true)
        );
    }

    #[test]
    fn entries_and_bytes_are_bounded_and_a_gap_is_known() {
        let mut recent = Recent::default();
        for number in 0..=MAX_ENTRIES {
            recent.push(place(number), 1, entry("ada"));
        }
        let ada = Name::new("ada".into()).unwrap();
        assert_eq!((recent.entries.len(), recent.oldest()), (MAX_ENTRIES, Some(place(1))));
        assert!(!recent.told(&ada, place(0), place(9)).1 && recent.told(&ada, place(1), place(9)).1);
        recent.push(place(MAX_ENTRIES + 1), MAX_BYTES, entry("ada"));
        assert_eq!(recent.entries.len(), 1);
    }
}
