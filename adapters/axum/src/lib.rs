#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod extract;
mod rejection;

pub use extract::WebSocketUpgrade;
pub use rejection::Rejection;
pub use websocket_proto_hyper;
#[cfg(feature = "deflate")]
pub use websocket_proto_hyper::DeflateConfig;
pub use websocket_proto_hyper::websocket_proto_tokio::{Reader, Writer};
pub use websocket_proto_hyper::{
    CloseCode, CloseFrame, Config, Error, Incoming, Limits, Message, OwnedMessage, Prepared, PreparedForm, Timeouts,
};
pub use websocket_proto_hyper::{Server, Transport, UpgradeError, endpoint, handshake};

/// The connection: a `Stream` and a `Sink` of [`OwnedMessage`]s, with methods that do the same and more.
pub type WebSocket = websocket_proto_hyper::WebSocket<Server>;
