//! The history that back-references reach into, and the place where new output comes to lie.

use alloc::{boxed::Box, vec};

use crate::extension::deflate::WindowBits;

/// The newest output, up to a window's size: a ring that grows as it fills.
///
/// It is a little larger than the window, so that what is copied in words may run over its end without touching the oldest history.
///
/// It is small: a connection has one, mostly at rest.
#[derive(Clone, Debug)]
pub(in crate::extension::deflate) struct Window {
    ring: Option<Box<[u8]>>,
    /// Where the next byte goes.
    position: u16,
    /// How many bytes of history there are, at most as many as the window has. Those that are not before `position` are at the ring's
    /// end, and then the ring has its full size.
    known: u16,
    bits: WindowBits,
}

impl Window {
    pub(in crate::extension::deflate) const fn new(bits: WindowBits) -> Self {
        Self { ring: None, position: 0, known: 0, bits }
    }

    /// Forgets the history, and keeps the memory.
    pub(in crate::extension::deflate) const fn forget(&mut self) {
        (self.position, self.known) = (0, 0);
    }

    /// Forgets the history, and keeps the memory if it is good for this size.
    pub(in crate::extension::deflate) fn begin(&mut self, bits: WindowBits) {
        if self.bits != bits || self.ring.is_none() {
            *self = Self::new(bits);
            self.grow();
        }
        self.forget();
    }

    /// Gives back the memory that holds no history.
    pub(in crate::extension::deflate) fn shrink(&mut self) {
        if self.memory().len() == usize::from(self.known) {
            return;
        }
        let (newer, older) = self.history();
        let history = [older, newer].concat();
        self.ring = (!history.is_empty()).then(|| history.into());
        self.position = self.known;
    }

    /// The history in two slices, the second of which comes first.
    fn history(&self) -> (&[u8], &[u8]) {
        let known = usize::from(self.known);
        let (before, after) = self.memory().split_at(usize::from(self.position).min(self.memory().len()));
        let newer = before.get(before.len().saturating_sub(known)..).unwrap_or_default();
        let older = known - newer.len();
        (newer, after.get(after.len().saturating_sub(older)..).unwrap_or_default())
    }

    /// What it has its memory for.
    pub(in crate::extension::deflate) fn memory(&self) -> &[u8] {
        self.ring.as_deref().unwrap_or_default()
    }

    /// Lends the place for at least 1 and at most `max` bytes of output.
    pub(in crate::extension::deflate) fn run(&mut self, max: usize) -> OutputSpan<'_> {
        let len = self.memory().len();
        if usize::from(self.position) + BULK_ROOM > len {
            if len < self.bits.size() + MARGIN {
                self.grow();
            } else if usize::from(self.position) == len {
                self.position = 0;
            }
        }
        let position = usize::from(self.position);
        let ring = self.ring.as_deref_mut().unwrap_or_default();
        OutputSpan {
            end: position.saturating_add(max.max(1)).min(ring.len()),
            start: position,
            position,
            known: usize::from(self.known),
            size: self.bits.size(),
            ring,
        }
    }

    fn grow(&mut self) {
        let (before, size) = (self.memory(), self.bits.size());
        let doubled = (2 * before.len()).max(LEAST_RING);
        let mut ring = vec![0; if doubled >= size { size + MARGIN } else { doubled }];
        if let Some((same, _)) = ring.split_at_mut_checked(before.len()) {
            same.copy_from_slice(before);
        }
        self.ring = Some(ring.into());
    }

    /// Takes over the `len` bytes that a run has put in their place, and hands them out.
    pub(in crate::extension::deflate) fn advance(&mut self, len: usize) -> &[u8] {
        let start = usize::from(self.position);
        let (end, known) = (start + len, (usize::from(self.known) + len).min(self.bits.size()));
        // Neither is larger than the ring.
        self.position = u16::try_from(end).unwrap_or(u16::MAX);
        self.known = u16::try_from(known).unwrap_or(u16::MAX);
        self.memory().get(start..end).unwrap_or_default()
    }
}

/// A place for output, in one piece, with the history around it.
pub(in crate::extension::deflate) struct OutputSpan<'w> {
    ring: &'w mut [u8],
    start: usize,
    position: usize,
    end: usize,
    known: usize,
    size: usize,
}

impl OutputSpan<'_> {
    /// How many bytes were put in place.
    pub(in crate::extension::deflate) const fn len(&self) -> usize {
        self.position - self.start
    }

    #[inline]
    pub(in crate::extension::deflate) const fn is_full(&self) -> bool {
        self.position == self.end
    }

    /// The same place for a loop that keeps it in registers; [`take_bulk`](Self::take_bulk) tells how far it came.
    #[inline]
    pub(in crate::extension::deflate) const fn bulk(&mut self) -> BulkSpan<'_> {
        let OutputSpan { ref mut ring, start, position, end, known, size } = *self;
        // Were the history as long as what was put in place before, it would begin here.
        BulkSpan { ring, position, end, first: start.wrapping_sub(known), size }
    }

    /// Takes over what was put in place up to here.
    #[inline]
    pub(in crate::extension::deflate) const fn take_bulk(&mut self, position: usize) {
        self.position = position;
    }

    /// What is left of the place, for bytes that [`advance`](Self::advance) counts.
    pub(in crate::extension::deflate) fn room(&mut self) -> &mut [u8] {
        self.ring.get_mut(self.position..self.end).unwrap_or_default()
    }

    pub(in crate::extension::deflate) const fn advance(&mut self, len: usize) {
        self.position += len;
    }

    /// Puts a byte in place, if there is room.
    #[inline]
    pub(in crate::extension::deflate) fn push(&mut self, byte: u8) {
        if let Some(place) = self.ring.get_mut(self.position) {
            *place = byte;
            self.position += 1;
        }
    }

    /// Whether a back-reference may reach so far.
    #[inline]
    pub(in crate::extension::deflate) fn reaches(&self, distance: usize) -> bool {
        distance <= (self.known + self.len()).min(self.size)
    }

    /// Repeats `len` bytes from `distance` bytes ago, as far as there is room, and says how many it were.
    pub(in crate::extension::deflate) fn repeat(&mut self, distance: usize, len: usize) -> usize {
        let len = len.min(self.end - self.position);
        repeat(self.ring, self.position, distance, len);
        self.position += len;
        len
    }

    /// The same for at most 258 bytes, in words where there is room for them.
    #[inline]
    pub(in crate::extension::deflate) fn repeat_soon(&mut self, distance: usize, len: usize) -> usize {
        let mut bulk = self.bulk();
        if !bulk.has_room() {
            return self.repeat(distance, len);
        }
        bulk.repeat(distance, len);
        self.position = bulk.position();
        len
    }
}

/// Where the byte is that was put in a ring of so many bytes `distance` bytes ago.
#[inline]
const fn source(position: usize, distance: usize, ring_len: usize) -> usize {
    match position.checked_sub(distance) {
        Some(from) => from,
        None => (position + ring_len).saturating_sub(distance),
    }
}

/// An [`OutputSpan`] by value: through a reference, each byte that is stored could have changed what says where the next one goes, as far as
/// the compiler knows.
pub(in crate::extension::deflate) struct BulkSpan<'w> {
    ring: &'w mut [u8],
    position: usize,
    end: usize,
    first: usize,
    size: usize,
}

impl BulkSpan<'_> {
    #[inline(always)] // By value it is none if its address is taken: so with all that follow; `benches/deflate.rs`.
    pub(in crate::extension::deflate) const fn position(&self) -> usize {
        self.position
    }

    /// Whether there is room for whatever comes of 64 bits, and for what is copied beyond it.
    #[inline(always)]
    pub(in crate::extension::deflate) const fn has_room(&self) -> bool {
        self.end - self.position >= BULK_ROOM
    }

    /// Puts a byte in place.
    #[inline(always)]
    pub(in crate::extension::deflate) fn push(&mut self, byte: u8) {
        if let Some(place) = self.ring.get_mut(self.position) {
            *place = byte;
            self.position += 1;
        }
    }

    /// Whether a back-reference may reach so far.
    #[inline(always)]
    pub(in crate::extension::deflate) const fn reaches(&self, distance: usize) -> bool {
        distance <= self.position.wrapping_sub(self.first) && distance <= self.size
    }

    /// Repeats at most 258 bytes, where there is [room](Self::has_room).
    #[inline(always)]
    pub(in crate::extension::deflate) fn repeat(&mut self, distance: usize, len: usize) {
        let to = self.position;
        self.position = to + len;
        let from = match to.checked_sub(distance) {
            // There is room for words after `to`, and so there is here.
            Some(from) => from,
            None => {
                let from = (to + self.ring.len()).saturating_sub(distance);
                if from + len + WORD > self.ring.len() {
                    // It may come round.
                    return repeat(self.ring, to, distance, len);
                }
                from
            }
        };
        if distance >= WORD {
            copy_word(self.ring, from, to);
            let mut copied = WORD;
            while copied < len {
                copy_word(self.ring, from + copied, to + copied);
                copied += WORD;
            }
        } else {
            repeat_near(self.ring, from, to, len);
        }
    }
}

/// Repeats `len` bytes from `distance` bytes ago, at a position that has room for them. What is repeated may come round.
#[inline(never)]
fn repeat(ring: &mut [u8], mut position: usize, mut distance: usize, len: usize) {
    let mut rest = len;
    while rest > 0 {
        let from = source(position, distance, ring.len());
        let now = rest.min(distance).min(ring.len() - from);
        ring.copy_within(from..from + now, position);
        position += now;
        rest -= now;
        if now == distance {
            // What was repeated is there twice now, and can be repeated as one.
            distance *= 2;
        }
    }
}

/// Repeats from less than a word ago.
#[inline(never)]
fn repeat_near(ring: &mut [u8], from: usize, to: usize, len: usize) {
    let mut period = to - from;
    if period == 1 {
        let byte = ring.get(from).copied().unwrap_or(0);
        ring.get_mut(to..to + len).unwrap_or_default().fill(byte);
        return;
    }
    // Each word is right as far as there was something to repeat, so twice as far each time.
    let mut copied = 0;
    while copied < len {
        copy_word(ring, from, to + copied);
        copied += period.min(WORD);
        if period < WORD {
            period *= 2;
        } else {
            break;
        }
    }
    let behind = period.max(1);
    while copied < len {
        copy_word(ring, to + copied - behind, to + copied);
        copied += WORD;
    }
}

#[inline(always)]
fn copy_word(ring: &mut [u8], from: usize, to: usize) {
    // A ring has at most 64 KiB, so this changes nothing; but the compiler sees that the sums below do not overflow.
    debug_assert!(ring.len() <= 0x1_0000);
    let (from, to) = (from & 0xffff, to & 0xffff);
    let Some(word) = ring.get(from..from + WORD).and_then(<[u8]>::first_chunk::<WORD>).copied() else { return };
    if let Some(place) = ring.get_mut(to..to + WORD).and_then(<[u8]>::first_chunk_mut) {
        *place = word;
    }
}

/// What is copied at a time.
const WORD: usize = 16;
/// Room for the most that a loop of the decoder puts in place between two looks at the room: 3 literals, 258 bytes that are repeated,
/// and two words beyond.
const BULK_ROOM: usize = 3 + 258 + 2 * WORD;
/// How much larger than the window the ring is. Anything above [`BULK_ROOM`] is right; more lets small windows come round less often.
const MARGIN: usize = 1024;
/// Where the ring begins to grow.
const LEAST_RING: usize = 1024;
