//! How long to wait, and what has run out.

use core::time::Duration;

/// How long to wait for what; `None` is for ever. A span has to be one that can be added to an instant.
///
/// ```
/// use websocket_proto::Timeouts;
///
/// // Milliseconds, by one's own clock, and no Pings.
/// let timeouts = Timeouts::none().with_handshake(5_000_u64).with_close(2_000);
/// assert_eq!((timeouts.handshake, timeouts.idle, timeouts.close), (Some(5_000), None, Some(2_000)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Timeouts<D = Duration> {
    /// From the start until the handshake is done; protects from a peer that sends its head byte by byte. Default: 10 s.
    pub handshake: Option<D>,
    /// Silence before a Ping is due. Default: 30 s.
    pub idle: Option<D>,
    /// Silence after that Ping before the peer counts as gone. Default: 20 s.
    pub pong: Option<D>,
    /// From the first Close, or from when output last moved after it, until the end of the peer's input. Default: 5 s.
    pub close: Option<D>,
    /// From when the transport last took output, until it takes some of what waits. Default: 30 s.
    pub write: Option<D>,
}

impl<D> Timeouts<D> {
    /// Waits for ever, for everything.
    pub const fn none() -> Self {
        Self { handshake: None, idle: None, pong: None, close: None, write: None }
    }

    /// Sets [`handshake`](Self::handshake).
    #[must_use]
    pub fn with_handshake(self, span: impl Into<Option<D>>) -> Self {
        Self { handshake: span.into(), ..self }
    }

    /// Sets [`idle`](Self::idle).
    #[must_use]
    pub fn with_idle(self, span: impl Into<Option<D>>) -> Self {
        Self { idle: span.into(), ..self }
    }

    /// Sets [`pong`](Self::pong).
    #[must_use]
    pub fn with_pong(self, span: impl Into<Option<D>>) -> Self {
        Self { pong: span.into(), ..self }
    }

    /// Sets [`close`](Self::close).
    #[must_use]
    pub fn with_close(self, span: impl Into<Option<D>>) -> Self {
        Self { close: span.into(), ..self }
    }

    /// Sets [`write`](Self::write).
    #[must_use]
    pub fn with_write(self, span: impl Into<Option<D>>) -> Self {
        Self { write: span.into(), ..self }
    }
}

impl Default for Timeouts<Duration> {
    fn default() -> Self {
        Self {
            handshake: Some(Duration::from_secs(10)),
            idle: Some(Duration::from_secs(30)),
            pong: Some(Duration::from_secs(20)),
            close: Some(Duration::from_secs(5)),
            write: Some(Duration::from_secs(30)),
        }
    }
}

/// What has run out, and what to do about it.
///
/// ```
/// use websocket_proto::{Timeout, Timeouts, Timers};
///
/// let mut timers = Timers::new(Timeouts::none().with_handshake(10), 100_u32);
/// assert_eq!(timers.expired(109), None);
/// assert_eq!(timers.expired(110), Some(Timeout::Handshake));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Timeout {
    /// The head did not come in time: close the transport.
    Handshake,
    /// Nothing came for a while: send a Ping.
    Idle,
    /// Nothing came after the Ping either: close the transport.
    Pong,
    /// The peer did not close in time: close the transport.
    Close,
    /// The transport took nothing of the output that waits: close it.
    Write,
}
