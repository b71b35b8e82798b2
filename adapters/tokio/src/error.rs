//! What can go wrong.

use std::{fmt, io};

use websocket_proto::endpoint::{Failure, OpeningError};
use websocket_proto::handshake::{InvalidUrl, StartError};
use websocket_proto::{SeedUnavailable, SendError};

/// Why a connection was not opened, did not end cleanly, or did not take a message.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed, or TLS did.
    Io(io::Error),
    /// The URL is not one of a WebSocket (RFC 6455 §3).
    Url(InvalidUrl),
    /// The request has a value that must not be written.
    Start(StartError),
    /// The operating system has no randomness to give.
    Seed(SeedUnavailable),
    /// The handshake did not open a connection (§4).
    Opening(OpeningError),
    /// The connection did not end cleanly (§7.1.4).
    Failure(Failure),
    /// The message can't be sent, because the connection is closed or closing, or because of what it is.
    Send(SendError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Url(error) => error.fmt(f),
            Self::Start(error) => error.fmt(f),
            Self::Seed(error) => error.fmt(f),
            Self::Opening(error) => error.fmt(f),
            Self::Failure(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Url(error) => error.source(),
            Self::Start(error) => error.source(),
            Self::Seed(error) => error.source(),
            Self::Opening(error) => error.source(),
            Self::Failure(error) => error.source(),
            Self::Send(error) => error.source(),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => Self::other(error),
        }
    }
}

macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {
        $(impl From<$source> for Error {
            fn from(error: $source) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    io::Error => Io,
    InvalidUrl => Url,
    StartError => Start,
    SeedUnavailable => Seed,
    OpeningError => Opening,
    Failure => Failure,
    SendError => Send,
}
