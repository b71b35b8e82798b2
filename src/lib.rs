//! The WebSocket protocol as a sans-IO state machine.
#![cfg_attr(not(test), no_std)]
#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod connection;
pub mod frame;
pub mod handshake;
#[cfg(feature = "alloc")]
mod messages;
#[allow(unsafe_code)] // The cellar: the one place where `unsafe` is allowed; see its documentation.
mod simd;
mod timers;
pub mod wire;

#[cfg(feature = "alloc")]
pub use connection::Prepared;
pub use connection::{
    Client, Connection, Ending, Event, MaskingKeys, Message, Part, Role, SendError, Server, State, Transport,
};
#[cfg(feature = "std")]
pub use connection::{RandomKeys, SeedUnavailable};
pub use handshake::Negotiated;
#[cfg(feature = "alloc")]
pub use messages::{Incoming, Messages};
pub use timers::{Timeout, Timeouts, Timers};
pub use wire::{CloseCode, CloseFrame, ControlFrame, ControlPayload, Limits, MessageKind, Output, ProtocolError};
