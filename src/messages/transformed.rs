//! Messages that extensions have transformed (§9.1; RFC 7692 §6.2).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::Messages;
use super::buffer::MessageBuffer;
use crate::connection::{Connection, Role};
#[cfg(feature = "inflate")]
use crate::extension::deflate::Inflater;
use crate::extension::{Decode, undo};
use crate::frame::Piece;
use crate::kernel;
#[cfg(feature = "inflate")]
use crate::wire::InvalidDeflate;
use crate::wire::{MessageKind, ProtocolError, Rsv};

impl Messages {
    /// Installs what undoes the transformation of an extension of the application's own that was negotiated; see [`Decode`].
    ///
    /// Several are added in the order in which the response lists their extensions. A message with a bit for which there is none fails
    /// the connection, as if nothing had been negotiated. A decoder belongs to one connection, and so do these `Messages` then.
    pub fn add_decoder(&mut self, decoder: impl Decode + 'static) {
        self.decoders.get_or_insert_default().0.push(Box::new(decoder));
    }

    /// The place of the decompressor, which is there from the first compressed message on.
    ///
    /// It may be taken out between messages and put back, or serve another connection: a connection that finds one that has worked for
    /// another begins without a history. Where its peer works with context takeover, and so refers to earlier messages, it needs the one
    /// that has decompressed those; such a one should serve no other connection, since a change is not noticed
    /// [for certain](crate::extension::deflate#memory).
    #[cfg(feature = "inflate")]
    pub const fn inflater_mut(&mut self) -> &mut Option<Inflater> {
        &mut self.inflater
    }

    /// Undoes what extensions have done to a piece, and adds the result to the message. It is bounded and validated as it comes out.
    #[inline(never)]
    pub(super) fn decode<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        kind: MessageKind,
        rsv: Rsv,
        piece: Piece<'_>,
    ) -> Result<(), ProtocolError> {
        let (begins, ends, key) = (piece.begins_message(), piece.ends_message(), piece.key());
        let payload = piece.payload;
        self.work.count(payload);
        kernel::xor(connection.level(), payload, key);
        let (buffer, kept) = (&mut self.buffer, self.kept_capacity);
        #[cfg(feature = "inflate")]
        if rsv == connection.deflate_rsv() {
            let inflater = inflater_in(&mut self.inflater, connection, payload, begins)?;
            let inflated = inflater.decode(payload, ends, &mut |piece| push(buffer, kept, connection, kind, piece));
            return inflated.map_err(|error| connection.fail(error));
        }
        let own = self.decoders.as_deref_mut().map(|Decoders(own)| own.as_mut_slice()).unwrap_or_default();
        // §5.2: without a decoder, nothing "defines the meaning of such a nonzero value".
        let known = own.iter().fold(connection.deflate_rsv(), |known, decoder| known | decoder.rsv());
        if !known.contains(rsv) {
            return Err(connection.fail(ProtocolError::ReservedBits { rsv: rsv.without(known) }));
        }
        let mut chain: Vec<&mut dyn Decode> = Vec::with_capacity(own.len().saturating_add(1));
        for decoder in own.iter_mut().filter(|decoder| decoder.rsv().overlaps(rsv)) {
            if begins {
                decoder.begin();
            }
            chain.push(&mut **decoder);
        }
        #[cfg(feature = "inflate")]
        if rsv.overlaps(connection.deflate_rsv()) {
            let place = chain.iter().position(|decoder| connection.is_after_deflate(decoder.rsv()));
            chain.insert(place.unwrap_or(chain.len()), inflater_in(&mut self.inflater, connection, payload, begins)?);
        }
        let decoded = undo(&mut chain, payload, ends, &mut |piece| push(buffer, kept, connection, kind, piece));
        decoded.map_err(|error| connection.fail(error))
    }
}

/// How much a call has done for messages that extensions have transformed. A peer that knows how can make each byte of them cost forty
/// times what other bytes do, so that this has to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work(u16);

impl Work {
    pub(super) const NONE: Self = Self(0);

    fn count(&mut self, payload: &[u8]) {
        self.0 = self.0.saturating_add(u16::try_from(payload.len()).unwrap_or(u16::MAX));
    }

    /// Whether the rest of the input is left for the next call.
    #[inline]
    pub(super) fn is_enough(&self, input: &[u8]) -> bool {
        usize::from(self.0) >= Piece::MOST_TRANSFORMED && !input.is_empty()
    }
}

/// The decompressor in `place` for the next piece of a message from the peer: one that knows what came before, or, where a message
/// begins, one that knows nothing.
///
/// # Errors
///
/// The message was begun by another decompressor, or this one has served another connection since: the connection fails.
#[cfg(feature = "inflate")]
fn inflater_in<'f, R: Role>(
    place: &'f mut Option<Inflater>,
    connection: &mut Connection<R>,
    piece: &[u8],
    begins: bool,
) -> Result<&'f mut Inflater, ProtocolError> {
    if let Some((compression, meeting)) = connection.received_deflate() {
        let inflater = place.get_or_insert_with(|| Inflater::new(compression));
        if inflater.meet(meeting, compression, piece, begins) {
            return Ok(inflater);
        }
    }
    Err(connection.fail(ProtocolError::InvalidCompression(InvalidDeflate::Corrupt)))
}

/// Adds a piece of what extensions hand out: validated, and bounded by the longest message that may come. Errors come in the order of
/// the bytes. `kept` bytes of memory stay between messages.
pub(super) fn push<R: Role>(
    buffer: &mut MessageBuffer,
    kept: usize,
    connection: &Connection<R>,
    kind: MessageKind,
    piece: &[u8],
) -> Result<(), ProtocolError> {
    let (level, limit) = (connection.level(), connection.max_message_len());
    let max = usize::try_from(limit).unwrap_or(usize::MAX);
    let fitting = piece.get(..max.saturating_sub(buffer.len())).unwrap_or(piece);
    buffer.grow(fitting.len(), max, kept);
    buffer.push(kind, level, fitting, 0).map_err(|valid_up_to| connection.not_utf8(valid_up_to))?;
    if fitting.len() < piece.len() {
        return Err(ProtocolError::MessageTooLong { len: limit.saturating_add(1), max: limit });
    }
    Ok(())
}

/// The decoders of the application's own extensions, in the order of the response.
#[derive(Default)]
pub(super) struct Decoders(Vec<Box<dyn Decode>>);

/// A panic in a decoder leaves a message half done, as a panic anywhere in a call does; see [`Decode`].
impl UnwindSafe for Decoders {}
impl RefUnwindSafe for Decoders {}

impl fmt::Debug for Decoders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|decoder| decoder.rsv())).finish()
    }
}
