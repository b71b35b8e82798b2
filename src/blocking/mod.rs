//! An endpoint over a transport that blocks, for programs with a thread for each connection (feature `std`).
//!
//! This is the one module that moves bytes and reads a clock; it does what the page of [`endpoint`](crate::endpoint) asks of a transport's
//! owner, and nothing else. It opens no sockets: the caller brings one, a `TcpStream` or any other [`Socket`].
//!
//! ```no_run
//! use std::{error::Error, net::TcpListener, thread};
//! use websocket_proto::{Incoming, blocking::WebSocket, endpoint::Config};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     for socket in TcpListener::bind("127.0.0.1:9002")?.incoming() {
//!         let socket = socket?;
//!         thread::spawn(move || -> Result<(), Box<dyn Error + Send + Sync>> {
//!             let mut websocket = WebSocket::accept(socket, &Config::default())?;
//!             while let Some((incoming, mut sender)) = websocket.next()? {
//!                 match incoming {
//!                     Incoming::Text(text) => sender.send(text)?,
//!                     Incoming::Binary(bytes) => sender.send(bytes)?,
//!                     _ => {} // Pings and the Close are answered already
//!                 }
//!             }
//!             Ok(())
//!         });
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A thread that writes does not read. Two ends that both send more than the transport holds at once, each on one thread, wait for each
//! other until the time-out for writing ends it. For that, use two threads and a [`Framer`](crate::endpoint::Framer), or a transport that
//! does not block.
#![forbid(unsafe_code)]

mod error;
mod socket;
mod websocket;

pub use error::Error;
pub use socket::Socket;
pub use websocket::WebSocket;
