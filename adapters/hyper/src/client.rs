//! The client's side: a request for hyper to send, and the check of the response that it reads.

use std::fmt;
use std::future::Future;
#[cfg(feature = "http2")]
use std::{pin::Pin, task::Poll, time::Duration};

use http_body_util::BodyExt;
use hyper::body::{Body, Buf};
use hyper::client::conn::http1;
#[cfg(feature = "http2")]
use hyper::client::conn::http2;
use hyper::http::{Request, Response};
#[cfg(feature = "http2")]
use hyper::rt::bounds::Http2ClientConnExec;
#[cfg(feature = "http2")]
use websocket_proto::handshake::Scheme;
use websocket_proto::handshake::{Answer, ClientRequest, NoSubprotocols, PendingAnswer, Subprotocols};
use websocket_proto_tokio::{Client, Config, RandomKeys};

use crate::{UpgradeError, Upgrading, WebSocket};

/// What of the body of a refusal is kept.
const MAX_REFUSAL_LEN: usize = 64 * 1024;

/// Asks for a WebSocket on a connection of hyper's client for HTTP/1.1, which has to be driven `with_upgrades`.
///
/// Compression is offered as `config` says. Yields the response, too, for the subprotocol and the fields of the server's own.
///
/// ```no_run
/// use hyper::body::Bytes;
/// use hyper::client::conn::http1;
/// use hyper_util::rt::TokioIo;
/// use websocket_proto_hyper::handshake::ClientRequest;
/// use websocket_proto_hyper::{Body, Config, client};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tcp = tokio::net::TcpStream::connect("example.com:80").await?;
/// let (mut sender, connection) = http1::handshake::<_, Body>(TokioIo::new(tcp)).await?;
/// tokio::spawn(connection.with_upgrades());
/// let request = ClientRequest::new("example.com", "/chat").subprotocols(["chat"]);
/// let (mut socket, response) = client(&mut sender, request, &Config::default()).await?;
/// println!("{:?}", response.headers().get("sec-websocket-protocol"));
/// socket.send("Hello").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`UpgradeError::Refused`] for a response that opens nothing, [`UpgradeError::Response`] for one that breaks a rule, and [`UpgradeError::Timeout`],
/// [`UpgradeError::Hyper`], [`UpgradeError::Start`], [`UpgradeError::Seed`].
pub async fn client<B, P>(
    sender: &mut http1::SendRequest<B>,
    request: ClientRequest<'_, P>,
    config: &Config,
) -> Result<(WebSocket<Client<RandomKeys>>, Response<()>), UpgradeError>
where
    B: Body + Default + 'static,
    P: Subprotocols,
{
    let (request, upgrade) = ClientUpgrade::new(request, config)?;
    let response = in_time(config, sender.send_request(request.map(|()| B::default()))).await?;
    upgrade.finish(response?).await
}

/// Asks for a WebSocket on a stream of HTTP/2, by extended CONNECT (RFC 8441).
///
/// The server must allow it first: see [`connect_is_enabled`]. `scheme` is that of the connection: [`Scheme::Https`] with TLS.
///
/// # Errors
///
/// As [`client`].
#[cfg(feature = "http2")]
pub async fn client_http2<B, P>(
    sender: &mut http2::SendRequest<B>,
    scheme: Scheme,
    request: ClientRequest<'_, P>,
    config: &Config,
) -> Result<(WebSocket<Client<RandomKeys>>, Response<()>), UpgradeError>
where
    B: Body + Default + 'static,
    P: Subprotocols,
{
    let (request, upgrade) = ClientUpgrade::connect(request, scheme, config)?;
    let response = in_time(config, sender.send_request(request.map(|()| B::default()))).await?;
    upgrade.finish(response?).await
}

/// Drives a new connection of HTTP/2 until its server allows extended CONNECT (RFC 8441 §3); false if it ends, or does not in time.
///
/// After it, the connection is spawned as usual.
///
/// ```no_run
/// use hyper::client::conn::http2;
/// use hyper_util::rt::{TokioExecutor, TokioIo};
/// use websocket_proto_hyper::handshake::{ClientRequest, Scheme};
/// use websocket_proto_hyper::{Body, Config, client_http2, connect_is_enabled};
///
/// # async fn example(tls: TokioIo<tokio::net::TcpStream>) -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::default();
/// let (mut sender, mut connection) = http2::handshake::<_, _, Body>(TokioExecutor::new(), tls).await?;
/// assert!(connect_is_enabled(&mut connection, &config).await, "HTTP/1.1 it is, then");
/// tokio::spawn(connection);
/// let request = ClientRequest::new("example.com", "/chat");
/// let (mut socket, _) = client_http2(&mut sender, Scheme::Https, request, &config).await?;
/// socket.send("Hello").await?;
/// # Ok(()) }
/// ```
#[cfg(feature = "http2")]
pub async fn connect_is_enabled<T, B, E>(connection: &mut http2::Connection<T, B, E>, config: &Config) -> bool
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin + 'static,
    E: Http2ClientConnExec<B, T> + Unpin,
{
    let enabled = async {
        let mut pause = Duration::from_millis(1);
        loop {
            let over =
                std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *connection).poll(context).is_ready())).await;
            if over || connection.is_extended_connect_protocol_enabled() {
                return !over;
            }
            // hyper reads the server's settings in a task of its own, and wakes nobody for them.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    };
    in_time(config, enabled).await.unwrap_or(false)
}

/// A request that was made, and what its response is checked against: for a client that is not a connection of hyper's own, such as the
/// one of hyper-util, or that has middleware.
///
/// ```
/// use hyper::Response;
/// use websocket_proto_hyper::handshake::ClientRequest;
/// use websocket_proto_hyper::{Body, ClientUpgrade, Config, UpgradeError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), UpgradeError> {
/// let (request, upgrade) = ClientUpgrade::new(ClientRequest::new("example.com", "/chat"), &Config::default())?;
/// assert_eq!(request.headers()["upgrade"], "websocket");
/// // The client sends the request, and its server answers:
/// let response = Response::builder().status(401).body(Body::from("who are you?"))?;
/// let Err(UpgradeError::Refused(response)) = upgrade.finish(response).await else { panic!("401 opens nothing") };
/// assert_eq!(response.body(), b"who are you?");
/// # Ok(()) }
/// ```
#[must_use = "the request has to be sent"]
pub struct ClientUpgrade<P = NoSubprotocols> {
    pending: Pending<P>,
    keys: RandomKeys,
    config: Config,
}

enum Pending<P> {
    Upgrade(PendingAnswer<P>),
    #[cfg(feature = "http2")]
    Connect(PendingAnswer<P, ()>),
}

impl<P: Subprotocols> ClientUpgrade<P> {
    /// Makes the request for HTTP/1.1. Its URI is a path with perhaps a query; some clients want it with scheme and host.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Start`], [`UpgradeError::Http`], [`UpgradeError::Seed`].
    pub fn new(request: ClientRequest<'_, P>, config: &Config) -> Result<(Request<()>, Self), UpgradeError> {
        let mut keys = RandomKeys::from_os()?;
        let upgrade = offering(request, config).upgrade(keys.nonce())?;
        let request = upgrade.to_http()?;
        Ok((request, Self { pending: Pending::Upgrade(upgrade.into_pending()), keys, config: *config }))
    }

    /// Makes the extended CONNECT of HTTP/2.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(feature = "http2")]
    pub fn connect(
        request: ClientRequest<'_, P>,
        scheme: Scheme,
        config: &Config,
    ) -> Result<(Request<()>, Self), UpgradeError> {
        let keys = RandomKeys::from_os()?;
        let connect = offering(request, config).connect(scheme)?;
        let mut request = connect.to_http()?;
        request.extensions_mut().insert(hyper::ext::Protocol::from_static("websocket"));
        Ok((request, Self { pending: Pending::Connect(connect.into_pending()), keys, config: *config }))
    }

    /// Checks the response, and waits for the connection to be upgraded.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Refused`] for a response that opens nothing, [`UpgradeError::Response`] for one that breaks a rule, [`UpgradeError::Timeout`],
    /// [`UpgradeError::Hyper`].
    pub async fn finish<B>(
        self,
        mut response: Response<B>,
    ) -> Result<(WebSocket<Client<RandomKeys>>, Response<()>), UpgradeError>
    where
        B: Body,
    {
        let answer = match &self.pending {
            Pending::Upgrade(pending) => pending.receive_http(&response)?,
            #[cfg(feature = "http2")]
            Pending::Connect(pending) => pending.receive_http(&response)?,
        };
        let negotiated = match answer {
            Answer::Open(open) => open.negotiated(),
            Answer::Refused(_) => {
                let (head, body) = response.into_parts();
                let body = beginning(body, &self.config).await;
                return Err(UpgradeError::Refused(Box::new(Response::from_parts(head, body))));
            }
        };
        let on_upgrade = hyper::upgrade::on(&mut response);
        let socket = Upgrading::new(on_upgrade, negotiated, Client::new(self.keys), &self.config).await?;
        Ok((socket, response.map(drop)))
    }
}

fn offering<'a, P: Subprotocols>(
    request: ClientRequest<'a, P>,
    #[cfg_attr(not(feature = "deflate"), expect(unused_variables, reason = "it says what to offer"))] config: &Config,
) -> ClientRequest<'a, P> {
    #[cfg(feature = "deflate")]
    let request = request.deflate(config.deflate);
    request
}

/// What comes of a body in time, at most so many bytes: a server's page of an error may be long, and may never end.
async fn beginning(body: impl Body, config: &Config) -> Vec<u8> {
    let (mut bytes, mut body) = (Vec::new(), std::pin::pin!(body));
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(mut data) = frame.into_data() {
                let len = data.remaining().min(MAX_REFUSAL_LEN - bytes.len());
                bytes.extend_from_slice(&data.copy_to_bytes(len));
            }
            if bytes.len() == MAX_REFUSAL_LEN {
                break;
            }
        }
    };
    // What came is kept if the rest does not.
    let _ = in_time(config, read).await;
    bytes
}

pub(crate) async fn in_time<F: Future>(config: &Config, future: F) -> Result<F::Output, UpgradeError> {
    match config.timeouts.handshake {
        Some(span) => tokio::time::timeout(span, future).await.map_err(|_| UpgradeError::Timeout),
        None => Ok(future.await),
    }
}

impl<P> fmt::Debug for ClientUpgrade<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUpgrade").finish_non_exhaustive()
    }
}
