//! Each kernel against its safe twin.

mod masking;
mod text;

/// Numbers that look random, and are the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn key(&mut self) -> u32 {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

/// §5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-j", with j = i MOD 4.
fn masked(bytes: &[u8], key: u32) -> Vec<u8> {
    let key = key.to_le_bytes();
    let mut masked = bytes.to_vec();
    for (i, byte) in masked.iter_mut().enumerate() {
        *byte ^= key[i % 4];
    }
    masked
}

/// Bytes in memory, with others around them that nobody may touch.
struct Guarded {
    memory: Vec<u8>,
    front: usize,
    len: usize,
}

impl Guarded {
    const GUARD: u8 = 0xc7;

    /// Puts the bytes where their address is so far above a multiple of 64, with guards on both sides.
    fn new(bytes: &[u8], alignment: usize) -> Self {
        let memory = vec![Self::GUARD; 64 + alignment + bytes.len() + 128];
        let front = alignment + memory.as_ptr().align_offset(64);
        Self::filled(memory, front, bytes)
    }

    /// Puts the bytes after so many guards, where an allocation ends, so that an address sanitizer sees what is read after them;
    /// and before them where there are no guards.
    fn at_the_end(bytes: &[u8], guards: usize) -> Self {
        Self::filled(vec![Self::GUARD; guards + bytes.len()], guards, bytes)
    }

    fn filled(memory: Vec<u8>, front: usize, bytes: &[u8]) -> Self {
        let mut guarded = Self { memory, front, len: bytes.len() };
        guarded.bytes().copy_from_slice(bytes);
        guarded
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.front..self.front + self.len]
    }

    fn assert_untouched_around(&self) {
        let (front, back) = (&self.memory[..self.front], &self.memory[self.front + self.len..]);
        let guards = [Self::GUARD; 256];
        assert!(front == &guards[..front.len()] && back == &guards[..back.len()], "wrote outside of the slice");
    }
}
