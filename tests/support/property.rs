//! Where the properties keep the cases that failed.

use proptest::test_runner::{FailurePersistence, FileFailurePersistence};

/// Beside the test's own file, as `tests/NAME.proptest-regressions`, to be committed: each run begins with them. By default, proptest
/// looks for a `lib.rs` above the file, which a test in this folder has not, and keeps nothing.
pub(crate) fn persistence() -> Option<Box<dyn FailurePersistence>> {
    Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions")))
}
