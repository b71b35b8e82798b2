//! An echo server on blocking sockets: one thread per connection, and a test page for browsers.
//!
//! ```sh
//! cargo run --release --example echo_server -- --listen 127.0.0.1:9002
//! ```
//!
//! Then open <http://127.0.0.1:9002/>: the page connects back, sends text and binary, and shows every message, the time of a round
//! trip, and the close code. `--help` lists the options. SIGINT and SIGTERM end it: every client is told 1001. What to look at in the
//! source: `session.rs`, which drives one connection.
//!
//! The same program with TLS is a package of its own, since TLS takes longer to build than the crate and all of its tests:
//!
//! ```sh
//! cargo run --release -p echo_server -- --tls certificates.pem key.pem
//! ```

#[path = "../support/command_line.rs"]
mod command_line;
mod link;
#[path = "../support/listen.rs"]
mod listen;
mod options;
#[path = "../support/page.rs"]
mod page;
mod session;
#[path = "../support/target.rs"]
mod target;
#[cfg(feature = "tls")]
#[path = "../support/tls_server.rs"]
mod tls_server;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use options::Options;

fn main() -> ExitCode {
    command_line::exit("echo_server", Options::parse().and_then(|options| Ok(run(options)?)))
}

fn run(options: Options) -> Result<(), String> {
    let listener =
        listen::listen(options.listen).map_err(|error| format!("can't listen on {}: {error}", options.listen))?;
    let address = listener.local_addr().map_err(|error| format!("can't tell where it listens: {error}"))?;
    let (stopping, leaving) = (AtomicBool::new(false), AtomicBool::new(false));
    let server = Arc::new(Server { options, address, stopping, leaving });
    leave_on_signals(&server).map_err(|error| format!("can't wait for signals: {error}"))?;
    let scheme = if server.options.tls.is_some() { "https" } else { "http" };
    say(&format!("listening on {address}, page at {scheme}://{address}/"));

    let sessions = accept(&listener, &server);
    // A client that comes now is refused, and does not wait for the last session to end.
    drop(listener);
    server.wait_for(sessions)
}

/// Serves until it is time to stop; returns the sessions that are not over.
fn accept(listener: &TcpListener, server: &Arc<Server>) -> Vec<JoinHandle<()>> {
    let mut sessions: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if server.stopping.load(Ordering::Acquire) {
            break;
        }
        sessions.retain(|session| !session.is_finished());
        match stream {
            Ok(stream) => {
                let server = Arc::clone(server);
                match thread::Builder::new().spawn(move || server.serve(stream)) {
                    Ok(session) => sessions.push(session),
                    Err(error) => eprintln!("echo_server: can't serve a connection: {error}"),
                }
            }
            // One that is gone before it was accepted, or no file descriptor left: the others go on, and may free one.
            Err(error) => {
                eprintln!("echo_server: can't accept a connection: {error}");
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
    sessions
}

/// Prints a line at once; that nobody may be reading any more is no reason to stop.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// What all sessions share.
pub struct Server {
    options: Options,
    address: SocketAddr,
    /// No more connections are accepted.
    stopping: AtomicBool,
    /// The sessions are to end, too.
    leaving: AtomicBool,
}

/// How long a server that leaves waits for its clients, at most.
const FAREWELL: Duration = Duration::from_secs(6);

impl Server {
    fn serve(&self, stream: TcpStream) {
        let peer = stream.peer_addr().map_or_else(|_| "a client".to_owned(), |peer| peer.to_string());
        match session::run(stream, self) {
            Ok(_) if self.options.quiet => {}
            Ok(report) => say(&format!("{peer}: {report}")),
            Err(error) if self.options.quiet && error.kind() != io::ErrorKind::Other => {}
            Err(error) => eprintln!("echo_server: {peer}: {error}"),
        }
    }

    /// Ends `accept` by a connection of its own, which finds the flag set. The sessions go on to their ends.
    fn stop_listening(&self) {
        self.stopping.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Waits until all sessions are over; where they are to end, not for ever.
    fn wait_for(&self, mut sessions: Vec<JoinHandle<()>>) -> Result<(), String> {
        let mut until = None;
        while !sessions.is_empty() {
            if self.is_leaving() && *until.get_or_insert(Instant::now() + FAREWELL) <= Instant::now() {
                break;
            }
            let (over, open): (Vec<_>, Vec<_>) = sessions.into_iter().partition(JoinHandle::is_finished);
            if over.into_iter().any(|session| session.join().is_err()) {
                return Err("a session panicked".to_owned());
            }
            sessions = open;
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// Has a thread wait for the signals that ask a program to end. The first asks every client to go; the second does not wait for them.
#[cfg(unix)]
fn leave_on_signals(server: &Arc<Server>) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let server = Arc::clone(server);
    thread::Builder::new().spawn(move || {
        for _ in signals.forever() {
            if server.leaving.swap(true, Ordering::AcqRel) {
                std::process::exit(0);
            }
            server.stop_listening();
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn leave_on_signals(_: &Arc<Server>) -> io::Result<()> {
    Ok(())
}
