//! When to call, and when to give a call up.

use std::time::{Duration, Instant};

use super::{Output, Peer};
use crate::link::{self, Link};
use crate::road::Road;
use crate::signal::Signal;
use crate::talk::frame::Frame;

impl Peer {
    pub(super) fn is_caller(&self) -> bool {
        self.config.me < self.config.friend
    }

    /// Calls, unless a call is there; the one that does not call asks the other to, if it has just come itself.
    pub(super) fn friend_came(&mut self, we_came: bool, now: Instant) {
        if self.link.is_none() {
            self.retry.reset();
            match self.is_caller() {
                true => self.call(now),
                false if we_came => self.ask_for_call(now),
                false => {}
            }
        }
    }

    pub(super) fn call(&mut self, now: Instant) {
        self.calls = self.calls.wrapping_add(1);
        self.renew_link(self.calls, now);
        self.offer(now);
        self.retry_at = None;
    }

    pub(super) fn ask_for_call(&mut self, now: Instant) {
        self.out.push_back(Output::Signal(Signal::Call));
        self.retry_at = Some(now + self.retry.delay().max(SHORTEST_RETRY));
    }

    pub(super) fn renew_link(&mut self, call: u32, now: Instant) {
        self.end_link();
        let mut link = Link::new(call, self.is_caller(), self.config.local, &self.config.certificate, now);
        for candidate in &self.candidates {
            link.add_candidate(candidate.clone(), now);
        }
        (self.open_by, self.has_restarted) = (now + OPENING, false);
        self.link = Some(link);
    }

    pub(super) fn end_link(&mut self) {
        if self.link.take().is_some() {
            self.held = None;
            self.talk.closed();
        }
    }

    pub(super) fn offer(&mut self, now: Instant) {
        if let Some(link) = &mut self.link {
            let offer = link.offer(now).map(|sdp| Output::Signal(Signal::Offer { call: link.call, sdp }));
            self.out.extend(offer);
        }
    }

    pub(super) fn signal(&mut self, signal: Signal, now: Instant) {
        let taken = match signal {
            Signal::Call if self.is_caller() => {
                // A call that has just begun will reach the friend, too.
                if !self.link.as_ref().is_some_and(|link| !link.is_open() && now + OPENING < self.open_by + FRESH) {
                    self.call(now);
                }
                Ok(())
            }
            Signal::Offer { call, sdp } if !self.is_caller() => self.offered(call, &sdp, now),
            Signal::Answer { call, sdp } if self.has_call(call) => self.answered(&sdp, now),
            Signal::Candidate { call, candidate } if self.has_call(call) => match &mut self.link {
                Some(link) => link.candidate(&candidate, now),
                None => Ok(()),
            },
            // Of a call that is over, or from a friend that does not know who calls.
            Signal::Call | Signal::Offer { .. } | Signal::Answer { .. } | Signal::Candidate { .. } => Ok(()),
        };
        if let Err(why) = taken {
            self.gone(why, now);
        }
        self.permit(now);
    }

    pub(super) fn has_call(&self, call: u32) -> bool {
        self.link.as_ref().is_some_and(|link| link.call == call)
    }

    pub(super) fn offered(&mut self, call: u32, sdp: &str, now: Instant) -> Result<(), String> {
        if !self.is_expected(link::fingerprint(sdp)?) {
            return Ok(());
        }
        if !self.has_call(call) {
            self.renew_link(call, now);
        }
        self.retry_at = None;
        let Some(link) = &mut self.link else { return Ok(()) };
        let sdp = link.answer(sdp, now)?;
        self.out.push_back(Output::Signal(Signal::Answer { call, sdp }));
        Ok(())
    }

    pub(super) fn answered(&mut self, sdp: &str, now: Instant) -> Result<(), String> {
        if !self.is_expected(link::fingerprint(sdp)?) {
            return Ok(());
        }
        let Some(link) = &mut self.link else { return Ok(()) };
        link.answered(sdp, now).map(drop)
    }

    /// Whether a fingerprint is the friend's; otherwise nothing goes on with whoever has it.
    pub(super) fn is_expected(&mut self, found: &str) -> bool {
        match &self.config.fingerprint {
            Some(expected) if expected != found => {
                self.out.push_back(Output::Refused { expected: expected.clone(), found: found.to_owned() });
                self.end_link();
                self.retry_at = None;
                false
            }
            Some(_) | None => true,
        }
    }

    /// The heartbeat: a friend that is not heard for a while is looked for on other roads, and after a longer while given up.
    pub(super) fn look_after(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            match self.is_online && self.friend_is_here {
                true if self.is_caller() => self.call(now),
                true => self.ask_for_call(now),
                false => {}
            }
        }
        let Some(link) = &self.link else { return };
        if !link.is_open() {
            if self.open_by <= now {
                self.gone("expected the call to open, found no answer in time".into(), now);
            }
            return;
        }
        let road = link.selected().map(|selected| selected.road);
        let silent = now.saturating_duration_since(self.heard_at);
        if silent >= GIVEN_UP {
            return self.gone(format!("nothing was heard for {:.1} s", silent.as_secs_f32()), now);
        }
        if self.is_caller() && self.is_online && self.friend_is_here {
            if silent >= TROUBLE && !self.has_restarted {
                self.has_restarted = true;
                self.restart("nothing is heard", now);
            } else if road != Some(Road::Direct) && self.better_road_at <= now {
                self.better_road_at = now + self.better_road.delay();
                self.restart("there may be a better road", now);
            }
        }
        if self.ping_at <= now {
            self.ping_at = now + PING;
            if let Some(link) = &mut self.link {
                link.write(false, &Frame::Ping.write(), now);
            }
        }
    }

    pub(super) fn restart(&mut self, why: &'static str, now: Instant) {
        self.offer(now);
        self.out.push_back(Output::Restart(why));
    }

    pub(super) fn gone(&mut self, why: String, now: Instant) {
        self.end_link();
        self.out.push_back(Output::Gone(why));
        self.retry_at = Some(now + self.retry.delay());
    }

    pub(super) fn opened(&mut self, fingerprint: String, now: Instant) {
        if self.is_expected(&fingerprint) {
            self.config.fingerprint = Some(fingerprint.clone());
            self.heard(now);
            self.ping_at = now;
            self.retry.reset();
            self.retry_at = None;
            self.better_road.reset();
            self.better_road_at = now + self.better_road.delay();
            self.talk.opened(now);
            self.out.push_back(Output::Open(fingerprint));
        }
    }

    pub(super) fn heard(&mut self, now: Instant) {
        (self.heard_at, self.has_restarted) = (now, false);
    }
}

/// How often a friend hears of us.
const PING: Duration = Duration::from_secs(1);
/// A friend that was not heard for so long is looked for on other roads.
const TROUBLE: Duration = Duration::from_secs(2);
/// A friend that was not heard for so long is gone.
pub(super) const GIVEN_UP: Duration = Duration::from_millis(4500);
/// How long a call may take to open.
const OPENING: Duration = Duration::from_secs(15);
/// Before a friend is asked again to call.
const SHORTEST_RETRY: Duration = Duration::from_secs(2);
/// So young a call is not begun anew.
const FRESH: Duration = Duration::from_secs(1);
