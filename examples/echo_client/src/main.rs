//! An interactive client: lines from standard input become messages, replies are printed, Ctrl-D closes cleanly.
//!
//! ```sh
//! cargo run --release -p echo_client -- ws://127.0.0.1:9002/        # beside a running echo_server
//! cargo run --release -p echo_client -- --ca ca.pem wss://localhost:9443/
//! ```
//!
//! `--help` lists the options. What to look at:
//!
//! * `link.rs`: one turn of the loop for a transport's owner, the same before and after the handshake; and TLS without I/O of its own
//!   (rustls) under WebSocket without I/O of its own.
//! * `talk.rs`: the loop. One thread has the connection, and another one does nothing but wait for lines; every queue is bounded.
//! * `opening.rs`: everything up to the first frame, with one deadline for all of it.

#[path = "../../support/command_line.rs"]
mod command_line;
mod link;
#[path = "../../support/open.rs"]
mod open;
mod opening;
mod options;
mod talk;
#[path = "../../support/tls_client.rs"]
mod tls_client;

use std::process::ExitCode;

use command_line::Failure;
use options::Options;

fn main() -> ExitCode {
    command_line::exit("echo_client", run())
}

fn run() -> Result<(), Failure> {
    let options = Options::parse()?;
    let opened = opening::open(&options)?;
    Ok(talk::talk(opened, &options)?)
}
