//! An echo server with one thread for each connection, on the standard library alone.
//!
//! ```sh
//! cargo run --release --example threads -- 127.0.0.1:9002
//! ```
//!
//! It prints where it listens (port 0 takes a free port), and how each connection ended. Every message goes back to its sender; a silent
//! peer is asked with a Ping, and given up when it does not answer. To try it in a browser, start `echo_server` instead.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use websocket_proto::endpoint::{Config, Duties, Endpoint, Failure, Opening, Status};
use websocket_proto::{CloseCode, Incoming, Server};

/// How long a read or a write may take at once.
const TURN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let address = match &words[..] {
        [] => "127.0.0.1:9002",
        [address] if !address.starts_with('-') => address,
        _ => {
            eprintln!("threads: expected no word or ADDRESS:PORT, found `{}`", words.join(" "));
            return ExitCode::from(2);
        }
    };
    let Err(error) = serve(address);
    eprintln!("threads: can't listen on {address}: {error}");
    ExitCode::FAILURE
}

fn serve(address: &str) -> Result<std::convert::Infallible, io::Error> {
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let accepted = listener
            .accept()
            .and_then(|(socket, peer)| thread::Builder::new().spawn(move || println!("{peer}: {}", session(socket))));
        if let Err(error) = accepted {
            eprintln!("threads: can't accept a connection: {error}"); // out of descriptors, perhaps: one may be closed soon
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Serves one client from its first byte to its last, and says how it ended.
fn session(mut socket: TcpStream) -> String {
    let mut opening = Opening::server(&Config::default(), Instant::now());
    while opening.status() != Status::Close {
        if let Some(mut endpoint) = opening.next() {
            let transport = echo(&mut socket, &mut endpoint);
            return match (endpoint.end(), transport) {
                (Ok(code), _) => format!("closed with {}", code.map_or(1005, CloseCode::get)), // 1005: no code was given
                (Err(Failure::NoClose), Err(error)) => error.to_string(),
                (Err(failure), _) => failure.to_string(),
            };
        }
        if let Err(error) = turn(&mut socket, &mut opening) {
            return error.to_string();
        }
    }
    opening.end().to_string()
}

fn echo(socket: &mut TcpStream, endpoint: &mut Endpoint<Server, Instant>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    while endpoint.status() != Status::Close {
        while let Some((incoming, mut sender)) = endpoint.next() {
            let sent = match incoming {
                Incoming::Text(text) => sender.send(text),
                Incoming::Binary(bytes) => sender.send(bytes),
                _ => Ok(()), // Pings and the peer's Close are answered already
            };
            sent.map_err(io::Error::other)?;
        }
        turn(socket, endpoint)?;
    }
    Ok(())
}

/// One turn of the loop: look at the clock, write what there is, and read once; none of it waits past the next deadline, nor for long.
fn turn(socket: &mut TcpStream, machine: &mut impl Duties<Instant>) -> io::Result<()> {
    let now = Instant::now();
    // Not for long: a write that times out after a part of it tells of that part only then. And no time at all would be "for ever".
    let wait = machine.tick(now).map_or(TURN, |at| at.saturating_duration_since(now));
    let wait = Some(wait.clamp(Duration::from_millis(1), TURN));
    socket.set_write_timeout(wait)?;
    socket.set_read_timeout(wait)?;
    let done = match machine.status() {
        Status::Close => Ok(()), // a peer that was given up gets nothing more: it might never take it
        _ if !machine.output().is_empty() => socket.write(machine.output()).map(|n| machine.written(n)),
        Status::HalfClose => socket.shutdown(Shutdown::Write).map(|()| machine.half_closed()),
        status if status.reads() => socket.read(machine.room()).map(|n| machine.filled(n)),
        _ => Ok(()),
    };
    match done {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
            Ok(())
        }
        done => done,
    }
}
