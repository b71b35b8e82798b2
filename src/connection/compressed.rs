//! Messages that are compressed on the way (RFC 7692 §6).

use super::{Connection, Role};
use crate::extension::deflate::{Compression, DeflateParams, Inflater, Meeting, PackedCompression};
use crate::frame::Masking;
use crate::wire::Rsv;

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
    /// It is for callers that take [`Event::Compressed`](crate::Event::Compressed) pieces; [`Messages`](crate::Messages) has its own.
    pub fn inflater(&self) -> Option<Inflater> {
        Some(Inflater::new(self.deflate?.peer.unpack()))
    }

    /// What the peer's messages are compressed by, and what is remembered of the decompressor that had the last piece.
    pub(crate) fn received_deflate(&mut self) -> Option<(Compression, &mut Meeting)> {
        self.deflate.as_mut().map(|deflate| (deflate.peer.unpack(), &mut deflate.received))
    }

    /// Whether an extension with these bits works on what permessage-deflate has compressed.
    pub(crate) fn is_after_deflate(&self, rsv: Rsv) -> bool {
        self.deflate.is_some_and(|deflate| deflate.peer.rsv().overlaps(rsv))
    }
}

/// What was agreed on, as this side sees it, and which compressor and decompressor hold the history.
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
