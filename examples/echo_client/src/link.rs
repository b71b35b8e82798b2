//! A connection's transport: a socket that does not block, with TLS or without.

use std::io::{ErrorKind, Read, Write};
use std::mem;
use std::net::Shutdown;
use std::time::Instant;

use mio::net::TcpStream;
use rustls::ClientConnection;
use websocket_proto::endpoint::{Duties, Status};

/// How much TLS takes at once, about a record. What it has taken counts as written when the socket has all of it, so that a server that
/// reads nothing is noticed.
const RECORD: usize = 16 * 1024;

pub struct Link {
    pub socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// How many bytes TLS has taken for the write that is under way.
    taken: usize,
    /// The socket takes nothing any more. What the server has said before is still to be read.
    broken: bool,
    /// Whether anything has come.
    pub heard: bool,
}

impl Link {
    pub fn new(socket: TcpStream, mut tls: Option<ClientConnection>) -> Self {
        if let Some(tls) = &mut tls {
            tls.set_buffer_limit(Some(RECORD));
        }
        Self { socket, tls: tls.map(Box::new), taken: 0, broken: false, heard: false }
    }

    /// Does what a transport's owner does for an opening or an endpoint, as far as that needs no waiting: looks at the clock, writes, and
    /// reads. Returns when to come again at the latest; `None` if something was done, as there may be more to do at once.
    pub fn turn(&mut self, machine: &mut impl Duties<Instant>) -> Result<Option<Wait>, String> {
        let wait = Wait { until: machine.tick(Instant::now()) };
        let mut moved = false;
        // A server that takes nothing while it has much to say may wait for that to be read, so a full socket does not keep it from being
        // read; and what is read may have TLS write.
        if machine.status().reads() {
            if let Some(n) = self.read(machine.room())? {
                machine.filled(n);
                self.heard |= n > 0;
                moved = true;
            }
        }
        if machine.status() != Status::Close && (self.wants_write() || !machine.output().is_empty()) {
            if let Some(n) = self.write(machine.output())? {
                machine.written(n);
                moved = true;
            }
        }
        if machine.status() == Status::HalfClose && self.half_close()? {
            machine.half_closed();
            moved = true;
        }
        Ok((!moved).then_some(wait))
    }

    /// Whether all that was written is on its way.
    pub fn is_flushed(&self) -> bool {
        !self.wants_write()
    }

    /// Says that nothing follows, to TLS and to TCP; false if it can't be said yet.
    pub fn half_close(&mut self) -> Result<bool, String> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify(); // once, however often it is called
            if self.write(b"")?.is_none() {
                return Ok(false);
            }
        }
        let _ = self.socket.shutdown(Shutdown::Write); // a server that is gone needs not be told
        Ok(true)
    }

    fn wants_write(&self) -> bool {
        !self.broken && self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Writes the first of these bytes, and says how many; `None` if the socket takes none now. The next call has to begin with the same
    /// bytes then.
    fn write(&mut self, bytes: &[u8]) -> Result<Option<usize>, String> {
        if self.broken {
            return Ok(Some(bytes.len()));
        }
        let written = match &mut self.tls {
            None => self.socket.write(bytes),
            Some(tls) => {
                if self.taken == 0 {
                    self.taken = tls.writer().write(bytes).map_err(|error| format!("TLS failed: {error}"))?;
                }
                loop {
                    match tls.wants_write() {
                        false => break Ok(mem::take(&mut self.taken)),
                        true => match tls.write_tls(&mut self.socket) {
                            Ok(_) => {}
                            Err(error) => break Err(error),
                        },
                    }
                }
            }
        };
        match written {
            // TLS keeps no more before its handshake is done.
            Ok(0) if !bytes.is_empty() => Ok(None),
            Ok(n) => Ok(Some(n)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
            Err(_) => {
                self.broken = true;
                Ok(Some(bytes.len()))
            }
        }
    }

    /// Reads what has come, and says how much; `None` if nothing has, 0 at the end. How TLS and TCP end does not matter: whether a
    /// connection was closed properly is told by its Close frames.
    fn read(&mut self, room: &mut [u8]) -> Result<Option<usize>, String> {
        loop {
            let read = match &mut self.tls {
                None => self.socket.read(room),
                Some(tls) => tls.reader().read(room),
            };
            let read = match (read, &mut self.tls) {
                // No whole record is left.
                (Err(error), Some(tls)) if error.kind() == ErrorKind::WouldBlock => {
                    match tls.read_tls(&mut self.socket) {
                        Ok(_) => {
                            if let Err(error) = tls.process_new_packets() {
                                let _ = tls.write_tls(&mut self.socket); // the alert that says why
                                return Err(format!("TLS failed: {error}"));
                            }
                            continue;
                        }
                        failed => failed,
                    }
                }
                (read, _) => read,
            };
            match read {
                Ok(n) => return Ok(Some(n)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(_) => return Ok(Some(0)),
            }
        }
    }
}

/// Nothing can be done before the socket is ready, or before this.
pub struct Wait {
    pub until: Option<Instant>,
}
