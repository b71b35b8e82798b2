//! Messages that are compressed on the way (RFC 7692 §6).

use super::{Connection, Message, Part, Role, SendError};
use crate::extension::deflate::{Compression, DeflateParams, Deflater, Effort, Inflater, WindowBits};
use crate::frame::Masking;
use crate::wire::{Output, Rsv};

impl<R: Role> Connection<R> {
    /// What was agreed on about compression, if it is in use.
    pub fn deflate(&self) -> Option<DeflateParams> {
        let (own, peer) = (self.deflate?.own(), self.deflate?.peer);
        Some(match R::RECEIVES {
            Masking::Required => DeflateParams { server: own, client: peer },
            Masking::Forbidden => DeflateParams { server: peer, client: own },
        })
    }

    /// Makes a compressor for what this side sends, with all that was agreed on; `None` where messages go out as they are.
    pub fn deflater(&self, effort: Effort) -> Option<Deflater> {
        Some(Deflater::new(self.deflate?.own(), effort))
    }

    /// Makes a decompressor for what the peer sends; `None` where messages come as they are.
    ///
    /// It is for those who take [`Event::Compressed`](crate::Event::Compressed) pieces; [`Messages`](crate::Messages) has its own.
    pub fn inflater(&self) -> Option<Inflater> {
        Some(Inflater::new(self.deflate?.peer))
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
    /// [`SendError`], with nothing written and the connection as before. Where it was for want of room, the compressor has forgotten its
    /// history, so that what comes next can be read.
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
    /// All fragments of a message go through the same compressor, and none of another message between them.
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
        if !deflate.own().admits(deflater.compression()) {
            return Err(SendError::CompressionNotAgreed);
        }
        // What is not sent must not be compressed either: the peer would not have it in its history.
        self.admit(message.kind(), part, Rsv::RSV1)?;
        if deflate.history == History::Interrupted {
            deflater.forget();
            self.deflate = Some(Deflate { history: History::Kept, ..deflate });
        }
        let payload = deflater.deflate(message.payload(), part.is_last());
        let sent = self.append_frame(message.kind(), payload, part, Rsv::RSV1, out);
        if sent.is_err() {
            deflater.forget();
        }
        sent
    }

    /// Whether a broadcast that was compressed like this may go out.
    pub(super) fn admit_broadcast(&mut self, compression: Compression) -> bool {
        let Some(deflate) = &mut self.deflate else { return false };
        let admitted = deflate.own().admits(compression);
        if admitted && deflate.history == History::Kept {
            deflate.history = History::Interrupted;
        }
        admitted
    }

    /// The longest message that may come out of a decompressor.
    pub(crate) const fn max_message_len(&self) -> u64 {
        self.reader.max_message_len()
    }
}

/// What was agreed on, as this side sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deflate {
    window_bits: WindowBits,
    history: History,
    peer: Compression,
}

/// What the messages of this side refer to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum History {
    /// Only themselves.
    PerMessage,
    /// Earlier ones.
    Kept,
    /// Earlier ones; but since the last of them the peer has decompressed a broadcast, which this side's compressor knows nothing of.
    Interrupted,
}

impl Deflate {
    pub(super) fn new<R: Role>(params: DeflateParams) -> Self {
        let (own, peer) = match R::RECEIVES {
            Masking::Required => (params.server, params.client),
            Masking::Forbidden => (params.client, params.server),
        };
        let history = if own.context_takeover { History::Kept } else { History::PerMessage };
        Self { window_bits: own.window_bits, history, peer }
    }

    fn own(self) -> Compression {
        Compression { window_bits: self.window_bits, context_takeover: self.history != History::PerMessage }
    }
}
