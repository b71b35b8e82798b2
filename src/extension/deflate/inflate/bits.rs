//! The input as bits, the least significant of each byte first (RFC 1951 §3.1.1).

/// The bits of an input, after those that were held from the inputs before.
#[derive(Clone, Copy)]
pub(super) struct Bits<'b> {
    /// The next `count` bits; above them what follows in the input, or 0.
    word: u64,
    /// At most 63.
    count: u32,
    input: &'b [u8],
}

impl<'b> Bits<'b> {
    /// With so many held.
    pub(super) const fn new(word: u64, count: u8, input: &'b [u8]) -> Self {
        Self { word, count: count as u32, input }
    }

    /// What is left: bits to be held, how many, and the input after them.
    pub(super) fn into_rest(self) -> (u64, u8, &'b [u8]) {
        let [count, ..] = self.count.to_le_bytes();
        (self.word & mask(self.count), count, self.input)
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

    /// Sees to it that there are 56 bits at least, if the input has 8 bytes more.
    #[inline]
    pub(super) fn refill_bulk(&mut self) -> bool {
        let Some(eight) = self.input.first_chunk::<8>() else { return false };
        // What does not fit is fetched again next time, and is the same then.
        self.word |= u64::from_le_bytes(*eight) << (self.count & 63);
        let bytes = (63 ^ self.count & 63) / 8;
        self.input = self.input.get(usize::try_from(bytes).unwrap_or(0)..).unwrap_or_default();
        self.count |= 56;
        true
    }

    /// Sees to it that there are 56 bits at least, or all that the input has.
    #[inline]
    pub(super) fn refill(&mut self) {
        if self.count < 56 && !self.input.is_empty() && !self.refill_bulk() {
            while self.count < 56 {
                let Some((&byte, rest)) = self.input.split_first() else { return };
                self.word |= u64::from(byte) << self.count;
                (self.input, self.count) = (rest, self.count + 8);
            }
        }
    }

    /// Uses up `n` bits that are there.
    #[inline]
    pub(super) const fn consume(&mut self, n: u32) {
        self.word >>= n & 63;
        self.count -= n;
    }

    /// Takes `n` bits, at most 32, if they are there.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Option<u32> {
        if self.count < n {
            self.refill();
            if self.count < n {
                return None;
            }
        }
        let taken = u32::try_from(self.word & mask(n)).ok();
        self.consume(n);
        taken
    }

    /// Takes `n` bits if they are there and all are 0.
    #[inline]
    pub(super) fn take_zeros(&mut self, n: u32) -> bool {
        if self.count < n {
            self.refill();
        }
        let zeros = self.count >= n && self.word & mask(n) == 0;
        if zeros {
            self.consume(n);
        }
        zeros
    }

    /// Skips "any remaining bits in current partially processed byte" (RFC 1951 §3.2.4).
    #[inline]
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
        // What is above the bits that count goes now elsewhere.
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
    (1 << (n & 63)) - 1
}
