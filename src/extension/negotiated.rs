//! What comes out of a handshake, whichever side made it.

#[cfg(feature = "inflate")]
use super::deflate::DeflateParams;
use crate::wire::Rsv;

/// The proof of a handshake, and what it agreed on: a connection is made of it.
///
/// It is the same for both sides, and equal where the same was agreed on. The subprotocol, which only the application uses, is not part of it.
///
/// ```
/// use websocket_proto::handshake::Negotiated;
///
/// // The handshake was made by another HTTP stack, without extensions.
/// let negotiated = Negotiated::elsewhere();
/// # let _ = negotiated;
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a connection is made of it"]
pub struct Negotiated {
    #[cfg(feature = "inflate")]
    deflate: Option<DeflateParams>,
    /// The bits of the application's own extensions.
    own: Rsv,
    /// Of these, the bits of extensions that work on what permessage-deflate has compressed.
    #[cfg(feature = "inflate")]
    after_deflate: Rsv,
}

/// With or without compression.
#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Negotiated {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let negotiated = Self::elsewhere();
        #[cfg(feature = "inflate")]
        if let Some(params) = u.arbitrary()? {
            return Ok(negotiated.with_deflate(params));
        }
        let _ = u;
        Ok(negotiated)
    }
}

impl Negotiated {
    /// The result of a handshake that was made elsewhere and agreed on no extension: by a proxy in front, by another WebSocket
    /// library, in a test. Nothing is checked; the caller answers for it.
    pub fn elsewhere() -> Self {
        Self {
            #[cfg(feature = "inflate")]
            deflate: None,
            own: Rsv::NONE,
            #[cfg(feature = "inflate")]
            after_deflate: Rsv::NONE,
        }
    }

    /// The same, for a handshake elsewhere that has agreed on permessage-deflate.
    #[cfg(feature = "inflate")]
    pub fn with_deflate(self, params: DeflateParams) -> Self {
        Self { deflate: Some(params), own: self.own.without(Rsv::RSV1), ..self }
    }

    /// What was agreed on about permessage-deflate, if it is in use.
    #[cfg(feature = "inflate")]
    pub fn deflate(&self) -> Option<DeflateParams> {
        self.deflate
    }

    /// The same, for a handshake elsewhere that has agreed on an extension of the application's own, which owns these reserved bits.
    ///
    /// The order of the calls of this and of `with_deflate` is the order of the extensions in the response, in which a sender applies
    /// them (§9.1). permessage-deflate owns RSV1 where it is in use.
    ///
    /// ```
    /// use websocket_proto::{Negotiated, wire::Rsv};
    ///
    /// assert_eq!(Negotiated::elsewhere().with_extension(Rsv::RSV2).owned_rsv(), Rsv::RSV2);
    /// ```
    pub fn with_extension(mut self, rsv: Rsv) -> Self {
        let rsv = rsv.without(self.owned_rsv());
        #[cfg(feature = "inflate")]
        if self.deflate.is_some() {
            self.after_deflate = self.after_deflate | rsv;
        }
        self.own = self.own | rsv;
        self
    }

    /// The bits of extensions that work on what permessage-deflate has compressed.
    #[cfg(feature = "inflate")]
    pub(crate) fn after_deflate(&self) -> Rsv {
        self.after_deflate
    }

    /// The reserved bits that the extensions in use own: the first frame of a message may have them set, and no other frame (§5.2).
    pub fn owned_rsv(&self) -> Rsv {
        // RFC 7692 §6: the extension owns "the RSV1 bit of the WebSocket header".
        #[cfg(feature = "inflate")]
        if self.deflate.is_some() {
            return self.own | Rsv::RSV1;
        }
        self.own
    }
}
