//! What several targets share: ways to cut bytes, and other stacks to compare with.

mod cuts;
pub mod heads;
pub mod peers;

pub use cuts::Cuts;
