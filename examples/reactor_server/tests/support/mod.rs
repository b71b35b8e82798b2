//! A server of one's own, and clients of the crate to talk to it.
#![allow(dead_code)] // each test program uses a part

// Unlike the testkit's client, it offers compression.
#[path = "../../../support/open.rs"]
mod open;
pub mod peer;
pub mod server;

/// A good request.
pub const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
