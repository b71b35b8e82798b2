//! Whole messages, with replies that are written automatically.
#![forbid(unsafe_code)]

mod advance;
mod buffer;
#[cfg(feature = "inflate")]
mod compressed;
mod in_input;
mod incoming;
mod owned;
pub(crate) mod retention;
mod space;

use buffer::MessageBuffer;
use in_input::{whole, whole_text};
pub use incoming::Incoming;
use incoming::{Found, Ready, Stage};
pub use owned::OwnedMessage;
use retention::Retention;

use crate::connection::{Connection, Heartbeat, Raw, RawData, Role, Whole};
#[cfg(feature = "inflate")]
use crate::extension::deflate::Inflater;
use crate::kernel;
use crate::wire::{CloseCode, CloseFrame, ControlPayload, MessageKind, Output, ProtocolError};

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
    stage: Stage,
    /// Whether the short path is closed: something was found and waits, the output may be below its mark again, or turns are counted.
    busy: bool,
    /// Whether a Pong was appended although the output had reached its mark, and it has not been seen below it since.
    over_the_mark: bool,
    retention: Retention,
    kept_capacity: usize,
    control: ControlPayload,
    close: CloseFrame,
    /// Made for the first compressed message.
    #[cfg(feature = "inflate")]
    inflater: Option<Inflater>,
}

impl Messages {
    /// How much of the buffer is always kept between messages, unless told otherwise: 64 KiB.
    pub const KEPT_CAPACITY: usize = 64 * 1024;

    /// From how much missing payload on [`space`](Self::space) lends a place: 16 KiB. Less is better copied than read apart.
    pub const LEAST_SPACE: usize = 16 * 1024;

    /// Makes one that holds no memory yet.
    pub const fn new() -> Self {
        Self {
            buffer: MessageBuffer::new(),
            stage: Stage::Free,
            busy: false,
            over_the_mark: false,
            retention: Retention::new(),
            kept_capacity: Self::KEPT_CAPACITY,
            control: ControlPayload::EMPTY,
            close: CloseFrame::EMPTY,
            #[cfg(feature = "inflate")]
            inflater: None,
        }
    }

    /// Sets how many bytes of its buffer it keeps between messages, and no more, however many large messages come.
    ///
    /// Without this it keeps [`KEPT_CAPACITY`](Self::KEPT_CAPACITY), and more while large messages come again and again: a buffer that has
    /// grown is given back after the first message that needed it, and kept from the second on, if that comes within 64 turns. (A turn is a
    /// message, a control frame or a read.) After 64 turns in which no message filled a quarter of it, it is given back. So it holds at
    /// most four times the largest message of the last 64 turns, or 64 KiB if that is more, and [`hibernate`](Self::hibernate) gives all
    /// back.
    #[must_use]
    pub const fn with_kept_capacity(mut self, bytes: usize) -> Self {
        self.retention = Retention::fixed();
        self.kept_capacity = bytes;
        self
    }

    /// The status code of the peer's Close, if one has come and has one.
    pub(crate) fn close_code(&self) -> Option<CloseCode> {
        self.close.code()
    }

    /// Gives back the memory that a connection at rest does not need.
    ///
    /// It may be called at any time, and costs no more than to ask for the memory again. What stays is a message that is under way,
    /// and the history that the next compressed message may refer to.
    ///
    /// ```
    /// use websocket_proto::Messages;
    ///
    /// let mut messages = Messages::new();
    /// // ... when nothing has come for some seconds:
    /// messages.hibernate();
    /// ```
    pub fn hibernate(&mut self) {
        if let Stage::HandedOut = self.stage {
            self.buffer.discard();
            self.stage = Stage::Free;
        }
        self.buffer.shrink();
        self.retention.reset();
        #[cfg(feature = "inflate")]
        if let Some(inflater) = &mut self.inflater {
            inflater.hibernate();
        }
    }

    /// Takes the next message or control frame from the front of `input`.
    ///
    /// `Ok(None)` says that all of `input` is used up; **drain `input` before you read again**. The Pong to a Ping, the echo of a
    /// Close and the Close of a failure are appended to `out` before this returns, so ten Pings in one read get ten Pongs.
    ///
    /// While `out` holds [`Limits::high_water_mark`](crate::Limits::high_water_mark) bytes or more, or has no room, a Pong waits, and a
    /// newer one replaces it: a peer that sends Pings and does not read makes `out` no longer than that, and one frame. (When the input
    /// is used up, one Pong is appended above the mark, so that a caller that writes all of `out` after each read forgets none.)
    /// Whether something waits, [`Connection::wants_write`] tells: write out what `out` holds, then call this again, or
    /// [`Connection::write_control`]. The bound is on replies; how much of the application's own output waits is up to the
    /// application, which can stop reading while it is too much.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`], as [`Connection::receive`]. The Close that tells the peer why is in `out` and still has to be written, so do not
    /// leave with `?` before that. The rest of `input` is dropped, and calling this again returns the same error.
    #[inline]
    pub fn next<'m, 'i: 'm, R: Role>(
        &'m mut self,
        connection: &mut Connection<R>,
        input: &mut &'i mut [u8],
        out: &mut impl Output,
    ) -> Result<Option<Incoming<'m>>, ProtocolError> {
        if !connection.wants_write() && !self.busy {
            if let Some(Whole { kind, payload, key }) = connection.short_frame(input) {
                match kind {
                    MessageKind::Text => match kernel::unmask_ascii(payload, key) {
                        Ok(text) => return Ok(Some(Incoming::Text(text))),
                        Err(payload) => return whole_text(connection, payload, key, input, out),
                    },
                    MessageKind::Binary => {
                        kernel::xor_short(payload, key);
                        return Ok(Some(Incoming::Binary(payload)));
                    }
                }
            }
            // A connection that has failed takes none, and says so again below.
            if input.is_empty() && connection.takes_short_frames() && self.stage.is_free() {
                return Ok(None);
            }
        }
        self.next_long(connection, input, out)
    }

    #[inline(never)]
    fn next_long<'m, 'i: 'm, R: Role>(
        &'m mut self,
        connection: &mut Connection<R>,
        input: &mut &'i mut [u8],
        out: &mut impl Output,
    ) -> Result<Option<Incoming<'m>>, ProtocolError> {
        if let Stage::Found(ready) = self.stage {
            self.set_stage(Stage::Free);
            // What finds no room goes on waiting in the connection, as documented.
            let _ = connection.write_control(out);
            return Ok(Some(self.lend(ready)));
        }
        self.begin(connection, out);
        let found = self.find(connection, input);
        if found.is_err() {
            *input = &mut [];
        }
        self.finish(connection, &found, out);
        Ok(match found? {
            None => None,
            Some(Found::Text(text)) => Some(Incoming::Text(text)),
            Some(Found::Binary(bytes)) => Some(Incoming::Binary(bytes)),
            Some(Found::Ping(payload)) => Some(Incoming::Ping(payload)),
            Some(Found::Pong(payload)) => Some(Incoming::Pong(payload)),
            Some(Found::Kept(ready)) => Some(self.lend(ready)),
        })
    }

    /// Frees the memory of the message that was handed out, and writes the control frames that wait.
    fn begin<R: Role>(&mut self, connection: &mut Connection<R>, out: &mut impl Output) {
        if let Stage::HandedOut = self.stage {
            self.buffer.clear(self.kept_capacity, &mut self.retention);
            self.stage = Stage::Free;
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

    fn set_stage(&mut self, stage: Stage) {
        self.stage = stage;
        self.busy = stage.is_found() || self.over_the_mark || self.retention.counts();
    }

    /// Writes the replies to what was found.
    fn finish<R: Role, F>(
        &mut self,
        connection: &mut Connection<R>,
        found: &Result<Option<F>, ProtocolError>,
        out: &mut impl Output,
    ) {
        if connection.wants_write() {
            let _ = connection.write_control(out);
        }
        match found {
            Ok(Some(_)) => {}
            // The input is used up, so that the caller writes now, and may then wait for the peer; and the peer for this Pong. One such
            // Pong above the mark is as much as is bounded.
            Ok(None) if connection.wants_write() && !self.over_the_mark => {
                self.over_the_mark = connection.write_control_until(false, out).is_ok();
                self.busy |= self.over_the_mark;
            }
            Ok(None) => {}
            // What was assembled will never be a message.
            Err(_) => self.buffer.discard(),
        }
    }

    /// Lends what was found and lies here.
    fn lend(&mut self, ready: Ready) -> Incoming<'_> {
        match ready {
            Ready::Message(kind) => {
                self.stage = Stage::HandedOut;
                match kind {
                    MessageKind::Text => Incoming::Text(self.buffer.text().unwrap_or_default()),
                    MessageKind::Binary => Incoming::Binary(self.buffer.binary()),
                }
            }
            Ready::Ping => Incoming::Ping(self.control.as_bytes()),
            Ready::Pong => Incoming::Pong(self.control.as_bytes()),
            Ready::Close => Incoming::Close(&self.close),
        }
    }

    /// Goes on until there is something to hand out.
    fn find<'i, R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Found<'i>>, ProtocolError> {
        if let Some(message) = connection.extended_frame(input) {
            return whole(connection, message).map(Some);
        }
        match connection.whole_heartbeat(input) {
            Some(Heartbeat::Ping(payload)) => return Ok(Some(Found::Ping(payload))),
            Some(Heartbeat::Pong(payload)) => return Ok(Some(Found::Pong(payload))),
            None => {}
        }
        loop {
            let Some(raw) = connection.receive_raw(input, usize::MAX)? else { return Ok(None) };
            let kept = match raw {
                Raw::Data(RawData { kind, payload, key, compressed: false, begins: true, ends: true }) => {
                    return whole(connection, Whole { kind, payload, key }).map(Some);
                }
                raw => self.keep(connection, raw)?,
            };
            if let Some(ready) = kept {
                return Ok(Some(Found::Kept(ready)));
            }
        }
    }

    /// Adds a piece to the message that is under way, or stores a control frame; tells whether there is something to hand out.
    fn keep<R: Role>(&mut self, connection: &mut Connection<R>, raw: Raw<'_>) -> Result<Option<Ready>, ProtocolError> {
        Ok(match raw {
            Raw::Data(data) => {
                let (kind, ends) = (data.kind, data.ends);
                match data.compressed {
                    #[cfg(feature = "inflate")]
                    true => self.inflate(connection, data)?,
                    // Without an extension no frame passes that sets the bit for it.
                    #[cfg(not(feature = "inflate"))]
                    true => {}
                    false => self.assemble(connection, data)?,
                }
                ends.then_some(Ready::Message(kind))
            }
            Raw::Ping => {
                self.control = *connection.received_control();
                Some(Ready::Ping)
            }
            Raw::Pong => {
                self.control = *connection.received_control();
                Some(Ready::Pong)
            }
            Raw::Close(frame) => {
                // The unfinished message, if there is one, will never be finished.
                self.buffer.clear(self.kept_capacity, &mut self.retention);
                self.close = frame;
                Some(Ready::Close)
            }
        })
    }

    /// Adds a piece to the message.
    fn assemble<R: Role>(&mut self, connection: &mut Connection<R>, data: RawData<'_>) -> Result<(), ProtocolError> {
        if data.begins {
            self.buffer.clear(self.kept_capacity, &mut self.retention);
        }
        let level = connection.level();
        let valid = match data.kind {
            MessageKind::Text => self.buffer.push_text(level, data.payload, data.key),
            MessageKind::Binary => {
                self.buffer.push_binary(level, data.payload, data.key);
                Ok(())
            }
        };
        self.judge(connection, data.kind, data.ends, valid)
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
        let whole = if ends && kind == MessageKind::Text { self.buffer.expect_whole() } else { Ok(()) };
        valid.and(whole).map_err(|valid_up_to| connection.fail_text(valid_up_to))
    }
}

impl Default for Messages {
    fn default() -> Self {
        Self::new()
    }
}
