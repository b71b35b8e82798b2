//! What the properties are tried with: strategies that several tests share, or that are worth a name; and where the cases that failed are
//! kept.

#[cfg(feature = "deflate")]
pub(crate) mod deflate;
pub(crate) mod heads;
pub(crate) mod streams;
pub(crate) mod text;

use proptest::test_runner::{FailurePersistence, FileFailurePersistence};

/// Beside the test's own file, as `tests/NAME.proptest-regressions`, to be committed: each run begins with them. By default, proptest
/// looks for a `lib.rs` above the file, which a test has not, and keeps nothing.
pub(crate) fn persistence() -> Option<Box<dyn FailurePersistence>> {
    Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions")))
}
