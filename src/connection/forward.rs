//! Payload that comes as bytes and not as text: what a proxy forwards (§5.4, §5.6).

use core::mem;

use super::{Connection, Part, Role, SendError};
use crate::kernel;
use crate::wire::{EncodedHeader, InvalidUtf8, MessageKind, Output, Rsv, Utf8Stream, widened};

impl<R: Role> Connection<R> {
    /// Appends a message, or a fragment of one, whose payload is bytes: for a proxy that forwards the fragments of a text as they were
    /// cut.
    ///
    /// §5.6: "a particular text frame might include a partial UTF-8 sequence; however, the whole message MUST contain valid UTF-8".
    /// So a fragment of text may begin and end inside a code point here. The text is validated from fragment to fragment; those that
    /// follow one that ends inside a code point have to be sent by this method or `send_in_place`.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, MessageKind, Negotiated, Part, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut out = Vec::new();
    /// connection.send_bytes(MessageKind::Text, b"gr\xc3", Part::First, &mut out).unwrap();
    /// connection.send_bytes(MessageKind::Text, b"\xbcn", Part::Last, &mut out).unwrap();
    /// assert_eq!(out, b"\x01\x03gr\xc3\x80\x02\xbcn");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with nothing written and the connection as before; [`SendError::NotUtf8`] if the text can't become UTF-8, or ends
    /// before it has.
    pub fn send_bytes(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        part: Part,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        self.validated(kind, payload, part, |connection| connection.append_frame(kind, payload, part, Rsv::NONE, out))
    }

    /// Sends, if the text is or may become UTF-8, and remembers the code point in which it ends.
    fn validated<S>(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        part: Part,
        send: impl FnOnce(&mut Self) -> Result<S, SendError>,
    ) -> Result<S, SendError> {
        let before = mem::replace(&mut self.sending_utf8, Utf8Stream::EMPTY);
        let sent = self.text_after(before, kind, payload, part).and_then(|after| send(self).map(|sent| (sent, after)));
        match sent {
            Ok((sent, after)) => {
                self.sending_utf8 = after;
                Ok(sent)
            }
            Err(error) => {
                self.sending_utf8 = before;
                Err(error)
            }
        }
    }

    /// Where a text stands after this fragment of it.
    fn text_after(
        &self,
        before: Utf8Stream,
        kind: MessageKind,
        payload: &[u8],
        part: Part,
    ) -> Result<Utf8Stream, SendError> {
        let mut utf8 = if part.is_first() { Utf8Stream::EMPTY } else { before };
        let (mut rest, mut resumed) = (payload, 0);
        if let MessageKind::Binary = kind {
            rest = &[];
        } else if utf8.is_cut() {
            resumed = utf8.resume(payload).map_err(|_| SendError::NotUtf8 { valid_up_to: 0 })?.0;
            rest = payload.get(resumed..).unwrap_or_default();
        }
        if utf8.is_cut() {
            // §8.1: a message that ends inside a code point is not UTF-8.
            return if part.is_last() { Err(SendError::NotUtf8 { valid_up_to: 0 }) } else { Ok(utf8) };
        }
        let text = kernel::validate(self.level(), rest);
        match utf8.leave(text.tail, part.is_last()) {
            Ok(()) => Ok(utf8),
            Err(InvalidUtf8) => Err(SendError::NotUtf8 { valid_up_to: resumed + text.valid.len() }),
        }
    }
}

impl<R: Role> Connection<R> {
    /// Masks a payload where it lies, if this is a client, and returns the header to write in front of it: nothing is copied.
    ///
    /// Fragments of a text may be cut inside a code point, as for [`send_bytes`](Self::send_bytes).
    ///
    /// ```
    /// use websocket_proto::{Client, Connection, Limits, MessageKind, Negotiated, Part};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Client::from_fn(|| [1, 2, 3, 4]), &Limits::default());
    /// let mut payload = *b"abc";
    /// let header = connection.send_in_place(MessageKind::Binary, &mut payload, Part::Whole).unwrap();
    /// assert_eq!((&header[..], payload), (&[0x82, 0x83, 1, 2, 3, 4][..], [b'a' ^ 1, b'b' ^ 2, b'c' ^ 3]));
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with payload and connection as before; [`SendError::NotUtf8`] if `payload` should be text and is not.
    #[must_use = "the frame counts as sent: header and payload have to be written"]
    pub fn send_in_place(
        &mut self,
        kind: MessageKind,
        payload: &mut [u8],
        part: Part,
    ) -> Result<EncodedHeader, SendError> {
        let len = widened(payload.len());
        let (header, key, after) =
            self.validated(kind, payload, part, |connection| connection.frame(kind, part, Rsv::NONE, len))?;
        if let Some(key) = key {
            kernel::xor(self.level(), payload, key.to_word());
        }
        self.data_sent(&header, after);
        Ok(header)
    }
}
