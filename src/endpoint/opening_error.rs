//! Why a handshake opened nothing.

use core::fmt;

use crate::handshake::{AcceptError, RefusalError, RequestError, ResponseError};

/// Why an [`Opening`](super::Opening) did not become an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OpeningError {
    /// The request broke a rule, and was refused.
    Request(RequestError),
    /// The application answered the request with this status.
    Answered {
        /// The status code of the response.
        status: u16,
    },
    /// The application's answer can't be written; the client got 500.
    Accept(AcceptError),
    /// The application's response can't be written; the client got 500.
    Response(RefusalError),
    /// The server's response broke a rule.
    Server(ResponseError),
    /// The server refused, with this status; [`Opening::answer`](super::Opening::answer) has the rest.
    Refused {
        /// The status code of the response.
        status: u16,
    },
    /// The handshake was not done in time.
    Timeout,
    /// The transport ended before the handshake was done.
    Ended,
}

impl fmt::Display for OpeningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Answered { status } => write!(f, "the request was answered with status {status}"),
            Self::Accept(error) => error.fmt(f),
            Self::Response(error) => error.fmt(f),
            Self::Server(error) => error.fmt(f),
            Self::Refused { status } => write!(f, "expected status 101 from the server, found {status}"),
            Self::Timeout => f.write_str("expected the end of the handshake, found none in time"),
            Self::Ended => f.write_str("expected the end of the handshake, found the end of input"),
        }
    }
}

impl core::error::Error for OpeningError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Request(error) => Some(error),
            Self::Accept(error) => Some(error),
            Self::Response(error) => Some(error),
            Self::Server(error) => Some(error),
            Self::Answered { .. } | Self::Refused { .. } | Self::Timeout | Self::Ended => None,
        }
    }
}
