#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

#[cfg(feature = "client")]
mod client;
mod refused;
#[cfg(feature = "reqwest")]
mod reqwest_client;
mod server;
mod upgrade_error;
mod upgrading;

use hyper::body::Bytes;
use hyper_util::rt::TokioIo;

#[cfg(feature = "client")]
pub use client::{ClientUpgrade, client};
#[cfg(all(feature = "client", feature = "http2"))]
pub use client::{client_http2, connect_is_enabled};
pub use refused::Refused;
#[cfg(feature = "reqwest")]
pub use reqwest_client::reqwest_client;
pub use server::{Upgrade, upgrade};
pub use upgrade_error::UpgradeError;
pub use upgrading::Upgrading;
pub use websocket_proto_tokio;
#[cfg(feature = "deflate")]
pub use websocket_proto_tokio::DeflateConfig;
pub use websocket_proto_tokio::{Client, CloseCode, CloseFrame, Incoming, Message, OwnedMessage, RandomKeys, Server};
pub use websocket_proto_tokio::{
    Config, Error, Limits, Prepared, PreparedForm, Timeouts, WebSocketStream, endpoint, handshake,
};

/// The body of the responses that are made here.
pub type Body = http_body_util::Full<Bytes>;

/// A connection that hyper has upgraded, or a stream of HTTP/2.
pub type Transport = TokioIo<hyper::upgrade::Upgraded>;

/// A WebSocket on hyper: of a server, or of a client with the role [`Client`].
pub type WebSocket<R = Server> = WebSocketStream<Transport, R>;
