//! Payload that comes as bytes and not as text: what a proxy forwards (§5.4, §5.6).

use core::mem;

use super::{Connection, Part, Role, SendError};
use crate::kernel::{self, Tail};
use crate::wire::{EncodedHeader, MessageKind, Output, PartialChar, Rsv, widened};

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
        let before = mem::take(&mut self.sending_partial);
        let after = match kind {
            MessageKind::Text => self.text_end(before, payload, part),
            MessageKind::Binary => Ok(PartialChar::default()),
        };
        let sent = after.and_then(|after| send(self).map(|sent| (sent, after)));
        match sent {
            Ok((sent, after)) => {
                self.sending_partial = after;
                Ok(sent)
            }
            Err(error) => {
                self.sending_partial = before;
                Err(error)
            }
        }
    }

    /// The code point in which a text ends that continues `before`.
    fn text_end(&self, before: PartialChar, payload: &[u8], part: Part) -> Result<PartialChar, SendError> {
        let (mut partial, mut rest) =
            if part.is_first() { (PartialChar::default(), payload) } else { (before, payload) };
        while let (false, Some((&byte, after))) = (partial.is_empty(), rest.split_first()) {
            partial.push(byte).map_err(|_| SendError::NotUtf8 { valid_up_to: 0 })?;
            rest = after;
        }
        let mut valid_up_to = payload.len() - rest.len();
        if partial.is_empty() {
            let text = kernel::validate(self.level(), rest);
            valid_up_to += text.valid.len();
            match text.tail {
                Tail::Complete => {}
                Tail::Cut(bytes) => {
                    for &byte in bytes {
                        partial.push(byte).map_err(|_| SendError::NotUtf8 { valid_up_to })?;
                    }
                }
                Tail::Invalid => return Err(SendError::NotUtf8 { valid_up_to }),
            }
        } else {
            valid_up_to = 0;
        }
        // §8.1: a message that ends inside a code point is not UTF-8.
        if part.is_last() && !partial.is_empty() { Err(SendError::NotUtf8 { valid_up_to }) } else { Ok(partial) }
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
