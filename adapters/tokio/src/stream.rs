//! A connection and its transport.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, Wake, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use websocket_proto::endpoint::{End, Endpoint, Sender, Status};
use websocket_proto::{
    CloseCode, CloseFrame, Incoming, Message, Negotiated, OwnedMessage, Role, SendError, Server, State,
};

use crate::driver::Driver;
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
        Self { driver, endpoint, high_water_mark: config.limits.high_water_mark, eof: false, outcome: Outcome::Running }
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
        Ok(if self.advance().await? { self.message().map(|(incoming, _)| incoming) } else { None })
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
        while self.advance().await? {
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
            match ready!(self.poll_advance(context)) {
                Ok(true) => {
                    if let Some(message) = self.endpoint.take() {
                        return Poll::Ready(Some(Ok(message)));
                    }
                    // A control frame.
                }
                Ok(false) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    /// Reads until there is a message or a control frame to lend, and writes what waits whenever there is none.
    pub(crate) fn poll_advance(&mut self, context: &Context<'_>) -> Poll<Result<bool, Error>> {
        if self.endpoint.advance() {
            return Poll::Ready(Ok(true));
        }
        self.driver.wakers.reading.register(context.waker());
        loop {
            let turn = match self.outcome {
                Outcome::Over => return Poll::Ready(Ok(false)),
                Outcome::Broken(_) => Poll::Ready(()),
                Outcome::Running => match self.driver.poll_turn(&mut self.endpoint) {
                    Poll::Ready(Ok(())) => Poll::Ready(()),
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Err(error)) => {
                        self.break_off(error);
                        Poll::Ready(())
                    }
                },
            };
            match (self.endpoint.status(), &self.outcome) {
                (status, _) if status.reads() || self.reads_on() => {
                    if let Err(error) = ready!(self.poll_read()) {
                        return Poll::Ready(self.finish(Some(error)));
                    }
                }
                (Status::Close, _) | (_, Outcome::Broken(_)) => return Poll::Ready(self.finish(None)),
                _ => {
                    ready!(turn);
                    // All is written, so what waited for room is written next.
                    self.endpoint.written(0);
                }
            }
            if self.endpoint.advance() {
                return Poll::Ready(Ok(true));
            }
        }
    }

    fn poll_read(&mut self) -> Poll<io::Result<()>> {
        if let Some(space) = self.endpoint.space() {
            let mut buffer = ReadBuf::new(space);
            ready!(self.driver.poll_read(&mut buffer))?;
            let n = buffer.filled().len();
            self.eof |= n == 0;
            self.endpoint.filled(n);
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [MaybeUninit::uninit(); READ_LEN];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        match self.driver.poll_read(&mut buffer) {
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
                drop(self.endpoint.receive(buffer.filled_mut()));
                Poll::Ready(read)
            }
        }
    }

    /// Whether to read although much waits to be written: the endpoint advises against it.
    ///
    /// If two tasks at either end send more than the high-water mark at once, and neither end reads until its own output is taken, none
    /// ever is. What is sent is bounded by [`poll_room`](Self::poll_room), Pongs by the connection, so reading on costs no memory.
    fn reads_on(&self) -> bool {
        self.endpoint.status() == Status::Flush && self.endpoint.state() == State::Open && !self.eof
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
        self.driver.wakers.sending.register(context.waker());
        match &self.outcome {
            Outcome::Running => {}
            Outcome::Broken(error) => return Poll::Ready(Err(copy(error).into())),
            Outcome::Over => return Poll::Ready(self.endpoint.end().map(drop).map_err(Error::from)),
        }
        match ready!(self.driver.poll_turn(&mut self.endpoint)) {
            // A task that reads has to tell how it ended; one that only sends must not wait for ever.
            Ok(()) if self.endpoint.status() == Status::Close && self.endpoint.sender().queued_len() > 0 => {
                self.driver.wakers.reading.wake();
                Poll::Ready(self.endpoint.end().map(drop).map_err(Error::from))
            }
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) => {
                let told = copy(&error);
                self.break_off(error);
                Poll::Ready(Err(told.into()))
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
        self.driver.wakers.wake_by_ref();
    }

    /// Tells how it ended: once, and false from then on. That the transport failed after both Close frames is no matter.
    fn finish(&mut self, error: Option<io::Error>) -> Result<bool, Error> {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::Over);
        self.driver.shut_down();
        self.driver.wakers.wake_by_ref();
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
