//! The WebSocket protocol as a sans-IO state machine.
#![cfg_attr(not(test), no_std)]
#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod extension;
pub mod handshake;
#[allow(unsafe_code)] // The cellar: the one place where `unsafe` is allowed; see its documentation.
mod simd;
pub mod wire;
