//! What the owner of the transport has to do, and how it ended.

use crate::wire::text_enum;
use crate::{CloseCode, ProtocolError, Timeout};

/// What the owner of the transport has to do next, besides writing what [`output`](super::Endpoint::output) holds.
///
/// ```
/// use std::time::Instant;
/// use websocket_proto::endpoint::{Config, Endpoint, Status};
/// use websocket_proto::{Negotiated, Server};
///
/// let mut endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &Config::default(), b"", Instant::now());
/// assert!(endpoint.status() == Status::Open && endpoint.status().reads());
///
/// // An empty Close, masked with the key 0. Its echo is to be written.
/// endpoint.room()[..6].copy_from_slice(&[0x88, 0x80, 0, 0, 0, 0]);
/// endpoint.filled(6);
/// while endpoint.next().is_some() {}
/// assert_eq!((endpoint.status(), endpoint.output().len()), (Status::Open, 2));
/// endpoint.written(2);
///
/// // §7.1.1: the server closes its half, and waits for the client.
/// assert_eq!(endpoint.status(), Status::HalfClose);
/// endpoint.half_closed();
/// assert_eq!(endpoint.status(), Status::Drain);
/// endpoint.filled(0);
/// assert_eq!((endpoint.status(), endpoint.end()), (Status::Close, Ok(None)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// Read; write what there is.
    Open,
    /// Write, and do not read until the status changes: more answers wait than the high-water mark allows, or the input has
    /// ended. If nothing is to be written, something is to be taken: call `next`. See
    /// [back-pressure](super#back-pressure).
    Flush,
    /// Everything is written: close the writing half, and report it with [`half_closed`](super::Endpoint::half_closed).
    HalfClose,
    /// Read until the end of input; nothing will be written any more.
    Drain,
    /// Close the transport; [`end`](super::Endpoint::end) says how it ended.
    Close,
}

impl Status {
    /// Whether the transport is to be read from.
    pub const fn reads(self) -> bool {
        matches!(self, Self::Open | Self::Drain)
    }
}

text_enum! {
    /// Why a connection did not end cleanly (§7.1.4).
    ///
    /// ```
    /// use std::time::Instant;
    /// use websocket_proto::endpoint::{Config, Endpoint, Failure};
    /// use websocket_proto::{Negotiated, Server};
    ///
    /// let mut endpoint = Endpoint::new(Negotiated::elsewhere(), Server, &Config::default(), b"", Instant::now());
    /// endpoint.filled(0); // the transport has ended
    /// assert!(endpoint.next().is_none());
    /// assert_eq!(endpoint.end(), Err(Failure::NoClose));
    /// assert_eq!(Failure::NoClose.to_string(), "expected a Close frame, found the end of input");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Failure {
        /// The peer broke the protocol, or a limit.
        Protocol(error: ProtocolError) => "the peer broke the protocol: {error}";
        /// The peer was silent for too long, took nothing for too long, or did not close.
        Timeout(timeout: Timeout) => "{}", expectation(*timeout);
        /// The transport ended before both Close frames had passed: 1006 for an application (§7.4.1).
        NoClose => "expected a Close frame, found the end of input";
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Protocol(error) => Some(error),
            Self::Timeout(_) | Self::NoClose => None,
        }
    }
}

const fn expectation(timeout: Timeout) -> &'static str {
    match timeout {
        Timeout::Handshake => "expected the end of the handshake, found none in time",
        Timeout::Close => "expected the peer to close the connection, found it open after the time-out",
        Timeout::Idle | Timeout::Pong | Timeout::Write => "expected a sign of life from the peer, found none in time",
    }
}

/// How a connection ended: after both Close frames, with the peer's status code if it gave one (§7.1.5); or by a [`Failure`]. It is what
/// [`Endpoint::end`](super::Endpoint::end) returns.
pub type End = Result<Option<CloseCode>, Failure>;
