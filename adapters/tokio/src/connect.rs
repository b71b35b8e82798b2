//! From a URL to a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(feature = "tls")]
use tokio_rustls::client::TlsStream;
use websocket_proto::handshake::{ClientRequest, WsUrl};
use websocket_proto::{Client, RandomKeys};

use crate::{Config, Error, WebSocketStream, client};

/// Connects to the server of a `ws` or `wss` URL.
///
/// For subprotocols, fields of the request, or certificates of one's own there are [`MaybeTls::connect`] and [`client`] as two steps. The
/// time-out for the handshake holds for each of them.
///
/// ```no_run
/// # async fn example() -> Result<(), websocket_proto_tokio::Error> {
/// let mut socket = websocket_proto_tokio::connect("wss://example.com/chat", &Default::default()).await?;
/// socket.send("Hello").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`Error::Url`]; [`Error::Io`], also for `wss` without the feature `tls`; and those of [`client`].
pub async fn connect(url: &str, config: &Config) -> Result<WebSocketStream<MaybeTls, Client<RandomKeys>>, Error> {
    let url = WsUrl::parse(url)?;
    let io = MaybeTls::connect(&url);
    let io = match config.timeouts.handshake {
        Some(span) => tokio::time::timeout(span, io).await.map_err(io::Error::from)??,
        None => io.await?,
    };
    client(io, config, ClientRequest::from_url(&url)).await
}

/// A TCP connection, or one with TLS on it.
#[derive(Debug)]
#[non_exhaustive]
pub enum MaybeTls {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<TcpStream>>),
}

impl MaybeTls {
    /// Connects to the host of a URL, with TLS if it asks for that; trusted are the certificates of the operating system.
    ///
    /// # Errors
    ///
    /// If there is no such host, it does not answer, or its certificate is not trusted; `Unsupported` for `wss` without the feature
    /// `tls`.
    pub async fn connect(url: &WsUrl<'_>) -> io::Result<Self> {
        match url.is_secure() {
            false => Ok(Self::Plain(tcp(url).await?)),
            #[cfg(feature = "tls")]
            true => Self::connect_with(url, crate::tls::native_roots()?).await,
            #[cfg(not(feature = "tls"))]
            true => Err(io::Error::new(io::ErrorKind::Unsupported, "expected the feature `tls` for wss, found it off")),
        }
    }

    /// The same with a configuration of one's own, where the URL asks for TLS. Its ALPN protocols should be `http/1.1` or none.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    #[cfg(feature = "tls")]
    pub async fn connect_with(
        url: &WsUrl<'_>,
        config: std::sync::Arc<tokio_rustls::rustls::ClientConfig>,
    ) -> io::Result<Self> {
        let tcp = tcp(url).await?;
        if !url.is_secure() {
            return Ok(Self::Plain(tcp));
        }
        Ok(Self::Tls(Box::new(crate::tls::connect(tcp, url.host(), config).await?)))
    }
}

async fn tcp(url: &WsUrl<'_>) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect((url.host(), url.port())).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

macro_rules! inner {
    ($self:ident, $io:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Plain($io) => {
                let $io = Pin::new($io);
                $call
            }
            #[cfg(feature = "tls")]
            Self::Tls($io) => {
                let $io = Pin::new($io);
                $call
            }
        }
    };
}

impl AsyncRead for MaybeTls {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        inner!(self, io => io.poll_read(context, buffer))
    }
}

impl AsyncWrite for MaybeTls {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        inner!(self, io => io.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, io => io.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, io => io.poll_shutdown(context))
    }
}
