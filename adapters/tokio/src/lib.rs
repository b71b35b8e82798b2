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
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod traits;
mod wakers;

pub use connect::{MaybeTls, connect};
pub use error::Error;
pub use halves::{Reader, Writer};
pub use open::{accept, accept_with, client, client_with};
pub use stream::WebSocketStream;
#[cfg(feature = "tls")]
pub use tokio_rustls;
pub use websocket_proto::endpoint::{self, Config};
#[cfg(feature = "deflate")]
pub use websocket_proto::extension::deflate::DeflateConfig;
pub use websocket_proto::{Client, CloseCode, CloseFrame, Incoming, Message, OwnedMessage, RandomKeys, Role, Server};
pub use websocket_proto::{Limits, Negotiated, Timeouts, handshake};
