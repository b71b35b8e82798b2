//! Loops over bits, with the instructions that machines have for them.

/// A loop whose work is shifting and masking by amounts that come from data.
pub(crate) trait BitLoop {
    /// What comes of it.
    type Output;

    /// Runs it; to be inlined with all that it calls, so that it is compiled for the machine that [`run`] has found.
    fn run(self) -> Self::Output;
}

/// Runs a loop, compiled for BMI2 where the machine has that: there a shift by a variable amount is one instruction, which leaves the flags
/// alone; `benches/deflate.rs`.
#[inline]
pub(crate) fn run<L: BitLoop>(bit_loop: L) -> L::Output {
    #[cfg(target_arch = "x86_64")]
    if super::level::has_bmi2() {
        // SAFETY: the machine has BMI2, as it has just said.
        return unsafe { run_with_bmi2(bit_loop) };
    }
    bit_loop.run()
}

/// # Safety
///
/// The machine has BMI2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi2")]
unsafe fn run_with_bmi2<L: BitLoop>(bit_loop: L) -> L::Output {
    bit_loop.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rotates by amounts that depend on each other.
    struct Rotations(u64, u32);

    impl BitLoop for Rotations {
        type Output = u64;

        #[inline(always)]
        fn run(self) -> u64 {
            (0..self.1).fold(self.0, |word, n| word << (word & 31) ^ word >> (n & 63) ^ (word & ((1 << (n & 63)) - 1)))
        }
    }

    #[test]
    fn result_is_that_of_the_loop_on_any_machine() {
        for n in 0..200 {
            assert_eq!(run(Rotations(0x9e37_79b9_7f4a_7c15, n)), Rotations(0x9e37_79b9_7f4a_7c15, n).run());
        }
    }
}
