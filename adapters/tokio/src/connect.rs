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
/// For a proxy, or certificates of one's own, there is [`Connector`]; for subprotocols and fields of the request, its
/// [`connect`](Connector::connect) and [`client`] as two steps. The time-out for the handshake holds for each of them.
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
    Connector::new().open(url, config).await
}

/// How to come to a server: directly or by a proxy, and whose certificates to trust.
///
/// ```no_run
/// # async fn example() -> Result<(), websocket_proto_tokio::Error> {
/// use websocket_proto_tokio::Connector;
///
/// let connector = Connector::new().proxy("proxy.example.com:3128");
/// let mut socket = connector.open("wss://example.com/chat", &Default::default()).await?;
/// socket.send("Hello").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Connector<'a> {
    proxy: Option<&'a str>,
    proxy_authorization: Option<&'a str>,
    #[cfg(feature = "tls")]
    tls: Option<std::sync::Arc<tokio_rustls::rustls::ClientConfig>>,
}

impl<'a> Connector<'a> {
    /// Connects directly, and trusts the certificates of the operating system.
    ///
    /// Of a host with several addresses, each is tried in turn, as [`TcpStream::connect`] does.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks an HTTP proxy for a tunnel, by CONNECT (RFC 9110 §9.3.6); `address` is host and port, as in `proxy.example.com:3128`.
    ///
    /// The proxy is spoken to without TLS. With `wss` it sees the name of the server, and nothing else.
    #[must_use]
    pub fn proxy(self, address: impl Into<Option<&'a str>>) -> Self {
        Self { proxy: address.into(), ..self }
    }

    /// What the proxy gets as `Proxy-Authorization` (RFC 9110 §11.7.2), such as `Basic dXNlcjpwYXNzd29yZA==`.
    #[must_use]
    pub fn proxy_authorization(self, credentials: impl Into<Option<&'a str>>) -> Self {
        Self { proxy_authorization: credentials.into(), ..self }
    }

    /// Uses this configuration for `wss`. Its ALPN protocols should be `http/1.1` or none.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(self, config: std::sync::Arc<tokio_rustls::rustls::ClientConfig>) -> Self {
        Self { tls: Some(config), ..self }
    }

    /// Trusts the certificates of Mozilla's list, which is compiled in, instead of the operating system's.
    ///
    /// # Errors
    ///
    /// Those of rustls, if the configuration is not one it supports.
    #[cfg(feature = "webpki-roots")]
    pub fn webpki_roots(self) -> io::Result<Self> {
        Ok(self.tls(crate::tls::webpki_roots()?))
    }

    /// Connects to the host of a URL, with TLS if it asks for that.
    ///
    /// # Errors
    ///
    /// If there is no such host, it does not answer, its certificate is not trusted, or the proxy refuses; `Unsupported` for `wss` without
    /// the feature `tls`.
    pub async fn connect(&self, url: &WsUrl<'_>) -> io::Result<MaybeTls> {
        #[cfg(not(feature = "tls"))]
        if url.is_secure() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "expected the feature `tls` for wss, found it off"));
        }
        let mut tcp = match self.proxy {
            Some(address) => TcpStream::connect(address).await?,
            None => TcpStream::connect((url.host(), url.port())).await?,
        };
        tcp.set_nodelay(true)?;
        if self.proxy.is_some() {
            crate::proxy::ask(&mut tcp, url, self.proxy_authorization).await?;
        }
        #[cfg(feature = "tls")]
        if url.is_secure() {
            let config = match &self.tls {
                Some(config) => std::sync::Arc::clone(config),
                None => crate::tls::native_roots()?,
            };
            return Ok(MaybeTls::Tls(Box::new(crate::tls::connect(tcp, url.host(), config).await?)));
        }
        Ok(MaybeTls::Plain(tcp))
    }

    /// Connects, and opens a WebSocket, as [`connect`](crate::connect()) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn open(
        &self,
        url: &str,
        config: &Config,
    ) -> Result<WebSocketStream<MaybeTls, Client<RandomKeys>>, Error> {
        let url = WsUrl::parse(url)?;
        let io = self.connect(&url);
        let io = match config.timeouts.handshake {
            Some(span) => tokio::time::timeout(span, io).await.map_err(io::Error::from)??,
            None => io.await?,
        };
        client(io, config, ClientRequest::from_url(&url)).await
    }
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
    /// As [`Connector::connect`].
    pub async fn connect(url: &WsUrl<'_>) -> io::Result<Self> {
        Connector::new().connect(url).await
    }

    /// The same with a configuration of one's own, where the URL asks for TLS. Its ALPN protocols should be `http/1.1` or none.
    ///
    /// # Errors
    ///
    /// As [`Connector::connect`].
    #[cfg(feature = "tls")]
    pub async fn connect_with(
        url: &WsUrl<'_>,
        config: std::sync::Arc<tokio_rustls::rustls::ClientConfig>,
    ) -> io::Result<Self> {
        Connector::new().tls(config).connect(url).await
    }
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
