//! What can go wrong between a request and an open connection.

use std::fmt;

#[cfg(feature = "client")]
use hyper::http;
#[cfg(feature = "client")]
use websocket_proto::SeedUnavailable;
#[cfg(feature = "client")]
use websocket_proto::handshake::{ResponseError, StartError};

/// Why there is no connection. What ends an open one is an [`Error`](crate::Error).
#[non_exhaustive]
pub enum UpgradeError {
    /// hyper failed, or the connection has ended before it was upgraded, or the server was built without upgrades.
    Hyper(hyper::Error),
    /// The connection was not upgraded in time, perhaps because another response was sent; see
    /// [`Timeouts::handshake`](crate::Timeouts::handshake).
    Timeout,
    /// The request has a value that must not be written.
    #[cfg(feature = "client")]
    Start(StartError),
    /// The request is longer than the crate `http` allows.
    #[cfg(feature = "client")]
    Http(http::Error),
    /// The operating system has no randomness to give.
    #[cfg(feature = "client")]
    Seed(SeedUnavailable),
    /// The server's response breaks a rule (RFC 6455 §4.1).
    #[cfg(feature = "client")]
    Response(ResponseError),
    /// The server answered with another status: a redirect, a login, an error. Of the body it has what came in time, at most 64 KiB.
    #[cfg(feature = "client")]
    Refused(Box<http::Response<Vec<u8>>>),
    /// reqwest failed.
    #[cfg(feature = "reqwest")]
    Reqwest(reqwest::Error),
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hyper(error) => error.fmt(f),
            Self::Timeout => f.write_str("expected an upgraded connection, found none in time"),
            #[cfg(feature = "client")]
            Self::Start(error) => error.fmt(f),
            #[cfg(feature = "client")]
            Self::Http(error) => error.fmt(f),
            #[cfg(feature = "client")]
            Self::Seed(error) => error.fmt(f),
            #[cfg(feature = "client")]
            Self::Response(error) => error.fmt(f),
            #[cfg(feature = "client")]
            Self::Refused(response) => {
                write!(f, "expected a response that opens a WebSocket, found status {}", response.status())
            }
            #[cfg(feature = "reqwest")]
            Self::Reqwest(error) => error.fmt(f),
        }
    }
}

/// A refusal without its fields and its body.
impl fmt::Debug for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hyper(error) => f.debug_tuple("Hyper").field(error).finish(),
            Self::Timeout => f.write_str("Timeout"),
            #[cfg(feature = "client")]
            Self::Start(error) => f.debug_tuple("Start").field(error).finish(),
            #[cfg(feature = "client")]
            Self::Http(error) => f.debug_tuple("Http").field(error).finish(),
            #[cfg(feature = "client")]
            Self::Seed(error) => f.debug_tuple("Seed").field(error).finish(),
            #[cfg(feature = "client")]
            Self::Response(error) => f.debug_tuple("Response").field(error).finish(),
            #[cfg(feature = "client")]
            Self::Refused(response) => f.debug_tuple("Refused").field(&response.status()).finish(),
            #[cfg(feature = "reqwest")]
            Self::Reqwest(error) => f.debug_tuple("Reqwest").field(error).finish(),
        }
    }
}

impl std::error::Error for UpgradeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Hyper(error) => error.source(),
            Self::Timeout => None,
            #[cfg(feature = "client")]
            Self::Start(error) => error.source(),
            #[cfg(feature = "client")]
            Self::Http(error) => error.source(),
            #[cfg(feature = "client")]
            Self::Seed(error) => error.source(),
            #[cfg(feature = "client")]
            Self::Response(error) => error.source(),
            #[cfg(feature = "client")]
            Self::Refused(_) => None,
            #[cfg(feature = "reqwest")]
            Self::Reqwest(error) => error.source(),
        }
    }
}

impl From<UpgradeError> for std::io::Error {
    fn from(error: UpgradeError) -> Self {
        Self::other(error)
    }
}

macro_rules! from {
    ($($(#[$if:meta])* $source:ty => $variant:ident),* $(,)?) => {
        $($(#[$if])* impl From<$source> for UpgradeError {
            fn from(error: $source) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    hyper::Error => Hyper,
    #[cfg(feature = "client")]
    StartError => Start,
    #[cfg(feature = "client")]
    http::Error => Http,
    #[cfg(feature = "client")]
    SeedUnavailable => Seed,
    #[cfg(feature = "client")]
    ResponseError => Response,
    #[cfg(feature = "reqwest")]
    reqwest::Error => Reqwest,
}
