#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod socket;
mod websocket;

pub use error::Error;
pub use socket::Socket;
pub use websocket::WebSocket;
#[cfg(feature = "rand")]
pub use websocket_proto::RandomKeys;
pub use websocket_proto::endpoint::{Config, Sender};
pub use websocket_proto::{Client, CloseCode, CloseFrame, Incoming, MaskingKeys, Message, OwnedMessage, Server};
pub use websocket_proto::{endpoint, handshake};
