//! Whole messages, with replies that are written automatically.
#![forbid(unsafe_code)]

mod advance;
mod buffer;
mod in_input;
mod incoming;
mod owned;
pub(crate) mod retention;
mod space;
mod transformed;

use alloc::boxed::Box;

use buffer::MessageBuffer;
pub use incoming::Incoming;
use incoming::{Held, LastControl, Ready};
pub use owned::OwnedMessage;
use retention::Retention;
use transformed::{Decoders, Work};

use crate::connection::{Connection, Role};
#[cfg(feature = "inflate")]
use crate::extension::deflate::Inflater;
use crate::frame::{Content, Piece};
use crate::kernel;
use crate::wire::{CloseCode, CloseFrame, ControlOpcode, ControlPayload, MessageKind, Output, ProtocolError, Rsv};

/// Puts messages together, on top of a [`Connection`].
///
/// A message that lies in the input whole and in one frame is borrowed from there: no copy, no allocation. Others are assembled
/// in a buffer, unmasked and validated on the way, which grows as bytes arrive, never by what a header declares, and is used again
/// for the next one. [`Limits::max_message_len`](crate::Limits::max_message_len) bounds it.
///
/// Use one `Messages` per connection, and do not call [`Connection::receive`] between the pieces of a message.
///
/// ```
/// use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, Server};
///
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// let mut messages = Messages::new();
/// let mut out = Vec::new();
/// // §5.7: "A single-frame masked text message", and a masked Ping.
/// let mut read = [
///     0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, // "Hello"
///     0x89, 0x80, 0x00, 0x00, 0x00, 0x00,
/// ];
///
/// let mut input = &mut read[..];
/// while let Some(incoming) = messages.next(&mut connection, &mut input, &mut out)? {
///     match incoming {
///         Incoming::Text(text) => connection.send(text, &mut out).unwrap(),
///         Incoming::Binary(bytes) => connection.send(bytes, &mut out).unwrap(),
///         _ => {}
///     }
/// }
/// assert_eq!(out, b"\x81\x05Hello\x8a\x00"); // the echo, and the Pong
/// # Ok::<(), websocket_proto::ProtocolError>(())
/// ```
#[derive(Debug)]
pub struct Messages {
    buffer: MessageBuffer,
    held: Held,
    /// Whether the short path is closed: something was found and waits, the output may be below its mark again, or turns are counted.
    busy: bool,
    /// Whether a Pong was appended although the output had reached its mark, and it has not been seen below it since.
    over_the_mark: bool,
    work: Work,
    retention: Retention,
    kept_capacity: usize,
    control: LastControl,
    /// Made for the first compressed message.
    #[cfg(feature = "inflate")]
    inflater: Option<Inflater>,
    decoders: Option<Box<Decoders>>,
}

impl Messages {
    /// How much of the buffer is always kept between messages, unless told otherwise: 64 KiB.
    pub const KEPT_CAPACITY: usize = 64 * 1024;

    /// The least payload that must be missing for [`space`](Self::space) to lend a place: 16 KiB. Less is cheaper to copy than to read on its own.
    pub const LEAST_SPACE: usize = 16 * 1024;

    /// Makes one that holds no memory yet.
    pub const fn new() -> Self {
        Self {
            buffer: MessageBuffer::new(),
            held: Held::Nothing,
            busy: false,
            over_the_mark: false,
            work: Work::NONE,
            retention: Retention::new(),
            kept_capacity: Self::KEPT_CAPACITY,
            control: LastControl::Pong(ControlPayload::EMPTY),
            #[cfg(feature = "inflate")]
            inflater: None,
            decoders: None,
        }
    }

    /// The status code of the peer's Close, if one has come and has one.
    pub(crate) fn close_code(&self) -> Option<CloseCode> {
        match &self.control {
            LastControl::Close(frame) => frame.code(),
            LastControl::Ping(_) | LastControl::Pong(_) => None,
        }
    }

    /// Takes the next message or control frame from the front of `input`.
    ///
    /// `Ok(None)` says that all of `input` is used up; **drain `input` before you read again**. The Pong to a Ping, the echo of a
    /// Close and the Close of a failure are appended to `out` before this returns, so ten Pings in one read get ten Pongs.
    ///
    /// [`Incoming::Progress`] says that nothing was found yet, that there is more input, and that this call has done enough: at most 16 KiB of
    /// what an extension has transformed are undone at once, which takes less than a millisecond even where a peer makes it as costly as it
    /// can.
    ///
    /// While `out` holds [`Limits::high_water_mark`](crate::Limits::high_water_mark) bytes or more, or has no room, a Pong waits, and a
    /// newer one replaces it: a peer that sends Pings and does not read makes `out` no longer than that, and one frame. (When the input
    /// is used up, one Pong is appended above the mark, so that a caller that writes all of `out` after each read forgets none.)
    /// [`Connection::wants_write`] says whether something waits: if so, write what `out` holds, then call this again, or
    /// [`Connection::write_control`]. The bound is on replies; how much of the application's own output waits is up to the
    /// application, which can stop reading while it is too much.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`], as [`Connection::receive`]. The Close that tells the peer why is in `out` and still has to be written, so do not
    /// leave with `?` before that. The rest of `input` is dropped, and calling this again returns the same error.
    #[inline(always)] // A call costs a quarter of what a short message does: `benches/instructions`, next-text-20.
    pub fn next<'m, 'i: 'm, R: Role>(
        &'m mut self,
        connection: &mut Connection<R>,
        input: &mut &'i mut [u8],
        out: &mut impl Output,
    ) -> Result<Option<Incoming<'m>>, ProtocolError> {
        if !connection.wants_write() && !self.busy {
            if let Some(piece) = connection.next_short(input) {
                let key = piece.key();
                match piece.content {
                    Content::Message { kind: MessageKind::Text, .. } => {
                        match kernel::unmask_ascii(piece.payload, key) {
                            Ok(text) => return Ok(Some(Incoming::Text(text))),
                            Err(payload) => return self.whole_text(connection, payload, key, input, out),
                        }
                    }
                    Content::Message { kind: MessageKind::Binary, .. } => {
                        kernel::xor_short(piece.payload, key);
                        return Ok(Some(Incoming::Binary(piece.payload)));
                    }
                    Content::Control(_) => return self.lend_whole(connection, piece, input, out),
                }
            }
            // A connection that has failed takes none, and says so again below.
            if input.is_empty() && connection.takes_short_frames() && self.held.is_nothing() {
                return Ok(None);
            }
        }
        self.next_slow(connection, input, out)
    }

    /// Everything that the short path leaves. The same signature, so that the result is written once.
    #[inline(never)]
    fn next_slow<'m, 'i: 'm, R: Role>(
        &'m mut self,
        connection: &mut Connection<R>,
        input: &mut &'i mut [u8],
        out: &mut impl Output,
    ) -> Result<Option<Incoming<'m>>, ProtocolError> {
        if let Held::Ready(ready) = self.held {
            self.hold(Held::Nothing);
            // What finds no room goes on waiting in the connection, as documented.
            let _ = connection.write_control(out);
            return Ok(Some(self.lend(ready)));
        }
        self.begin(connection, out);
        if let Some(piece) = connection.next_whole(input) {
            return self.lend_whole(connection, piece, input, out);
        }
        loop {
            let piece = match connection.next_piece(input, usize::MAX) {
                Ok(Some(piece)) => piece,
                Ok(None) => {
                    self.drained(connection, out);
                    return Ok(None);
                }
                Err(error) => return Err(self.failed(connection, error, input, out)),
            };
            if piece.is_whole_message() {
                return self.lend_whole(connection, piece, input, out);
            }
            match self.keep(connection, piece, input) {
                Ok(None) if self.work.is_enough(input) => return Ok(Some(Incoming::Progress)),
                Ok(None) => {}
                Ok(Some(ready)) => {
                    let _ = connection.write_control(out);
                    return Ok(Some(self.lend(ready)));
                }
                Err(error) => return Err(self.failed(connection, error, input, out)),
            }
        }
    }

    /// Adds a piece to the message that is under way, or acts on a control frame and stores it; tells whether there is something to
    /// hand out.
    fn keep<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        piece: Piece<'_>,
        input: &mut &mut [u8],
    ) -> Result<Option<Ready>, ProtocolError> {
        let ends = piece.ends_message();
        Ok(match piece.content {
            Content::Message { kind, rsv } => {
                if piece.begins_message() {
                    self.buffer.clear(self.kept_capacity, &mut self.retention);
                }
                let valid = match rsv {
                    Rsv::NONE => self.buffer.push(kind, connection.level(), piece.payload, piece.key()),
                    rsv => {
                        self.decode(connection, kind, rsv, piece)?;
                        Ok(())
                    }
                };
                self.judge(connection, kind, ends, valid)?;
                ends.then_some(Ready::Message(kind))
            }
            Content::Control(opcode) => Some(self.keep_control(connection, opcode, input)?),
        })
    }

    #[inline(never)]
    fn keep_control<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        opcode: ControlOpcode,
        input: &mut &mut [u8],
    ) -> Result<Ready, ProtocolError> {
        connection.act_on(opcode, input)?;
        self.control = match opcode {
            ControlOpcode::Ping => LastControl::Ping(*connection.control_payload()),
            ControlOpcode::Pong => LastControl::Pong(*connection.control_payload()),
            ControlOpcode::Close => {
                // The unfinished message, if there is one, will never be finished.
                self.buffer.clear(self.kept_capacity, &mut self.retention);
                LastControl::Close(connection.peer_close().unwrap_or(CloseFrame::EMPTY))
            }
        };
        Ok(Ready::Control)
    }

    /// Fails the connection if the assembled text can't become UTF-8, or ends before it has.
    fn judge<R: Role>(
        &self,
        connection: &mut Connection<R>,
        kind: MessageKind,
        ends: bool,
        valid: Result<(), usize>,
    ) -> Result<(), ProtocolError> {
        // §8.1: a message that ends inside a code point is not UTF-8.
        let whole = if ends && kind == MessageKind::Text { self.buffer.text().map(drop) } else { Ok(()) };
        valid.and(whole).map_err(|valid_up_to| connection.fail_text(valid_up_to))
    }

    /// Frees the memory of the message that was handed out, and writes the control frames that wait.
    fn begin<R: Role>(&mut self, connection: &mut Connection<R>, out: &mut impl Output) {
        self.work = Work::NONE;
        if let Held::HandedOut = self.held {
            self.buffer.clear(self.kept_capacity, &mut self.retention);
            self.held = Held::Nothing;
        } else {
            self.buffer.rest(self.kept_capacity, &mut self.retention);
        }
        if self.over_the_mark && connection.is_below_mark(out) {
            self.over_the_mark = false;
        }
        self.busy = self.over_the_mark || self.retention.counts();
        if connection.wants_write() {
            let _ = connection.write_control(out);
        }
    }

    fn hold(&mut self, held: Held) {
        self.held = held;
        self.busy = held.is_ready() || self.over_the_mark || self.retention.counts();
    }

    /// The input is used up, so that the caller writes now, and may then wait for the peer; and the peer for a Pong that waits. One such
    /// Pong above the mark is as much as is bounded.
    fn drained<R: Role>(&mut self, connection: &mut Connection<R>, out: &mut impl Output) {
        let _ = connection.write_control(out);
        if connection.wants_write() && !self.over_the_mark {
            self.over_the_mark = connection.write_control_until(false, out).is_ok();
            self.busy |= self.over_the_mark;
        }
    }

    /// The connection has failed: what was assembled will never be a message, and the rest of the input is dropped.
    #[cold]
    fn failed<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        error: ProtocolError,
        input: &mut &mut [u8],
        out: &mut impl Output,
    ) -> ProtocolError {
        *input = &mut [];
        let _ = connection.write_control(out);
        self.buffer.discard();
        error
    }

    /// Lends what was found and lies here.
    fn lend(&mut self, ready: Ready) -> Incoming<'_> {
        match ready {
            Ready::Message(kind) => {
                self.held = Held::HandedOut;
                match kind {
                    MessageKind::Text => Incoming::Text(self.buffer.text().unwrap_or_default()),
                    MessageKind::Binary => Incoming::Binary(self.buffer.binary()),
                }
            }
            Ready::Control => match &self.control {
                LastControl::Ping(payload) => Incoming::Ping(payload.as_bytes()),
                LastControl::Pong(payload) => Incoming::Pong(payload.as_bytes()),
                LastControl::Close(frame) => Incoming::Close(frame),
            },
            Ready::Progress => Incoming::Progress,
        }
    }
}

impl Default for Messages {
    fn default() -> Self {
        Self::new()
    }
}
