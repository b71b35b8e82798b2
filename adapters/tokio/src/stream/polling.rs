//! How the futures of a connection are polled.

use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websocket_proto::endpoint::{Failure, Status};
use websocket_proto::{OwnedMessage, Role, SendError, State};

use super::{Outcome, WebSocketStream};
use crate::Error;
use crate::wakers::Side;

/// How many bytes are read at once, but for large frames.
const READ_LEN: usize = 32 * 1024;

/// After so many reads that did not have to wait, the clock is looked at all the same.
const READS: u8 = 64;

/// From this length on, a server's message is not copied to the output.
const VECTORED: usize = 16 * 1024;

/// From this length on, a message is framed piece by piece.
pub(super) const LONG: usize = 64 * 1024;

impl<T, R> WebSocketStream<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    pub(crate) fn poll_message(&mut self, context: &Context<'_>) -> Poll<Option<Result<OwnedMessage, Error>>> {
        loop {
            let mut found = None;
            match ready!(self.poll_next_item(context, Some(&mut found))) {
                Ok(false) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
                // A control frame is no message.
                Ok(true) => {
                    if let Some(message) = found.or_else(|| self.endpoint.take()) {
                        return Poll::Ready(Some(Ok(message)));
                    }
                }
            }
        }
    }

    /// Reads until there is a message or a control frame to lend, and writes what waits whenever there is none.
    pub(crate) fn poll_advance(&mut self, context: &Context<'_>) -> Poll<Result<bool, Error>> {
        self.lends_control = true;
        self.poll_next_item(context, None)
    }

    /// The same; a message that was read whole goes to `found`, if there is such a place.
    pub(super) fn poll_next_item(
        &mut self,
        context: &Context<'_>,
        found: Option<&mut Option<OwnedMessage>>,
    ) -> Poll<Result<bool, Error>> {
        if self.endpoint.advance() {
            return Poll::Ready(Ok(true));
        }
        self.driver.wakers.enter(Side::Reading, context.waker());
        let polled = self.poll_until_found(context.waker(), found);
        self.driver.wakers.leave(Side::Reading, context.waker(), polled.is_pending());
        polled
    }

    fn poll_until_found(
        &mut self,
        waker: &Waker,
        mut found: Option<&mut Option<OwnedMessage>>,
    ) -> Poll<Result<bool, Error>> {
        loop {
            let (turn, status) = match self.outcome {
                Outcome::Over => return Poll::Ready(Ok(false)),
                Outcome::Broken(_) => (Poll::Ready(()), self.endpoint.status()),
                Outcome::Running => match self.driver.poll_turn(&mut self.endpoint, waker) {
                    Ok(turn) => turn,
                    Err(error) => {
                        self.break_off(error);
                        (Poll::Ready(()), self.endpoint.status())
                    }
                },
            };
            let progress = if status.reads() || self.reads_on(status) {
                self.poll_read(waker, found.as_deref_mut())
            } else if status == Status::Close || !matches!(self.outcome, Outcome::Running) {
                return Poll::Ready(self.finish(None, waker));
            } else {
                if turn.is_ready() {
                    // All is written, so what waited for room is written next.
                    self.endpoint.written(0);
                }
                turn.map(Ok)
            };
            match progress {
                Poll::Ready(Err(error)) => return Poll::Ready(self.finish(Some(error), waker)),
                Poll::Ready(Ok(())) if found.as_ref().is_some_and(|found| found.is_some()) => {
                    return Poll::Ready(Ok(true));
                }
                Poll::Ready(Ok(())) if self.endpoint.advance() => return Poll::Ready(Ok(true)),
                Poll::Ready(Ok(())) if self.unlooked < READS => self.unlooked += 1,
                _ => {
                    self.unlooked = 0;
                    let again = self.driver.look(&mut self.endpoint, waker, &turn);
                    if progress.is_pending() && !again {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Reads once. What is read in one piece goes to `found`, if there is such a place and it is a message.
    fn poll_read(&mut self, waker: &Waker, found: Option<&mut Option<OwnedMessage>>) -> Poll<io::Result<()>> {
        if let Some(space) = self.endpoint.space() {
            let mut buffer = ReadBuf::new(space);
            ready!(self.driver.poll_read(&mut buffer, waker))?;
            let n = buffer.filled().len();
            self.eof |= n == 0;
            self.endpoint.filled(n);
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [MaybeUninit::uninit(); READ_LEN];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        match self.driver.poll_read(&mut buffer, waker) {
            Poll::Pending => {
                self.endpoint.release_input();
                Poll::Pending
            }
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                self.eof = true;
                self.endpoint.filled(0);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(read) => {
                let mut received = self.endpoint.receive(buffer.filled_mut());
                if let Some(found) = found {
                    *found = received.take();
                }
                Poll::Ready(read)
            }
        }
    }

    /// Whether to read although answers above the high-water mark wait to be written, which the endpoint advises against.
    ///
    /// Two ends that both answer much at once, and do not read until it is taken, would wait for each other. What is sent here is bounded
    /// by [`poll_room`](Self::poll_room), other than by [`message`](Self::message), and Pongs by the connection: reading on costs no memory.
    fn reads_on(&self, status: Status) -> bool {
        !self.lends && !self.eof && status == Status::Flush && self.endpoint.state() == State::Open
    }

    pub(crate) fn poll_room(&mut self, context: &Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            if self.endpoint.sender().queued_len() <= self.high_water_mark {
                return Poll::Ready(self.expect_open());
            }
            ready!(self.poll_written(context))?;
            self.expect_open()?;
        }
    }

    pub(crate) fn poll_written(&mut self, context: &Context<'_>) -> Poll<Result<(), Error>> {
        match &self.outcome {
            Outcome::Running => {}
            Outcome::Broken(error) => return Poll::Ready(Err(copy(error).into())),
            Outcome::Over => return Poll::Ready(self.endpoint.end().map(drop).map_err(Error::from)),
        }
        self.driver.wakers.enter(Side::Sending, context.waker());
        let polled = self.poll_until_written(context.waker());
        self.driver.wakers.leave(Side::Sending, context.waker(), polled.is_pending());
        polled
    }

    fn poll_until_written(&mut self, waker: &Waker) -> Poll<Result<(), Error>> {
        let error = loop {
            match self.driver.poll_turn(&mut self.endpoint, waker) {
                // A task that reads has to tell how it ended; one that only sends must not wait for ever.
                Ok((Poll::Ready(()), Status::Close)) if self.endpoint.sender().queued_len() > 0 => {
                    self.driver.wakers.wake(Side::Reading);
                    return Poll::Ready(self.endpoint.end().map(drop).map_err(Error::from));
                }
                Ok((Poll::Ready(()), _)) => return Poll::Ready(Ok(())),
                Err(error) => break error,
                Ok((Poll::Pending, _)) => {}
            }
            // If this task is the one that reads, nobody else does, and the peer may wait for that, too.
            match self.read_ahead(waker) {
                Err(error) => break error,
                Ok(true) => self.driver.wakers.wake(Side::Reading),
                Ok(false) => {}
            }
            if !self.driver.look(&mut self.endpoint, waker, &Poll::Pending) {
                return Poll::Pending;
            }
        };
        let told = copy(&error);
        self.break_off(error);
        Poll::Ready(Err(told.into()))
    }

    /// Reads until there is something to lend, and after that as many bytes as the high-water mark, in which the peer's Pings and Pongs
    /// have room. Those before the message are passed over unless the application sees them. True if there is something to tell.
    fn read_ahead(&mut self, waker: &Waker) -> io::Result<bool> {
        loop {
            let found = if self.lends_control { self.endpoint.advance() } else { self.endpoint.advance_to_message() };
            let status = self.endpoint.status();
            if self.eof || !(status.reads() || self.reads_on(status)) {
                return Ok(found || self.eof);
            }
            if (found && self.endpoint.unread_len() >= self.high_water_mark)
                || self.poll_read(waker, None)?.is_pending()
            {
                return Ok(found);
            }
        }
    }

    pub(crate) fn take_message(&mut self, message: OwnedMessage) -> Result<(), Error> {
        let len = message.payload().len();
        if len >= VECTORED && self.driver.io.is_write_vectored() {
            return Ok(self.endpoint.sender().send_vectored(message)?);
        }
        if len < LONG {
            return Ok(self.endpoint.send(&message)?);
        }
        Ok(self.endpoint.sender().send_owned(message)?)
    }

    pub(super) fn expect_open(&self) -> Result<(), Error> {
        match (&self.outcome, self.endpoint.state()) {
            (Outcome::Broken(error), _) => Err(copy(error).into()),
            (_, State::Open) => Ok(()),
            (_, state) => Err(SendError::NotOpen { state }.into()),
        }
    }

    /// The transport takes no more output.
    fn break_off(&mut self, error: io::Error) {
        self.outcome = Outcome::Broken(error);
        self.driver.wakers.wake(Side::Reading);
        self.driver.wakers.wake(Side::Sending);
    }

    /// Tells how it ended: once, and false from then on. That the transport failed after both Close frames is no matter.
    fn finish(&mut self, error: Option<io::Error>, waker: &Waker) -> Result<bool, Error> {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::Over);
        self.driver.shut_down(waker);
        self.driver.wakers.wake(Side::Sending);
        match (self.endpoint.end(), outcome, error) {
            (Ok(_), ..) => Ok(false),
            (Err(Failure::NoClose), Outcome::Broken(error), _) | (Err(Failure::NoClose), _, Some(error)) => {
                Err(error.into())
            }
            (Err(failure), ..) => Err(failure.into()),
        }
    }
}

/// An error that is told to one task and kept for the other.
fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
