//! What several tests share: a reference decoder, drivers of the crate, and strategies for what to feed to both.
#![allow(dead_code)] // Each test file uses its own part.

pub(crate) mod bytes;
pub(crate) mod counting;
pub(crate) mod drive;
pub(crate) mod reference;
pub(crate) mod strategies;
