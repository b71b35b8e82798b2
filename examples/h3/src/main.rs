//! An echo server that browsers reach over HTTP/3 (RFC 9220): three machines without I/O, QUIC and HTTP/3 by quiche and WebSockets by this
//! crate, on one UDP socket and one thread.
//!
//! ```sh
//! cargo run --release --manifest-path examples/h3/Cargo.toml -- --tls certificates.pem key.pem
//! ```
//!
//! `server.rs` is the loop, `peer.rs` a connection of QUIC, `stream.rs` one WebSocket. `campaign/run` tries it with Chromium and aioquic.

#[path = "../../support/command_line.rs"]
mod command_line;
#[cfg(test)]
mod in_memory;
mod options;
mod peer;
mod request;
mod server;
mod stream;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::exit("h3_server", options::Options::parse().and_then(|options| Ok(server::run(options)?)))
}
