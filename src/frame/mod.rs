//! The middle floor: from bytes to frames, cut anywhere, and which frame may follow which.
//!
//! A proxy that forwards frames needs this floor and no more; [`Connection`](crate::Connection) is built on it.
#![forbid(unsafe_code)]

mod reader;
mod sequence;

pub use reader::{Masking, Piece, Reader};
pub use sequence::{OutOfSequence, Sequence};
