//! A WebSocket server on one thread: epoll through `mio`, thousands of connections, no locks.
//!
//! ```sh
//! cargo run --release -p reactor_server -- --ports 9002,9003  # then open http://127.0.0.1:9002/ in a browser
//! cargo run --release -p reactor_server -- --mode broadcast   # each message goes to all
//! cargo run --release -p reactor_server -- --mode time        # the time goes to all, unasked
//! ```
//!
//! With `--tls CERTIFICATES.pem KEY.pem` it speaks TLS, by rustls. `--help` lists the options, those of `echo_server` among them. SIGINT
//! and SIGTERM end it: everyone is told 1001, and those who do not answer in time are left behind.
//!
//! # What it shows
//!
//! A protocol that does no I/O fits an event loop as it is. A connection is a value in a table; an event looks it up, lets it take a
//! step, and puts down what it wants next:
//!
//! * **One read buffer for all.** `Messages::next` uses up all of its input, so the same 512 KiB serve every connection, one after the
//!   other. A connection of its own holds memory for a cut head, a cut message, or output that the socket did not take, and only as
//!   long as it has one. That is why an idle one costs about a kilobyte. Buffers for cut messages are shared, and kept for a while.
//! * **Large messages are not copied.** What is missing of one is read to where it stays, and its echo is written from there.
//! * **Back-pressure.** The replies to one read go out at once. What the socket does not take is kept, and while more than
//!   `--max-output` bytes of it wait, the connection is not read: the peer's own writes then stall, as they should.
//! * **A broadcast is framed once,** and with `--deflate` compressed once. The bytes in the queues of slow readers are the same for all
//!   of them. A client that falls too far behind is told 1008, or misses messages: `--slow`.
//! * **Nothing that is queued is lost.** A peer that reads slowly gets all of it, and the Close: as long as output moves, the time-out
//!   for closing starts again. What a peer sends after its Close is read and dropped, since closing with unread input would destroy
//!   what it has not read yet.
//! * **TLS is a filter** in front of all that, which does no I/O either: `link.rs` is the only file that knows of it.
//! * **Time costs a comparison.** `Timers` knows the deadline of a connection; a heap with at most one valid entry per connection
//!   says which to look at. A deadline that moves on with every read leaves its entry alone, which finds that out when its time comes.
//!
//! # What to look at
//!
//! `client.rs` is the state machine: handshake → open → closing → gone. `open.rs` is the crate's receive loop. `reactor.rs` is the
//! event loop. In `examples`, `load` opens thousands of connections, `tls_memory` opens them by TLS, and `cpu_per_echo` compares the
//! server with `bare_loop`, which copies frames and checks nothing:
//!
//! ```sh
//! cargo build --profile thin-lto -p reactor_server --examples --bins
//! target/thin-lto/examples/load --connections 10000 --seconds 10
//! target/thin-lto/examples/cpu_per_echo
//! ```

mod answers;
mod client;
#[path = "../../support/command_line.rs"]
mod command_line;
mod counters;
mod deadlines;
mod deflaters;
mod handshake;
mod link;
#[path = "../../support/listen.rs"]
mod listen;
mod listeners;
mod open;
mod options;
mod output;
#[path = "../../support/page.rs"]
mod page;
mod post;
mod reactor;
mod shared;
mod spare;
#[path = "../../support/target.rs"]
mod target;
#[path = "../../support/tls_server.rs"]
mod tls;

use std::process::ExitCode;

use command_line::Failure;
use options::Options;
use reactor::Reactor;

fn main() -> ExitCode {
    command_line::exit("reactor_server", Options::parse().and_then(serve))
}

fn serve(options: Options) -> Result<(), Failure> {
    // Each connection needs a file descriptor. Where no more can be had, those that there are have to do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    Ok(Reactor::new(options)?.run().map_err(|error| format!("can't wait for events: {error}"))?)
}
