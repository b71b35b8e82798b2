//! What each side brings to the negotiation of extensions, and what comes out of it (§9.1).
//!
//! The only extension that is known is permessage-deflate, with feature `deflate`. Without it a server declines every offer, and a
//! client makes none.

#[cfg(feature = "inflate")]
use super::deflate::{Answer, DeflateConfig, DeflateParams, NAME};
use super::{Extension, FieldValue, Param};

/// Which offers a server accepts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Policy {
    #[cfg(feature = "inflate")]
    pub(crate) deflate: Option<DeflateConfig>,
}

impl Policy {
    /// Takes from a client's offers what can be honoured; the rest is declined.
    #[cfg(feature = "inflate")]
    pub(crate) fn choose<'b>(self, mut offers: impl Iterator<Item = Extension<'b>>) -> Agreed {
        let Some(config) = self.deflate else { return Agreed::default() };
        // RFC 7692 §5: the first one that is valid and can be honoured.
        Agreed { deflate: offers.find_map(|offer| if offer.name() == NAME { config.answer(&offer) } else { None }) }
    }

    /// Takes from a client's offers what can be honoured; the rest is declined.
    #[cfg(not(feature = "inflate"))]
    pub(crate) fn choose<'b>(self, offers: impl Iterator<Item = Extension<'b>>) -> Agreed {
        // §9.1: the client "is only offering to use any advertised extensions". Nothing is known, so all is declined
        // unread.
        drop(offers);
        Agreed::default()
    }
}

/// Which extensions a client offers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Offers {
    #[cfg(feature = "inflate")]
    pub(crate) deflate: Option<DeflateConfig>,
}

impl Offers {
    /// The value of the request's `Sec-WebSocket-Extensions`.
    pub(crate) fn field_value(&self) -> Option<FieldValue> {
        #[cfg(feature = "inflate")]
        if let Some(config) = &self.deflate {
            return FieldValue::written(|to| config.write_offers(to));
        }
        None
    }

    /// Takes a server's answer, extension by extension.
    ///
    /// # Errors
    ///
    /// What goes beyond the offers, or falls short of them.
    pub(crate) fn check<'b>(self, answer: impl Iterator<Item = Extension<'b>>) -> Result<Agreed, Mismatch<'b>> {
        let mut agreed = Agreed::default();
        for extension in answer {
            agreed = self.agree(agreed, &extension)?;
        }
        Ok(agreed)
    }

    /// Adds an extension of the answer to those before it.
    #[cfg(feature = "inflate")]
    fn agree<'b>(self, agreed: Agreed, extension: &Extension<'b>) -> Result<Agreed, Mismatch<'b>> {
        match (extension.name(), self.deflate, agreed.deflate) {
            (NAME, Some(config), None) => Ok(Agreed::on_deflate(config.check(extension)?)),
            // RFC 7692 §5: one of the offers is accepted.
            (NAME, Some(_), Some(_)) => Err(Mismatch::Repeated(NAME)),
            // §4.1, 5: an "extension that was not present in the client's handshake" fails the connection.
            (name, _, _) => Err(Mismatch::NotOffered(name)),
        }
    }

    /// Adds an extension of the answer to those before it.
    #[cfg(not(feature = "inflate"))]
    fn agree<'b>(self, _agreed: Agreed, extension: &Extension<'b>) -> Result<Agreed, Mismatch<'b>> {
        // §4.1, 5: an "extension that was not present in the client's handshake" fails the connection.
        Err(Mismatch::NotOffered(extension.name()))
    }
}

/// Why an answer fails the connection.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "inflate"), allow(dead_code))] // Without an extension, nothing can be offered.
pub(crate) enum Mismatch<'b> {
    /// The extension was not offered.
    NotOffered(&'b str),
    /// The extension was accepted twice.
    Repeated(&'b str),
    /// The parameter has no business in an answer to what was offered: its name, its value, or that it comes again.
    Parameter(Param<'b>),
    /// The parameter was demanded, and is not there.
    Missing(&'static str),
}

/// The extensions in use.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Agreed {
    #[cfg(feature = "inflate")]
    deflate: Option<Answer>,
}

impl Agreed {
    /// The value of the response's `Sec-WebSocket-Extensions`.
    pub(crate) fn field_value(&self) -> Option<FieldValue> {
        #[cfg(feature = "inflate")]
        if let Some(answer) = &self.deflate {
            return FieldValue::written(|to| answer.write(to));
        }
        None
    }
}

#[cfg(feature = "inflate")]
impl Agreed {
    /// For what was agreed on elsewhere.
    pub(crate) fn on_deflate(params: DeflateParams) -> Self {
        Self { deflate: Some(Answer::settled(params)) }
    }

    pub(crate) fn deflate(&self) -> Option<DeflateParams> {
        self.deflate.map(|answer| answer.params)
    }
}
