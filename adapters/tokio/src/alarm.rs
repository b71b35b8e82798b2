//! The runtime's way to wake a task at an instant.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// An alarm of tokio's; of smol's and async-std's reactor where the runtime isn't tokio, with the feature `futures-io`.
#[derive(Debug)]
pub(crate) enum Alarm {
    Tokio(Pin<Box<Sleep>>),
    #[cfg(feature = "futures-io")]
    Elsewhere(async_io::Timer),
}

impl Alarm {
    pub(crate) fn new(at: Instant) -> Self {
        #[cfg(feature = "futures-io")]
        if tokio::runtime::Handle::try_current().is_err() {
            return Self::Elsewhere(async_io::Timer::at(at.into_std()));
        }
        Self::Tokio(Box::pin(sleep_until(at)))
    }

    /// Moves it to another instant.
    pub(crate) fn set(&mut self, at: Instant) {
        match self {
            Self::Tokio(sleep) => sleep.as_mut().reset(at),
            #[cfg(feature = "futures-io")]
            Self::Elsewhere(timer) => timer.set_at(at.into_std()),
        }
    }

    /// Ready at its instant and after it.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Tokio(sleep) => sleep.as_mut().poll(context),
            #[cfg(feature = "futures-io")]
            Self::Elsewhere(timer) => Pin::new(timer).poll(context).map(drop),
        }
    }
}
