//! Messages that many connections get are written from where they lie, several at once.

mod support;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use support::{in_time, pair};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use websocket_proto_tokio::{Config, Prepared};

/// A transport that takes several slices at once, and tells how many each write had.
struct Slices {
    io: DuplexStream,
    writes: Vec<usize>,
}

impl AsyncRead for Slices {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Slices {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.push(1);
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.push(slices.len());
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[tokio::test]
async fn references_to_frames_go_out_by_two_writes_in_order_between_messages_of_the_connection() {
    let (server, client) = tokio::io::duplex(1 << 20);
    let slices = |io| Slices { io, writes: Vec::new() };
    let (mut server, mut client) = in_time(pair(slices(server), slices(client), &Config::default())).await;
    let shared = Prepared::new(&*"shared ".repeat(200)).unwrap();
    server.get_mut().writes.clear();
    for i in 0..5 {
        server.sender().send_prepared(&shared).unwrap();
        server.feed(&*format!("own {i}")).await.unwrap();
    }
    in_time(server.flush()).await.unwrap();
    // The first write has one slice, the second all others.
    assert_eq!(server.get_ref().writes, [1, 9]);
    in_time(async {
        for i in 0..5 {
            assert_eq!(client.next().await.unwrap().unwrap().payload(), "shared ".repeat(200).as_bytes());
            assert_eq!(client.next().await.unwrap().unwrap().payload(), format!("own {i}").as_bytes());
        }
    })
    .await;
}
