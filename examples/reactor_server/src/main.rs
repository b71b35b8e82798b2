//! A WebSocket server on one thread: epoll through `mio`, thousands of connections, no locks.
//!
//! ```sh
//! cargo run --release -- --ports 9002,9003      # in this folder; then open http://127.0.0.1:9002/ in a browser
//! cargo run --release -- --mode broadcast       # what one says, all hear
//! cargo run --release -- --mode time            # tells all the time, unasked
//! ```
//!
//! `--help` lists the options, those of `echo_server` among them. SIGINT and SIGTERM end it: everyone is told 1001, and those who
//! do not answer in time are left behind.
//!
//! # What it shows
//!
//! A protocol that does no I/O fits an event loop as it is. A connection is a value in a table; an event looks it up, lets it take a
//! step, and puts down what it wants next:
//!
//! * **One read buffer for all.** `Messages::next` uses up all of its input, so the same 64 KiB serve every connection, one after the
//!   other. A connection of its own holds memory for a cut head, a cut message, or output that the socket did not take, and only as
//!   long as it has one. That is why an idle one costs about a kilobyte.
//! * **Back-pressure.** The replies to one read go out at once. What the socket does not take is kept, and while more than
//!   `--max-output` bytes of it wait, the connection is not read: the peer's own writes then stall, as they should.
//! * **A broadcast is framed once.** The bytes in the queues of slow readers are the same for all of them. One who falls too far
//!   behind is told 1008, or misses messages: `--slow`.
//! * **Time costs a comparison.** `Timers` knows the deadline of a connection; a heap with at most one valid entry per connection
//!   says which to look at. A deadline that moves on with every read leaves its entry alone, which finds that out when its time comes.
//!
//! # What to look at
//!
//! `client.rs` is the state machine: handshake → open → closing → gone. `open.rs` is the crate's receive loop. `reactor.rs` is the
//! event loop. In `examples`, `load` opens thousands of connections, and `cpu_per_echo` compares the server with `bare_loop`,
//! which copies frames and checks nothing:
//!
//! ```sh
//! cargo build --profile thin-lto -p reactor_server --examples --bins
//! target/thin-lto/examples/load --connections 10000 --seconds 10
//! target/thin-lto/examples/cpu_per_echo
//! ```

mod client;
mod counters;
mod deadlines;
mod handshake;
mod listeners;
mod open;
mod options;
mod output;
mod page;
mod post;
mod reactor;
mod shared;

use std::process::ExitCode;

use options::{Command, Options};
use reactor::Reactor;

fn main() -> ExitCode {
    let result = match Options::parse() {
        Ok(Command::Help) => {
            print!("{}", options::HELP);
            Ok(())
        }
        Ok(Command::Serve(options)) => serve(options),
        Err(error) => Err(error.to_string()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("reactor_server: {message}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> Result<(), String> {
    // Each connection needs a file descriptor. Where no more can be had, those that there are have to do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    Reactor::new(options)?.run().map_err(|error| format!("can't wait for events: {error}"))
}
