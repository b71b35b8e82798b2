//! The extractor.

use std::fmt;
use std::future::Future;

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
#[cfg(feature = "deflate")]
use websocket_proto_hyper::DeflateConfig;
use websocket_proto_hyper::Upgrade;

use crate::{Config, Limits, Rejection, Timeouts, UpgradeError, WebSocket};

/// Extracts a request for a WebSocket, which [`on_upgrade`](Self::on_upgrade) accepts.
///
/// By then the request was checked by all rules of the handshake; what breaks one is refused by the [`Rejection`], which names it. HTTP/1.1
/// asks by `GET`, HTTP/2 by `CONNECT`: a route for both is `any(handler)`. As an `Option` it is `None` for plain HTTP, so that a page can
/// be served there.
///
/// ```
/// use axum::response::{Html, IntoResponse, Response};
/// use axum::{Router, routing::any};
/// use websocket_proto_axum::{WebSocket, WebSocketUpgrade};
///
/// async fn handler(upgrade: Option<WebSocketUpgrade>) -> Response {
///     match upgrade {
///         Some(upgrade) => upgrade.protocols(["chat"]).max_message_size(64 * 1024).on_upgrade(chat),
///         None => Html("<p>There is a WebSocket here.").into_response(),
///     }
/// }
///
/// async fn chat(mut socket: WebSocket) {
///     while let Some(Ok(message)) = socket.next().await {
///         if socket.send(&message).await.is_err() {
///             break;
///         }
///     }
/// }
///
/// let app: Router = Router::new().route("/chat", any(handler));
/// ```
#[must_use = "the connection is accepted by `on_upgrade`"]
pub struct WebSocketUpgrade {
    upgrade: Upgrade,
    config: Config,
    on_failed: Option<Box<dyn FnOnce(UpgradeError) + Send + Sync>>,
}

impl<S: Send + Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let upgrade = Upgrade::from_parts(parts).map_err(Rejection)?;
        Ok(Self { upgrade, config: Config::default(), on_failed: None })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(upgrade) => Ok(Some(upgrade)),
            Err(rejection) if rejection.is_plain_http() => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}

impl WebSocketUpgrade {
    /// Chooses the first of `known`, the server's in its order of preference, that the client offers; none if there is none.
    ///
    /// A connection without a subprotocol is opened all the same: see [`selected_protocol`](Self::selected_protocol).
    pub fn protocols<I>(self, known: I) -> Self
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        Self { upgrade: self.upgrade.protocols(known), ..self }
    }

    /// The subprotocols that the client offers, in its order of preference.
    pub fn requested_protocols(&self) -> impl Iterator<Item = &str> {
        self.upgrade.requested_protocols()
    }

    /// The subprotocol that [`protocols`](Self::protocols) chose.
    pub fn selected_protocol(&self) -> Option<&str> {
        self.upgrade.selected_protocol()
    }

    /// Lets pages of these origins connect, such as `https://example.com`.
    ///
    /// Without it, a page may connect to its own host only (RFC 6455 §10.2), and one with another `Origin` gets 403. A server whose proxy
    /// writes a `Host` of its own has to name the origin by which it is reached.
    pub fn allow_origins<I>(self, origins: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        Self { upgrade: self.upgrade.allow_origins(origins), ..self }
    }

    /// Lets any page connect, in the name of its visitor: for a server that does not use cookies, or looks at the
    /// [`origin`](Self::origin) itself.
    pub fn allow_any_origin(self) -> Self {
        Self { upgrade: self.upgrade.allow_any_origin(), ..self }
    }

    /// The origin of the page that connects; only browsers are sure to send it.
    pub fn origin(&self) -> Option<&[u8]> {
        self.upgrade.origin()
    }

    /// Accepts compression by permessage-deflate (RFC 7692), if the client offers it. It costs memory for each connection; see
    /// [`DeflateConfig`].
    #[cfg(feature = "deflate")]
    pub fn deflate(mut self, config: DeflateConfig) -> Self {
        self.config.deflate = Some(config);
        self
    }

    /// The most bytes that a message may have, after decompression, and a frame of it; a longer one closes the connection with 1009.
    /// Default: 16 MiB.
    pub fn max_message_size(mut self, max: usize) -> Self {
        let max = u64::try_from(max).unwrap_or(u64::MAX);
        self.config.limits = self.config.limits.with_max_message_len(max).with_max_frame_len(max);
        self
    }

    /// All limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// All time-outs; silence, closing and writing have some by default.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.config.timeouts = timeouts;
        self
    }

    /// The whole configuration: limits, time-outs and compression. It takes the place of what was set before.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Calls `callback` if the response does not become a connection: the client went away, or another response was sent in its place.
    /// Default: nothing is done.
    pub fn on_failed_upgrade(mut self, callback: impl FnOnce(UpgradeError) + Send + Sync + 'static) -> Self {
        self.on_failed = Some(Box::new(callback));
        self
    }

    /// Accepts: yields the response, which has to be returned, and calls `callback` with the connection, in a task of its own.
    ///
    /// A page of another origin gets a response with 403 instead, and `callback` is not called.
    #[must_use = "there is a connection only if the response is returned"]
    pub fn on_upgrade<C, F>(self, callback: C) -> Response
    where
        C: FnOnce(WebSocket) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { upgrade, config, on_failed } = self;
        let (response, upgrading) = match upgrade.accept(&config) {
            Ok(accepted) => accepted,
            Err(refused) => return Rejection(refused).into_response(),
        };
        tokio::spawn(async move {
            match upgrading.await {
                Ok(socket) => callback(socket).await,
                Err(error) => {
                    if let Some(on_failed) = on_failed {
                        on_failed(error);
                    }
                }
            }
        });
        response.map(Body::new)
    }
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade").field("upgrade", &self.upgrade).finish_non_exhaustive()
    }
}
