//! What several targets share: ways to cut bytes, a second decompressor, and other stacks to compare with.

mod cuts;
pub mod heads;
pub mod inflate;
pub mod peers;

pub use cuts::Cuts;
