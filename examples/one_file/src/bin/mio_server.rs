//! An echo server for many connections on one thread, by mio (epoll, kqueue, IOCP).
//!
//! ```sh
//! cargo run --release -p one_file --bin mio_server -- 127.0.0.1:9002
//! ```
//!
//! It prints where it listens, and how each connection ended. It looks at every connection in every turn; `reactor_server`, which serves
//! tens of thousands, keeps a heap of deadlines, and one read buffer for all.

use std::io::{self, ErrorKind, Read, Write};
use std::{collections::HashMap, convert::Infallible, net::Shutdown, process::ExitCode, time::Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use websocket_proto::endpoint::{Accepting, Config, Duties, Endpoint, Opening, Status};
use websocket_proto::{CloseCode, Incoming, SendError, Server};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((address, [])) = words.split_first().filter(|(address, _)| !address.starts_with('-')) else {
        eprintln!("mio_server: expected ADDRESS:PORT, found `{}`", words.join(" "));
        return ExitCode::from(2);
    };
    let Err(error) = serve(address);
    eprintln!("mio_server: can't serve {address}: {error}");
    ExitCode::FAILURE
}

fn serve(address: &str) -> io::Result<Infallible> {
    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    println!("listening on {}", listener.local_addr()?);
    let (mut poll, mut events, mut peers, mut last) = (Poll::new()?, Events::with_capacity(256), HashMap::new(), 0);
    poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
    loop {
        let next = peers.values().filter_map(|peer: &Peer| peer.due).min();
        let polled = poll.poll(&mut events, next.map(|at| at.saturating_duration_since(Instant::now())));
        polled.or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })?;
        let now = Instant::now();
        for event in events.iter().filter(|event| event.token() != Token(0)) {
            peers.entry(event.token()).and_modify(|peer| peer.due = Some(now));
        }
        while let Ok((mut socket, _)) = listener.accept() {
            last += 1;
            poll.registry().register(&mut socket, Token(last), Interest::READABLE | Interest::WRITABLE)?;
            let machine = Machine::Opening(Box::new(Opening::server(&Config::default(), now)));
            peers.insert(Token(last), Peer { socket, machine, due: Some(now) });
        }
        peers.retain(|token, peer| match peer.due {
            Some(due) if due <= now => peer.drive(now).map_err(|end| println!("connection {}: {end}", token.0)).is_ok(),
            _ => true,
        });
    }
}

struct Peer {
    socket: TcpStream,
    machine: Machine,
    /// When to look at it again, if no event comes before.
    due: Option<Instant>,
}

enum Machine {
    Opening(Box<Opening<Accepting, Instant>>),
    Open(Box<Endpoint<Server, Instant>>),
}

impl Peer {
    /// Does what can be done without waiting; fails, in the end, with how the connection ended.
    fn drive(&mut self, now: Instant) -> Result<(), String> {
        // After so many steps it is the others' turn.
        for _ in 0..16 {
            self.take().map_err(|error| error.to_string())?;
            let machine: &mut dyn Duties<Instant> = match &mut self.machine {
                Machine::Opening(opening) => &mut **opening,
                Machine::Open(endpoint) => &mut **endpoint,
            };
            self.due = machine.tick(now);
            let done = match machine.status() {
                Status::Close => return Err(self.end()),
                _ if !machine.output().is_empty() => self.socket.write(machine.output()).map(|n| machine.written(n)),
                Status::HalfClose => self.socket.shutdown(Shutdown::Write).map(|()| machine.half_closed()),
                status if status.reads() => self.socket.read(machine.room()).map(|n| machine.filled(n)),
                _ => return Ok(()),
            };
            match done {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()), // there will be an event
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(format!("{error}; {}", self.end())),
                _ => {}
            }
        }
        self.due = Some(now);
        Ok(())
    }

    /// Echoes the messages that have come.
    fn take(&mut self) -> Result<(), SendError> {
        if let Machine::Opening(opening) = &mut self.machine {
            let Some(endpoint) = opening.next() else { return Ok(()) };
            self.machine = Machine::Open(Box::new(endpoint));
        }
        let Machine::Open(endpoint) = &mut self.machine else { return Ok(()) };
        while let Some((incoming, mut sender)) = endpoint.next() {
            match incoming {
                Incoming::Text(text) => sender.send(text)?,
                Incoming::Binary(bytes) => sender.send(bytes)?,
                _ => {} // Pings and the peer's Close are answered already
            }
        }
        Ok(())
    }

    fn end(&mut self) -> String {
        match &mut self.machine {
            Machine::Opening(opening) => opening.end().to_string(),
            Machine::Open(endpoint) => match endpoint.end() {
                Ok(code) => format!("closed with {}", code.map_or(1005, CloseCode::get)), // 1005: no code was given
                Err(failure) => failure.to_string(),
            },
        }
    }
}
