//! Other stacks to compare with.

pub mod peers;
