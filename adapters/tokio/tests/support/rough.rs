//! A transport that stalls, moves parts, and breaks, at random.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Numbers that are repeated with the same seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

pub struct Rough<T> {
    io: T,
    random: Random,
    stalls: [Option<Pin<Box<Sleep>>>; 2],
    /// One in so many polls breaks it.
    breaks: Option<u64>,
    broken: bool,
}

impl<T> Rough<T> {
    pub fn new(io: T, seed: u64, breaks: Option<u64>) -> Self {
        Self { io, random: Random::new(seed), stalls: [None, None], breaks, broken: false }
    }

    /// How many bytes to move.
    fn step(&mut self, direction: usize, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(stall) = &mut self.stalls[direction] {
            ready!(stall.as_mut().poll(context));
            self.stalls[direction] = None;
        }
        self.broken |= self.breaks.is_some_and(|n| self.random.one_in(n));
        if self.broken {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.random.one_in(100) {
            let mut stall = Box::pin(sleep(Duration::from_millis(1 + self.random.below(40))));
            if stall.as_mut().poll(context).is_pending() {
                self.stalls[direction] = Some(stall);
                return Poll::Pending;
            }
        }
        if self.random.one_in(4) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let sizes = [1, 2, 7, 125, 1400, 16 * 1024, usize::MAX, usize::MAX];
        Poll::Ready(Ok(sizes[self.random.below(sizes.len() as u64) as usize]))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Rough<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n = ready!(self.step(0, context))?.min(buffer.remaining());
        let mut part = vec![0; n];
        let mut part = ReadBuf::new(&mut part);
        let polled = Pin::new(&mut self.io).poll_read(context, &mut part);
        buffer.put_slice(part.filled());
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Rough<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let n = ready!(self.step(1, context))?.min(bytes.len());
        Pin::new(&mut self.io).poll_write(context, &bytes[..n])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
