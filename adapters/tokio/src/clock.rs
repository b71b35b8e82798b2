//! The alarm of one connection.

use std::task::{Context, Waker};

use tokio::time::Instant;
use websocket_proto::endpoint::Duties;

use crate::alarm::Alarm;

/// Wakes its task when the endpoint wants to look at the clock.
///
/// A deadline moves with each message. The alarm is not set anew for that: it rings early, and the endpoint says until when to wait on.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    set: Option<Set>,
}

#[derive(Debug)]
struct Set {
    at: Instant,
    alarm: Alarm,
    /// Who is woken.
    waker: Waker,
}

impl Clock {
    /// Looks at the clock, and wakes `waker` when that is to be done again. False if no time is up.
    pub(crate) fn look(&mut self, machine: &mut impl Duties<Instant>, waker: &Waker) -> bool {
        let mut is_up = false;
        loop {
            let now = Instant::now();
            let Some(deadline) = machine.tick(now) else { return true };
            let set = match &mut self.set {
                Some(set) if set.at > now && set.at <= deadline => {
                    if set.waker.will_wake(waker) {
                        return is_up;
                    }
                    set
                }
                Some(set) => {
                    is_up |= set.at <= now;
                    set.alarm.set(deadline);
                    set.at = deadline;
                    set
                }
                set => set.insert(Set { at: deadline, alarm: Alarm::new(deadline), waker: waker.clone() }),
            };
            if !set.waker.will_wake(waker) {
                set.waker = waker.clone();
            }
            if set.alarm.poll(&mut Context::from_waker(waker)).is_pending() {
                return is_up;
            }
            is_up = true;
        }
    }
}
