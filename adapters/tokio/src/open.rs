//! Opening handshakes (RFC 6455 §4), on a transport that is connected.

use std::future::poll_fn;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use websocket_proto::endpoint::{Accepting, Asking, Duties, Endpoint, Opening, OpeningError, Responder, Status};
use websocket_proto::handshake::{Answer, ClientRequest, Received, Request, Subprotocols};
use websocket_proto::{Client, RandomKeys, Role, Server};

use crate::driver::Driver;
use crate::{Config, Error, WebSocketStream};

/// Waits for a client's request, and accepts it.
///
/// Every path is accepted, without a subprotocol. A page may connect to its own host only (§10.2): a request with another `Origin` gets
/// 403. Plain HTTP gets 426. For other answers there is [`accept_with`].
///
/// # Errors
///
/// [`Error::Opening`] if no connection was opened; the client has its answer then. [`Error::Io`].
pub async fn accept<T>(io: T, config: &Config) -> Result<WebSocketStream<T, Server>, Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    open(io, Opening::server(config, Instant::now()), config, Opening::<Accepting, _>::next, |opening| opening.end())
        .await
}

/// The same, with the application's own answer, given by `decide`. A request that breaks the protocol is refused before.
///
/// ```
/// # use websocket_proto_tokio::{Config, Error, accept_with};
/// use websocket_proto_tokio::handshake::{Received, Refusal};
///
/// # async fn example(io: tokio::io::DuplexStream) -> Result<(), Error> {
/// let mut room = String::new();
/// let socket = accept_with(io, &Config::default(), |received, responder| match received {
///     Received::Upgrade(request) if request.path().starts_with("/rooms/") => {
///         room = request.path().to_owned();
///         responder.accept(request.accept());
///     }
///     Received::Upgrade(_) => responder.respond(Refusal::new(404, &[], b"no such room")),
///     Received::Http(request) => responder.respond(request.respond(200, &[("Content-Type", "text/plain")], b"Hello")),
/// })
/// .await?;
/// # drop(socket); Ok(()) }
/// ```
///
/// # Errors
///
/// As [`accept`].
pub async fn accept_with<T>(
    io: T,
    config: &Config,
    decide: impl for<'b> FnOnce(&Received<'b>, &mut Responder<'_>),
) -> Result<WebSocketStream<T, Server>, Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut decide = Some(decide);
    let next = |opening: &mut Opening<Accepting, _>| {
        opening.next_with(|received, responder| {
            if let Some(decide) = decide.take() {
                decide(received, responder);
            }
        })
    };
    open(io, Opening::server(config, Instant::now()), config, next, |opening| opening.end()).await
}

/// The same for requests to open a WebSocket alone: `decide` sees path, fields, subprotocols and origin, and answers. Plain HTTP gets 426.
///
/// ```
/// # use websocket_proto_tokio::{Config, Error, accept_hdr};
/// # async fn example(io: tokio::io::DuplexStream) -> Result<(), Error> {
/// let mut agent = None;
/// let socket = accept_hdr(io, &Config::default(), |request, responder| {
///     agent = request.field("user-agent").next().map(<[u8]>::to_vec);
///     let chosen = request.subprotocols().find(|&offered| offered == "chat");
///     let accept = request.accept().subprotocol(chosen).fields(&[("Server", "chat")]);
///     match request.check_origin(&["https://example.com"]) {
///         Ok(()) => responder.accept(accept),
///         Err(error) => responder.respond(error.response()),
///     }
/// })
/// .await?;
/// # drop(socket); Ok(()) }
/// ```
///
/// # Errors
///
/// As [`accept`].
pub async fn accept_hdr<T>(
    io: T,
    config: &Config,
    decide: impl for<'b> FnOnce(&Request<'b>, &mut Responder<'_>),
) -> Result<WebSocketStream<T, Server>, Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    accept_with(io, config, |received, responder| match received {
        Received::Upgrade(request) => decide(request, responder),
        Received::Http(request) => responder.respond(request.upgrade_required()),
    })
    .await
}

/// Sends a request over a transport that is connected to the server, and waits for the connection to be accepted.
///
/// [`connect`](crate::connect) makes the transport, too.
///
/// # Errors
///
/// [`Error::Opening`] if the server refused, or broke a rule; [`Error::Start`], [`Error::Seed`], [`Error::Io`].
pub async fn client<T, P>(
    io: T,
    config: &Config,
    request: ClientRequest<'_, P>,
) -> Result<WebSocketStream<T, Client<RandomKeys>>, Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Subprotocols,
{
    client_with(io, config, request, |_| {}).await
}

/// The same; `inspect` sees the response: the subprotocol and the fields of one that accepts, or status and fields of one that does not.
///
/// # Errors
///
/// As [`client`].
pub async fn client_with<T, P>(
    io: T,
    config: &Config,
    request: ClientRequest<'_, P>,
    inspect: impl FnOnce(&Answer<'_>),
) -> Result<WebSocketStream<T, Client<RandomKeys>>, Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Subprotocols,
{
    let mut keys = RandomKeys::from_os()?;
    let opening = Opening::client(request, keys.nonce(), Client::new(keys), config, Instant::now())?;
    let mut inspect = Some(inspect);
    let next = |opening: &mut Opening<Asking<RandomKeys, P>, _>| {
        let endpoint = opening.next();
        if endpoint.is_some() || opening.status() == Status::Close {
            if let (Some(answer), Some(inspect)) = (opening.answer(), inspect.take()) {
                inspect(&answer);
            }
        }
        endpoint
    };
    open(io, opening, config, next, |opening| opening.end()).await
}

/// Drives a handshake until it is over, and all that answers it is written.
async fn open<T, O, R>(
    io: T,
    mut opening: O,
    config: &Config,
    mut next: impl FnMut(&mut O) -> Option<Endpoint<R, Instant>>,
    end: impl Fn(&O) -> OpeningError,
) -> Result<WebSocketStream<T, R>, Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
    O: Duties<Instant>,
    R: Role + Unpin,
{
    let mut driver = Driver::new(io);
    let endpoint = poll_fn(|context| {
        let waker = context.waker();
        loop {
            if let Some(endpoint) = next(&mut opening) {
                return Poll::Ready(Ok(endpoint));
            }
            let (turn, status) = driver.poll_turn(&mut opening, waker)?;
            let progress = match status {
                Status::Close => return Poll::Ready(Err(Error::Opening(end(&opening)))),
                status if status.reads() => {
                    let mut buffer = ReadBuf::new(opening.room());
                    match driver.poll_read(&mut buffer, waker)? {
                        Poll::Ready(()) => {
                            let n = buffer.filled().len();
                            opening.filled(n);
                            Poll::Ready(())
                        }
                        Poll::Pending => Poll::Pending,
                    }
                }
                _ => turn,
            };
            let again = driver.look(&mut opening, waker, &turn);
            if progress.is_pending() && !again {
                return Poll::Pending;
            }
        }
    })
    .await?;
    let mut socket = WebSocketStream::from_driver(driver, endpoint, config);
    socket.flush().await?;
    Ok(socket)
}
