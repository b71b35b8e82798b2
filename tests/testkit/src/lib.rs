//! What the tests, fuzz targets, benchmarks and larger examples share: decoders that are obviously right, drivers of the crate that
//! record what it says as those decoders do, and input for both.
//!
//! Nothing here is published. Generators for users who fuzz their own endpoints are in `websocket_proto::testing`.

#[cfg(feature = "deflate")]
pub mod attacks;
pub mod bytes;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "deflate")]
pub mod compressed;
pub mod counting;
#[cfg(feature = "arbitrary")]
mod cuts;
pub mod drive;
pub mod heads;
#[cfg(feature = "deflate")]
pub mod inflate;
pub mod invert;
pub mod openings;
pub mod reference;
#[cfg(feature = "strategies")]
pub mod strategies;
pub mod upgrades;

#[cfg(feature = "arbitrary")]
pub use cuts::Cuts;
