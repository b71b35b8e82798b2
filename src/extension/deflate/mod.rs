//! permessage-deflate (RFC 7692): compressed messages.
#![forbid(unsafe_code)]

mod deflater;
mod inflate;
mod window_bits;

pub use deflater::{Deflater, Effort};
pub use inflate::Inflater;
pub use window_bits::WindowBits;
