//! Messages that are compressed before they are sent (RFC 7692 §6.1).

use super::compressed::Deflate;
use super::{Connection, Message, Part, Role, SendError};
use crate::extension::deflate::{Compression, Deflater, Effort, Meeting};
use crate::wire::{Output, Rsv};

impl<R: Role> Connection<R> {
    /// Makes a compressor for what this side sends, with all that was agreed on; `None` where messages go out as they are.
    pub fn deflater(&self, effort: Effort) -> Option<Deflater> {
        Some(Deflater::new(self.deflate?.own.unpack(), effort))
    }

    /// Appends a message to `out`, compressed and in one frame. Where nothing was agreed on, and below the compressor's
    /// [threshold](Deflater::with_threshold), it goes out as it is.
    ///
    /// ```
    /// use websocket_proto::extension::deflate::{DeflateParams, Effort};
    /// use websocket_proto::{Connection, Limits, Negotiated, Server};
    ///
    /// let negotiated = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    /// let mut connection = Connection::new(negotiated, Server, &Limits::default());
    /// let mut deflater = connection.deflater(Effort::FAST).unwrap();
    /// let mut out = Vec::new();
    /// connection.send_compressed(&"to be, or not to be, ".repeat(100), &mut deflater, &mut out)?;
    /// assert_eq!(out[0], 0xc1, "FIN, RSV1, text");
    /// assert!(out.len() < 100);
    /// # Ok::<(), websocket_proto::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with nothing written and the connection as before. Where it was for want of room, the compressor will refer to
    /// nothing before the next message, so that the peer can read what comes.
    pub fn send_compressed<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        deflater: &mut Deflater,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        let message = message.into();
        if message.payload().len() < deflater.threshold() {
            return self.send(message, out);
        }
        self.send_compressed_part(message, Part::Whole, deflater, out)
    }

    /// Appends a fragment of a compressed message to `out` (RFC 6455 §5.4). The peer can read it as soon as it has it, since the compressor is
    /// flushed; so fragments should not be small.
    ///
    /// All fragments of a message should go through the same compressor, and none of another message between them: with every change it
    /// refers to nothing before.
    ///
    /// # Errors
    ///
    /// As [`send_compressed`](Self::send_compressed).
    pub fn send_compressed_part<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        part: Part,
        deflater: &mut Deflater,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        let message = message.into();
        let Some(deflate) = self.deflate else { return self.send_part(message, part, out) };
        if !deflate.own.unpack().admits(deflater.compression()) {
            return Err(SendError::CompressionNotAgreed);
        }
        // What is not sent must not be compressed either: the peer would not have it in its history.
        self.admit(message.kind(), part, Rsv::RSV1)?;
        let mut meeting = deflate.sent;
        let payload = deflater.deflate_for(&mut meeting, message.payload(), part.is_last());
        let sent = self.append_frame(message.kind(), payload, part, Rsv::RSV1, out);
        deflater.trim();
        self.deflate = Some(Deflate { sent: if sent.is_ok() { meeting } else { Meeting::NONE }, ..deflate });
        sent
    }

    /// Whether a broadcast that was compressed like this may go out. The peer adds it to its history, by which a compressor elsewhere, which
    /// does not learn of it, would refer to the wrong bytes: then there must be no history (RFC 7692 §7.2.3.2).
    pub(super) fn admit_broadcast(&mut self, compression: Compression, compressor_is_elsewhere: bool) -> bool {
        let Some(deflate) = &mut self.deflate else { return false };
        let own = deflate.own.unpack();
        let admitted = own.admits(compression) && !(compressor_is_elsewhere && own.context_takeover);
        if admitted {
            // The peer will have it in its history, and this side's compressor does not.
            deflate.sent = Meeting::NONE;
        }
        admitted
    }
}
