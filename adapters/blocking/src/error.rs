//! Why a connection over a blocking transport ended, or never began.

use std::fmt;
use std::io;

use websocket_proto::SendError;
use websocket_proto::endpoint::{Failure, OpeningError};

/// Why a connection over a blocking transport ended, or never began.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    Io(io::Error),
    /// The handshake opened nothing.
    Opening(OpeningError),
    /// The connection did not end cleanly.
    Failure(Failure),
    /// The caller sent what can't be sent.
    Send(SendError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Opening(error) => error.fmt(f),
            Self::Failure(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Opening(error) => Some(error),
            Self::Failure(error) => Some(error),
            Self::Send(error) => Some(error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<OpeningError> for Error {
    fn from(error: OpeningError) -> Self {
        Self::Opening(error)
    }
}

impl From<Failure> for Error {
    fn from(error: Failure) -> Self {
        Self::Failure(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

/// For callers whose functions return `io::Result`.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => Self::other(error),
        }
    }
}
