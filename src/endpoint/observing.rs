//! Seeing each frame of an endpoint.

use super::Endpoint;
use crate::connection::{Observed, Observer};
use crate::{Moment, Role};

impl<R: Role, I: Moment<D>, D: Copy> Endpoint<R, I, D> {
    /// Has the frames from here on seen by `observer`: for a log, for metrics, for a capture. Where there is none, seeing costs
    /// nothing.
    ///
    /// Messages that a [`Framer`](super::Framer) has framed are seen by the role that it was made with.
    ///
    /// ```
    /// use websocket_proto::endpoint::{Config, Endpoint};
    /// use websocket_proto::{Incoming, Negotiated, Server, Timeouts};
    ///
    /// let config = Config::with_timeouts(Timeouts::none());
    /// let endpoint: Endpoint<Server, u64, u64> = Endpoint::new(Negotiated::elsewhere(), Server, &config, b"", 0);
    /// let mut log = Vec::new();
    /// let mut endpoint = endpoint.observed(|direction, header: &_| log.push(format!("{direction:?} {header:?}")));
    ///
    /// let read = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    /// endpoint.room()[..8].copy_from_slice(&read);
    /// endpoint.filled(8);
    /// if let Some((Incoming::Text("hi"), mut sender)) = endpoint.next() {
    ///     sender.send("hello").unwrap();
    /// }
    /// drop(endpoint);
    /// assert!(log[0].starts_with("Received Header") && log[1].starts_with("Sent Header"), "{log:?}");
    /// ```
    pub fn observed<O: Observer>(self, observer: O) -> Endpoint<Observed<R, O>, I, D> {
        Endpoint {
            connection: self.connection.observed(observer),
            messages: self.messages,
            input: self.input,
            outgoing: self.outgoing,
            timers: self.timers,
            read_len: self.read_len,
            lent: self.lent,
            drained: self.drained,
            heard: self.heard,
            asked: self.asked,
            moved: self.moved,
            eof: self.eof,
            half_closed: self.half_closed,
            timed_out: self.timed_out,
        }
    }
}

impl<R: Role, O: Observer, I, D> Endpoint<Observed<R, O>, I, D> {
    /// What sees the frames, once [`observed`](Endpoint::observed).
    pub const fn observer(&self) -> &O {
        self.connection.observer()
    }
}
