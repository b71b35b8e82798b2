//! Why a handshake opened nothing.

use crate::handshake::{AcceptError, RefusalError, RequestError, ResponseError};
use crate::wire::text_enum;

text_enum! {
    /// Why an [`Opening`](super::Opening) did not become an endpoint.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    #[non_exhaustive]
    pub enum OpeningError {
        /// The request broke a rule, and was refused.
        Request(error: RequestError) => "{error}";
        /// The application answered the request with this status.
        Answered {
            /// The status code of the response.
            status: u16,
        } => "the request was answered with status {status}";
        /// The application's answer can't be written; the client got 500.
        Accept(error: AcceptError) => "{error}";
        /// The application's response can't be written; the client got 500.
        Response(error: RefusalError) => "{error}";
        /// The server's response broke a rule.
        Server(error: ResponseError) => "{error}";
        /// The server refused, with this status; [`Opening::answer`](super::Opening::answer) has the rest.
        Refused {
            /// The status code of the response.
            status: u16,
        } => "expected status 101 from the server, found {status}";
        /// The handshake was not done in time.
        Timeout => "expected the end of the handshake, found none in time";
        /// The transport ended before the handshake was done.
        Ended => "expected the end of the handshake, found the end of input";
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
