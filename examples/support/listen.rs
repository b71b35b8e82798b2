//! A listening socket, as a server of many clients wants it.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted, as far as the system allows it. One that finds no room has to try again, which takes a
/// second; `std` asks for 128.
const BACKLOG: i32 = 4096;

/// How many bytes the system takes for a peer that does not read, beside those that are on their way. Without it that may be
/// megabytes for each connection, and from a slow peer we would hear once in many seconds that it has read something.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT: u32 = 128 * 1024;

/// Listens at an address.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    // The sockets of its connections inherit it.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
