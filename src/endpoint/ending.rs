//! Time, what the transport has to do, and the verdict.

use super::{End, Endpoint, Failure, Status};
use crate::{Ending, Moment, Role, State, Timeout, Transport};

impl<R: Role, I: Moment<D>, D: Copy> Endpoint<R, I, D> {
    /// Looks at the clock: queues the Ping that is due, or gives the peer up, and says when to call this again at the latest.
    ///
    /// To be called once in each turn of the owner's loop, after what was read has been reported. What was read or written since the last
    /// call counts as moved at `now`; an owner that then waits for long calls this again after it has written, so that time-outs run from
    /// there.
    pub fn tick(&mut self, now: I) -> Option<I> {
        let moved = core::mem::take(&mut self.moved);
        // While nothing is read, the peer's silence is no sign of its absence. That it takes output is one of its presence; so it is of a
        // transport that was full, took more, and is full again within the data frames, which the Ping that asks has to let pass.
        let heard = core::mem::take(&mut self.heard);
        // As most turns end: something came, and nothing waits.
        if heard && !self.asked && self.outgoing.queue.is_empty() && self.connection.state() == State::Open {
            if let Some(deadline) = self.timers.alive(now) {
                return deadline;
            }
        }
        let in_frames = self.outgoing.queue.len() > self.outgoing.queue.control_len();
        if heard || (moved && (self.status() == Status::Flush || (in_frames && self.timers.is_blocked()))) {
            self.timers.received(now);
        }
        if heard && core::mem::take(&mut self.asked) {
            // The answer to the Ping, most likely: the next silence begins at rest.
            self.hibernate();
        }
        self.timers.observe(self.connection.state(), now);
        match (self.outgoing.queue.len(), moved) {
            (waiting, true) => self.timers.sent(waiting, now),
            (0, false) => {}
            (_, false) => self.timers.blocked(now),
        }
        match self.timers.expired(now) {
            None => {}
            Some(Timeout::Idle) => {
                self.hibernate();
                self.asked = true;
                // There is nothing to keep alive if it is closing.
                let _ = self.sender().ping(b"");
            }
            Some(timeout) => self.timed_out = Some(timeout),
        }
        self.timers.deadline()
    }

    /// What the transport has to do.
    #[inline]
    pub fn status(&self) -> Status {
        match (self.connection.transport(), self.timed_out) {
            (Transport::KeepOpen, None) if !self.eof => {
                match self.outgoing.answers_len() > self.connection.high_water_mark() {
                    true => Status::Flush,
                    false => Status::Open,
                }
            }
            (transport, None) => self.status_near_the_end(transport),
            (_, Some(_)) => Status::Close,
        }
    }

    fn status_near_the_end(&self, transport: Transport) -> Status {
        let empty = self.outgoing.is_empty();
        match transport {
            Transport::KeepOpen if empty && self.eof && self.drained => Status::Close,
            Transport::KeepOpen | Transport::WriteOnly => Status::Flush,
            _ if !empty && self.eof => Status::Flush,
            _ if !empty => Status::Open,
            _ if self.eof => Status::Close,
            Transport::AwaitEof => Status::Drain,
            // §7.1.1: a server closes the writing half, and the transport once the peer has, so that nothing that was written is lost.
            Transport::HalfClose | Transport::Close if !self.half_closed => Status::HalfClose,
            Transport::HalfClose | Transport::Close => Status::Drain,
        }
    }

    /// The writing half of the transport was closed, as [`Status::HalfClose`] asked.
    pub fn half_closed(&mut self) {
        self.half_closed = true;
    }

    /// How the connection ended, once [`status`](Self::status) is [`Status::Close`], or the transport has failed.
    ///
    /// # Errors
    ///
    /// [`Failure`], if it did not end cleanly.
    pub fn end(&mut self) -> End {
        match (self.connection.failure(), self.connection.receive_eof(), self.timed_out) {
            (Some(error), ..) => Err(Failure::Protocol(error)),
            (None, Ending::Clean, _) => Ok(self.messages.close_code()),
            (None, Ending::Unclean, Some(timeout)) => Err(Failure::Timeout(timeout)),
            (None, Ending::Unclean, None) => Err(Failure::NoClose),
        }
    }
}
