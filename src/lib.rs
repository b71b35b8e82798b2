//! The WebSocket protocol (RFC 6455, RFC 7692) as a pure state machine: bytes in, events out; messages in, bytes out.
//!
//! The core uses no socket, no clock, no source of randomness and no global state. The owner of a transport drives it: `std`, mio, an
//! async runtime, io_uring, a microcontroller, an HTTP/2 stream, a fuzzer, a test.
//!
//! # Layers
//!
//! | layer | what it is | needs |
//! |---|---|---|
//! | [`endpoint`] | the whole of one end: buffers, output queue, compressor, time-outs, and how it ended | `alloc` |
//! | [`Timers`] | deadlines, on an instant type of yours | `core` |
//! | [`Messages`] | whole messages: the memory, and replies that are written automatically | `alloc` |
//! | [`Connection`] | the protocol: events out of your buffer, messages into your output; no heap, 512 bytes for a server | `core` |
//! | [`handshake`] | the opening, both sides: every refusal with its complete response | `core` |
//! | [`frame`] | frames out of bytes that are cut anywhere, without the rules of messages: what a proxy wants | `core` |
//! | [`wire`] | the values: headers, opcodes, masks, close codes, limits: what a load generator wants | `core` |
//!
//! Use the highest layer that fits, and go lower for what it does and you have to do yourself; most programs want an [`Endpoint`](endpoint::Endpoint), whose module has a whole loop.
//! Below it, a connection begins with a [`handshake`], which yields [`Negotiated`]; from that a [`Connection`] is made. [`Messages`]
//! and [`Timers`] are separate values, used together with it.
//!
//! # One contract
//!
//! **Drain the input before you read again.** [`Connection::receive`] and [`Messages::next`] take the next event from the front of
//! `input`, and `Ok(None)` means that all of it is used up: nothing has to be kept, moved or discarded, and the buffer is yours again.
//! Reading again before that overwrites input that was not taken: frames are lost, and what follows is read as something else.
//!
//! ```
//! use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, Server};
//!
//! let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
//! let mut messages = Messages::new();
//! let mut out = Vec::new(); // what is to be written
//!
//! // Two reads, which cut a masked "Hello" (§5.7) in the middle of its payload.
//! for read in [&mut [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f][..], &mut [0x9f, 0x4d, 0x51, 0x58][..]] {
//!     let mut input = read;
//!     while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out)? {
//!         match incoming {
//!             Incoming::Text(text) => connection.send(text, &mut out)?,
//!             Incoming::Binary(bytes) => connection.send(bytes, &mut out)?,
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(out, b"\x81\x05Hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//!
//! * **The result does not depend on how the bytes were cut.** Every split of the same bytes yields the same messages, control frames,
//!   replies and errors, in the same order. On a [`Connection`], write replies after each event: a Pong that is not written before the next
//!   Ping is replaced, as §5.5.3 allows. A read that is cancelled loses nothing, because the crate keeps
//!   no part of your buffer.
//! * **Nothing unchecked is delivered.** What can be refused by a header is refused before its payload is read; text is validated as it
//!   comes, and handed out as `str`. (A bare [`Connection`] hands out compressed pieces as they came.)
//! * **Everything is bounded.** No memory is sized by what a peer declares, and a flood of Pings fills the output only to its mark; each
//!   bound is a field of [`Limits`].
//! * **Errors say whose fault it is.** [`ProtocolError`] is the peer's, and the Close frame that answers it is queued already;
//!   [`SendError`] is the caller's, and nothing was written.
//! * **`unsafe` has one place**, a private module of kernels over bytes, each beside a safe implementation of the same function. Everything else forbids it.
//!
//! What each layer costs, and what a caller can do, is on the page [`performance`].
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `std` | yes | run-time detection of CPU features; implies `alloc` |
//! | `rand` | no | [`RandomKeys`], a client's source of masking keys; a server needs none |
//! | `alloc` | by `std` | [`Messages`], [`Prepared`], `Vec<u8>` as an [`Output`] |
//! | `deflate` | no | permessage-deflate (RFC 7692), both ways, in [`extension`]`::deflate`; implies `inflate`; its compressor, zlib-rs, needs `std` |
//! | `inflate` | no | permessage-deflate without `std`: compressed messages are read, own messages are sent uncompressed; implies `alloc` |
//! | `sha1` | no | the handshake's SHA-1 by the crate `sha1`, which uses the CPU's own instructions where it has them: 0.1 µs less for each handshake |
//! | `http` | no | heads in the types of the crate `http`, which hyper, axum and h2 share, in [`handshake`]; implies `std` |
//! | `arbitrary` | no | `Arbitrary` for the public values, to fuzz programs with; implies `std` |
//!
//! Without any, the crate needs neither `std` nor an allocator. Features only add.
#![cfg_attr(not(test), no_std)]
// docs.rs says at each item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(unreachable_pub)]
// Nothing that could panic or lose bits; tests may.
#![cfg_attr(
    not(test),
    warn(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod connection;
#[cfg(feature = "alloc")]
pub mod endpoint;
pub mod extension;
pub mod frame;
#[cfg(all(any(doc, doctest), feature = "deflate", feature = "http", feature = "rand"))] // Pages of the documentation.
pub mod guide;
pub mod handshake;
mod http;
#[cfg(feature = "alloc")]
mod messages;
#[cfg(doc)] // A page of the documentation.
#[doc = include_str!("performance.md")]
pub mod performance {}
#[allow(unsafe_code)] // The one place where `unsafe` is allowed; see its documentation.
mod kernel;
mod timers;
pub mod wire;

pub use connection::{
    Client, Connection, Ending, Event, FnKeys, MaskingKeys, Message, Part, Role, SendError, Server, State, Transport,
};
#[cfg(feature = "alloc")]
pub use connection::{Prepared, PreparedForm};
#[cfg(feature = "rand")]
pub use connection::{RandomKeys, SeedUnavailable};
pub use handshake::Negotiated;
#[cfg(feature = "alloc")]
pub use messages::{Incoming, Messages, OwnedMessage};
pub use timers::{Moment, Timeout, Timeouts, Timers};
pub use wire::{CloseCode, CloseFrame, ControlFrame, ControlPayload, Limits, MessageKind, Output, ProtocolError};

/// The README's examples are tests.
#[cfg(all(doctest, feature = "rand"))]
#[doc = include_str!("../README.md")]
struct Readme;
