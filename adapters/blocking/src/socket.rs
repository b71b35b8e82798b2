//! A transport that blocks.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// A transport that blocks: bytes both ways, and a limit for the time that they take.
///
/// `TcpStream` is one, and so is `UnixStream`. For another, say how it waits and how its writing half is closed, where it can do that; here for
/// TLS over TCP:
///
/// ```
/// # /// Stands for a TLS library's type.
/// # pub struct TlsStream(std::net::TcpStream);
/// # impl std::io::Read for TlsStream { fn read(&mut self, place: &mut [u8]) -> std::io::Result<usize> { self.0.read(place) } }
/// # impl std::io::Write for TlsStream {
/// #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { self.0.write(bytes) }
/// #     fn flush(&mut self) -> std::io::Result<()> { self.0.flush() }
/// # }
/// # impl TlsStream { fn tcp(&self) -> &std::net::TcpStream { &self.0 } fn send_close_notify(&mut self) {} }
/// use std::io::{self, Read, Write};
/// use std::time::Duration;
/// use websocket_proto_blocking::Socket;
///
/// struct Tls(TlsStream);
///
/// impl Socket for Tls {
///     fn wait_at_most(&mut self, span: Option<Duration>) -> io::Result<()> {
///         self.0.tcp().set_read_timeout(span)?;
///         self.0.tcp().set_write_timeout(span)
///     }
///
///     fn close_write(&mut self) -> io::Result<()> {
///         self.0.send_close_notify();
///         self.0.flush()
///     }
/// }
/// # impl Read for Tls { fn read(&mut self, place: &mut [u8]) -> io::Result<usize> { self.0.read(place) } }
/// # impl Write for Tls {
/// #     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> { self.0.write(bytes) }
/// #     fn flush(&mut self) -> io::Result<()> { self.0.flush() }
/// # }
/// ```
pub trait Socket: Read + Write {
    /// From now on a read or a write that waits longer than `span` fails with [`WouldBlock`](io::ErrorKind::WouldBlock) or
    /// [`TimedOut`](io::ErrorKind::TimedOut); `None` waits for ever. The span is never zero.
    ///
    /// The default does nothing: then no Ping is sent and no time-out comes while a read or a write waits.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    fn wait_at_most(&mut self, span: Option<Duration>) -> io::Result<()> {
        let _ = span;
        Ok(())
    }

    /// Closes the writing half, after everything was written (§7.1.1). The default flushes: the transport is closed when it is dropped.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    fn close_write(&mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Socket for TcpStream {
    fn wait_at_most(&mut self, span: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(span)?;
        self.set_write_timeout(span)
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

#[cfg(unix)]
impl Socket for std::os::unix::net::UnixStream {
    fn wait_at_most(&mut self, span: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(span)?;
        self.set_write_timeout(span)
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}
