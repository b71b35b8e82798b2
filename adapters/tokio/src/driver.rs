//! The transport's side of a connection: it is written to, looked after and closed, the same way during a handshake and after it.

use std::io::{self, IoSlice};
use std::pin::Pin;
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
    pub(crate) wakers: Wakers,
    clock: Clock,
    /// Something was written since the transport was last flushed.
    unflushed: bool,
}

/// A server's longest header (§5.2).
const MAX_HEADER: usize = 10;

/// How many slices are written at once.
const SLICES: usize = 16;

impl<T: AsyncRead + AsyncWrite + Unpin> Driver<T> {
    pub(crate) fn new(io: T) -> Self {
        Self { io, wakers: Wakers::default(), clock: Clock::default(), unflushed: false }
    }

    /// Does what can be done without reading: pending if something is left to be written, flushed or half-closed. Before its task waits, it
    /// has to [`look`](Self::look) at the clock.
    pub(crate) fn poll_turn(
        &mut self,
        machine: &mut impl Duties<Instant>,
        waker: &Waker,
    ) -> io::Result<(Poll<()>, Status)> {
        loop {
            let written = self.poll_write(machine, waker)?;
            let status = machine.status();
            if status != Status::HalfClose || written.is_pending() {
                let left = written.is_pending() && status != Status::Close;
                return Ok((if left { Poll::Pending } else { Poll::Ready(()) }, status));
            }
            let context = &mut Context::from_waker(self.wakers.for_transport(waker));
            match Pin::new(&mut self.io).poll_shutdown(context)? {
                Poll::Ready(()) => machine.half_closed(),
                Poll::Pending => return Ok((Poll::Pending, status)),
            }
        }
    }

    /// Looks at the clock, after the write, so that the time-out for writing runs from the moment when the transport takes no more. True if
    /// there is something to do again: a Ping is due, or the peer is given up.
    pub(crate) fn look(&mut self, machine: &mut impl Duties<Instant>, waker: &Waker, turn: &Poll<()>) -> bool {
        let is_up = self.clock.look(machine, self.wakers.for_transport(waker));
        is_up && (machine.status() == Status::Close || (turn.is_ready() && !machine.output().is_empty()))
    }

    #[inline]
    fn poll_write(&mut self, machine: &mut impl Duties<Instant>, waker: &Waker) -> Poll<io::Result<()>> {
        let is_empty = machine.output().is_empty();
        if is_empty && !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        // What waits is of no use to a peer that was given up.
        if !is_empty && machine.status() == Status::Close {
            return Poll::Ready(Ok(()));
        }
        self.poll_write_all(machine, waker)
    }

    fn poll_write_all(&mut self, machine: &mut impl Duties<Instant>, waker: &Waker) -> Poll<io::Result<()>> {
        let Self { io, wakers, unflushed, .. } = self;
        let context = &mut Context::from_waker(wakers.for_transport(waker));
        // One slice is the rule: the first write spares itself the look for others, but for one that may be a header alone.
        let mut vectored = false;
        loop {
            let output = machine.output();
            let written = match vectored || (output.len() <= MAX_HEADER && io.is_write_vectored()) {
                _ if output.is_empty() => break,
                false => ready!(Pin::new(&mut *io).poll_write(context, output))?,
                true => {
                    let mut slices = [IoSlice::new(&[]); SLICES];
                    let mut len = 0;
                    for (place, slice) in slices.iter_mut().zip(machine.output_slices()) {
                        *place = IoSlice::new(slice);
                        len += 1;
                    }
                    let slices = slices.get(..len).unwrap_or_default();
                    ready!(Pin::new(&mut *io).poll_write_vectored(context, slices))?
                }
            };
            vectored = io.is_write_vectored();
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            machine.written(written);
            *unflushed = true;
        }
        if *unflushed {
            ready!(Pin::new(io).poll_flush(context))?;
            *unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once.
    #[inline]
    pub(crate) fn poll_read(&mut self, buffer: &mut ReadBuf<'_>, waker: &Waker) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(&mut Context::from_waker(self.wakers.for_transport(waker)), buffer)
    }

    /// Closes the transport as far as that is possible at once: its owner may keep it, and the peer waits for the end.
    pub(crate) fn shut_down(&mut self, waker: &Waker) {
        let _ = Pin::new(&mut self.io).poll_shutdown(&mut Context::from_waker(waker));
    }
}
