//! What the properties are tried with: strategies that several tests share, or that are worth a name; and where the cases that failed are
//! kept.

#[cfg(feature = "deflate")]
pub mod deflate;
pub mod heads;
pub mod streams;
pub mod text;

use proptest::test_runner::{FailurePersistence, FileFailurePersistence};

/// Beside the test's own file, as `tests/NAME.proptest-regressions`, to be committed: each run begins with them. By default, proptest
/// looks for a `lib.rs` above the file, which a test has not, and keeps nothing.
pub fn persistence() -> Option<Box<dyn FailurePersistence>> {
    Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions")))
}
