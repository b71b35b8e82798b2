//! Bytes in, events out (§5, §6.2, §7).

use super::{Connection, Ending, Event, Inbound, Part, Role};
use crate::frame::{Content, Piece};
use crate::kernel::{self, Tail};
use crate::wire::{ControlOpcode, InvalidUtf8, MessageKind, ProtocolError, Rsv, widened};

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
        if let Some(piece) = self.next_short(input) {
            let key = piece.key();
            match piece.content {
                Content::Message { kind: MessageKind::Text, .. } => match kernel::unmask_ascii(piece.payload, key) {
                    Ok(text) => return Ok(Some(Event::Text(text, Part::Whole))),
                    Err(payload) => return self.whole_text(payload, key, input),
                },
                Content::Message { kind: MessageKind::Binary, .. } => {
                    kernel::xor_short(piece.payload, key);
                    return Ok(Some(Event::Binary(piece.payload, Part::Whole)));
                }
                Content::Control(_) => return self.whole_event(piece, input),
            }
        }
        if input.is_empty() && self.takes_short_frames() {
            return Ok(None);
        }
        self.receive_slow(input)
    }

    /// Everything that the shortest path leaves. The same signature, so that the result is written once.
    #[inline(never)]
    fn receive_slow<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        if let Some(piece) = self.next_whole(input) {
            return self.whole_event(piece, input);
        }
        loop {
            // The rest of a cut code point is taken byte by byte.
            let max = if self.utf8.is_cut() { 1 } else { usize::MAX };
            let Some(piece) = self.next_piece(input, max)? else { return Ok(None) };
            match self.event(piece, input) {
                Ok(None) => {}
                event => return event,
            }
        }
    }

    /// The slow path: the next piece of a message, still masked, or the next control frame that is whole, for
    /// [`act_on`](Self::act_on).
    #[inline(never)]
    pub(crate) fn next_piece<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        max: usize,
    ) -> Result<Option<Piece<'i>>, ProtocolError> {
        let piece = loop {
            match self.inbound {
                Inbound::Reading => {}
                // The first time the connection fails; after that this changes nothing.
                Inbound::Violated(error) => break Err(error),
                // §5.5.1: after a Close "any further data" is discarded.
                Inbound::Closed | Inbound::Ended => {
                    *input = &mut [];
                    break Ok(None);
                }
            }
            match self.reader.begin_frame(input) {
                Ok(true) => self.frame_received(self.reader.next_piece().map(|piece| piece.header)),
                Ok(false) => {}
                Err(error) => break Err(error),
            }
            let Some(piece) = self.reader.read_payload(input, max) else { break Ok(None) };
            if let Content::Control(_) = piece.content {
                kernel::xor_short(piece.payload, piece.key());
                self.control.keep(piece.payload, piece.offset == 0);
                if !piece.ends_frame() {
                    continue;
                }
            }
            break Ok(Some(piece));
        };
        self.settle();
        piece.map_err(|error| {
            *input = &mut [];
            self.fail(error)
        })
    }

    /// What the next byte of payload belongs to, as an empty piece, if it is a message's that no extension has transformed.
    #[cfg(feature = "alloc")]
    pub(crate) fn awaited(&self) -> Option<Piece<'static>> {
        self.reader.next_piece().filter(|piece| {
            matches!(self.inbound, Inbound::Reading) && matches!(piece.content, Content::Message { rsv: Rsv::NONE, .. })
        })
    }

    /// Counts payload that was read into a place of its own.
    #[cfg(feature = "alloc")]
    pub(crate) fn pass(&mut self, len: usize) {
        self.reader.pass(len);
        self.settle();
    }

    /// A message, Ping or Pong that lies in the input whole, as an event.
    #[inline(always)] // The piece then stays in registers: `benches/instructions`, receive-binary-1024.
    fn whole_event<'i>(&mut self, piece: Piece<'i>, input: &mut &mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        let key = piece.key();
        match piece.content {
            Content::Message { kind: MessageKind::Text, .. } => self.whole_text(piece.payload, key, input),
            Content::Message { kind: MessageKind::Binary, .. } => {
                kernel::xor(self.level(), piece.payload, key);
                Ok(Some(Event::Binary(piece.payload, Part::Whole)))
            }
            Content::Control(opcode) => {
                kernel::xor_short(piece.payload, key);
                self.control.keep(piece.payload, true);
                self.control_event(opcode, input)
            }
        }
    }

    /// A control frame whose payload was collected, as an event.
    #[inline]
    fn control_event<'i>(
        &mut self,
        opcode: ControlOpcode,
        input: &mut &mut [u8],
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        self.act_on(opcode, input)?;
        Ok(Some(match opcode {
            ControlOpcode::Ping => Event::Ping,
            ControlOpcode::Pong => Event::Pong,
            ControlOpcode::Close => Event::Close,
        }))
    }

    /// A piece as an event; `None` if nothing of it can be handed out yet.
    fn event<'i>(&mut self, piece: Piece<'i>, input: &mut &mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        let (key, ends) = (piece.key(), piece.ends_message());
        let (kind, rsv) = match piece.content {
            Content::Control(opcode) => return self.control_event(opcode, input),
            Content::Message { kind: MessageKind::Text, rsv: Rsv::NONE } => {
                return self.text_event(piece.payload, key, ends, input);
            }
            Content::Message { kind, rsv } => (kind, rsv),
        };
        if piece.payload.is_empty() && !ends {
            return Ok(None);
        }
        kernel::xor(self.level(), piece.payload, key);
        let part = self.deliver(piece.payload.len(), ends);
        Ok(Some(match rsv {
            Rsv::NONE => Event::Binary(piece.payload, part),
            #[cfg(feature = "inflate")]
            rsv if rsv == self.deflate_rsv() => Event::Compressed(kind, piece.payload, part),
            rsv => Event::Transformed { kind, rsv, payload: piece.payload, part },
        }))
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
            Tail::Cut(_) | Tail::Invalid => self.doom(text.valid, input),
        }
    }

    fn text_event<'i>(
        &mut self,
        payload: &'i mut [u8],
        key: u32,
        ends: bool,
        input: &mut &mut [u8],
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        if self.utf8.is_cut() {
            kernel::xor_short(payload, key);
            return match self.utf8.resume(payload) {
                Ok((_, Some(char))) => Ok(Some(Event::Char(char, self.deliver(char.len_utf8(), ends)))),
                Ok((_, None)) if !ends => Ok(None),
                // §8.1: a message that ends inside a code point is not UTF-8.
                Ok((_, None)) | Err(InvalidUtf8) => self.doom("", input),
            };
        }
        let text = kernel::unmask_text(self.level(), payload, key);
        if let Err(InvalidUtf8) = self.utf8.leave(text.tail, ends) {
            return self.doom(text.valid, input);
        }
        if text.valid.is_empty() && !ends {
            return Ok(None);
        }
        let part = self.deliver(text.valid.len(), ends);
        Ok(Some(Event::Text(text.valid, part)))
    }

    /// Counts what is handed out, and tells which part of the message it is.
    #[inline]
    fn deliver(&mut self, len: usize, last: bool) -> Part {
        let part = Part::new(self.delivered == 0, last);
        self.delivered = if last { 0 } else { self.delivered.saturating_add(widened(len)) };
        part
    }

    /// Text ended in bytes that are not UTF-8. What was valid before them comes first, and the error with the next call.
    #[cold]
    fn doom<'i>(&mut self, valid: &'i str, input: &mut &mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        *input = &mut [];
        if valid.is_empty() {
            return Err(self.fail_text(0));
        }
        self.inbound = Inbound::Violated(self.not_utf8(valid.len()));
        self.settle();
        let part = self.deliver(valid.len(), false);
        Ok(Some(Event::Text(valid, part)))
    }

    /// A text has `valid` bytes of UTF-8 after those that were handed out, and then other bytes.
    pub(crate) fn not_utf8(&self, valid: usize) -> ProtocolError {
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
            self.control.close = Some(error.close_code().into());
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
            Inbound::Closed if self.control.close.is_none() => Ending::Clean,
            Inbound::Closed | Inbound::Ended | Inbound::Reading | Inbound::Violated(_) => Ending::Unclean,
        });
        self.stage.end(ending);
        if let Inbound::Reading = self.inbound {
            self.inbound = Inbound::Ended;
        }
        self.settle();
        ending
    }
}
