//! A connection's transport: a blocking socket, with TLS or without. Where TLS is not built in, `--tls` says so.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

#[cfg(feature = "tls")]
use {crate::tls_server, rustls::ServerConnection, std::io::ErrorKind, std::sync::Arc};

use crate::command_line::Failure;

/// How the server presents itself to clients that speak TLS.
#[cfg(feature = "tls")]
pub type Tls = Arc<rustls::ServerConfig>;
#[cfg(not(feature = "tls"))]
pub enum Tls {}

/// Reads the certificates and the key.
#[cfg(feature = "tls")]
pub fn tls(certificates: &str, key: &str) -> Result<Tls, Failure> {
    Ok(tls_server::config(certificates, key, &[b"http/1.1"])?)
}

#[cfg(not(feature = "tls"))]
pub fn tls(_: &str, _: &str) -> Result<Tls, Failure> {
    Err(Failure::Usage("`--tls` is not built in; `cargo run --release -p echo_server` has it".to_owned()))
}

pub struct Link {
    socket: TcpStream,
    #[cfg(feature = "tls")]
    tls: Option<Box<ServerConnection>>,
    /// When the socket last took something of TLS.
    #[cfg(feature = "tls")]
    moved: Instant,
}

impl Link {
    #[cfg_attr(not(feature = "tls"), expect(unused_variables, reason = "there is none"))]
    pub fn new(socket: TcpStream, tls: Option<&Tls>) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        #[cfg(feature = "tls")]
        let tls = tls.map(|config| ServerConnection::new(Arc::clone(config))).transpose().map_err(io::Error::other)?;
        Ok(Self {
            socket,
            #[cfg(feature = "tls")]
            tls: tls.map(Box::new),
            #[cfg(feature = "tls")]
            moved: Instant::now(),
        })
    }

    /// How long a read or a write may take from now on.
    pub fn set_patience(&self, span: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(span))?;
        self.socket.set_write_timeout(Some(span))
    }

    /// Since when something that [`write`](Self::write) has taken waits for the socket to take more of it; `None` if nothing does.
    pub fn waits_since(&self) -> Option<Instant> {
        #[cfg(feature = "tls")]
        if self.tls.as_ref().is_some_and(|tls| tls.wants_write()) {
            return Some(self.moved);
        }
        None
    }

    /// Takes as many bytes as there is room for, and writes what it has taken, as far as the socket takes it in time.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            if !tls.wants_write() {
                self.moved = Instant::now();
            }
            let n = tls.writer().write(bytes)?;
            return write_tls(tls, &mut self.socket, &mut self.moved).or_else(none_in_time).map(|()| n);
        }
        self.socket.write(bytes)
    }

    /// Reads what there is, or waits for it; 0 is the end of input. With TLS, an end without close_notify is an error: anybody can cut a
    /// connection.
    pub fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            match tls.reader().read(room) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => tls.read_tls(&mut self.socket)?,
                found => return found,
            };
            if let Err(error) = tls.process_new_packets() {
                let _ = write_tls(tls, &mut self.socket, &mut self.moved); // the alert that says why
                return Err(io::Error::new(ErrorKind::InvalidData, format!("TLS failed: {error}")));
            }
            return tls.reader().read(room);
        }
        self.socket.read(room)
    }

    /// Says that nothing follows, to TLS and to TCP. Returns whether all of it is said.
    pub fn half_close(&mut self) -> io::Result<bool> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify(); // once, however often it is called
            write_tls(tls, &mut self.socket, &mut self.moved).or_else(none_in_time)?;
            if tls.wants_write() {
                return Ok(false);
            }
        }
        self.socket.shutdown(Shutdown::Write).map(|()| true)
    }
}

#[cfg(feature = "tls")]
fn write_tls(tls: &mut ServerConnection, socket: &mut TcpStream, moved: &mut Instant) -> io::Result<()> {
    while tls.wants_write() {
        if tls.write_tls(socket)? == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        *moved = Instant::now();
    }
    Ok(())
}

/// TLS keeps what the socket did not take.
#[cfg(feature = "tls")]
fn none_in_time(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::TimedOut | ErrorKind::WouldBlock => Ok(()),
        _ => Err(error),
    }
}
