//! What comes out of a handshake, whichever side made it.

use crate::extension::Agreed;

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

impl Negotiated {
    /// For those whose handshake was made elsewhere, and agreed on no extension: behind a proxy that ends it, on
    /// another HTTP stack, in a test. Nothing is checked: whoever calls this vouches for it.
    pub fn elsewhere() -> Self {
        Self { agreed: Agreed::default() }
    }

    pub(super) fn new(agreed: Agreed) -> Self {
        Self { agreed }
    }
}
