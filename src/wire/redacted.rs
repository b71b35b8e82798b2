//! What `Debug` shows instead of payload.

use core::fmt;

/// Stands for this many bytes, which have no place in a log.
pub(crate) struct Redacted(pub(crate) usize);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}
