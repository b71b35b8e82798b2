//! Dynamic blocks, bit by bit (RFC 1951 §3.2.7).

struct Stream(Vec<u8>, u32);

impl Stream {
    fn bits(&mut self, value: u32, n: u32) -> &mut Self {
        for bit in 0..n {
            if self.1 & 7 == 0 {
                self.0.push(0);
            }
            *self.0.last_mut().unwrap() |= u8::from(value >> bit & 1 == 1) << (self.1 % 8);
            self.1 += 1;
        }
        self
    }

    fn code(&mut self, code: u32, n: u32) -> &mut Self {
        (0..n).rev().for_each(|bit| {
            self.bits(code >> bit & 1, 1);
        });
        self
    }
}

/// A block whose codes have these lengths, with its content.
fn block(literals: &[u8], distances: &[u8], content: &[(u32, u32)], with_runs: bool) -> Vec<u8> {
    // Eight blocks end on a byte's border.
    let mut stream = Stream(Vec::new(), 0);
    for _ in 0..8 {
        one(&mut stream, literals, distances, content, with_runs);
    }
    stream.0
}

fn one(stream: &mut Stream, literals: &[u8], distances: &[u8], content: &[(u32, u32)], with_runs: bool) {
    // Runs of lengths: symbol, extra bits and how many.
    let mut symbols = Vec::new();
    let lens = [literals, distances].concat();
    let mut at = 0;
    while at < lens.len() {
        let len = lens[at];
        let run = lens[at..].iter().take_while(|&&other| other == len).count() as u32;
        let take = match (len, run) {
            (_, 3..) if len > 0 && !with_runs => (u32::from(len), 0, 0, 1),
            (0, 11..) => (18, run.min(138) - 11, 7, run.min(138)),
            (0, 3..) => (17, run - 3, 3, run),
            (_, 3..) if at > 0 && lens[at - 1] == len => (16, run.min(6) - 3, 2, run.min(6)),
            _ => (u32::from(len), 0, 0, 1),
        };
        symbols.push((take.0, take.1, take.2));
        at += take.3 as usize;
    }
    // The code for lengths: as short as it gets if the rarer symbols share one length.
    let mut used: Vec<u32> = symbols.iter().map(|symbol| symbol.0).collect();
    used.sort_by_key(|symbol| {
        std::cmp::Reverse(symbols.iter().filter(|other| other.0 == *symbol).count() * 32 + *symbol as usize)
    });
    used.dedup();
    if used.len() == 1 {
        used.push(if used[0] == 0 { 1 } else { 0 });
    }
    let mut lens = [0_u32; 19];
    if used.len() <= 7 {
        // One bit, two bits, and so on.
        for (n, &symbol) in used.iter().enumerate() {
            lens[symbol as usize] = (n as u32 + 1).min(used.len() as u32 - 1);
        }
    } else {
        let all = used.len().next_power_of_two();
        for (n, &symbol) in used.iter().enumerate() {
            lens[symbol as usize] = all.ilog2() - u32::from(n < all - used.len());
        }
    }
    let (mut codes, mut next) = ([0; 19], 0);
    for len in 1..=7 {
        next <<= 1;
        for symbol in 0..19 {
            if lens[symbol] == len {
                (codes[symbol], next) = (next, next + 1);
            }
        }
    }
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let count = 19 - order.iter().rev().take_while(|&&symbol| lens[symbol] == 0).count();
    stream.bits(0b100, 3).bits(literals.len() as u32 - 257, 5).bits(distances.len() as u32 - 1, 5);
    stream.bits(count as u32 - 4, 4);
    for &symbol in &order[..count] {
        stream.bits(lens[symbol], 3);
    }
    for (symbol, extra, bits) in symbols {
        stream.code(codes[symbol as usize], lens[symbol as usize]).bits(extra, bits);
    }
    for &(code, len) in content {
        stream.code(code, len);
    }
}

/// The end of the block has one bit, and there are no distances.
pub fn tiny() -> Vec<u8> {
    let mut lens = [0; 257];
    lens[256] = 1;
    block(&lens, &[0], &[(0, 1)], true)
}

/// Codes of 1 to 15 bits, the end of the block among the longest.
pub fn deepest() -> Vec<u8> {
    let mut lens = [0; 257];
    (0..15).for_each(|n| lens[n] = n as u8 + 1);
    lens[256] = 15;
    let mut distances = [0; 16];
    (0..16).for_each(|n| distances[n] = (n as u8 + 1).min(15));
    block(&lens, &distances, &[((1 << 15) - 1, 15)], true)
}

/// A code for each symbol: as much as there is to build.
pub fn all_symbols(literal: bool) -> Vec<u8> {
    // 226 of eight bits and 60 of nine, and 30 distances.
    let lens: [u8; 286] = std::array::from_fn(|n| if n < 226 { 8 } else { 9 });
    let distances: [u8; 30] = std::array::from_fn(|n| if n < 2 { 4 } else { 5 });
    let end = 2 * 226 + (256 - 226);
    let content = [(0, 8), (end, 9)];
    block(&lens, &distances, if literal { &content } else { &content[1..] }, true)
}

/// Codes of seven bits for every other symbol, and a literal.
pub fn in_turns() -> Vec<u8> {
    each_length(&std::array::from_fn::<u8, 257, _>(|n| if n > 0 && n % 2 == 0 { 7 } else { 0 }), true)
}

/// So many codes of each length in a random order, and a literal: 40 times eight blocks, each time in another order.
pub fn shuffled(counts: &[(u8, usize)]) -> Vec<u8> {
    let mut lens: Vec<u8> = counts.iter().flat_map(|&(len, n)| std::iter::repeat_n(len, n)).collect();
    let mut state = 1_u64;
    let mut next = |_| {
        for n in (1..lens.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            lens.swap(n, (state >> 33) as usize % (n + 1));
        }
        // The end of the block has a code.
        if lens[256] == 0 {
            let other = lens.iter().position(|&len| len > 0).unwrap();
            lens.swap(256, other);
        }
        each_length(&lens, true)
    };
    (0..40).flat_map(&mut next).collect()
}

/// Each length by itself, in as few bits as `pattern` allows, for 257 symbols of which one has no code if they are too many.
pub fn single(pattern: &[u8], literal: bool) -> Vec<u8> {
    let mut lens: Vec<u8> = pattern.iter().copied().cycle().take(257).collect();
    // What is too much for a complete code goes without.
    let mut left = 1_i32 << 15;
    for len in lens[..256].iter_mut().rev() {
        if left - (1 << (15 - *len)) < 1 << (15 - 8) {
            *len = 0;
        } else {
            left -= 1 << (15 - *len);
        }
    }
    lens[256] = 15 - left.ilog2() as u8;
    assert!(left.count_ones() == 1);
    each_length(&lens, literal)
}

fn each_length(lens: &[u8], literal: bool) -> Vec<u8> {
    let code = |symbol: usize| {
        let len = lens[symbol];
        let shorter: u32 =
            (1..len).map(|l| (lens.iter().filter(|&&other| other == l).count() as u32) << (len - l)).sum();
        (shorter + lens[..symbol].iter().filter(|&&other| other == len).count() as u32, u32::from(len))
    };
    let first = lens.iter().position(|&len| len > 0).unwrap();
    let content = [code(first), code(256)];
    block(lens, &[0], if literal { &content } else { &content[1..] }, false)
}
