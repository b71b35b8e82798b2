//! Receiving in two steps, for wrappers that own the buffers: first whether there is something, then the loan of it.

use super::incoming::{Held, Ready};
use super::{Messages, OwnedMessage};
use crate::connection::{Connection, Role};
use crate::wire::{MessageKind, Output};

impl Messages {
    /// Takes from the front of `input` until [`next`](Self::next) has something to hand out, and says whether it has.
    ///
    /// `true`: the next call of `next`, with what is left of `input`, hands out a message or a control frame, or fails. `false`: all
    /// of `input` is used up, so it is time to read again. Replies are appended to `out` as `next` does. Calling it again without
    /// new input changes nothing.
    ///
    /// `next` alone lends from `input` and from `Messages` at once, so a loop around it that reads more input does not pass the
    /// borrow checker where buffer and `Messages` are fields of one struct. This is the first step of two, and lends nothing:
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, Server};
    ///
    /// struct Reader<T> { socket: T, connection: Connection<Server>, messages: Messages, read: Vec<u8>, start: usize, end: usize, out: Vec<u8> }
    ///
    /// impl<T: Read> Reader<T> {
    ///     fn next(&mut self) -> io::Result<Option<Incoming<'_>>> {
    ///         loop {
    ///             let mut input = &mut self.read[self.start..self.end];
    ///             let found = self.messages.advance(&mut self.connection, &mut input, &mut self.out);
    ///             self.start = self.end - input.len();
    ///             if found { break }
    ///             (self.start, self.end) = (0, self.socket.read(&mut self.read)?);
    ///             if self.end == 0 { return Ok(None) }
    ///         }
    ///         let mut input = &mut self.read[self.start..self.end];
    ///         let incoming = self.messages.next(&mut self.connection, &mut input, &mut self.out);
    ///         self.start = self.end - input.len();
    ///         incoming.map_err(io::Error::other)
    ///     }
    /// }
    ///
    /// // §5.7: "A single-frame masked text message".
    /// let socket = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58][..];
    /// let connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut reader =
    ///     Reader { socket, connection, messages: Messages::new(), read: vec![0; 4], start: 0, end: 0, out: Vec::new() };
    /// assert_eq!(reader.next().unwrap(), Some(Incoming::Text("Hello")));
    /// ```
    ///
    /// A message that lies whole in `input` stays there, and `next` lends it from there without a copy; only one whose header was cut
    /// by the border of two reads is copied.
    #[must_use = "what was found waits for `next`"]
    pub fn advance<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        input: &mut &mut [u8],
        out: &mut impl Output,
    ) -> bool {
        if self.held.is_ready() || connection.is_whole_message(input) {
            return true;
        }
        self.begin(connection, out);
        loop {
            let kept = match connection.next_piece(input, usize::MAX) {
                Ok(Some(piece)) => self.keep(connection, piece, input),
                Ok(None) => {
                    self.drained(connection, out);
                    return false;
                }
                Err(error) => Err(error),
            };
            match kept {
                Ok(Some(ready)) => {
                    let _ = connection.write_control(out);
                    self.hold(Held::Ready(ready));
                }
                Ok(None) if connection.is_whole_message(input) => {}
                Ok(None) if self.work.is_enough(input) => self.hold(Held::Ready(Ready::Progress)),
                Ok(None) => continue,
                // The connection keeps the error, and repeats it.
                Err(error) => drop(self.failed(connection, error, input, out)),
            }
            return true;
        }
    }

    /// Takes the message that waits here for [`next`](Self::next), without a copy: the buffer that it was assembled in is handed over.
    ///
    /// To be called between [`advance`](Self::advance) and `next`. `None` if what waits is something else, or lies in the input:
    /// then `next` lends it, and [`OwnedMessage::try_from`] copies it.
    ///
    /// ```
    /// use websocket_proto::{Connection, Incoming, Limits, Messages, Negotiated, OwnedMessage, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let (mut messages, mut out, mut queue) = (Messages::new(), Vec::new(), Vec::new());
    /// // "Hello" in two fragments, then "!", each masked with the key 0.
    /// let mut read = *b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo\x81\x81\0\0\0\0!";
    ///
    /// let mut input = &mut read[..];
    /// while messages.advance(&mut connection, &mut input, &mut out) {
    ///     if let Some(message) = messages.take() {
    ///         queue.push(message);
    ///     } else if let Some(incoming) = messages.next(&mut connection, &mut input, &mut out)? {
    ///         queue.extend(OwnedMessage::try_from(incoming)); // control frames are no messages
    ///     }
    /// }
    /// assert_eq!(queue, [OwnedMessage::Text("Hello".into()), OwnedMessage::Text("!".into())]);
    /// # Ok::<(), websocket_proto::ProtocolError>(())
    /// ```
    #[must_use]
    pub fn take(&mut self) -> Option<OwnedMessage> {
        let Held::Ready(Ready::Message(kind)) = self.held else { return None };
        self.hold(Held::Nothing);
        Some(match kind {
            MessageKind::Text => OwnedMessage::Text(self.buffer.take_text().unwrap_or_default()),
            MessageKind::Binary => OwnedMessage::Binary(self.buffer.take_binary()),
        })
    }

    /// Whether what waits for [`next`](Self::next) is no message.
    pub(crate) const fn holds_no_message(&self) -> bool {
        matches!(self.held, Held::Ready(Ready::Control | Ready::Progress))
    }
}
