//! permessage-deflate (RFC 7692): compressed messages.
#![forbid(unsafe_code)]

mod deflater;
mod inflate;
mod negotiation;
mod params;
mod window_bits;

pub use deflater::{Deflater, Effort};
pub use inflate::Inflater;
pub use negotiation::DeflateConfig;
pub(crate) use negotiation::{Answer, NAME};
pub use params::{Compression, DeflateParams};
pub use window_bits::WindowBits;
