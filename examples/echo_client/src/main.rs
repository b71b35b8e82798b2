//! An interactive client: lines from standard input become messages, replies are printed, Ctrl-D closes cleanly.
//!
//! ```sh
//! cargo run --release -p echo_client -- ws://127.0.0.1:9002/        # beside a running echo_server
//! cargo run --release -p echo_client -- --ca ca.pem wss://localhost:9443/
//! ```
//!
//! `--help` lists the options. What to look at:
//!
//! * `talk.rs`: the connection lives on one thread. Three others do nothing but wait: for lines, for the socket to bring bytes, for
//!   the socket to take bytes. No lock is needed, no read is cancelled half-way, and every queue between them is bounded.
//! * `link.rs`: TLS without I/O of its own (rustls) under WebSocket without I/O of its own; for both it is bytes in, bytes out.
//! * `opening.rs`: everything up to the first frame, with one deadline for all of it.

#[path = "../../support/command_line.rs"]
mod command_line;
mod link;
#[path = "../../support/open.rs"]
mod open;
mod opening;
mod options;
#[path = "../../support/outgoing.rs"]
mod outgoing;
mod talk;
#[path = "../../support/tls_client.rs"]
mod tls_client;
mod waiting;
#[path = "../../support/write.rs"]
mod write;

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
