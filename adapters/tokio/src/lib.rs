#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod alarm;
mod clock;
mod connect;
mod driver;
mod error;
mod halves;
mod open;
mod proxy;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod traits;
mod wakers;

pub use connect::{Connector, MaybeTls, connect};
pub use error::Error;
pub use halves::{Reader, ReuniteError, Writer};
pub use open::{accept, accept_hdr, accept_with, client, client_with};
pub use stream::WebSocketStream;
#[cfg(feature = "tls")]
pub use tokio_rustls;
#[cfg(feature = "futures-io")]
pub use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};
pub use websocket_proto::endpoint::{self, Config};
#[cfg(feature = "deflate")]
pub use websocket_proto::extension::deflate::DeflateConfig;
pub use websocket_proto::{Client, CloseCode, CloseFrame, Incoming, Message, OwnedMessage, RandomKeys, Role, Server};
pub use websocket_proto::{Limits, Negotiated, Prepared, PreparedForm, Timeouts, handshake};
