//! Messages that are compressed on the way (RFC 7692 §6).

use super::{Connection, Role};
use crate::extension::deflate::{DeflateParams, Inflater, Meeting, PackedCompression};
use crate::frame::Masking;
use crate::wire::{InvalidDeflate, ProtocolError, Rsv};

impl<R: Role> Connection<R> {
    /// What was agreed on about compression, if it is in use.
    pub fn deflate(&self) -> Option<DeflateParams> {
        let (own, peer) = (self.deflate?.own.unpack(), self.deflate?.peer.unpack());
        Some(match R::RECEIVES {
            Masking::Required => DeflateParams { server: own, client: peer },
            Masking::Forbidden => DeflateParams { server: peer, client: own },
        })
    }

    /// Makes a decompressor for what the peer sends; `None` where messages come as they are.
    ///
    /// It is for those who take [`Event::Compressed`](crate::Event::Compressed) pieces; [`Messages`](crate::Messages) has its own.
    pub fn inflater(&self) -> Option<Inflater> {
        Some(Inflater::new(self.deflate?.peer.unpack()))
    }

    /// The decompressor for the next piece of a message from the peer: one that knows what came before, or, where a message begins, one
    /// that knows nothing.
    ///
    /// # Errors
    ///
    /// The message was begun by another decompressor, or this one has served another connection since: the connection fails.
    pub(crate) fn inflater_in<'f>(
        &mut self,
        place: &'f mut Option<Inflater>,
        piece: &[u8],
        begins: bool,
    ) -> Result<&'f mut Inflater, ProtocolError> {
        if let Some(deflate) = &mut self.deflate {
            let compression = deflate.peer.unpack();
            let inflater = place.get_or_insert_with(|| Inflater::new(compression));
            if inflater.meet(&mut deflate.received, compression, piece, begins) {
                return Ok(inflater);
            }
        }
        Err(self.fail(ProtocolError::InvalidCompression(InvalidDeflate::Corrupt)))
    }

    /// Whether an extension with these bits works on what permessage-deflate has compressed.
    pub(crate) fn is_after_deflate(&self, rsv: Rsv) -> bool {
        self.deflate.is_some_and(|deflate| deflate.peer.rsv().overlaps(rsv))
    }
}

/// What was agreed on, as this side sees it, and who holds the history of what was sent and received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deflate {
    pub(super) own: PackedCompression,
    /// With the bits of extensions that work on what was compressed.
    pub(super) peer: PackedCompression,
    #[cfg(feature = "deflate")]
    pub(super) sent: Meeting,
    pub(super) received: Meeting,
}

impl Deflate {
    pub(super) fn new<R: Role>(params: DeflateParams, outer: Rsv) -> Self {
        let (own, peer) = match R::RECEIVES {
            Masking::Required => (params.server, params.client),
            Masking::Forbidden => (params.client, params.server),
        };
        Self {
            own: own.pack(),
            peer: peer.pack().with_rsv(outer),
            #[cfg(feature = "deflate")]
            sent: Meeting::NONE,
            received: Meeting::NONE,
        }
    }
}
