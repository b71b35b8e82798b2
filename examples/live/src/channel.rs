//! A channel: what its source sends, kept as long as somebody can still use it, and what its viewers say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use websocket_proto_axum::Prepared;

use crate::said::Said;
use crate::unit::{Kind, PLACES, Place, Unit};

/// A viewer that is further behind than this goes on at the newest key.
const KEPT: Duration = Duration::from_secs(4);
/// No more than these bytes are kept, whatever comes.
const MAX_KEPT_LEN: usize = 32 * 1024 * 1024;
/// As many comments are shown to one who joins late.
const KEPT_COMMENTS: usize = 30;

/// One source at a time, and any number of viewers.
#[derive(Debug, Default)]
pub struct Channel {
    state: Mutex<State>,
    news: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Counts the sources: a viewer of an earlier one begins anew.
    source: u64,
    is_live: bool,
    /// Says which format comes.
    opening: Option<Prepared>,
    begin: [Option<Prepared>; PLACES],
    units: Units,
    comments: VecDeque<Prepared>,
    /// The number of the first one that is kept.
    first_comment: u64,
    viewers: usize,
    /// What they were told last about their number, and how often they were.
    count: Option<(usize, Prepared)>,
    counts: u64,
    closes: bool,
}

/// A unit, framed once for all.
#[derive(Debug)]
struct Kept {
    message: Prepared,
    len: usize,
    since: Instant,
}

/// The newest units; each has a number.
#[derive(Debug, Default)]
struct Units {
    kept: VecDeque<Kept>,
    /// The number of the first one that is kept.
    first: u64,
    /// The numbers of the keys among them.
    keys: VecDeque<u64>,
    len: usize,
}

/// How far a viewer has come.
#[derive(Debug, Default)]
pub struct Cursor {
    source: u64,
    /// The next of what comes at the beginning.
    place: usize,
    unit: u64,
    comment: u64,
    counts: u64,
    knows_the_end: bool,
    /// How many units it did not get, since it was too slow for them.
    pub skipped: u64,
}

impl Channel {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and wakes everybody whom it may concern.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.state());
        self.news.send_replace(());
        done
    }

    /// Waits for changes.
    pub fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// Takes the channel for a source; `false` if there is one.
    pub fn begin(&self) -> bool {
        let mut state = self.state();
        !std::mem::replace(&mut state.is_live, true)
    }

    /// The source is gone.
    pub fn end(&self) {
        self.change(|state| state.is_live = false);
    }

    /// A part of what the source sends; `opening` is said before one with which a stream begins.
    pub fn push(&self, unit: &Unit, now: Instant, opening: impl FnOnce() -> Said) {
        let Ok(message) = Prepared::new(&unit.bytes[..]) else { return };
        self.change(|state| {
            if let Kind::Begin(place) = unit.kind {
                if place == Place::Header {
                    state.source += 1;
                    state.opening = opening().prepared();
                    state.begin = Default::default();
                    state.units.clear();
                }
                state.begin[place as usize] = Some(message.clone());
                if place == Place::Header {
                    return;
                }
            }
            state.units.push(message, unit.bytes.len(), unit.kind == Kind::Key, now);
        });
    }

    /// Somebody says something to all.
    pub fn comment(&self, comment: &Said) {
        let Some(message) = comment.prepared() else { return };
        self.change(|state| {
            if state.comments.len() == KEPT_COMMENTS {
                state.comments.pop_front();
                state.first_comment += 1;
            }
            state.comments.push_back(message);
        });
    }

    /// Tells the viewers how many they are, if that has changed.
    pub fn count(&self) {
        let mut state = self.state();
        let viewers = state.viewers;
        if state.count.as_ref().map_or(0, |(told, _)| *told) != viewers {
            state.count = Said::Viewers { count: viewers }.prepared().map(|message| (viewers, message));
            state.counts += 1;
            drop(state);
            self.news.send_replace(());
        }
    }

    /// Asks the viewers to go.
    pub fn close(&self) {
        self.change(|state| state.closes = true);
    }

    pub fn closes(&self) -> bool {
        self.state().closes
    }

    pub fn is_live(&self) -> bool {
        self.state().is_live
    }

    pub fn viewers(&self) -> usize {
        self.state().viewers
    }

    /// Counts a viewer, until the seat is dropped.
    pub fn sit_down(self: &Arc<Self>) -> Seat {
        self.state().viewers += 1;
        Seat { channel: Arc::clone(self) }
    }

    /// What a viewer gets next; a reference to what is framed once for all.
    pub fn next(&self, cursor: &mut Cursor) -> Option<Prepared> {
        let state = &*self.state();
        state.comment(cursor).or_else(|| state.count(cursor)).or_else(|| state.video(cursor)).cloned()
    }
}

impl State {
    fn comment(&self, cursor: &mut Cursor) -> Option<&Prepared> {
        cursor.comment = cursor.comment.max(self.first_comment);
        let comment = self.comments.get(usize::try_from(cursor.comment - self.first_comment).ok()?)?;
        cursor.comment += 1;
        Some(comment)
    }

    fn count(&self, cursor: &mut Cursor) -> Option<&Prepared> {
        if cursor.counts == self.counts {
            return None;
        }
        cursor.counts = self.counts;
        self.count.as_ref().map(|(_, message)| message)
    }

    fn video(&self, cursor: &mut Cursor) -> Option<&Prepared> {
        if cursor.source != self.source {
            let (comment, counts, skipped) = (cursor.comment, cursor.counts, cursor.skipped);
            *cursor = Cursor { source: self.source, comment, counts, skipped, ..Cursor::default() };
            return self.opening.as_ref();
        }
        if cursor.place == PLACES && cursor.unit < self.units.first {
            // Too slow. What is needed first may have changed meanwhile, but for the header.
            cursor.skipped += self.units.newest() - cursor.unit;
            cursor.place = Place::Metadata as usize;
        }
        while let Some(begin) = self.begin.get(cursor.place) {
            cursor.place += 1;
            if cursor.place == PLACES {
                cursor.unit = self.units.newest();
            }
            if begin.is_some() {
                return begin.as_ref();
            }
        }
        let unit = self.units.get(cursor.unit);
        cursor.unit += u64::from(unit.is_some());
        if unit.is_none() && !self.is_live && self.source > 0 && !cursor.knows_the_end {
            cursor.knows_the_end = true;
            return Said::end();
        }
        unit
    }
}

impl Units {
    fn clear(&mut self) {
        *self = Self { first: self.end(), ..Self::default() };
    }

    fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    fn push(&mut self, message: Prepared, len: usize, is_key: bool, now: Instant) {
        if is_key {
            self.keys.push_back(self.end());
        }
        self.kept.push_back(Kept { message, len, since: now });
        self.len += len;
        // What is before the second key is of use as long as somebody may not have come to that key.
        while let Some(&second) = self.keys.get(1) {
            let at = usize::try_from(second - self.first).ok().and_then(|index| self.kept.get(index));
            if self.len <= MAX_KEPT_LEN && at.is_none_or(|kept| now.duration_since(kept.since) <= KEPT) {
                break;
            }
            self.forget_before(second);
        }
        if self.len > MAX_KEPT_LEN {
            // A stream without keys.
            self.forget_before(self.end());
        }
    }

    fn forget_before(&mut self, number: u64) {
        while self.first < number {
            let Some(kept) = self.kept.pop_front() else { break };
            self.len -= kept.len;
            self.first += 1;
        }
        while self.keys.front().is_some_and(|key| *key < number) {
            self.keys.pop_front();
        }
    }

    fn get(&self, number: u64) -> Option<&Prepared> {
        Some(&self.kept.get(usize::try_from(number.checked_sub(self.first)?).ok()?)?.message)
    }

    /// Where one begins who has nothing yet.
    fn newest(&self) -> u64 {
        self.keys.back().copied().unwrap_or_else(|| self.end())
    }
}

/// A viewer, as long as it is there.
#[derive(Debug)]
pub struct Seat {
    channel: Arc<Channel>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.channel.state().viewers -= 1;
    }
}

#[cfg(test)]
mod tests;
