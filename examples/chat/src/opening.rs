//! From an accepted socket to a WebSocket connection, or to the page.

use std::io::{self, ErrorKind};
use std::ops::Range;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use websocket_proto::Negotiated;
use websocket_proto::handshake::{Received, Refusal, Request, Scheme, ServerHandshake};

use crate::letter::COMPRESSION;
use crate::limits;
use crate::page;

/// The largest part of one read; pictures are read into a place of their own.
const READ_LEN: usize = 16 * 1024;

/// What a request came to.
pub enum Opened {
    /// A WebSocket connection: `out` has to be written first, and what lies in `unread` are frames already.
    Chat { negotiated: Negotiated, out: Vec<u8>, read: Vec<u8>, unread: Range<usize> },
    /// An answer that is the last word.
    Answered(Vec<u8>),
}

/// Reads the request's head, and makes the answer.
pub async fn open(stream: &TcpStream, origins: &[String]) -> io::Result<Opened> {
    let deadline = Instant::now() + limits::HANDSHAKE;
    let limits = limits::protocol();
    let mut handshake = ServerHandshake::new(&limits);
    let (mut read, mut len) = (vec![0; limits.max_head_len.max(READ_LEN)], 0);
    loop {
        timeout_at(deadline, stream.readable()).await.map_err(|_| ErrorKind::TimedOut)??;
        match stream.try_read(&mut read[len..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => len += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        let mut out = Vec::new();
        match handshake.receive(&read[..len]) {
            Ok(None) => continue,
            Ok(Some(Received::Upgrade(request))) => {
                if let Some(negotiated) = accept(&request, origins, &mut out)? {
                    let unread = request.head_len()..len;
                    return Ok(Opened::Chat { negotiated, out, read, unread });
                }
            }
            Ok(Some(Received::Http(request))) => page::serve(&request, &mut out).map_err(io::Error::other)?,
            Err(error) => error.response().write_to(&mut out).map_err(io::Error::other)?,
        }
        return Ok(Opened::Answered(out));
    }
}

/// Accepts a page of our own, or a program; a page of someone else's could make its readers speak here.
fn accept(request: &Request<'_>, origins: &[String], out: &mut Vec<u8>) -> io::Result<Option<Negotiated>> {
    let allowed = origins.iter().map(String::as_str).collect::<Vec<_>>();
    if let Err(error) = request.check_same_origin(Scheme::Http, &allowed) {
        error.response().write_to(out).map_err(io::Error::other)?;
        return Ok(None);
    }
    if request.path() != "/chat" {
        let refusal = Refusal::new(404, &[("Content-Type", "text/plain")], b"The chat is at /chat.\n");
        refusal.map_err(io::Error::other)?.write_to(out).map_err(io::Error::other)?;
        return Ok(None);
    }
    request.accept().deflate(COMPRESSION).write_to(out).map(Some).map_err(io::Error::other)
}
