//! Opens many connections to an echo server, and measures the round trips of their messages.
//!
//! ```sh
//! cargo run --release --features rand --example load_generator -- ws://127.0.0.1:9002/ 100 5 20
//! ```
//!
//! After the URL stand the number of connections, for how many seconds they talk, and the bytes of a message. Each connection has a thread,
//! and sends its next message when the last one has come back. The exit status is 0 if all of them were opened, echoed and closed cleanly.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use std::{error::Error, net::TcpStream, process::ExitCode, thread};

use websocket_proto::endpoint::{Config, Duties, Failure, Opening, Status};
use websocket_proto::handshake::{ClientRequest, WsUrl};
use websocket_proto::{Client, CloseCode, Incoming, RandomKeys};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u32> = words.iter().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (4, &[connections @ 1..=u32::MAX, seconds, len]) = (words.len(), &numbers[..]) else {
        eprintln!("load_generator: expected URL CONNECTIONS SECONDS BYTES, found `{}`", words.join(" "));
        return ExitCode::from(2);
    };
    let end = Instant::now() + Duration::from_secs(seconds.into());
    let connection = || talk(&words[0], len, end).map_err(|error| error.to_string());
    let (mut times, mut errors) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().stack_size(256 * 1024).spawn_scoped(scope, connection);
        for thread in (0..connections).map(start).collect::<Vec<_>>() {
            match thread.map_err(|error| error.to_string()).and_then(|thread| thread.join().expect("no panic")) {
                Ok(some) => times.extend(some),
                Err(error) => errors.push(error),
            }
        }
    });
    times.sort_unstable();
    let within = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!("{} round trips on {connections} connections, {} of which failed", times.len(), errors.len());
    println!("half of them within {:?}, 99 % within {:?}", within(50), within(99));
    let Some(error) = errors.first() else { return ExitCode::SUCCESS };
    eprintln!("load_generator: {}: {error}", words[0]);
    ExitCode::FAILURE
}

/// Sends and receives until the time is over, and closes; returns how long each message took.
fn talk(url: &str, len: u32, end: Instant) -> Result<Vec<Duration>, Box<dyn Error>> {
    let url = WsUrl::parse(url)?;
    if url.is_secure() {
        return Err("expected ws://, found wss://, which needs TLS".into());
    }
    let mut socket = TcpStream::connect((url.host(), url.port()))?;
    socket.set_nodelay(true)?;
    let mut keys = RandomKeys::from_os()?;
    let (request, nonce) = (ClientRequest::from_url(&url), keys.nonce());
    let mut opening = Opening::client(request, nonce, Client::new(keys), &Config::default(), Instant::now())?;
    let (message, mut times) = (vec![b'x'; usize::try_from(len)?], Vec::new());
    while opening.status() != Status::Close {
        turn(&mut socket, &mut opening)?;
        let Some(mut endpoint) = opening.next() else { continue };
        let mut sent = Instant::now();
        endpoint.send(&message)?;
        while endpoint.status() != Status::Close {
            while let Some((incoming, mut sender)) = endpoint.next() {
                let Incoming::Binary(echo) = incoming else { continue };
                if *echo != *message {
                    return Err(format!("expected {len} bytes back, found {} others", echo.len()).into());
                }
                times.push(sent.elapsed());
                sent = Instant::now();
                if sent < end { sender.send(&message)? } else { sender.close(CloseCode::NORMAL)? }
            }
            if sent.max(end).elapsed() > Duration::from_secs(10) {
                return Err("expected an echo, found none in time".into());
            }
            if let Err(error) = turn(&mut socket, &mut endpoint) {
                let end = endpoint.end().map(|_| times);
                return end.map_err(|end| if end == Failure::NoClose { error.into() } else { end.into() });
            }
        }
        return Ok(endpoint.end().map(|_| times)?);
    }
    Err(opening.end().into())
}

/// One turn of the loop: looks at the clock, and writes or reads once; it does not wait past the next deadline, nor for long.
fn turn(socket: &mut TcpStream, machine: &mut impl Duties<Instant>) -> io::Result<()> {
    machine.tick(Instant::now());
    socket.set_write_timeout(Some(Duration::from_millis(500)))?;
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    let done = match machine.status() {
        _ if !machine.output().is_empty() => socket.write(machine.output()).map(|n| machine.written(n)),
        status if status.reads() => socket.read(machine.room()).map(|n| machine.filled(n)),
        _ => Ok(()),
    };
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    done.or_else(|e| if matches!(e.kind(), Interrupted | TimedOut | WouldBlock) { Ok(()) } else { Err(e) })
}
