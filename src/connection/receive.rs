//! Bytes in, events out (§5, §6.2, §7).

use super::whole::{Heartbeat, Whole};
use super::{Connection, Ending, Event, Inbound, Part, Role};
use crate::frame::{Of, Piece};
use crate::kernel::{self, Tail};
use crate::wire::{CloseFrame, ControlOpcode, ControlPayload, MessageKind, ProtocolError, Rsv, widened};

impl<R: Role> Connection<R> {
    /// Takes the next event from the front of `input`.
    ///
    /// `Ok(None)` says that all of `input` is used up; **drain `input` before you read again**. Payload is unmasked in place and
    /// handed on as it comes: the messages, control frames, replies and errors are the same however the bytes were cut, and only
    /// the number of pieces differs.
    ///
    /// A Ping queues its Pong, and the peer's Close its echo, to be fetched with [`take_control`](Self::take_control) or
    /// [`write_control`](Self::write_control); while a Pong waits, a newer Ping replaces it (§5.5.3). After a Close of this side, Pings
    /// are not answered.
    ///
    /// `input` is a variable of the caller, which each call moves forward. A new `&mut &mut buffer[..n]` for each call would read the
    /// same bytes again, which were unmasked by then.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`] if the peer broke the protocol or a limit. All that was valid before came first. The Close frame
    /// that tells the peer why is queued and still has to be written, so do not leave with `?` before that. The rest of `input` is
    /// dropped, and calling this again returns the same error.
    #[inline]
    pub fn receive<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        if let Some(Whole { kind, payload, key }) = self.short_frame(input) {
            match kind {
                MessageKind::Text => match kernel::unmask_ascii(payload, key) {
                    Ok(text) => return Ok(Some(Event::Text(text, Part::Whole))),
                    Err(payload) => return self.whole_text(payload, key, input),
                },
                MessageKind::Binary => {
                    kernel::xor_short(payload, key);
                    return Ok(Some(Event::Binary(payload, Part::Whole)));
                }
            }
        }
        if input.is_empty() && self.takes_short_frames() {
            return Ok(None);
        }
        self.receive_long(input)
    }

    /// A text message that lies in the input whole.
    fn whole_text<'i>(
        &mut self,
        payload: &'i mut [u8],
        key: u32,
        input: &mut &mut [u8],
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        let text = kernel::unmask_text(self.level(), payload, key);
        match text.tail {
            Tail::Complete => Ok(Some(Event::Text(text.valid, Part::Whole))),
            Tail::Cut(_) | Tail::Invalid => {
                *input = &mut [];
                self.doom(text.valid)
            }
        }
    }

    /// Everything that the short path leaves. The same signature, so that the result is written once.
    #[inline(never)]
    fn receive_long<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        if let Some(Whole { kind, payload, key }) = self.extended_frame(input) {
            match kind {
                MessageKind::Text => return self.whole_text(payload, key, input),
                MessageKind::Binary => {
                    kernel::xor(self.level(), payload, key);
                    return Ok(Some(Event::Binary(payload, Part::Whole)));
                }
            }
        }
        match self.whole_heartbeat(input) {
            Some(Heartbeat::Ping(payload)) => return Ok(Some(Event::Ping(ControlPayload::shortened(payload)))),
            Some(Heartbeat::Pong(payload)) => return Ok(Some(Event::Pong(ControlPayload::shortened(payload)))),
            None => {}
        }
        loop {
            // The rest of a cut code point is taken byte by byte.
            let max = if self.partial.is_empty() { usize::MAX } else { 1 };
            match self.receive_raw(input, max)? {
                None => return Ok(None),
                Some(Raw::Data(data)) => match self.data_event(data) {
                    Ok(None) => {}
                    event => {
                        if !matches!(self.inbound, Inbound::Reading) {
                            *input = &mut [];
                        }
                        return event;
                    }
                },
                Some(Raw::Ping) => return Ok(Some(Event::Ping(*self.received_control()))),
                Some(Raw::Pong) => return Ok(Some(Event::Pong(*self.received_control()))),
                Some(Raw::Close(frame)) => return Ok(Some(Event::Close(frame))),
            }
        }
    }

    /// The next piece of payload, still masked, or the next control frame, with its reply queued.
    pub(crate) fn receive_raw<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        max: usize,
    ) -> Result<Option<Raw<'i>>, ProtocolError> {
        let raw = self.read_raw(input, max);
        if !matches!(self.inbound, Inbound::Reading) {
            // §5.5.1: after a Close, or an error, "any further data" is discarded.
            *input = &mut [];
        }
        self.settle();
        raw
    }

    fn read_raw<'i>(&mut self, input: &mut &'i mut [u8], max: usize) -> Result<Option<Raw<'i>>, ProtocolError> {
        match self.inbound {
            Inbound::Reading => {}
            // The first time the connection fails; after that this changes nothing.
            Inbound::Violated(error) => return Err(self.fail(error)),
            Inbound::Closed => return Ok(None),
        }
        loop {
            let piece = match self.reader.read_masked(input, max) {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(None),
                Err(error) => return Err(self.fail(error)),
            };
            let raw = match piece.of {
                Of::Message { kind, rsv } => return Ok(Some(Raw::Data(RawData::new(piece, kind, rsv)))),
                Of::Control(opcode) => self.control_piece(opcode, piece),
            };
            match raw {
                Ok(None) => {}
                Ok(raw) => return Ok(raw),
                Err(error) => return Err(self.fail(error)),
            }
        }
    }

    /// What the next byte of payload belongs to, if it is a message's.
    #[cfg(feature = "alloc")]
    pub(crate) fn awaited(&self) -> Option<Awaited> {
        let (Inbound::Reading, Some(piece)) = (self.inbound, self.reader.next_piece()) else { return None };
        match piece.of {
            Of::Message { kind, rsv: Rsv::NONE } => Some(Awaited {
                kind,
                key: piece.key(),
                begins: piece.begins_message(),
                fin: piece.header.fin(),
                missing: self.reader.payload_remaining(),
            }),
            Of::Message { .. } | Of::Control(_) => None,
        }
    }

    /// Counts payload that was read into a place of its own.
    #[cfg(feature = "alloc")]
    pub(crate) fn pass(&mut self, len: usize) {
        self.reader.pass(len);
        self.settle();
    }

    /// Collects a control frame's payload, and acts on the frame when it is whole.
    fn control_piece<'i>(&mut self, opcode: ControlOpcode, piece: Piece<'_>) -> Result<Option<Raw<'i>>, ProtocolError> {
        kernel::xor_short(piece.payload, piece.key());
        if piece.offset == 0 {
            self.control.received.clear();
        }
        // The header's judge has seen to it that the payload fits.
        if !self.control.received.extend(piece.payload) || !piece.ends_frame() {
            return Ok(None);
        }
        let payload = self.control.received;
        Ok(Some(match opcode {
            ControlOpcode::Ping => {
                self.receive_ping(payload.as_bytes());
                Raw::Ping
            }
            ControlOpcode::Pong => Raw::Pong,
            ControlOpcode::Close => {
                let frame = CloseFrame::decode(payload)?;
                let (state, echo) = self.state().after_peer_close();
                self.stage.enter(state);
                self.inbound = Inbound::Closed;
                if echo {
                    // §5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code it received."
                    self.control.close_with(frame.code().map_or(CloseFrame::EMPTY, CloseFrame::from));
                }
                Raw::Close(frame)
            }
        }))
    }

    /// A data piece as an event; `None` if nothing of it can be handed out yet.
    fn data_event<'i>(&mut self, data: RawData<'i>) -> Result<Option<Event<'i>>, ProtocolError> {
        let RawData { kind, compressed, payload, key, ends, .. } = data;
        if kind == MessageKind::Text && !compressed {
            return self.text_event(payload, key, ends);
        }
        if payload.is_empty() && !ends {
            return Ok(None);
        }
        kernel::xor(self.level(), payload, key);
        let part = self.deliver(payload.len(), ends);
        Ok(Some(if compressed { Event::Compressed(kind, payload, part) } else { Event::Binary(payload, part) }))
    }

    fn text_event<'i>(
        &mut self,
        payload: &'i mut [u8],
        key: u32,
        ends: bool,
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        if !self.partial.is_empty() {
            kernel::xor_short(payload, key);
            for &byte in payload.iter() {
                match self.partial.push(byte) {
                    Err(_) => return self.doom(""),
                    Ok(None) => {}
                    Ok(Some(char)) => {
                        let part = self.deliver(char.len_utf8(), ends);
                        return Ok(Some(Event::Char(char, part)));
                    }
                }
            }
            // §8.1: a message that ends inside a code point is not UTF-8.
            return if ends { self.doom("") } else { Ok(None) };
        }
        let text = kernel::unmask_text(self.level(), payload, key);
        match text.tail {
            Tail::Complete => {}
            Tail::Cut(bytes) if !ends => {
                for &byte in bytes {
                    if self.partial.push(byte).is_err() {
                        return self.doom(text.valid);
                    }
                }
            }
            Tail::Cut(_) | Tail::Invalid => return self.doom(text.valid),
        }
        if text.valid.is_empty() && !ends {
            return Ok(None);
        }
        let part = self.deliver(text.valid.len(), ends);
        Ok(Some(Event::Text(text.valid, part)))
    }

    /// Counts what is handed out, and tells which part of the message it is.
    fn deliver(&mut self, len: usize, last: bool) -> Part {
        let part = Part::new(self.delivered == 0, last);
        self.delivered = if last { 0 } else { self.delivered.saturating_add(widened(len)) };
        part
    }

    /// Text ended in bytes that are not UTF-8. What was valid before them comes first, and the error with the next call.
    #[cold]
    fn doom<'i>(&mut self, valid: &'i str) -> Result<Option<Event<'i>>, ProtocolError> {
        if valid.is_empty() {
            return Err(self.fail_text(0));
        }
        self.inbound = Inbound::Violated(self.not_utf8(valid.len()));
        self.settle();
        let part = self.deliver(valid.len(), false);
        Ok(Some(Event::Text(valid, part)))
    }

    /// A text has so many bytes of valid UTF-8 after those that were handed out, and then others.
    fn not_utf8(&self, valid: usize) -> ProtocolError {
        ProtocolError::InvalidUtf8 { valid_up_to: self.delivered.saturating_add(widened(valid)) }
    }

    /// Fails because of a text. §8.1: "that endpoint MUST _Fail the WebSocket Connection_".
    #[cold]
    pub(crate) fn fail_text(&mut self, valid: usize) -> ProtocolError {
        self.fail(self.not_utf8(valid))
    }

    /// _Fail the WebSocket Connection_ (§7.1.7): the peer is told why, and nothing more is taken from it.
    #[cold]
    pub(crate) fn fail(&mut self, error: ProtocolError) -> ProtocolError {
        let (state, tell) = self.state().after_violation();
        self.stage.enter(state);
        self.inbound = Inbound::Violated(error);
        if tell {
            self.control.close_with(error.close_code().into());
        }
        self.settle();
        error
    }

    /// The transport has no more input: the peer closed it, or its sending half.
    ///
    /// What is queued can still be taken and written. Calling this again returns the same.
    pub fn receive_eof(&mut self) -> Ending {
        let ending = self.stage.ending().unwrap_or(match self.inbound {
            // §7.1.4: "If the TCP connection was closed after the WebSocket closing handshake was completed, the WebSocket
            // connection is said to have been closed cleanly."
            Inbound::Closed if self.control.close().is_none() => Ending::Clean,
            Inbound::Closed | Inbound::Reading | Inbound::Violated(_) => Ending::Unclean,
        });
        self.stage.end(ending);
        if let Inbound::Reading = self.inbound {
            self.inbound = Inbound::Closed;
        }
        self.settle();
        ending
    }
}

/// What the reader found, before payload is unmasked.
pub(crate) enum Raw<'i> {
    Data(RawData<'i>),
    /// A Ping, whose payload the connection keeps.
    Ping,
    /// A Pong, whose payload the connection keeps.
    Pong,
    Close(CloseFrame),
}

/// A piece of a message, still masked.
pub(crate) struct RawData<'i> {
    pub(crate) payload: &'i mut [u8],
    pub(crate) key: u32,
    pub(crate) kind: MessageKind,
    /// Whether permessage-deflate has compressed the message.
    pub(crate) compressed: bool,
    /// Whether the message begins with this piece.
    #[cfg(feature = "alloc")]
    pub(crate) begins: bool,
    /// Whether the message ends with this piece.
    pub(crate) ends: bool,
}

impl<'i> RawData<'i> {
    fn new(piece: Piece<'i>, kind: MessageKind, rsv: Rsv) -> Self {
        Self {
            key: piece.key(),
            kind,
            compressed: rsv.contains(Rsv::RSV1),
            #[cfg(feature = "alloc")]
            begins: piece.begins_message(),
            ends: piece.ends_message(),
            payload: piece.payload,
        }
    }
}

/// What the next byte of payload belongs to.
#[cfg(feature = "alloc")]
pub(crate) struct Awaited {
    pub(crate) kind: MessageKind,
    pub(crate) key: u32,
    /// Whether the message begins with it.
    pub(crate) begins: bool,
    /// Whether the message ends with its frame.
    pub(crate) fin: bool,
    /// How much of the frame is still to come.
    pub(crate) missing: u64,
}
