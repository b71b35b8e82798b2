//! Deadlines on an instant type that the caller chooses: keepalive, and an end to waiting.
#![forbid(unsafe_code)]

mod timeouts;

use core::ops::Add;
use core::time::Duration;

pub use timeouts::{Timeout, Timeouts};

use crate::connection::State;

/// The time of one connection: it says when to look again and what has run out, and never looks at a clock.
///
/// `I` is an instant and `D` a span: `std::time::Instant` and `Duration`, milliseconds as `u64` both, ticks of a microcontroller.
/// Calls that change nothing may be made at any time.
///
/// ```
/// use std::time::{Duration, Instant};
/// use websocket_proto::{Timeout, Timeouts, Timers};
///
/// let start = Instant::now(); // or any other, in a test
/// let mut timers = Timers::new(Timeouts::default().with_idle(Duration::from_secs(30)), start);
/// timers.opened(start);
/// assert_eq!(timers.deadline(), Some(start + Duration::from_secs(30)));
///
/// // Half an hour of silence passes at once.
/// let later = start + Duration::from_secs(1800);
/// assert_eq!(timers.expired(later), Some(Timeout::Idle)); // connection.ping(b"", &mut out)
/// assert_eq!(timers.expired(later + Duration::from_secs(20)), Some(Timeout::Pong)); // the peer is gone
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timers<I, D = Duration> {
    timeouts: Timeouts<D>,
    phase: Phase,
    /// Until when the phase may last; `None` if for ever.
    phase_ends: Option<I>,
    /// Until when the transport has to take some of the output that waits; `None` if none waits, or for ever.
    write: Option<I>,
}

/// What is being waited for.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// For the rest of a head.
    Handshake,
    /// For any sign of life, before a Ping asks for one.
    Idle,
    /// For any sign of life, after a Ping.
    Pong,
    /// For the peer's Close and the end of its input.
    Closing,
    /// For nothing.
    Over,
}

/// An instant, to which a span `D` can be added. Every type that can be copied, compared and added to is one: `std::time::Instant` with a
/// `Duration`, an integer with its own type.
pub trait Moment<D>: Copy + Ord + Add<D, Output = Self> {}

impl<I: Copy + Ord + Add<D, Output = I>, D> Moment<D> for I {}

impl<I: Moment<D>, D: Copy> Timers<I, D> {
    /// Begins with the handshake.
    pub fn new(timeouts: Timeouts<D>, now: I) -> Self {
        let phase_ends = timeouts.handshake.map(|span| now + span);
        Self { timeouts, phase: Phase::Handshake, phase_ends, write: None }
    }

    /// The handshake is done.
    pub fn opened(&mut self, now: I) {
        if let Phase::Handshake = self.phase {
            self.enter(Phase::Idle, self.timeouts.idle, now);
        }
    }

    /// Bytes came from the peer: it lives, whatever they are.
    ///
    /// That bytes could be written to it is no sign of life: the operating system takes them for a peer that is gone, too. Only a socket
    /// that was full and takes more again is one.
    pub fn received(&mut self, now: I) {
        match self.phase {
            Phase::Idle | Phase::Pong => self.enter(Phase::Idle, self.timeouts.idle, now),
            // A peer that drips its head, or goes on talking while the connection closes, gains no time by it.
            Phase::Handshake | Phase::Closing | Phase::Over => {}
        }
    }

    /// Output waits because the transport takes no more for now: from here on the time-out for writing runs, unless it runs already.
    pub fn blocked(&mut self, now: I) {
        if !matches!(self.phase, Phase::Over) && self.write.is_none() {
            self.write = self.timeouts.write.map(|span| now + span);
        }
    }

    /// Whether output was left to be written when the transport took no more, so that its taking more is a sign of life.
    #[cfg(feature = "alloc")] // For `Endpoint`.
    pub(crate) fn is_blocked(&self) -> bool {
        self.write.is_some()
    }

    /// The transport has taken output, and `waiting` bytes of it are left.
    ///
    /// The time-out for writing starts again, or stops where nothing is left. While the connection closes, that time-out starts again
    /// too: a peer that reads slowly but steadily gets everything that was queued for it, and the Close.
    ///
    /// ```
    /// use websocket_proto::{State, Timeout, Timeouts, Timers};
    ///
    /// let mut timers = Timers::new(Timeouts::none().with_close(5_u32).with_write(30), 0);
    /// timers.observe(State::CloseReceived, 0);
    /// timers.sent(10_000, 4); // bytes are left, at 4
    /// assert_eq!((timers.expired(5), timers.deadline()), (None, Some(9)));
    /// timers.sent(0, 8);
    /// assert_eq!(timers.expired(13), Some(Timeout::Close));
    /// ```
    pub fn sent(&mut self, waiting: usize, now: I) {
        self.write = None;
        if waiting > 0 {
            self.blocked(now);
        }
        if let Phase::Closing = self.phase {
            self.enter(Phase::Closing, self.timeouts.close, now);
        }
    }

    /// Bytes came over an open connection, and no output waits: [`received`](Self::received) and [`sent`](Self::sent) in one. Returns the
    /// [`deadline`](Self::deadline); `None`, with nothing changed, where that is for the other methods to find out.
    #[cfg(feature = "alloc")] // For `Endpoint`.
    #[inline]
    pub(crate) fn alive(&mut self, now: I) -> Option<Option<I>> {
        let (Phase::Idle | Phase::Pong) = self.phase else { return None };
        let deadline = self.timeouts.idle.map(|span| now + span);
        if deadline.is_some_and(|deadline| deadline <= now) {
            return None;
        }
        (self.phase, self.phase_ends, self.write) = (Phase::Idle, deadline, None);
        Some(deadline)
    }

    /// Takes notice of where the connection stands; to be called when events or calls may have changed that.
    ///
    /// From the first Close on, sent or received, the time-out for closing runs; it starts again when output moves
    /// ([`sent`](Self::sent)). §7.1.1 leaves its length to the endpoint.
    pub fn observe(&mut self, state: State, now: I) {
        match (state, self.phase) {
            (State::Open, _) | (_, Phase::Closing | Phase::Over) => {}
            (State::CloseSent | State::CloseReceived | State::Closed, Phase::Handshake | Phase::Idle | Phase::Pong) => {
                self.enter(Phase::Closing, self.timeouts.close, now);
            }
        }
    }

    /// The transport is closed: nothing runs any more.
    pub fn closed(&mut self) {
        (self.phase, self.phase_ends, self.write) = (Phase::Over, None, None);
    }

    /// When [`expired`](Self::expired) should be asked again; `None` if nothing runs.
    pub fn deadline(&self) -> Option<I> {
        match (self.phase_ends, self.write) {
            (Some(phase), Some(write)) => Some(phase.min(write)),
            (phase, write) => phase.or(write),
        }
    }

    /// What has run out by `now`; each time-out is told once.
    ///
    /// After [`Timeout::Idle`] the wait for a sign of life runs from `now`; after any other, nothing runs.
    #[must_use = "each time-out is told once"]
    pub fn expired(&mut self, now: I) -> Option<Timeout> {
        if self.write.is_some_and(|deadline| deadline <= now) {
            self.closed();
            return Some(Timeout::Write);
        }
        if self.phase_ends? > now {
            return None;
        }
        let timeout = match self.phase {
            Phase::Handshake => Timeout::Handshake,
            Phase::Idle => {
                self.enter(Phase::Pong, self.timeouts.pong, now);
                return Some(Timeout::Idle);
            }
            Phase::Pong => Timeout::Pong,
            Phase::Closing => Timeout::Close,
            Phase::Over => return None,
        };
        self.closed();
        Some(timeout)
    }

    fn enter(&mut self, phase: Phase, span: Option<D>, now: I) {
        (self.phase, self.phase_ends) = (phase, span.map(|span| now + span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts<u64> =
        Timeouts { handshake: Some(10), idle: Some(30), pong: Some(20), close: Some(5), write: Some(40) };

    fn open(now: u64) -> Timers<u64, u64> {
        let mut timers = Timers::new(TIMEOUTS, now);
        timers.opened(now);
        timers
    }

    #[test]
    fn handshake_has_a_deadline_that_dripping_bytes_do_not_move() {
        let mut timers = Timers::new(TIMEOUTS, 0);
        timers.received(9);
        assert_eq!(timers.expired(9), None);
        assert_eq!((timers.expired(10), timers.expired(10), timers.deadline()), (Some(Timeout::Handshake), None, None));
    }

    #[test]
    fn silence_asks_for_a_ping_and_more_silence_ends_it() {
        let mut timers = open(100);
        assert_eq!((timers.expired(129), timers.expired(130), timers.expired(130)), (None, Some(Timeout::Idle), None));
        assert_eq!((timers.deadline(), timers.expired(149)), (Some(150), None));
        assert_eq!((timers.expired(150), timers.deadline()), (Some(Timeout::Pong), None));
    }

    #[test]
    fn any_byte_is_a_sign_of_life() {
        let mut timers = open(0);
        timers.received(29);
        assert_eq!(timers.deadline(), Some(59));
        assert_eq!(timers.expired(59), Some(Timeout::Idle));
        timers.received(60);
        assert_eq!((timers.deadline(), timers.expired(89)), (Some(90), None));
    }

    #[test]
    fn closing_runs_from_the_first_close_whatever_comes_after() {
        for state in [State::CloseSent, State::CloseReceived, State::Closed] {
            let mut timers = open(0);
            timers.observe(State::Open, 1);
            timers.observe(state, 2);
            timers.observe(State::Closed, 4);
            timers.received(5);
            timers.opened(5);
            assert_eq!((timers.deadline(), timers.expired(6)), (Some(7), None));
            assert_eq!((timers.expired(7), timers.expired(1000)), (Some(Timeout::Close), None));
        }
    }

    #[test]
    fn output_that_moves_while_closing_gains_time_for_the_close() {
        let mut timers = open(0);
        timers.observe(State::CloseReceived, 2);
        for now in [6, 10, 14] {
            timers.sent(1000, now);
            assert_eq!((timers.deadline(), timers.expired(now + 4)), (Some(now + 5), None));
        }
        timers.sent(0, 18);
        timers.received(22);
        assert_eq!((timers.expired(22), timers.expired(23), timers.deadline()), (None, Some(Timeout::Close), None));
    }

    #[test]
    fn output_that_moves_before_the_close_changes_no_other_deadline() {
        let mut timers = open(0);
        timers.sent(0, 20);
        assert_eq!(timers.expired(30), Some(Timeout::Idle));
        timers.sent(0, 40);
        assert_eq!(timers.expired(50), Some(Timeout::Pong));
    }

    #[test]
    fn output_that_does_not_move_ends_it() {
        let mut timers = Timers::new(Timeouts { handshake: None, idle: None, ..TIMEOUTS }, 0);
        timers.blocked(10);
        timers.blocked(49);
        assert_eq!((timers.deadline(), timers.expired(49)), (Some(50), None));
        timers.sent(1, 49);
        timers.opened(60);
        assert_eq!((timers.deadline(), timers.expired(88)), (Some(89), None));
        assert_eq!((timers.expired(89), timers.expired(1000), timers.deadline()), (Some(Timeout::Write), None, None));
    }

    #[test]
    fn nothing_waits_after_all_was_taken() {
        let mut timers = open(0);
        timers.blocked(0);
        timers.sent(0, 5);
        assert_eq!((timers.expired(29), timers.deadline()), (None, Some(30)));
    }

    #[test]
    fn the_earlier_deadline_counts() {
        let mut timers = open(0);
        timers.blocked(5);
        assert_eq!(timers.expired(30), Some(Timeout::Idle));
        assert_eq!((timers.deadline(), timers.expired(44)), (Some(45), None));
        assert_eq!((timers.expired(45), timers.expired(60)), (Some(Timeout::Write), None));
    }

    #[test]
    fn nothing_runs_after_the_end() {
        let mut timers = open(0);
        timers.closed();
        timers.received(1);
        timers.opened(1);
        timers.observe(State::CloseSent, 1);
        timers.blocked(1);
        timers.sent(5, 1);
        assert_eq!((timers.deadline(), timers.expired(u64::MAX)), (None, None));
    }

    #[test]
    fn none_waits_for_ever() {
        let mut timers: Timers<u64, u64> = Timers::new(Timeouts::none(), 0);
        timers.blocked(0);
        assert_eq!(timers.expired(u64::MAX), None);
        timers.opened(0);
        assert_eq!(timers.expired(u64::MAX), None);
        timers.observe(State::CloseSent, 0);
        assert_eq!(timers.expired(u64::MAX), None);
    }

    /// Hours of a quiet peer that answers every Ping, and then no longer.
    #[test]
    fn hours_run_in_milliseconds() {
        let hour = 3600;
        let mut timers = open(0);
        let mut pings = 0;
        while let Some(now) = timers.deadline().filter(|&now| now < 24 * hour) {
            assert_eq!(timers.expired(now), Some(Timeout::Idle));
            pings += 1;
            timers.received(now + 1);
        }
        assert_eq!(pings, 24 * hour / 31);
        let last = timers.deadline().unwrap();
        assert_eq!(timers.expired(last), Some(Timeout::Idle));
        assert_eq!(timers.expired(last + 20), Some(Timeout::Pong));
    }
}
