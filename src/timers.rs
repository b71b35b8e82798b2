//! Deadlines on an instant type that the caller chooses: keepalive, and an end to waiting.
#![forbid(unsafe_code)]

use core::ops::Add;
use core::time::Duration;

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
/// let mut timers = Timers::new(Timeouts { idle: Some(Duration::from_secs(30)), ..Timeouts::default() }, start);
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
    phase: Phase<I>,
}

/// What is being waited for, and until when; `None` waits for ever.
#[derive(Clone, Copy, Debug)]
enum Phase<I> {
    /// For the rest of a head.
    Handshake(Option<I>),
    /// For any sign of life, before a Ping asks for one.
    Idle(Option<I>),
    /// For any sign of life, after a Ping.
    Pong(Option<I>),
    /// For the peer's Close and the end of its input.
    Closing(Option<I>),
    /// For nothing.
    Over,
}

impl<I, D> Timers<I, D>
where
    I: Copy + Ord + Add<D, Output = I>,
    D: Copy,
{
    /// Begins with the handshake.
    pub fn new(timeouts: Timeouts<D>, now: I) -> Self {
        Self { timeouts, phase: Phase::Handshake(timeouts.handshake.map(|span| now + span)) }
    }

    /// The handshake is done.
    pub fn opened(&mut self, now: I) {
        if let Phase::Handshake(_) = self.phase {
            self.phase = self.idle(now);
        }
    }

    /// Bytes came from the peer: it lives, whatever they are.
    ///
    /// That bytes could be written to it is no sign of life: the operating system takes them for a peer that is gone, too. Only a socket
    /// that was full and takes more again is one.
    pub fn received(&mut self, now: I) {
        match self.phase {
            Phase::Idle(_) | Phase::Pong(_) => self.phase = self.idle(now),
            // A peer that drips its head, or goes on talking while the connection closes, gains no time by it.
            Phase::Handshake(_) | Phase::Closing(_) | Phase::Over => {}
        }
    }

    /// Takes notice of where the connection stands; to be called when events or calls may have changed that.
    ///
    /// From the first Close on, sent or received, the time-out for closing runs. §7.1.1 leaves its length to the endpoint.
    pub fn observe(&mut self, state: State, now: I) {
        match (state, self.phase) {
            (State::Open, _) | (_, Phase::Closing(_) | Phase::Over) => {}
            (
                State::CloseSent | State::CloseReceived | State::Closed,
                Phase::Handshake(_) | Phase::Idle(_) | Phase::Pong(_),
            ) => self.phase = Phase::Closing(self.timeouts.close.map(|span| now + span)),
        }
    }

    /// The transport is closed: nothing runs any more.
    pub fn closed(&mut self) {
        self.phase = Phase::Over;
    }

    /// When [`expired`](Self::expired) should be asked again; `None` if nothing runs.
    pub fn deadline(&self) -> Option<I> {
        match self.phase {
            Phase::Handshake(deadline) | Phase::Idle(deadline) | Phase::Pong(deadline) | Phase::Closing(deadline) => {
                deadline
            }
            Phase::Over => None,
        }
    }

    /// What has run out by `now`; each time-out is told once.
    ///
    /// After [`Timeout::Idle`] the wait for a sign of life runs from `now`; after any other, nothing runs.
    pub fn expired(&mut self, now: I) -> Option<Timeout> {
        if self.deadline()? > now {
            return None;
        }
        let (timeout, phase) = match self.phase {
            Phase::Handshake(_) => (Timeout::Handshake, Phase::Over),
            Phase::Idle(_) => (Timeout::Idle, Phase::Pong(self.timeouts.pong.map(|span| now + span))),
            Phase::Pong(_) => (Timeout::Pong, Phase::Over),
            Phase::Closing(_) => (Timeout::Close, Phase::Over),
            Phase::Over => return None,
        };
        self.phase = phase;
        Some(timeout)
    }

    fn idle(&self, now: I) -> Phase<I> {
        Phase::Idle(self.timeouts.idle.map(|span| now + span))
    }
}

/// How long to wait for what; `None` is for ever. A span has to be one that can be added to an instant.
///
/// ```
/// use websocket_proto::Timeouts;
///
/// // Milliseconds, by one's own clock, and no Pings.
/// let timeouts = Timeouts { handshake: Some(5_000_u64), idle: None, pong: None, close: Some(2_000) };
/// # let _ = timeouts;
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Timeouts<D = Duration> {
    /// From the start until the handshake is done; protects from a peer that sends its head byte by byte. Default: 10 s.
    pub handshake: Option<D>,
    /// Silence before a Ping is due. Default: 30 s.
    pub idle: Option<D>,
    /// Silence after that Ping before the peer counts as gone. Default: 20 s.
    pub pong: Option<D>,
    /// From the first Close until the end of the peer's input. Default: 5 s.
    pub close: Option<D>,
}

impl<D> Timeouts<D> {
    /// No time-outs: for tests, and where another layer keeps the time.
    pub const NONE: Self = Self { handshake: None, idle: None, pong: None, close: None };
}

impl Default for Timeouts<Duration> {
    fn default() -> Self {
        Self {
            handshake: Some(Duration::from_secs(10)),
            idle: Some(Duration::from_secs(30)),
            pong: Some(Duration::from_secs(20)),
            close: Some(Duration::from_secs(5)),
        }
    }
}

/// What has run out, and what to do about it.
///
/// ```
/// use websocket_proto::{Timeout, Timeouts, Timers};
///
/// let timeouts = Timeouts { handshake: Some(10), idle: None, pong: None, close: None };
/// let mut timers = Timers::new(timeouts, 100_u32);
/// assert_eq!(timers.expired(109), None);
/// assert_eq!(timers.expired(110), Some(Timeout::Handshake));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Timeout {
    /// The head did not come in time: close the transport.
    Handshake,
    /// Nothing came for a while: send a Ping.
    Idle,
    /// Nothing came after the Ping either: close the transport.
    Pong,
    /// The peer did not close in time: close the transport.
    Close,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts<u64> = Timeouts { handshake: Some(10), idle: Some(30), pong: Some(20), close: Some(5) };

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
    fn nothing_runs_after_the_end() {
        let mut timers = open(0);
        timers.closed();
        timers.received(1);
        timers.opened(1);
        timers.observe(State::CloseSent, 1);
        assert_eq!((timers.deadline(), timers.expired(u64::MAX)), (None, None));
    }

    #[test]
    fn none_waits_for_ever() {
        let mut timers: Timers<u64, u64> =
            Timers::new(Timeouts { handshake: None, idle: None, pong: None, close: None }, 0);
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
