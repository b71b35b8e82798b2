//! A connection in two tasks, each with its own half.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use websocket_proto::endpoint::{End, Framer};
use websocket_proto::{Client, CloseCode, CloseFrame, Message, OwnedMessage, Prepared, RandomKeys, Role, Server};

use crate::{Config, Error, WebSocketStream};

/// The half that receives; made by [`WebSocketStream::into_split`]. It is a [`Stream`] of messages.
///
/// It also writes Pongs and the Close, and looks at the clock. So it is to be read to its end, even where no message is expected.
#[derive(Debug)]
pub struct Reader<T, R: Role = Server> {
    shared: Shared<T, R>,
}

/// The half that sends; made by [`WebSocketStream::into_split`]. It is a [`Sink`] for messages.
///
/// Messages are masked and compressed here, without holding up the other half; futures may be dropped at any time, as those of
/// [`WebSocketStream`].
#[derive(Debug)]
pub struct Writer<T, R: Role = Server> {
    shared: Shared<T, R>,
    framer: Framer<R>,
}

type Shared<T, R> = Arc<Mutex<WebSocketStream<T, R>>>;

impl<T: AsyncRead + AsyncWrite + Unpin> WebSocketStream<T, Server> {
    /// Splits the connection for two tasks; `config` is what it was made with.
    pub fn into_split(self, config: &Config) -> (Reader<T, Server>, Writer<T, Server>) {
        self.split(Server, config)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> WebSocketStream<T, Client<RandomKeys>> {
    /// Splits the connection for two tasks, each with masking keys of its own; `config` is what it was made with.
    ///
    /// # Errors
    ///
    /// [`Error::Seed`] if there is no randomness for the keys.
    #[expect(clippy::type_complexity, reason = "two halves of one type")]
    pub fn into_split(
        self,
        config: &Config,
    ) -> Result<(Reader<T, Client<RandomKeys>>, Writer<T, Client<RandomKeys>>), Error> {
        Ok(self.split(Client::new(RandomKeys::from_os()?), config))
    }
}

impl<T, R> WebSocketStream<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    fn split(mut self, role: R, config: &Config) -> (Reader<T, R>, Writer<T, R>) {
        let framer = self.endpoint.framer(role, config);
        let shared = Arc::new(Mutex::new(self));
        (Reader { shared: Arc::clone(&shared) }, Writer { shared, framer })
    }
}

fn lock<T, R: Role>(shared: &Shared<T, R>) -> MutexGuard<'_, WebSocketStream<T, R>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T, R> Reader<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    /// The next message; see [`WebSocketStream::next`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn next(&mut self) -> Option<Result<OwnedMessage, Error>> {
        poll_fn(|context| lock(&self.shared).poll_message(context)).await
    }

    /// Puts both halves together again; the halves themselves if they are of two connections.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], with the halves.
    #[expect(clippy::result_large_err, reason = "the caller gets both halves back")]
    pub fn reunite(self, writer: Writer<T, R>) -> Result<WebSocketStream<T, R>, ReuniteError<T, R>> {
        if !Arc::ptr_eq(&self.shared, &writer.shared) {
            return Err(ReuniteError(self, writer));
        }
        let Writer { shared, framer } = writer;
        drop(shared);
        match Arc::try_unwrap(self.shared) {
            Ok(shared) => {
                let mut socket = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
                socket.endpoint.reunite(framer);
                Ok(socket)
            }
            // There are two halves of each connection, so there is no third owner.
            Err(shared) => Err(ReuniteError(Self { shared: Arc::clone(&shared) }, Writer { shared, framer })),
        }
    }

    /// How the connection has ended; see [`WebSocketStream::end`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn end(&mut self) -> End {
        lock(&self.shared).end()
    }
}

impl<T, R> Writer<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    /// Sends a message, and waits until the transport has taken it; see [`WebSocketStream::send`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Waits until there is room, and takes a message; see [`WebSocketStream::feed`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn feed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        let message = message.into();
        poll_fn(|context| lock(&self.shared).poll_room(context)).await?;
        self.take(message)
    }

    /// Waits until all that was taken is written; see [`WebSocketStream::flush`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|context| lock(&self.shared).poll_written(context)).await
    }

    /// Sends a Close after all that was sent before, and waits until it is written. The [`Reader`] receives the peer's.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub async fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
        // A connection that closes already, or was closed, sends no second one.
        let _ = lock(&self.shared).endpoint.close(frame);
        self.flush().await
    }

    /// Masks and compresses without the lock, which is held for one copy.
    fn take(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.framer.frame(message)?;
        Ok(lock(&self.shared).endpoint.append(&mut self.framer)?)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Writer<T, Server> {
    /// Waits until there is room, and takes a reference to a message that was framed once for many; see [`Prepared`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn feed_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        poll_fn(|context| lock(&self.shared).poll_room(context)).await?;
        Ok(lock(&self.shared).endpoint.sender().send_prepared(message)?)
    }
}

/// The halves that [`Reader::reunite`] got are of two connections.
pub struct ReuniteError<T, R: Role = Server>(pub Reader<T, R>, pub Writer<T, R>);

impl<T, R: Role> fmt::Debug for ReuniteError<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<T, R: Role> fmt::Display for ReuniteError<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected the halves of one connection, found those of two")
    }
}

impl<T, R: Role> std::error::Error for ReuniteError<T, R> {}

/// Messages; control frames are no items. An error is the last item.
impl<T, R> Stream for Reader<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    type Item = Result<OwnedMessage, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        lock(&self.shared).poll_message(context)
    }
}

/// To close it is to send a Close with code 1000 and to write what waits.
impl<T, R> Sink<OwnedMessage> for Writer<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        lock(&self.shared).poll_room(context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: OwnedMessage) -> Result<(), Error> {
        self.take((&message).into())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        lock(&self.shared).poll_written(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut socket = lock(&self.shared);
        let _ = socket.endpoint.close(CloseCode::NORMAL);
        socket.poll_written(context)
    }
}
