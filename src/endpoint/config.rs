//! What an endpoint is made with.

use core::time::Duration;

#[cfg(feature = "inflate")]
use crate::extension::deflate::DeflateConfig;
#[cfg(feature = "deflate")]
use crate::extension::deflate::Effort;
use crate::{Limits, Timeouts};

/// The settings of an [`Endpoint`](super::Endpoint), the same for all connections of a program.
///
/// ```
/// use websocket_proto::endpoint::Config;
/// use websocket_proto::Limits;
///
/// let mut config = Config::default();
/// config.limits.max_message_len = 64 * 1024;
/// config.limits.high_water_mark = 256 * 1024;
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Config<D = Duration> {
    /// What bounds the peer's input, and with [`Limits::high_water_mark`], in bytes, the output: while more answers than that wait to be
    /// written, [`Status::Flush`](super::Status::Flush) asks the owner to read no further; and messages that
    /// [`send_owned`](super::Sender::send_owned) queues are framed only below it.
    pub limits: Limits,
    /// How long to wait for what.
    pub timeouts: Timeouts<D>,
    /// Compression to offer, or to accept. Default: none.
    #[cfg(feature = "inflate")]
    pub deflate: Option<DeflateConfig>,
    /// How hard to compress. Default: [`Effort::FAST`].
    #[cfg(feature = "deflate")]
    pub effort: Effort,
    /// The payload bytes of one frame that is sent; a longer message goes out in fragments, so that a Pong finds a border to go out
    /// at. Default: 64 KiB.
    pub max_fragment_len: usize,
    /// The least number of bytes that [`room`](super::Endpoint::room) lends. Default: 16 KiB.
    pub read_len: usize,
}

impl<D> Config<D> {
    /// The defaults, with these time-outs.
    pub const fn with_timeouts(timeouts: Timeouts<D>) -> Self {
        Self {
            limits: Limits::DEFAULT,
            timeouts,
            #[cfg(feature = "inflate")]
            deflate: None,
            #[cfg(feature = "deflate")]
            effort: Effort::FAST,
            max_fragment_len: 64 * 1024,
            read_len: 16 * 1024,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::with_timeouts(Timeouts::default())
    }
}
