//! A client: many WebSockets on one connection.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::ext::Protocol;
use http::Response;
use tokio::io::{AsyncRead, AsyncWrite};
use websocket_proto::handshake::{Answer, ClientRequest, ResponseError, Scheme, StartError, Subprotocols};
use websocket_proto::{Client, RandomKeys, SeedUnavailable};
use websocket_proto_tokio::{Config, WebSocketStream};

use crate::{H2Stream, SMALL_FRAMES};

pub type WebSocket = WebSocketStream<H2Stream, Client<RandomKeys>>;

/// A connection of HTTP/2 on which WebSockets can be opened.
#[derive(Clone)]
pub struct Connection {
    send: SendRequest<Bytes>,
    scheme: Scheme,
}

/// How much of each kind the server may send before it is read: of one stream, and of all streams together.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    pub stream: u32,
    pub connection: u32,
}

impl Default for Windows {
    /// With the room of sixteen streams for all, one that nobody reads holds up no other.
    fn default() -> Self {
        Self { stream: 64 * 1024, connection: 1024 * 1024 }
    }
}

impl Connection {
    /// Begins HTTP/2 on a transport: TLS that has agreed on `h2`, or TCP to a server that is known to speak it (RFC 9113 §3.3). The
    /// connection ends when this and all of its WebSockets are dropped.
    ///
    /// # Errors
    ///
    /// [`Error`], also for a server that does not offer the extended CONNECT within `patience`.
    pub async fn new<T>(io: T, scheme: Scheme, windows: Windows, patience: Duration) -> Result<Self, Error>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = Builder::new();
        builder.initial_window_size(windows.stream).initial_connection_window_size(windows.connection);
        builder.enable_push(false).data_frame_budget(SMALL_FRAMES);
        let begin = async {
            let (send, connection) = builder.handshake(io).await?;
            // It reads and writes for all streams; how it ends, each of them is told.
            tokio::spawn(connection);
            let mut send = send.ready().await?;
            // RFC 8441 §3: "a sender MUST NOT send" such a request before it has the setting. h2 wakes nobody for it.
            let mut pause = Duration::from_millis(1);
            while !send.is_extended_connect_protocol_enabled() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(50));
                send = send.ready().await?; // an error, if the connection has ended
            }
            Ok(Self { send, scheme })
        };
        tokio::time::timeout(patience, begin).await.unwrap_or(Err(Error::NoConnect))
    }

    /// Opens a WebSocket, with the compression that `config` offers. The response has what was agreed on.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn open<P: Subprotocols>(
        &self,
        request: ClientRequest<'_, P>,
        config: &Config,
    ) -> Result<(WebSocket, Response<()>), Error> {
        let connect = request.deflate(config.deflate).connect(self.scheme)?;
        let mut head = connect.to_http()?;
        head.extensions_mut().insert(Protocol::from_static("websocket"));
        let open = async {
            let mut send = self.send.clone().ready().await?;
            let (response, stream) = send.send_request(head, false)?;
            Ok::<_, Error>((response.await?, stream))
        };
        let opened = match config.timeouts.handshake {
            Some(patience) => tokio::time::timeout(patience, open).await.unwrap_or(Err(Error::Timeout)),
            None => open.await,
        };
        let (response, stream) = opened?;
        let negotiated = match connect.receive(response.status().as_u16(), response.headers())? {
            Answer::Open(open) => open.negotiated(),
            Answer::Refused(_) => return Err(Error::Refused(response.status().as_u16())),
        };
        let (head, body) = response.into_parts();
        let role = Client::new(RandomKeys::from_os()?);
        let socket = WebSocketStream::new(H2Stream::new(stream, body), negotiated, role, config, &[]);
        Ok((socket, Response::from_parts(head, ())))
    }
}

/// Why no WebSocket was opened.
#[derive(Debug)]
pub enum Error {
    /// The server has not said that it takes an extended CONNECT.
    NoConnect,
    /// The server has not answered in time.
    Timeout,
    /// The server refused, with this status.
    Refused(u16),
    /// The server's answer broke a rule.
    Response(ResponseError),
    /// The request has a value that must not be written.
    Start(StartError),
    Http(http::Error),
    Http2(h2::Error),
    Seed(SeedUnavailable),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnect => {
                f.write_str("expected the setting ENABLE_CONNECT_PROTOCOL from the server, found none in time")
            }
            Self::Timeout => f.write_str("expected an answer from the server, found none in time"),
            Self::Refused(status) => write!(f, "expected status 200 from the server, found {status}"),
            Self::Response(error) => error.fmt(f),
            Self::Start(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::Http2(error) => error.fmt(f),
            Self::Seed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {
        $(impl From<$source> for Error {
            fn from(error: $source) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    h2::Error => Http2,
    http::Error => Http,
    ResponseError => Response,
    SeedUnavailable => Seed,
    StartError => Start,
}
