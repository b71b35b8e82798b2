//! A connection and its transport.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use websocket_proto::endpoint::{End, Endpoint, Sender, Status};
use websocket_proto::{
    CloseCode, CloseFrame, Incoming, Message, Negotiated, OwnedMessage, Role, SendError, Server, State,
};

use crate::driver::Driver;
use crate::wakers::Side;
use crate::{Config, Error};

/// A WebSocket over a transport of type `T`: of a server, or of a client with the role [`Client`](crate::Client).
///
/// It is a [`Stream`](futures_util::Stream) of messages and a [`Sink`](futures_util::Sink) for them. The methods here do the same, and
/// some that a stream can't: [`read`](Self::read) lends a message without a copy, [`close`](Self::close) waits for the peer.
///
/// Pings and the peer's Close are answered, and the time-outs looked after, while any of its futures is polled; so some task has to
/// read, even where no message is expected. For two tasks there is [`into_split`](Self::into_split).
///
/// # Cancellation
///
/// Each future may be dropped at any time, as by `select!`. Nothing of what came is lost, and nothing is sent twice or in part: what was
/// taken is written by whatever is called next. [`feed`](Self::feed) tells exactly whether a message was taken.
pub struct WebSocketStream<T, R: Role = Server> {
    pub(crate) driver: Driver<T>,
    pub(crate) endpoint: Endpoint<R, Instant>,
    high_water_mark: usize,
    eof: bool,
    /// Messages are answered by [`message`](Self::message), where the high-water mark does not make the application wait.
    lends: bool,
    /// Control frames are lent as well, by [`advance`](Self::advance) and [`read`](Self::read).
    lends_control: bool,
    /// How many reads ago there was a look at the clock.
    unlooked: u8,
    outcome: Outcome,
}

/// How far the transport has come.
#[derive(Debug)]
enum Outcome {
    Running,
    /// It takes no more output. What the peer has sent before may still come.
    Broken(io::Error),
    /// It is of no more use; whether it ended well was told.
    Over,
}

/// How many bytes are read at once, but for large frames.
const READ_LEN: usize = 16 * 1024;

/// After so many reads that did not have to wait, the clock is looked at all the same.
const READS: u8 = 64;

/// From this length on, a message that is owned is framed piece by piece.
const LONG: usize = 64 * 1024;

impl<T, R: Role> WebSocketStream<T, R> {
    /// The transport.
    pub fn get_ref(&self) -> &T {
        &self.driver.io
    }

    /// The transport, to change its options. Reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.driver.io
    }
}

impl<T, R> WebSocketStream<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    /// Begins after a handshake that was made elsewhere; `first_input` is what has come after its head.
    pub fn new(io: T, negotiated: Negotiated, role: R, config: &Config, first_input: &[u8]) -> Self {
        let endpoint = Endpoint::new(negotiated, role, config, first_input, Instant::now());
        Self::from_driver(Driver::new(io), endpoint, config)
    }

    pub(crate) fn from_driver(driver: Driver<T>, endpoint: Endpoint<R, Instant>, config: &Config) -> Self {
        let high_water_mark = config.limits.high_water_mark;
        Self {
            driver,
            endpoint,
            high_water_mark,
            eof: false,
            lends: false,
            lends_control: false,
            unlooked: 0,
            outcome: Outcome::Running,
        }
    }

    /// The next message; `None` when the connection has ended cleanly, and after an error.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`], [`Error::Io`]: once, at the end.
    pub async fn next(&mut self) -> Option<Result<OwnedMessage, Error>> {
        poll_fn(|context| self.poll_message(context)).await
    }

    /// The next message or control frame, lent from where it was read to; `None` when the connection has ended cleanly, and after an
    /// error. Control frames are answered already.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn read(&mut self) -> Result<Option<Incoming<'_>>, Error> {
        Ok(if self.advance().await? { self.endpoint.message() } else { None })
    }

    /// Waits until there is something for [`message`](Self::message) to lend; false when the connection has ended.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn advance(&mut self) -> Result<bool, Error> {
        poll_fn(|context| self.poll_advance(context)).await
    }

    /// Lends what [`advance`](Self::advance) has found, and a way to answer at once: what is sent there is written by whatever is called
    /// next, and is not held up by the high-water mark.
    ///
    /// ```
    /// # use websocket_proto_tokio::{Error, Incoming, WebSocketStream};
    /// # async fn example(mut socket: WebSocketStream<tokio::io::DuplexStream>) -> Result<(), Error> {
    /// while socket.advance().await? {
    ///     if let Some((Incoming::Text(text), mut sender)) = socket.message() {
    ///         sender.send(text)?; // `text` still borrows what was received
    ///     }
    ///     socket.ready().await?; // not more of them than the peer takes
    /// }
    /// # Ok(()) }
    /// ```
    pub fn message(&mut self) -> Option<(Incoming<'_>, Sender<'_, R>)> {
        self.lends = true;
        self.endpoint.next()
    }

    /// The way to queue Pings, prepared messages and a Close; as with [`message`](Self::message), they are written by whatever is called
    /// next.
    pub fn sender(&mut self) -> Sender<'_, R> {
        self.endpoint.sender()
    }

    /// Sends a message, and waits until the transport has taken it.
    ///
    /// Dropped before it is done, it has sent nothing, or the message goes out whole with what is called next; [`feed`](Self::feed)
    /// followed by [`flush`](Self::flush) tells which.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the connection is closing or closed; [`Error::Io`].
    pub async fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Waits until there is room, and takes a message. It is not written yet: that is for [`flush`](Self::flush), or whatever is called
    /// next.
    ///
    /// Dropped before it is done, it has not taken the message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn feed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        let message = message.into();
        self.ready().await?;
        Ok(self.endpoint.send(message)?)
    }

    /// Waits until there is room for a message: while more waits to be written than the high-water mark of the
    /// [`Limits`](websocket_proto::Limits), there is none.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll_room(context)).await
    }

    /// Waits until all that was taken is written.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Failure`] if the peer takes nothing for too long.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll_written(context)).await
    }

    /// Closes the connection (§7.1.2): sends a Close after all that was sent before, drops the messages that still come, and waits for
    /// the peer's Close and the end of its input, no longer than the time-out for it. Yields the peer's status code.
    ///
    /// After it was dropped it may be called again, to wait on.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<Option<CloseCode>, Error> {
        // A connection that closes already, or was closed, sends no second one.
        let _ = self.endpoint.close(frame);
        while poll_fn(|context| self.poll_next_item(context, None)).await? {
            self.endpoint.next();
        }
        Ok(self.endpoint.end()?)
    }

    /// How the connection stands between open and closed.
    pub fn state(&self) -> State {
        self.endpoint.state()
    }

    /// What the transport is waited for.
    pub fn status(&self) -> Status {
        self.endpoint.status()
    }

    /// How the connection has ended, after there was no more message: with the status code of the peer's Close, or not cleanly.
    ///
    /// # Errors
    ///
    /// [`Failure`](websocket_proto::endpoint::Failure).
    pub fn end(&mut self) -> End {
        self.endpoint.end()
    }

    /// The transport. What was read or taken and not handed on is lost.
    pub fn into_inner(self) -> T {
        self.driver.io
    }

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
    fn poll_next_item(
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
        if message.payload().len() < LONG {
            return Ok(self.endpoint.send(&message)?);
        }
        Ok(self.endpoint.sender().send_owned(message)?)
    }

    fn expect_open(&self) -> Result<(), Error> {
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
            (Err(websocket_proto::endpoint::Failure::NoClose), Outcome::Broken(error), _)
            | (Err(websocket_proto::endpoint::Failure::NoClose), _, Some(error)) => Err(error.into()),
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

/// Without payload.
impl<T: fmt::Debug, R: Role> fmt::Debug for WebSocketStream<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { driver, outcome, .. } = self;
        f.debug_struct("WebSocketStream").field("io", &driver.io).field("outcome", outcome).finish_non_exhaustive()
    }
}
