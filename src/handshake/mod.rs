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
//! A proxy or an analyser, which stands between a client and a server, checks their heads with [`observe`].
//!
//! Fields are taken in the form in which the stack has them: see [`FieldSection`]. With feature `http`, heads of the crate `http`
//! convert as a whole.
#![forbid(unsafe_code)]

mod accept;
mod client;
mod client_request;
mod connect;
#[cfg(feature = "http")]
mod http_crate;
mod key;
mod known_fields;
mod observe;
mod received;
mod refusal;
mod request;
mod request_error;
mod response;
mod response_error;
mod server;
mod url;

pub use accept::{Accept, AcceptError, AcceptResponse};
pub use client::{ClientHandshake, PendingAnswer};
pub use client_request::{ClientRequest, StartError};
pub use connect::{ClientConnect, ClientUpgrade, ConnectHead, ConnectRequest};
pub use key::{AcceptKey, InvalidKey, Key};
pub use observe::{ResponseParts, Violation, observe};
pub use received::Received;
pub use refusal::{Refusal, RefusalError};
pub use request::{Parts, Request, RequestKey};
pub use request_error::RequestError;
pub use response::{Answer, NoSubprotocols, Response, Subprotocols};
pub use response_error::ResponseError;
pub use server::ServerHandshake;
pub use url::{InvalidUrl, WsUrl};

pub use crate::extension::negotiated::Negotiated;
pub use crate::http::{
    Excerpt, Field, FieldFault, FieldSection, Fields, Head, HeadError, HeadPart, HttpRequest, HttpResponse,
    InvalidField, Scheme,
};
