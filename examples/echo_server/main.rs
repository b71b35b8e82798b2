//! An echo server on nothing but `std`: one thread per connection, and a test page for browsers.
//!
//! ```sh
//! cargo run --release --example echo_server -- --listen 127.0.0.1:9002
//! ```
//!
//! Then open <http://127.0.0.1:9002/>: the page connects back, sends text and binary, and shows every message, the time of a round
//! trip, and the close code. `--help` lists the options. What to look at in the source: `session.rs`, which drives one connection.

mod options;
#[path = "../support/sends.rs"]
mod sends;
mod session;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use options::Options;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => return fail(&message),
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("echo_server: {message}");
    ExitCode::FAILURE
}

fn run(options: Options) -> Result<(), String> {
    let listener =
        TcpListener::bind(options.listen).map_err(|error| format!("can't listen on {}: {error}", options.listen))?;
    let address = listener.local_addr().map_err(|error| format!("can't tell where it listens: {error}"))?;
    say(&format!("listening on {address}, page at http://{address}/"));

    let server = Arc::new(Server { options, address, stopping: AtomicBool::new(false) });
    let mut sessions = Vec::new();
    for stream in listener.incoming() {
        if server.stopping.load(Ordering::Acquire) {
            break;
        }
        sessions.retain(|session: &thread::JoinHandle<()>| !session.is_finished());
        match stream {
            Ok(stream) => {
                let server = Arc::clone(&server);
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
    // Who comes now is refused, and does not wait for the last session to end.
    drop(listener);
    for session in sessions {
        if session.join().is_err() {
            return Err("a session panicked".to_owned());
        }
    }
    Ok(())
}

/// Prints a line at once; that nobody may be reading any more is no reason to stop.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// What all sessions share.
struct Server {
    options: Options,
    address: SocketAddr,
    stopping: AtomicBool,
}

impl Server {
    fn serve(&self, stream: TcpStream) {
        let peer = stream.peer_addr().map_or_else(|_| "a client".to_owned(), |peer| peer.to_string());
        match session::run(stream, &self.options, &|| self.stop()) {
            Ok(_) if self.options.quiet => {}
            Ok(report) => say(&format!("{peer}: {report}")),
            Err(error) if self.options.quiet && error.kind() != io::ErrorKind::Other => {}
            Err(error) => eprintln!("echo_server: {peer}: {error}"),
        }
    }

    /// Ends `accept` by a connection of its own, which finds the flag set. The sessions go on to their ends.
    fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
    }
}
