//! The transport's side of a connection: it is written to, looked after and closed, the same way during a handshake and after it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use websocket_proto::endpoint::{Duties, Status};

use crate::clock::Clock;
use crate::wakers::Wakers;

/// A transport with what it needs to be driven.
#[derive(Debug)]
pub(crate) struct Driver<T> {
    pub(crate) io: T,
    pub(crate) wakers: Arc<Wakers>,
    /// Wakes both of `wakers`.
    waker: Waker,
    clock: Clock,
    /// Something was written since the transport was last flushed.
    unflushed: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Driver<T> {
    pub(crate) fn new(io: T) -> Self {
        let (wakers, waker) = Wakers::new();
        Self { io, wakers, waker, clock: Clock::default(), unflushed: false }
    }

    /// Does what can be done without reading: ready if nothing is left to be written, flushed or half-closed.
    pub(crate) fn poll_turn(&mut self, machine: &mut impl Duties<Instant>) -> Poll<io::Result<()>> {
        loop {
            let written = self.poll_write(machine)?;
            // After the write, so that the time-out for writing runs from the moment the transport takes no more.
            self.clock.look(machine, &self.waker);
            match machine.status() {
                Status::Close => return Poll::Ready(Ok(())),
                _ if written.is_pending() => return Poll::Pending,
                _ if !machine.output().is_empty() => {} // a Ping
                Status::HalfClose => {
                    ready!(Pin::new(&mut self.io).poll_shutdown(&mut Context::from_waker(&self.waker)))?;
                    machine.half_closed();
                }
                _ => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_write(&mut self, machine: &mut impl Duties<Instant>) -> Poll<io::Result<()>> {
        let context = &mut Context::from_waker(&self.waker);
        while machine.status() != Status::Close {
            let output = machine.output();
            if output.is_empty() {
                break;
            }
            match ready!(Pin::new(&mut self.io).poll_write(context, output))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => {
                    machine.written(n);
                    self.unflushed = true;
                }
            }
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once.
    pub(crate) fn poll_read(&mut self, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(&mut Context::from_waker(&self.waker), buffer)
    }

    /// Closes the transport as far as that is possible at once: its owner may keep it, and the peer waits for the end.
    pub(crate) fn shut_down(&mut self) {
        let _ = Pin::new(&mut self.io).poll_shutdown(&mut Context::from_waker(&self.waker));
    }
}
