//! What each side brings to the negotiation of extensions, and what comes out of it (§9.1).
//!
//! Without an extension that this crate knows, a server declines every offer and a client makes none.

use super::Extension;

/// Which offers a server accepts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Policy {}

impl Policy {
    /// Takes from a client's offers what can be honoured; the rest is declined.
    pub(crate) fn choose<'b>(self, offers: impl Iterator<Item = Extension<'b>>) -> Agreed {
        // §9.1: the client "is only offering to use any advertised extensions". Nothing is known, so all is declined
        // unread.
        drop(offers);
        Agreed::default()
    }
}

/// Which extensions a client offers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Offers {}

impl Offers {
    /// The value of the request's `Sec-WebSocket-Extensions`; empty where nothing is offered, and the field is left out.
    pub(crate) fn field_value(&self) -> &str {
        ""
    }

    /// Takes a server's answer, extension by extension, and says with the name which of them was not offered.
    pub(crate) fn check<'b>(self, answer: impl Iterator<Item = Extension<'b>>) -> Result<Agreed, &'b str> {
        // §4.1, 5: an "extension that was not present in the client's handshake" fails the connection.
        let mut answer = answer;
        answer.next().map_or(Ok(Agreed::default()), |unknown| Err(unknown.name()))
    }
}

/// The extensions in use.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Agreed {}

impl Agreed {
    /// The value of the response's `Sec-WebSocket-Extensions`; empty where nothing was agreed, and the field is left out.
    pub(crate) fn field_value(&self) -> &str {
        ""
    }
}
