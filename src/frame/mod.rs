//! From bytes to frames, cut anywhere, and which frame may follow which.
//!
//! A proxy that forwards frames needs this layer and no more; [`Connection`](crate::Connection) is built on it. A tool that analyses
//! traffic, where frames are wrong or missing, takes [`LenientReader`].
#![forbid(unsafe_code)]

mod lenient;
mod piece;
mod reader;
mod sequence;

pub use lenient::{LenientReader, Seen, SeenHeader};
pub use piece::{Content, Piece};
pub(crate) use reader::split_front;
pub use reader::{Masking, Reader};
pub use sequence::{OutOfSequence, Sequence};
