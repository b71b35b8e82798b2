//! What the owner of the transport has to do, and how it ended.

use core::fmt;

use crate::{CloseCode, ProtocolError, Timeout};

/// What the owner of the transport has to do next, besides writing what [`output`](super::Endpoint::output) holds.
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

/// Why a connection did not end cleanly (§7.1.4).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The peer broke the protocol, or a limit.
    Protocol(ProtocolError),
    /// The peer was silent for too long, took nothing for too long, or did not close.
    Timeout(Timeout),
    /// The transport ended before both Close frames had passed: 1006 for an application (§7.4.1).
    NoClose,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => write!(f, "the peer broke the protocol: {error}"),
            Self::Timeout(Timeout::Handshake) => f.write_str("expected the end of the handshake, found none in time"),
            Self::Timeout(Timeout::Close) => {
                f.write_str("expected the peer to close the connection, but it did not in time")
            }
            Self::Timeout(_) => f.write_str("expected a sign of life from the peer, found none in time"),
            Self::NoClose => f.write_str("expected a Close frame, found the end of input"),
        }
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

/// How a connection ended: after both Close frames, with the peer's status code if it gave one; or by a failure.
pub type End = Result<Option<CloseCode>, Failure>;
