//! A connection's transport: a socket, with TLS or without.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::{ServerConfig, ServerConnection};

/// How much TLS takes at once, and keeps of it if the socket takes nothing.
const MAX_KEPT: usize = 16 * 1024;
/// How often TLS reads from the socket in one turn, at most, where it does not come to a whole record.
const READS_PER_TURN: usize = 16;
/// The most that TLS holds of what it has read: a record, and what may be around its payload (RFC 8446, section 5.2).
const MAX_HELD: usize = 16 * 1024 + 2048 + 5;

pub struct Link {
    socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
    ended: bool,
}

impl Link {
    pub fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let tls = match tls {
            Some(config) => {
                let mut tls = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                tls.set_buffer_limit(Some(MAX_KEPT));
                Some(Box::new(tls))
            }
            None => None,
        };
        Ok(Self { socket, tls, ended: false })
    }

    pub fn register(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        registry.register(&mut self.socket, token, interest)
    }

    pub fn reregister(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        registry.reregister(&mut self.socket, token, interest)
    }

    /// Reads what there is, but for one turn only; returns how many bytes, and whether there may be more. 0 is the end of input. With TLS, an
    /// end without close_notify is an error: anybody can cut a connection.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let Some(tls) = &mut self.tls else {
            let n = self.socket.read(buffer)?;
            // A read that did not fill the buffer took all there was.
            return Ok((n, n == buffer.len()));
        };
        let mut len = 0;
        for _ in 0..READS_PER_TURN {
            // What stayed in TLS no event would tell of.
            if buffer.len() - len < MAX_HELD {
                return Ok((len, true));
            }
            match tls.read_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if len > 0 => return Ok((len, error.kind() != ErrorKind::WouldBlock)),
                Err(error) => return Err(error),
            }
            if let Err(error) = tls.process_new_packets() {
                let _ = tls.write_tls(&mut self.socket); // the alert that says why
                return Err(io::Error::other(error));
            }
            match tls.reader().read(&mut buffer[len..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok((len, false));
                }
                Ok(n) => len += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if len == 0 => return Err(error),
                Err(_) => return Ok((len, true)),
            }
        }
        // Neither a message nor the end of input, but no reason to wait.
        if len == 0 { Err(ErrorKind::Interrupted.into()) } else { Ok((len, true)) }
    }

    /// Whether what is read comes from the socket as it is, however little room there is.
    pub fn is_plain(&self) -> bool {
        self.tls.is_none()
    }

    /// Whether the peer has said, by TLS, that nothing follows.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether TLS has something for the socket that it has not taken.
    pub fn wants_write(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Says that nothing follows, where there is a way to say it.
    pub fn close_notify(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        self.flush()
    }

    pub fn shut_down(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }
}

/// What is written is encrypted, and kept if the socket does not take it; `flush` tries again.
impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.tls {
            Some(_) => self.write_vectored(&[IoSlice::new(bytes)]),
            None => self.socket.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.socket.write_vectored(slices);
        }
        // Only a socket that has just refused to take more tells later that it does.
        self.flush()?;
        match &mut self.tls {
            Some(tls) if !tls.wants_write() => {
                let n = tls.writer().write_vectored(slices)?;
                self.flush().map(|()| n)
            }
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.wants_write() {
            match tls.write_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
