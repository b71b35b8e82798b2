//! The alarm of one connection.

use std::pin::Pin;
use std::task::{Context, Waker};

use tokio::time::{Instant, Sleep, sleep_until};
use websocket_proto::endpoint::Duties;

/// Wakes its task when the endpoint wants to look at the clock.
///
/// A deadline moves with each message. The alarm is not set anew for that: it rings early, and the endpoint says until when to wait on.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    alarm: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Clock {
    /// Looks at the clock, and wakes `waker` when that is to be done again.
    pub(crate) fn look(&mut self, machine: &mut impl Duties<Instant>, waker: &Waker) {
        loop {
            let now = Instant::now();
            let Some(deadline) = machine.tick(now) else { return };
            match &mut self.alarm {
                Some((at, _)) if *at > now && *at <= deadline => return,
                Some((at, sleep)) => {
                    sleep.as_mut().reset(deadline);
                    *at = deadline;
                }
                None => self.alarm = Some((deadline, Box::pin(sleep_until(deadline)))),
            }
            let Some((_, sleep)) = &mut self.alarm else { return };
            if sleep.as_mut().poll(&mut Context::from_waker(waker)).is_pending() {
                return;
            }
        }
    }
}
