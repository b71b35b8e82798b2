//! A server of one's own, and clients of the crate to talk to it.
#![allow(dead_code)] // each test program uses a part

#[path = "../../../support/open.rs"]
mod open;
pub mod peer;
pub mod server;
