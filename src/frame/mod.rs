//! From bytes to frames, cut anywhere, and which frame may follow which.
//!
//! A proxy that forwards frames needs this layer and no more; [`Connection`](crate::Connection) is built on it.
#![forbid(unsafe_code)]

mod reader;
mod sequence;

pub(crate) use reader::split_front;
pub use reader::{Masking, Of, Piece, Reader};
pub use sequence::{OutOfSequence, Sequence};
