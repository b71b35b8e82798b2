//! DEFLATE (RFC 1951), from pieces that are cut anywhere, into a window of exactly the size that was agreed on.

mod bits;
mod blocks;
mod code;
mod code_length;
mod entry;
mod lengths;
mod read_lengths;
mod symbols;
mod window;

pub(super) use blocks::Blocks;
pub(super) use window::Window;
