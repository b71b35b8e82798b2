//! A ready-made source of masking keys.

use core::fmt;

use chacha20::{
    ChaCha12Rng,
    rand_core::{Rng, SeedableRng},
};

use super::MaskingKeys;

/// Masking keys that satisfy §10.3: the key stream of ChaCha12, seeded by the operating system.
///
/// It holds 256 bytes of key stream, so the operating system is asked once, and a key costs about a nanosecond. A process that
/// forks makes new ones in the child.
///
/// ```
/// use websocket_proto::{MaskingKeys, RandomKeys};
///
/// let mut keys = RandomKeys::from_os()?;
/// let (first, second, third) = (keys.next_key(), keys.next_key(), keys.next_key());
/// assert!(first != second || second != third);
/// # Ok::<(), websocket_proto::SeedUnavailable>(())
/// ```
pub struct RandomKeys {
    stream: ChaCha12Rng,
}

impl RandomKeys {
    /// Seeds a source from the operating system.
    ///
    /// # Errors
    ///
    /// [`SeedUnavailable`] if the operating system has no randomness to give.
    pub fn from_os() -> Result<Self, SeedUnavailable> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(SeedUnavailable)?;
        Ok(Self::from_seed(seed))
    }

    /// Starts from a seed: a secret one, or a known one for a test that has to be repeatable.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { stream: ChaCha12Rng::from_seed(seed) }
    }

    /// Sixteen bytes for a client's `Sec-WebSocket-Key` (§4.1: "a nonce consisting of a randomly selected 16-byte value").
    pub fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.stream.fill_bytes(&mut nonce);
        nonce
    }
}

impl MaskingKeys for RandomKeys {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        self.stream.next_u32().to_le_bytes()
    }
}

impl fmt::Debug for RandomKeys {
    /// Shows nothing of the keys to come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomKeys").finish_non_exhaustive()
    }
}

/// The operating system gave no randomness to seed [`RandomKeys`] with.
///
/// ```
/// use websocket_proto::{RandomKeys, SeedUnavailable};
///
/// fn keys() -> Result<RandomKeys, SeedUnavailable> {
///     RandomKeys::from_os()
/// }
/// # keys().unwrap();
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SeedUnavailable(getrandom::Error);

impl fmt::Display for SeedUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operating system gave no randomness: {}", self.0)
    }
}

impl core::error::Error for SeedUnavailable {}

#[cfg(test)]
mod tests {
    use super::*;

    /// An operating system under test has randomness; so this one is made.
    #[test]
    fn an_operating_system_without_randomness_is_named() {
        let error = SeedUnavailable(getrandom::Error::UNSUPPORTED).to_string();
        assert!(error.starts_with("operating system gave no randomness: "), "{error}");
    }
}
