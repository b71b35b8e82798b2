//! From bytes to frames, cut anywhere, and which frame may follow which.
//!
//! A proxy that forwards frames needs this layer and no more; [`Connection`](crate::Connection) is built on it.
#![forbid(unsafe_code)]

mod piece;
mod reader;
mod sequence;

pub use piece::{Content, Piece};
pub(crate) use reader::split_front;
pub use reader::{Masking, Reader};
pub use sequence::{OutOfSequence, Sequence};
