//! The sockets that connections come from.

use std::io::{ErrorKind, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use crate::listen::listen;
use crate::options::Options;

/// Listening sockets, with the tokens `first`, `first + 1` and so on.
pub struct Listeners {
    first: usize,
    sockets: Vec<TcpListener>,
}

/// What came of accepting.
pub enum Accepted {
    Client(TcpStream),
    /// No one waits any more.
    Nobody,
    /// There is no file descriptor, or no memory, for another connection now.
    Exhausted(std::io::Error),
}

impl Listeners {
    /// Listens, and tells where on standard output.
    pub fn bind(options: &Options, registry: &Registry, first: usize) -> Result<Self, String> {
        let mut sockets = Vec::new();
        for (at, &address) in options.addresses.iter().enumerate() {
            let failed = |error| format!("can't listen on {address}: {error}");
            let socket = listen(address).map_err(failed)?;
            socket.set_nonblocking(true).map_err(failed)?;
            let mut socket = TcpListener::from_std(socket);
            registry.register(&mut socket, Token(first + at), Interest::READABLE).map_err(failed)?;
            sockets.push(socket);
        }
        let mut stdout = std::io::stdout();
        for socket in &sockets {
            let address = socket.local_addr().map_err(|error| format!("can't tell where it listens: {error}"))?;
            // Nobody has to read it.
            let scheme = if options.tls.is_some() { "https" } else { "http" };
            let _ = writeln!(stdout, "listening on {address}, page at {scheme}://{address}/");
        }
        let _ = stdout.flush();
        Ok(Self { first, sockets })
    }

    /// Whether a token is that of a listening socket, closed ones included.
    pub fn has(&self, token: Token) -> bool {
        token.0 >= self.first
    }

    pub fn accept(&self, token: Token) -> Accepted {
        let Some(socket) = self.sockets.get(token.0 - self.first) else { return Accepted::Nobody };
        loop {
            match socket.accept() {
                Ok((client, _)) => return Accepted::Client(client),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Accepted::Nobody,
                    // One that is gone before it was accepted.
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {}
                    _ => return Accepted::Exhausted(error),
                },
            }
        }
    }

    /// Has the poll tell again of those who wait.
    pub fn look_again(&mut self, registry: &Registry) -> std::io::Result<()> {
        for (at, socket) in self.sockets.iter_mut().enumerate() {
            registry.reregister(socket, Token(self.first + at), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Stops listening: new connections are refused by the system.
    pub fn close(&mut self) {
        self.sockets.clear();
    }
}
