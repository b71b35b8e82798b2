//! The opening handshake: types that consume each other, so that no step can be left out (§4).
//!
//! | | server | client |
//! |---|---|---|
//! | begin | [`ServerHandshake::new`] | [`ClientRequest::new`], [`ClientRequest::start`] writes the request |
//! | bytes come | [`ServerHandshake::receive`] | [`ClientHandshake::receive`] |
//! | it is | [`Received::Upgrade`] or [`Received::Http`] | [`Answer::Open`] or [`Answer::Refused`] |
//! | then | [`Request::accept`] or [`Request::reject`] writes the response | |
//! | and there is | [`Negotiated`] | [`Negotiated`] |
//!
//! The bytes after the head are frames already: the connection's first input.
//!
//! Where another HTTP stack reads and writes the heads:
//!
//! | | server | client |
//! |---|---|---|
//! | HTTP/1.1 | [`Received::from_parts`], [`Accept::response`] | [`ClientRequest::upgrade`], [`ClientUpgrade::receive`] |
//! | HTTP/2, HTTP/3 | [`ConnectRequest::from_connect`], [`Accept::response`] | [`ClientRequest::connect`], [`ClientConnect::receive`] |
//!
//! Fields are taken in the form in which the stack has them: see [`FieldSection`]. With feature `http`, heads of the crate `http`
//! convert as a whole.
#![forbid(unsafe_code)]

mod accept;
mod check;
mod client;
mod client_request;
mod connect;
mod excerpt;
mod field_section;
mod fields;
mod head;
mod head_check;
mod host;
#[cfg(feature = "http")]
mod http_crate;
mod http_request;
mod key;
mod negotiated;
mod pending;
mod refusal;
mod request;
mod request_error;
mod response;
mod response_error;
mod scheme;
mod server;
mod shown;
mod subprotocols;
mod syntax;
mod target;
mod text;
mod upgrade;
mod url;

pub use accept::{Accept, AcceptError, AcceptResponse};
pub use client::ClientHandshake;
pub use client_request::{ClientRequest, StartError};
pub use connect::{ClientConnect, ConnectHead, ConnectRequest};
pub use excerpt::Excerpt;
pub use field_section::{Field, FieldSection};
pub use fields::{FieldFault, Fields, InvalidField};
pub use http_request::HttpRequest;
pub use key::{AcceptKey, InvalidKey, Key};
pub use negotiated::Negotiated;
pub use pending::PendingAnswer;
pub use refusal::{Refusal, RefusalError};
pub use request::{Parts, Received, Request, RequestKey};
pub use request_error::RequestError;
pub use response::{Answer, HttpResponse, Response};
pub use response_error::ResponseError;
pub use scheme::Scheme;
pub use server::ServerHandshake;
pub use subprotocols::{NoSubprotocols, Subprotocols};
pub use syntax::{HeadError, HeadPart};
pub use upgrade::ClientUpgrade;
pub use url::{InvalidUrl, WsUrl};
