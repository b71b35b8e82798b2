//! What the stacks give once the head is through: bytes both ways, in four forms.

use std::io;

use actix_http::{Payload, error::PayloadError};
use bytes::Bytes;
use futures_util::StreamExt;
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// Bytes both ways. Each call returns when it is done.
pub trait Wire {
    /// Appends what has come; nothing at the end.
    fn read(&mut self, into: &mut Vec<u8>) -> impl Future<Output = io::Result<usize>>;

    /// Takes all of these bytes.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>>;

    /// Says that nothing else will be written.
    fn finish(&mut self) -> impl Future<Output = io::Result<()>>;
}

/// A socket, or what hyper makes of one.
pub struct Socket<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin> Wire for Socket<S> {
    async fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        self.0.read_buf(into).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.0.shutdown().await
    }
}

/// A stream of HTTP/2. The bytes are the payload of its DATA frames, and its end is END_STREAM (RFC 8441 §5).
pub struct Stream {
    /// What is sent.
    pub send: SendStream<Bytes>,
    /// What comes.
    pub receive: RecvStream,
}

impl Wire for Stream {
    async fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        let Some(data) = self.receive.data().await else { return Ok(0) };
        let data = data.map_err(io::Error::other)?;
        self.receive.flow_control().release_capacity(data.len()).map_err(io::Error::other)?;
        into.extend_from_slice(&data);
        Ok(data.len())
    }

    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.send.reserve_capacity(bytes.len());
            let granted = std::future::poll_fn(|context| self.send.poll_capacity(context)).await;
            let granted = granted.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io::Error::other)?;
            let (now, later) = bytes.split_at(granted.min(bytes.len()));
            self.send.send_data(Bytes::copy_from_slice(now), false).map_err(io::Error::other)?;
            bytes = later;
        }
        Ok(())
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.send.send_data(Bytes::new(), true).map_err(io::Error::other)
    }
}

/// The bodies of a request and a response of actix-http.
pub struct Bodies {
    /// What comes.
    pub payload: Payload,
    /// What the response's body sends.
    pub body: Option<mpsc::Sender<Result<Bytes, PayloadError>>>,
}

impl Wire for Bodies {
    async fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        let Some(data) = self.payload.next().await else { return Ok(0) };
        let data = data.map_err(|error| io::Error::other(error.to_string()))?;
        into.extend_from_slice(&data);
        Ok(data.len())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let body = self.body.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        body.send(Ok(Bytes::copy_from_slice(bytes))).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.body = None;
        Ok(())
    }
}
