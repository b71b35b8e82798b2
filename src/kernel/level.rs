//! What the machine can run.

/// Whether the feature is there, as far as can be known.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
macro_rules! x86_has {
    ($feature:tt) => {{
        #[cfg(feature = "std")]
        let has = std::is_x86_feature_detected!($feature);
        #[cfg(not(feature = "std"))]
        let has = cfg!(target_feature = $feature);
        has
    }};
}

/// Whether the machine has the instructions of BMI2. The answer is kept by the standard library.
#[cfg(all(target_arch = "x86_64", feature = "inflate"))]
#[inline]
pub(super) fn has_bmi2() -> bool {
    x86_has!("bmi2")
}

/// The kernels that this machine can run: a token, made once and passed on.
///
/// Where there is a value of it, its instructions exist, because only [`Level::detect`] makes one. That is what lets safe functions
/// take it as proof.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Level(Kernels);

/// The sets of kernels of this architecture, the weakest first: a machine that runs one runs those before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, PartialOrd)]
pub(super) enum Kernels {
    /// What every machine of the target has.
    Baseline,
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Ssse3,
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Avx2,
    #[cfg(avx512)]
    Avx512,
}

impl Level {
    /// Asks once what can be run: the machine itself with the feature `std`, else what the crate is compiled for.
    #[inline]
    pub(crate) fn detect() -> Self {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        {
            // Machines without VBMI lower their clock for registers of this size.
            #[cfg(avx512)]
            if x86_has!("avx512vbmi") && Kernels::Avx512.run_here() {
                return Self(Kernels::Avx512);
            }
            if Kernels::Avx2.run_here() {
                return Self(Kernels::Avx2);
            }
            if Kernels::Ssse3.run_here() {
                return Self(Kernels::Ssse3);
            }
        }
        Self(Kernels::Baseline)
    }

    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    #[inline]
    pub(super) const fn kernels(self) -> Kernels {
        self.0
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64", test))]
impl Kernels {
    #[inline]
    fn run_here(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Ssse3 => x86_has!("ssse3"),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx2 => x86_has!("avx2"),
            #[cfg(avx512)]
            Self::Avx512 => [x86_has!("avx2"), x86_has!("avx512f"), x86_has!("avx512bw")] == [true; 3],
        }
    }
}

#[cfg(test)]
impl Level {
    /// Every level that this machine can run, so that a test meets each kernel.
    pub(crate) fn all() -> Vec<Self> {
        let kernels = [
            Kernels::Baseline,
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Kernels::Ssse3,
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Kernels::Avx2,
            #[cfg(avx512)]
            Kernels::Avx512,
        ];
        kernels.into_iter().filter(|kernels| kernels.run_here()).map(Self).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_one_byte() {
        assert!(size_of::<Level>() <= 1);
    }

    #[test]
    fn the_detected_level_is_one_that_the_machine_has() {
        assert!(Level::all().contains(&Level::detect()));
    }
}
