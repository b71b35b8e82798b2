//! DEFLATE (RFC 1951), from pieces that are cut anywhere, into a window of exactly the size that was agreed on.

mod bits;
mod blocks;
mod code;
mod entry;
mod lengths;
mod symbols;
mod window;

pub(super) use blocks::Blocks;
pub(super) use window::Window;
