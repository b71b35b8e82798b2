//! Messages and files between two people behind NATs. See the README beside this package.

pub mod backoff;
pub mod disk;
pub mod hub;
pub mod line;
pub mod link;
pub mod peer;
pub mod road;
pub mod signal;
pub mod talk;
