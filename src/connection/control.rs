//! Control frames (§5.5): those that are sent when asked for, and the replies that wait to be written.

use super::{Connection, Inbound, Role, SendError, State};
use crate::kernel::Level;
use crate::wire::{
    CloseFrame, ControlFrame, ControlOpcode, ControlPayload, EncodedHeader, Header, Masker, Opcode, Output, OutputFull,
    ProtocolError, widened,
};

/// What waits to be written: at most one Pong, and after it at most one Close. And the payload of the control frame that was
/// received last.
///
/// A Ping fills the Pong, and so does each newer one; the application's Close, the echo of the peer's and the Close of a failure
/// fill the Close. Both are [looked at](Self::peek), and count as gone when they are [written](Self::written).
pub(super) struct ControlQueue {
    /// What has come of a control frame's payload; all of it, once the frame was acted on.
    received: ControlPayload,
    pub(super) pong: Option<ControlPayload>,
    pub(super) close: Option<CloseFrame>,
}

impl ControlQueue {
    pub(super) const EMPTY: Self = Self { received: ControlPayload::EMPTY, pong: None, close: None };

    /// Keeps a piece of a control frame's payload, which is unmasked.
    #[inline]
    pub(super) fn keep(&mut self, payload: &[u8], is_first: bool) {
        if is_first {
            self.received.clear();
        }
        let fits = self.received.extend(payload);
        debug_assert!(fits, "the header was checked");
    }

    /// Queues a Pong, in the place of one that waits.
    #[cfg(feature = "alloc")]
    #[cold]
    fn wait_with_pong(&mut self, payload: &[u8]) {
        self.pong = ControlPayload::new(payload).ok();
    }

    /// Whether nothing waits.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.pong.is_none() && self.close.is_none()
    }

    /// What is to be written next: the Pong, then the Close.
    #[inline]
    fn peek(&self) -> Option<(ControlOpcode, &ControlPayload)> {
        match (&self.pong, &self.close) {
            (Some(payload), _) => Some((ControlOpcode::Pong, payload)),
            (None, Some(frame)) => Some((ControlOpcode::Close, frame.payload())),
            (None, None) => None,
        }
    }

    /// Such a frame was written, or handed out to be written.
    #[inline]
    fn written(&mut self, opcode: ControlOpcode) {
        match opcode {
            ControlOpcode::Ping => {}
            ControlOpcode::Pong => self.pong = None,
            ControlOpcode::Close => self.close = None,
        }
    }
}

impl<R: Role> Connection<R> {
    /// Acts on a control frame whose payload was collected: queues the reply, or notes the peer's Close.
    #[inline]
    pub(crate) fn act_on(&mut self, opcode: ControlOpcode, input: &mut &mut [u8]) -> Result<(), ProtocolError> {
        match opcode {
            // §5.5.3: an endpoint "MAY elect to send a Pong frame for only the most recently processed Ping frame".
            ControlOpcode::Ping if self.answers_pings() => self.control.pong = Some(self.control.received),
            ControlOpcode::Ping | ControlOpcode::Pong => {}
            ControlOpcode::Close => {
                // §5.5.1: after a Close "any further data" is discarded.
                *input = &mut [];
                self.receive_close()?;
            }
        }
        Ok(())
    }

    fn receive_close(&mut self) -> Result<(), ProtocolError> {
        let frame = CloseFrame::decode(self.control.received).map_err(|error| self.fail(error))?;
        let (state, echo) = self.state().after_peer_close();
        self.stage.enter(state);
        self.inbound = Inbound::Closed;
        if echo {
            // §5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code it received."
            self.control.close = Some(frame.code().map_or(CloseFrame::EMPTY, CloseFrame::from));
        }
        self.settle();
        Ok(())
    }

    /// Answers a Ping that lies in the input whole: its Pong goes to `out` at once, or waits if it must; one that waits is replaced (§5.5.3).
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn answer_ping(&mut self, payload: &[u8], out: &mut impl Output) {
        if self.answers_pings() {
            let sent = self.is_below_mark(out) && self.append_control(ControlOpcode::Pong, payload, out).is_ok();
            if sent {
                self.control.pong = None;
            } else {
                self.control.wait_with_pong(payload);
            }
        }
    }

    #[inline]
    const fn answers_pings(&self) -> bool {
        match self.state() {
            // §5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response".
            State::Open => true,
            // §5.5.2: "unless it already received a Close frame". That a Ping is not answered after a Close of this side either is a
            // deliberate deviation: peers take any frame after a Close for an error, and fail the connection; see `State`.
            State::CloseSent | State::CloseReceived | State::Closed => false,
        }
    }

    /// The payload of the Ping or Pong that [`receive`](Self::receive) told of last, until the next control frame comes.
    ///
    /// ```
    /// use websocket_proto::{Connection, Event, Limits, Negotiated, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut ping = [0x89, 0x81, 0, 0, 0, 0, b'?'];
    /// assert_eq!(connection.receive(&mut &mut ping[..]), Ok(Some(Event::Ping)));
    /// assert_eq!(connection.control_payload().as_bytes(), b"?");
    /// ```
    pub const fn control_payload(&self) -> &ControlPayload {
        &self.control.received
    }

    /// The peer's Close, once it has come.
    ///
    /// ```
    /// use websocket_proto::{CloseCode, Connection, Event, Limits, Negotiated, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut close = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];
    /// assert_eq!(connection.receive(&mut &mut close[..]), Ok(Some(Event::Close)));
    /// assert_eq!(connection.peer_close().unwrap().code(), Some(CloseCode::GOING_AWAY));
    /// ```
    pub fn peer_close(&self) -> Option<CloseFrame> {
        match self.inbound {
            Inbound::Closed => CloseFrame::decode(self.control.received).ok(),
            Inbound::Reading | Inbound::Violated(_) | Inbound::Ended => None,
        }
    }

    /// Appends a Ping to `out` (§5.5.2); an unasked Pong is sent with [`pong`](Self::pong).
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] for more than 125 bytes, [`SendError::NotOpen`], [`SendError::OutputFull`].
    pub fn ping(&mut self, payload: &[u8], out: &mut impl Output) -> Result<(), SendError> {
        self.send_control(ControlOpcode::Ping, payload, out)
    }

    /// Appends a Pong that no Ping asked for to `out`: "a unidirectional heartbeat" (§5.5.3).
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8], out: &mut impl Output) -> Result<(), SendError> {
        self.send_control(ControlOpcode::Pong, payload, out)
    }

    fn send_control(&mut self, opcode: ControlOpcode, payload: &[u8], out: &mut impl Output) -> Result<(), SendError> {
        self.expect_open()?;
        if payload.len() > ControlPayload::MAX_LEN {
            return Err(SendError::ControlTooLong { opcode, len: payload.len() });
        }
        Ok(self.append_control(opcode, payload, out)?)
    }

    #[inline]
    fn append_control(
        &mut self,
        opcode: ControlOpcode,
        payload: &[u8],
        out: &mut impl Output,
    ) -> Result<(), OutputFull> {
        let level = self.level();
        let header = append(&mut self.role, level, opcode, payload, out)?;
        self.frame_sent(&header);
        Ok(())
    }

    /// Queues a Close, after which nothing can be sent (§5.5.1), to be fetched with [`take_control`](Self::take_control) or
    /// [`write_control`](Self::write_control).
    ///
    /// Messages of the peer still come until its Close does; an answer to them is refused with [`SendError::NotOpen`]. While the echo to the
    /// peer's own Close waits to be written, this replaces it.
    ///
    /// # Errors
    ///
    /// [`SendError::NotOpen`] if a Close was queued before, or the connection has failed or ended.
    pub fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), SendError> {
        let state = self.state();
        self.stage.enter(state.after_close().ok_or(SendError::NotOpen { state })?);
        self.control.close = Some(frame.into());
        Ok(())
    }

    /// Takes the next control frame that waits to be written: the Pong to the newest Ping, then the Close.
    ///
    /// ```
    /// use websocket_proto::{CloseCode, Connection, Limits, Negotiated, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// connection.close(CloseCode::NORMAL).unwrap();
    /// assert_eq!(connection.take_control().unwrap().as_bytes(), [0x88, 0x02, 0x03, 0xe8]);
    /// assert!(connection.take_control().is_none());
    /// ```
    #[must_use = "the frame is no longer queued: it has to be written"]
    pub fn take_control(&mut self) -> Option<ControlFrame> {
        let (opcode, payload) = self.control.peek()?;
        // A source of keys that panics leaves the frame where it is.
        let frame = ControlFrame::new(opcode, payload, self.role.next_key());
        self.control_written(opcode, frame.as_bytes());
        Some(frame)
    }

    /// Appends the control frames that wait to be written to `out`, as far as it is not too full for a Pong.
    ///
    /// While `out` holds [`Limits::high_water_mark`](crate::Limits::high_water_mark) bytes or more, a Pong goes on waiting, and a newer
    /// Ping replaces it (§5.5.3): so the replies to a flood of Pings are bounded even if the peer never reads. A Close is appended in
    /// any case, after the Pong. [`wants_write`](Self::wants_write) tells whether something still waits; then write out what `out`
    /// holds, and call this again.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Negotiated, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut out = vec![0; 64 * 1024]; // not written yet
    /// connection.receive(&mut &mut [0x89, 0x81, 0, 0, 0, 0, b'?'][..]).unwrap(); // a masked Ping
    /// connection.write_control(&mut out).unwrap();
    /// assert_eq!((out.len(), connection.wants_write()), (64 * 1024, true));
    ///
    /// out.clear(); // now it is
    /// connection.write_control(&mut out).unwrap();
    /// assert_eq!((&out[..], connection.wants_write()), (&b"\x8a\x01?"[..], false));
    /// ```
    ///
    /// # Errors
    ///
    /// [`OutputFull`]; a frame that found no room goes on waiting.
    #[inline]
    pub fn write_control(&mut self, out: &mut impl Output) -> Result<(), OutputFull> {
        self.write_control_until(self.control.close.is_none(), out)
    }

    /// The same; unless `bounded`, a Pong is appended however much `out` holds.
    #[inline]
    pub(crate) fn write_control_until(&mut self, bounded: bool, out: &mut impl Output) -> Result<(), OutputFull> {
        let level = self.level();
        while let Some((opcode, payload)) = self.control.peek() {
            if bounded && !self.is_below_mark(out) {
                break;
            }
            let header = append(&mut self.role, level, opcode, payload.as_bytes(), out)?;
            self.control_written(opcode, &header);
        }
        Ok(())
    }

    /// Whether the output holds less than the mark from which on a Pong waits.
    pub(crate) fn is_below_mark(&self, out: &impl Output) -> bool {
        self.high_water_mark == u32::MAX || widened(out.waiting_len()) < u64::from(self.high_water_mark)
    }

    /// How much output may wait.
    #[cfg(feature = "alloc")]
    pub(crate) fn high_water_mark(&self) -> usize {
        usize::try_from(self.high_water_mark).unwrap_or(usize::MAX)
    }

    /// Whether a Pong or a Close waits to be written.
    #[inline]
    pub const fn wants_write(&self) -> bool {
        !self.control.is_empty()
    }

    #[inline]
    fn control_written(&mut self, opcode: ControlOpcode, frame: &[u8]) {
        self.control.written(opcode);
        self.frame_sent(frame);
        if let ControlOpcode::Close = opcode {
            self.stage.enter(self.state().after_close_written());
        }
    }
}

/// Appends a control frame with at most 125 bytes of payload, and returns its header.
#[inline]
fn append<R: Role>(
    role: &mut R,
    level: Level,
    opcode: ControlOpcode,
    payload: &[u8],
    out: &mut impl Output,
) -> Result<EncodedHeader, OutputFull> {
    // Where the length is known to be short, so is the way to its header.
    let payload = payload.get(..ControlPayload::MAX_LEN).unwrap_or(payload);
    let header = Header::whole(Opcode::Control(opcode), widened(payload.len()), role.next_key());
    let encoded = header.encode();
    out.append_frame(encoded, payload, Masker::of(header.masking_key(), level))?;
    Ok(encoded)
}
