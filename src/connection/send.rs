//! Messages in, bytes out (§6.1, §5.4, §5.5).

use super::{Connection, Message, Part, Role, SendError, Server, State};
#[cfg(feature = "alloc")]
use super::{Prepared, PreparedForm};
use crate::frame::Sequence;
use crate::wire::{
    CloseFrame, ControlFrame, ControlOpcode, ControlPayload, DataOpcode, EncodedHeader, Masker, MaskingKey,
    MessageKind, Output, OutputFull, Rsv, widened,
};

impl<R: Role> Connection<R> {
    /// Appends a message to `out`, in one frame; a client's is masked while it is copied.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Negotiated, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut out = Vec::new();
    /// connection.send("Hello", &mut out).unwrap();
    /// connection.send(&[1, 2, 3], &mut out).unwrap();
    /// assert_eq!(out, b"\x81\x05Hello\x82\x03\x01\x02\x03");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with nothing written and the connection as before.
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>, out: &mut impl Output) -> Result<(), SendError> {
        self.send_part(message, Part::Whole, out)
    }

    /// Appends a fragment of a message to `out` (§5.4). Control frames may go out between fragments, other messages may not.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Negotiated, Part, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut out = Vec::new();
    /// connection.send_part("Hel", Part::First, &mut out).unwrap();
    /// connection.ping(b"", &mut out).unwrap();
    /// connection.send_part("lo", Part::Last, &mut out).unwrap();
    /// assert_eq!(out, b"\x01\x03Hel\x89\x00\x80\x02lo");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with nothing written and the connection as before.
    #[inline]
    pub fn send_part<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        part: Part,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        let message = message.into();
        self.append_frame(message.kind(), message.payload(), part, Rsv::NONE, out)
    }

    /// Appends a data frame with this payload.
    #[inline]
    pub(super) fn append_frame(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        part: Part,
        rsv: Rsv,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        let (header, key, after) = self.frame(kind, part, rsv, widened(payload.len()))?;
        let masker = match key {
            Some(key) => Masker::with_level(key, self.level()),
            None => Masker::none(self.level()),
        };
        out.append_frame(header, payload, masker)?;
        self.sending = after;
        Ok(())
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
        let Ok(payload) = ControlPayload::new(payload) else {
            return Err(SendError::ControlTooLong { opcode, len: payload.len() });
        };
        out.append_slices(ControlFrame::new(opcode, &payload, self.role.next_key()).as_bytes(), &[])?;
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
        self.close = Some(frame.into());
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
        let (opcode, payload) = self.queued_control()?;
        // A source of keys that panics leaves the frame where it is.
        let frame = ControlFrame::new(opcode, &payload, self.role.next_key());
        self.control_written(opcode);
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
        self.write_control_until(self.close.is_none(), out)
    }

    /// The same; unless `bounded`, a Pong is appended however much `out` holds.
    #[inline]
    pub(crate) fn write_control_until(&mut self, bounded: bool, out: &mut impl Output) -> Result<(), OutputFull> {
        while let Some((opcode, payload)) = self.queued_control() {
            if bounded && !self.is_below_mark(out) {
                break;
            }
            out.append_slices(ControlFrame::new(opcode, &payload, self.role.next_key()).as_bytes(), &[])?;
            self.control_written(opcode);
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
        self.pong.is_some() || self.close.is_some()
    }

    #[inline]
    fn queued_control(&self) -> Option<(ControlOpcode, ControlPayload)> {
        match (&self.pong, &self.close) {
            (Some(payload), _) => Some((ControlOpcode::Pong, *payload)),
            (None, Some(frame)) => Some((ControlOpcode::Close, *frame.payload())),
            (None, None) => None,
        }
    }

    fn control_written(&mut self, opcode: ControlOpcode) {
        match opcode {
            ControlOpcode::Ping => {}
            ControlOpcode::Pong => self.pong = None,
            ControlOpcode::Close => {
                self.close = None;
                self.stage.enter(self.state().after_close_written());
            }
        }
    }

    /// The header of this side's next data frame, and where it leaves the sequence.
    #[inline]
    pub(super) fn frame(
        &mut self,
        kind: MessageKind,
        part: Part,
        rsv: Rsv,
        len: u64,
    ) -> Result<(EncodedHeader, Option<MaskingKey>, Sequence), SendError> {
        let (opcode, after) = self.admit(kind, part, rsv)?;
        let key = self.role.next_key();
        // RFC 7692 §6.1: an endpoint "MUST NOT set" the bit on "non-first fragments of a data message".
        let first_rsv = if part.is_first() { rsv } else { Rsv::NONE };
        let header = EncodedHeader::data(opcode, part.is_last(), first_rsv, len, key)?;
        if part.is_first() {
            self.sending_rsv = rsv;
        }
        Ok((header, key, after))
    }

    /// Whether such a frame may come next, and where it leaves the sequence.
    #[inline]
    pub(super) fn admit(&self, kind: MessageKind, part: Part, rsv: Rsv) -> Result<(DataOpcode, Sequence), SendError> {
        self.expect_open()?;
        let opcode = if part.is_first() { kind.into() } else { DataOpcode::Continuation };
        let after = self.sending.after(opcode, part.is_last())?;
        match self.sending {
            Sequence::Within(begun) if begun != kind => Err(SendError::OtherKind { begun }),
            Sequence::Within(_) if self.sending_rsv != rsv => {
                Err(SendError::OtherForm { begun_compressed: self.sending_rsv.contains(Rsv::RSV1) })
            }
            // What was sent as bytes ended inside a code point, which only bytes can continue.
            Sequence::Within(_) if !self.sending_partial.is_empty() => Err(SendError::NotUtf8 { valid_up_to: 0 }),
            Sequence::Within(_) | Sequence::Between => Ok((opcode, after)),
        }
    }

    #[inline]
    fn expect_open(&self) -> Result<(), SendError> {
        match self.state() {
            State::Open => Ok(()),
            // §5.5.1: an endpoint "MUST NOT send any more data frames after sending a Close frame".
            state @ (State::CloseSent | State::CloseReceived | State::Closed) => Err(SendError::NotOpen { state }),
        }
    }
}

impl<R: Role> Connection<R> {
    /// What [`send_prepared`](Connection::send_prepared) does; only a server has it, since a client masks each frame anew.
    #[cfg(feature = "alloc")]
    pub(crate) fn admit_prepared(&mut self, message: &Prepared) -> Result<PreparedForm, SendError> {
        self.expect_open()?;
        self.sending.after(DataOpcode::Binary, true)?;
        #[cfg(feature = "deflate")]
        if message.compression().is_some_and(|compression| self.admit_broadcast(compression)) {
            return Ok(PreparedForm::Compressed);
        }
        let _ = message;
        Ok(PreparedForm::Plain)
    }
}

impl Connection<Server> {
    /// Announces a message, or a fragment of one, whose payload the caller writes itself, right after the returned header: for
    /// a vectored write of a large or shared payload, which is copied nowhere.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Negotiated, Part, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let picture = vec![0; 70_000];
    /// let header = connection.send_header(&picture, Part::Whole).unwrap();
    /// assert_eq!(header[..], [0x82, 127, 0, 0, 0, 0, 0, 0x01, 0x11, 0x70]);
    /// // socket.write_vectored(&[IoSlice::new(&header), IoSlice::new(&picture)])
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with the connection as before.
    #[must_use = "the frame counts as sent: header and payload have to be written"]
    pub fn send_header<'m>(&mut self, message: impl Into<Message<'m>>, part: Part) -> Result<EncodedHeader, SendError> {
        let message = message.into();
        self.send_header_of(message.kind(), message.payload_len(), part)
    }

    /// Announces a message, or a fragment of one, by its kind and length: for a payload that is not in memory, such as a file that
    /// the operating system copies to the socket.
    ///
    /// So many bytes have to follow the header, and nothing between them. The caller vouches that text is UTF-8 (§5.6).
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, MessageKind, Negotiated, Part, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let header = connection.send_header_of(MessageKind::Binary, 3 << 30, Part::Whole).unwrap();
    /// assert_eq!(header[..], [0x82, 127, 0, 0, 0, 0, 0xc0, 0, 0, 0]);
    /// // socket.write_all(&header), then sendfile(socket, file, 3 GiB)
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with the connection as before; [`SendError::TooLarge`] for 2⁶³ bytes and more.
    #[must_use = "the frame counts as sent: header and payload have to be written"]
    pub fn send_header_of(
        &mut self,
        kind: MessageKind,
        payload_len: u64,
        part: Part,
    ) -> Result<EncodedHeader, SendError> {
        let (header, _, after) = self.frame(kind, part, Rsv::NONE, payload_len)?;
        self.sending = after;
        Ok(header)
    }

    /// Admits a broadcast to this connection, and says in which form: [`Prepared::frame`] has the bytes to write, the same for all.
    ///
    /// # Errors
    ///
    /// [`SendError::NotOpen`], or [`SendError::OutOfSequence`] inside a fragmented message.
    #[cfg(feature = "alloc")]
    #[must_use = "the frame counts as sent: it has to be written"]
    pub fn send_prepared(&mut self, message: &Prepared) -> Result<PreparedForm, SendError> {
        self.admit_prepared(message)
    }
}
