//! A transport that takes and gives little at a time, and messages to send over it.
#![allow(dead_code, reason = "each test uses its part")]

pub mod rough;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use websocket_proto_tokio::handshake::ClientRequest;
use websocket_proto_tokio::{Client, Config, RandomKeys, Server, WebSocketStream, accept, client};

/// A transport on which every other poll is pending, and the rest move `sizes` bytes, one size after the other.
pub struct Choppy<T> {
    pub io: T,
    sizes: Vec<usize>,
    at: usize,
    /// Whether the last read, and the last write, were pending.
    pending: [bool; 2],
}

impl<T> Choppy<T> {
    pub fn new(io: T, sizes: &[usize]) -> Self {
        Self { io, sizes: sizes.to_vec(), at: 0, pending: [false; 2] }
    }

    /// How much to move; `None` now and then, with the task woken.
    fn step(&mut self, direction: usize, context: &Context<'_>) -> Option<usize> {
        self.pending[direction] = !self.pending[direction];
        if self.pending[direction] {
            context.waker().wake_by_ref();
            return None;
        }
        self.at += 1;
        Some(self.sizes[self.at % self.sizes.len()])
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Choppy<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(n) = self.step(0, context) else { return Poll::Pending };
        let n = n.min(buffer.remaining());
        let mut part = vec![0; n];
        let mut part = ReadBuf::new(&mut part);
        let polled = Pin::new(&mut self.io).poll_read(context, &mut part);
        buffer.put_slice(part.filled());
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Choppy<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(n) = self.step(1, context) else { return Poll::Pending };
        let n = n.min(bytes.len());
        Pin::new(&mut self.io).poll_write(context, &bytes[..n])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

pub type Ours<T> = (WebSocketStream<T, Server>, WebSocketStream<T, Client<RandomKeys>>);

/// Both ends over transports of any kind.
pub async fn pair<T: AsyncRead + AsyncWrite + Unpin>(server: T, peer: T, config: &Config) -> Ours<T> {
    let request = ClientRequest::new("example.com", "/");
    let (server, client) = tokio::join!(accept(server, config), client(peer, config, request));
    (server.unwrap(), client.unwrap())
}

/// Both ends over a pipe that holds this many bytes.
pub async fn piped(len: usize, config: &Config) -> Ours<DuplexStream> {
    let (server, client) = tokio::io::duplex(len);
    pair(server, client, config).await
}

pub fn configs() -> [Config; 2] {
    let mut compressed = Config::default();
    compressed.deflate = Some(Default::default());
    [Config::default(), compressed]
}

/// Short ones, empty ones, and some of several fragments and more than the high-water mark.
pub fn message(i: usize) -> String {
    format!("message {i}, grün. ").repeat(match i % 10 {
        9 => 12_000,
        5 => 700,
        0 => 0,
        _ => 1,
    })
}

/// What deadlocks fails, long before the time-outs of a connection could help.
pub async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("expected the end in time, found none")
}
