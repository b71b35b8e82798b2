//! The input as bits, the least significant of each byte first (RFC 1951 §3.1.1).

/// Bits that were taken from the input and not yet used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    word: u64,
    count: u32,
}

impl Held {
    pub(super) const NONE: Self = Self { word: 0, count: 0 };

    /// How many bits are held.
    pub(super) const fn count(self) -> u32 {
        self.count
    }
}

/// The bits of an input, behind those that were held from the inputs before.
pub(super) struct Bits<'b> {
    /// The next `count` bits, fewer than 64; above them whatever the input says, or 0.
    word: u64,
    count: u32,
    input: &'b [u8],
}

impl<'b> Bits<'b> {
    pub(super) const fn new(held: Held, input: &'b [u8]) -> Self {
        Self { word: held.word, count: held.count, input }
    }

    /// What is left: bits to be held, and the input behind them.
    pub(super) fn into_rest(self) -> (Held, &'b [u8]) {
        (Held { word: self.word & mask(self.count), count: self.count }, self.input)
    }

    /// The next bits, the very next one least significant; [`count`](Self::count) of them count.
    #[inline]
    pub(super) const fn peek(&self) -> u64 {
        self.word
    }

    #[inline]
    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// Fetches more than 48 bits, or all that the input has.
    #[inline]
    pub(super) fn refill(&mut self) {
        if self.count > 48 {
            return;
        }
        if let Some(eight) = self.input.first_chunk::<8>() {
            // What does not fit is fetched again next time, and is the same then.
            self.word |= u64::from_le_bytes(*eight) << self.count;
            let bytes = (63 - self.count) / 8;
            self.input = self.input.get(usize::try_from(bytes).unwrap_or(0)..).unwrap_or_default();
            self.count += bytes * 8;
            return;
        }
        // A full word would leave its own mask no room.
        while self.count < 56 {
            let Some((&byte, rest)) = self.input.split_first() else { return };
            self.word |= u64::from(byte) << self.count;
            (self.input, self.count) = (rest, self.count + 8);
        }
    }

    /// Uses up `n` bits that are there.
    #[inline]
    pub(super) const fn consume(&mut self, n: u32) {
        self.word >>= n;
        self.count -= n;
    }

    /// Takes `n` bits, at most 32, if they are there.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Option<u32> {
        self.refill();
        if self.count < n {
            return None;
        }
        let taken = u32::try_from(self.word & mask(n)).ok();
        self.consume(n);
        taken
    }

    /// Skips "any remaining bits in current partially processed byte" (RFC 1951 §3.2.4).
    pub(super) const fn align(&mut self) {
        self.consume(self.count % 8);
    }

    /// Copies bytes, from a byte's border on, and says how many there were.
    pub(super) fn copy_to(&mut self, to: &mut [u8]) -> usize {
        let (mut copied, mut places) = (0, to.iter_mut());
        while self.count > 0 {
            let Some(place) = places.next() else { return copied };
            let [byte, ..] = self.word.to_le_bytes();
            *place = byte;
            self.consume(8);
            copied += 1;
        }
        // The input goes on elsewhere than the word thinks.
        self.word = 0;
        let to = places.into_slice();
        let (front, rest) = self.input.split_at(to.len().min(self.input.len()));
        if let Some((to, _)) = to.split_at_mut_checked(front.len()) {
            to.copy_from_slice(front);
        }
        self.input = rest;
        copied + front.len()
    }
}

/// The lowest `n` bits, fewer than 64.
#[inline]
pub(super) const fn mask(n: u32) -> u64 {
    (1 << n) - 1
}
