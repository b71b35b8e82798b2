//! The negotiation of extensions: what a client offers, what a server accepts of it, and what both agreed on then (§9.1).
//!
//! The only extension that is known is permessage-deflate, with feature `inflate`. Without it a server declines every offer, and a
//! client makes none.

#[cfg(feature = "inflate")]
use super::deflate::{DeflateConfig, NAME};
use super::negotiated::Negotiated;
use super::{Extension, FieldValue, Param};

/// Which extensions an endpoint wants, and how: a server accepts them, and a client offers them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct WantedExtensions {
    #[cfg(feature = "inflate")]
    pub(crate) deflate: Option<DeflateConfig>,
}

impl WantedExtensions {
    /// Takes from a client's offers what can be honoured; the rest is declined. With it comes the value of the response's
    /// `Sec-WebSocket-Extensions`.
    #[inline]
    pub(crate) fn accept<'b>(self, offers: impl Iterator<Item = Extension<'b>>) -> (Negotiated, Option<FieldValue>) {
        #[cfg(feature = "inflate")]
        if let Some(config) = self.deflate {
            // RFC 7692 §5: the first one that is valid and can be honoured.
            let mut answers = offers.filter(|offer| offer.name() == NAME).filter_map(|offer| config.answer(&offer));
            if let Some(answer) = answers.next() {
                let negotiated = Negotiated::elsewhere().with_deflate(answer.params);
                return (negotiated, FieldValue::written(|to| answer.write(to)));
            }
        }
        // §9.1: the client "is only offering to use any advertised extensions". Nothing is known, so all is declined unread.
        #[cfg(not(feature = "inflate"))]
        drop(offers);
        (Negotiated::elsewhere(), None)
    }

    /// The value of the request's `Sec-WebSocket-Extensions`.
    pub(crate) fn offers(&self) -> Option<FieldValue> {
        #[cfg(feature = "inflate")]
        if let Some(config) = &self.deflate {
            return FieldValue::written(|to| config.write_offers(to));
        }
        None
    }

    /// Takes a server's answer to the offers, extension by extension.
    ///
    /// # Errors
    ///
    /// What goes beyond the offers, or falls short of them.
    pub(crate) fn check<'b>(self, mut answer: impl Iterator<Item = Extension<'b>>) -> Result<Negotiated, Mismatch<'b>> {
        answer.try_fold(Negotiated::elsewhere(), |agreed, extension| self.add(agreed, &extension))
    }

    /// Adds an extension of the answer to those before it.
    #[cfg_attr(not(feature = "inflate"), allow(unused_variables))]
    fn add<'b>(self, agreed: Negotiated, extension: &Extension<'b>) -> Result<Negotiated, Mismatch<'b>> {
        #[cfg(feature = "inflate")]
        if let (NAME, Some(config)) = (extension.name(), self.deflate) {
            return match agreed.deflate() {
                None => Ok(agreed.with_deflate(config.check(extension)?)),
                // RFC 7692 §5: one of the offers is accepted.
                Some(_) => Err(Mismatch::Repeated(NAME)),
            };
        }
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
    /// The parameter does not fit what was offered: by its name, by its value, or because it is repeated.
    Parameter(Param<'b>),
    /// The parameter was demanded, and is missing.
    Missing(&'static str),
}
