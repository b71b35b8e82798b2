//! A connection and its transport.

mod polling;

use std::fmt;
use std::future::poll_fn;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use websocket_proto::endpoint::{End, Endpoint, Sender, Status};
use websocket_proto::{
    CloseCode, CloseFrame, Incoming, Message, Negotiated, OwnedMessage, Role, SendError, Server, State,
};

use self::polling::LONG;
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
    /// While a long compressed message is undone, it lends [`Incoming::Progress`], to be passed over.
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
        let message = message.into();
        if message.payload().len() >= LONG {
            return self.send_long(message).await;
        }
        self.feed(message).await?;
        self.flush().await
    }

    /// Frames and writes a message piece by piece, so that it does not wait as a whole a second time.
    async fn send_long(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.ready().await?;
        let mut pieces = Pieces { stream: self, message, next: Some(0) };
        while pieces.frame()? {
            if let Err(error) = pieces.stream.flush().await {
                pieces.next = None;
                return Err(error);
            }
        }
        Ok(())
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
}

/// A message that is being sent, and where the part begins that is not framed.
struct Pieces<'s, 'm, T, R: Role> {
    stream: &'s mut WebSocketStream<T, R>,
    message: Message<'m>,
    next: Option<usize>,
}

impl<T, R: Role> Pieces<'_, '_, T, R> {
    /// Frames the next piece, if there is one.
    fn frame(&mut self) -> Result<bool, SendError> {
        let Some(start) = self.next.take() else { return Ok(false) };
        self.next = self.stream.endpoint.sender().send_piece(self.message, start)?;
        Ok(true)
    }
}

/// A message that was begun goes out whole.
impl<T, R: Role> Drop for Pieces<'_, '_, T, R> {
    fn drop(&mut self) {
        if self.next != Some(0) {
            while let Ok(true) = self.frame() {}
        }
    }
}

/// Without payload.
impl<T: fmt::Debug, R: Role> fmt::Debug for WebSocketStream<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { driver, outcome, .. } = self;
        f.debug_struct("WebSocketStream").field("io", &driver.io).field("outcome", outcome).finish_non_exhaustive()
    }
}
