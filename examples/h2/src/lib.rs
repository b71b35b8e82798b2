//! WebSockets on streams of HTTP/2 (RFC 8441), by the crate h2.
//!
//! A stream of HTTP/2 carries the same frames as a TCP connection; what differs is how it opens. So there is little here:
//! [`H2Stream`] makes a transport of a stream, and the WebSocket is that of `websocket-proto-tokio`.

#[path = "../../support/page.rs"]
mod page;
mod stream;
#[path = "../../support/target.rs"]
mod target;

pub mod client;
pub mod server;

pub use stream::H2Stream;

/// The name of HTTP/2 in TLS (RFC 9113 §3.2), and that of HTTP/1.1 (RFC 7301 §6).
pub const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How much overhead the DATA frames that wait to be read may have, on one connection. A WebSocket's messages are often small, and a frame each;
/// h2 counts 256 bytes for what it keeps of one, and by default ends a connection on which 128 of them wait, or a few more where the
/// window of the connection is larger: it takes them for an attack.
pub const SMALL_FRAMES: usize = 16 << 20;
