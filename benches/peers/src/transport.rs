//! A connection in memory that is always ready: reads are copied out of a stream, writes into a socket's buffer.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio::io::ReadBuf;

/// What one read hands out at most, and the size of the buffer that is written to.
pub const READ: usize = 64 * 1024;

/// A place to read into, aligned: where an allocator happens to begin one decides whether a small frame lies across two pages.
#[repr(align(4096))]
pub struct ReadBuffer(pub [u8; READ]);

impl ReadBuffer {
    pub fn new() -> Box<Self> {
        Box::new(Self([0; READ]))
    }
}

/// Both directions of a connection, as the endpoint under test sees them.
pub struct Transport {
    stream: &'static [u8],
    position: usize,
    /// How often the stream comes, all in all.
    cycles: u64,
    max_read: usize,
    written: Vec<u8>,
    filled: usize,
    /// Everything that was written, if it is to be looked at.
    record: Option<Vec<u8>>,
    pub bytes_written: u64,
    pub writes: u64,
    /// A server that answers requests: the request so far, and the answer so far as it was not read.
    answering: Option<(Vec<u8>, Vec<u8>)>,
}

impl Transport {
    pub fn new(stream: &'static [u8], cycles: u64, max_read: usize) -> Self {
        let written = vec![0; READ];
        Self {
            stream,
            position: 0,
            cycles,
            max_read,
            written,
            filled: 0,
            record: None,
            bytes_written: 0,
            writes: 0,
            answering: None,
        }
    }

    /// One that answers each request for an upgrade as a server does (§4.2.2), and has nothing else to read.
    pub fn answering() -> Self {
        Self { answering: Some(Default::default()), ..Self::new(&[], 0, READ) }
    }

    /// Takes a request, and has its answer to be read when it is whole.
    fn ask(&mut self, bytes: &[u8]) {
        let Some((request, answer)) = &mut self.answering else { return };
        request.extend_from_slice(bytes);
        if !request.ends_with(b"\r\n\r\n") {
            return;
        }
        let name = b"sec-websocket-key: ";
        let is_key = |place: &[u8]| place.eq_ignore_ascii_case(name);
        let key = request.windows(name.len()).position(is_key).expect("a key") + name.len();
        let mut sha1 = sha1_smol::Sha1::from(&request[key..key + 24]);
        sha1.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        answer.clear();
        answer.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
        answer.extend_from_slice(b"Sec-WebSocket-Accept: ");
        let start = answer.len();
        answer.resize(start + 28, 0);
        let encoded = BASE64_STANDARD.encode_slice(sha1.digest().bytes(), &mut answer[start..]);
        assert_eq!(encoded, Ok(28));
        answer.extend_from_slice(b"\r\n\r\n");
        request.clear();
    }

    pub fn recording(mut self) -> Self {
        self.record = Some(Vec::new());
        self
    }

    pub fn into_record(self) -> Vec<u8> {
        self.record.unwrap_or_default()
    }

    fn next_read(&mut self, room: usize) -> &'static [u8] {
        if self.position == self.stream.len() && self.cycles > 1 {
            (self.position, self.cycles) = (0, self.cycles - 1);
        }
        let rest = &self.stream[self.position..];
        let read = &rest[..rest.len().min(room).min(self.max_read)];
        self.position += read.len();
        read
    }

    /// Copies as the kernel would, into the same 64 KiB again and again.
    fn take(&mut self, mut bytes: &[u8]) {
        self.bytes_written += bytes.len() as u64;
        if let Some(record) = &mut self.record {
            record.extend_from_slice(bytes);
        }
        while !bytes.is_empty() {
            if self.filled == self.written.len() {
                self.filled = 0;
            }
            let n = bytes.len().min(self.written.len() - self.filled);
            self.written[self.filled..self.filled + n].copy_from_slice(&bytes[..n]);
            self.filled += n;
            bytes = &bytes[n..];
        }
    }

    fn take_all(&mut self, slices: &[IoSlice<'_>]) -> usize {
        self.writes += 1;
        if self.answering.is_some() {
            slices.iter().for_each(|slice| self.ask(slice));
        }
        slices.iter().for_each(|slice| self.take(slice));
        slices.iter().map(|slice| slice.len()).sum()
    }
}

impl Read for Transport {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if let Some((_, answer)) = &mut self.answering {
            let n = room.len().min(answer.len());
            room[..n].copy_from_slice(&answer[..n]);
            answer.drain(..n);
            return Ok(n);
        }
        let read = self.next_read(room.len());
        room[..read.len()].copy_from_slice(read);
        Ok(read.len())
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.take_all(&[IoSlice::new(bytes)]))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.take_all(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for Transport {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some((_, answer)) = &mut self.answering {
            let n = room.remaining().min(answer.len());
            room.put_slice(&answer[..n]);
            answer.drain(..n);
            return Poll::Ready(Ok(()));
        }
        let read = self.next_read(room.remaining());
        room.put_slice(read);
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures_io::AsyncRead for Transport {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.read(room))
    }
}

impl futures_io::AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write_vectored(slices))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs a future whose transport is always ready. A peer that yields all the same is polled again.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_u64 << 40 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    unreachable!("a future on a transport that is always ready never ended")
}
