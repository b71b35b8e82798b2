//! What comes out of a handshake, whichever side made it.

#[cfg(feature = "inflate")]
use super::deflate::DeflateParams;

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
        }
    }

    /// The same, for a handshake elsewhere that has agreed on permessage-deflate.
    #[cfg(feature = "inflate")]
    pub fn with_deflate(self, params: DeflateParams) -> Self {
        Self { deflate: Some(params) }
    }

    /// What was agreed on about permessage-deflate, if it is in use.
    #[cfg(feature = "inflate")]
    pub fn deflate(&self) -> Option<DeflateParams> {
        self.deflate
    }
}
