//! What comes out of a handshake, whichever side made it.

use crate::extension::Agreed;
#[cfg(feature = "deflate")]
use crate::extension::deflate::DeflateParams;

/// The proof of a handshake, and what it agreed on: a connection is made of it.
///
/// It is the same for both sides; the subprotocol, which only the application can use, is not part of it.
///
/// ```
/// use websocket_proto::handshake::Negotiated;
///
/// // The handshake was made by another HTTP stack, without extensions.
/// let negotiated = Negotiated::elsewhere();
/// # let _ = negotiated;
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Negotiated {
    agreed: Agreed,
}

/// With or without compression.
#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Negotiated {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let negotiated = Self::elsewhere();
        #[cfg(feature = "deflate")]
        if let Some(params) = u.arbitrary()? {
            return Ok(negotiated.with_deflate(params));
        }
        let _ = u;
        Ok(negotiated)
    }
}

impl Negotiated {
    /// For those whose handshake was made elsewhere, and agreed on no extension: behind a proxy that ends it, on
    /// another HTTP stack, in a test. Nothing is checked: whoever calls this vouches for it.
    pub fn elsewhere() -> Self {
        Self { agreed: Agreed::default() }
    }

    /// The same, for a handshake elsewhere that has agreed on permessage-deflate.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, params: DeflateParams) -> Self {
        Self { agreed: Agreed::on_deflate(params) }
    }

    /// What was agreed on about permessage-deflate, if it is in use.
    #[cfg(feature = "deflate")]
    pub fn deflate(&self) -> Option<DeflateParams> {
        self.agreed.deflate()
    }

    pub(super) fn new(agreed: Agreed) -> Self {
        Self { agreed }
    }
}
