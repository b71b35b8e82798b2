//! A hub for genuine socket.io clients: peers with names, links between them, and rooms.
//!
//! From below to above: [`engine_io`] has sessions over HTTP and WebSocket, [`socket_io`] namespaces, events and acknowledgements on
//! them, and [`hub`] what a hub does with these. Each can be used without those above it. [`broker`] is what several hubs share.

mod allowance;
pub mod broker;
pub mod connections;
pub mod engine_io;
pub mod hub;
pub mod identifier;
pub mod socket_io;
