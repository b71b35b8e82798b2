//! The history that back-references reach into, and the place where new output comes to lie.

use alloc::vec::Vec;

/// The newest output, up to a window's size: a ring that grows to that size as it fills.
#[derive(Clone, Debug)]
pub(super) struct Window {
    ring: Vec<u8>,
    /// Where the next byte goes. Beyond `known`, the ring has not been written yet.
    position: usize,
    /// How many bytes of history there are, at most `size`.
    known: usize,
    size: usize,
}

impl Window {
    pub(super) const fn new(size: usize) -> Self {
        Self { ring: Vec::new(), position: 0, known: 0, size }
    }

    /// Forgets the history, and keeps the memory.
    pub(super) const fn forget(&mut self) {
        (self.position, self.known) = (0, 0);
    }

    /// Gives back the memory that holds no history.
    pub(super) fn shrink(&mut self) {
        if self.known < self.size {
            // The ring has not come round.
            self.ring.truncate(self.position);
        }
        self.ring.shrink_to_fit();
    }

    /// Bytes of memory.
    pub(super) fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Lends the place for at least 1 and at most `max` bytes of output.
    pub(super) fn run(&mut self, max: usize) -> Run<'_> {
        if self.position == self.ring.len() {
            if self.ring.len() < self.size {
                let len = (2 * self.ring.len()).max(LEAST_RING).min(self.size);
                self.ring.reserve_exact(len - self.ring.len());
                self.ring.resize(len, 0);
            } else {
                self.position = 0;
            }
        }
        let end = self.position.saturating_add(max.max(1)).min(self.ring.len());
        Run {
            start: self.position,
            position: self.position,
            end,
            known: self.known,
            size: self.size,
            ring: &mut self.ring,
        }
    }

    /// Takes over the `len` bytes that a run has put in their place, and hands them out.
    pub(super) fn advance(&mut self, len: usize) -> &[u8] {
        let start = self.position;
        self.position += len;
        self.known = (self.known + len).min(self.size);
        self.ring.get(start..self.position).unwrap_or_default()
    }
}

/// A place for output, in one piece, with the history before it.
pub(super) struct Run<'w> {
    ring: &'w mut [u8],
    start: usize,
    position: usize,
    end: usize,
    known: usize,
    size: usize,
}

impl Run<'_> {
    /// How many bytes were put in place.
    pub(super) const fn len(&self) -> usize {
        self.position - self.start
    }

    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.position == self.end
    }

    /// What is left of the place, for bytes that [`advance`](Self::advance) counts.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.ring.get_mut(self.position..self.end).unwrap_or_default()
    }

    pub(super) const fn advance(&mut self, len: usize) {
        self.position += len;
    }

    /// Puts a byte in place, if there is room.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.ring.get_mut(self.position) {
            *place = byte;
            self.position += 1;
        }
    }

    /// How far a back-reference may reach.
    #[inline]
    pub(super) fn history(&self) -> usize {
        (self.known + self.len()).min(self.size)
    }

    /// Repeats `len` bytes from `distance` bytes ago, as far as there is room, and says how many it were.
    #[inline]
    pub(super) fn repeat(&mut self, distance: usize, len: usize) -> usize {
        let len = len.min(self.end - self.position);
        let to = self.position;
        // A distance beyond the ring's beginning reaches back from its end, and the ring is full then.
        let from = if distance <= to { to - distance } else { (to + self.ring.len()).wrapping_sub(distance) };
        if distance >= len && from.saturating_add(len) <= self.ring.len() {
            copy(self.ring, from, to, len);
        } else {
            self.repeat_slowly(from, len);
        }
        self.position = to + len;
        len
    }

    /// The same where the bytes to repeat are themselves among the new ones, or lie across the ring's end.
    fn repeat_slowly(&mut self, mut from: usize, len: usize) {
        let to = self.position;
        if to.wrapping_sub(from) == 1 {
            let byte = self.ring.get(from).copied().unwrap_or_default();
            self.ring.get_mut(to..to + len).unwrap_or_default().fill(byte);
            return;
        }
        for to in to..to + len {
            if from == self.ring.len() {
                from = 0;
            }
            let byte = self.ring.get(from).copied().unwrap_or_default();
            if let Some(place) = self.ring.get_mut(to) {
                *place = byte;
            }
            from += 1;
        }
    }
}

/// Copies within the ring, without a call where it is only some bytes.
#[inline]
fn copy(ring: &mut [u8], from: usize, to: usize, len: usize) {
    match len {
        4..=8 => copy_ends::<4>(ring, from, to, len),
        9..=16 => copy_ends::<8>(ring, from, to, len),
        17..=32 => copy_ends::<16>(ring, from, to, len),
        _ if from + len <= ring.len() && to + len <= ring.len() => ring.copy_within(from..from + len, to),
        _ => {}
    }
}

/// Copies the first and the last `N` bytes, which together are all: both are read before either is written.
#[inline]
fn copy_ends<const N: usize>(ring: &mut [u8], from: usize, to: usize, len: usize) {
    let Some(source) = ring.get(from..from + len) else { return };
    let (Some(&first), Some(&last)) = (source.first_chunk::<N>(), source.last_chunk::<N>()) else { return };
    let Some(place) = ring.get_mut(to..to + len) else { return };
    if let Some(place) = place.first_chunk_mut::<N>() {
        *place = first;
    }
    if let Some(place) = place.last_chunk_mut::<N>() {
        *place = last;
    }
}

/// Where the ring begins to grow.
const LEAST_RING: usize = 1024;
