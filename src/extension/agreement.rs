//! The negotiation of extensions: what a client offers, what a server accepts of it, and what both agreed on then (§9.1).

#[cfg(feature = "inflate")]
use super::deflate::DeflateConfig;
use super::negotiate::{AcceptedExtension, AnswerFault, ExtensionId, Identified, WriteOffers, is_list_of};
use super::negotiated::Negotiated;
use super::own::{OwnExtensions, OwnIds};
use super::{Extension, FieldValue, Negotiate};

/// Which extensions a client offers: what a server's answer is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfferedExtensions {
    #[cfg(feature = "inflate")]
    deflate: Option<DeflateConfig>,
    own: OwnIds,
}

/// The extensions that an endpoint wants, with what it has to write of each of the application's own.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<T> {
    own: OwnExtensions<T>,
    /// With it, how many of the application's own come before it in a response.
    #[cfg(feature = "inflate")]
    deflate: Option<(DeflateConfig, usize)>,
}

/// Those that a client offers, while the request is still being made.
pub(crate) type Offers<'a> = Wanted<&'a dyn WriteOffers>;

/// Those that a server accepts.
pub(crate) type ServerExtensions<'r> = Wanted<&'r FieldValue>;

impl<T: Copy> Wanted<T> {
    pub(crate) const NONE: Self = Self {
        own: OwnExtensions::NONE,
        #[cfg(feature = "inflate")]
        deflate: None,
    };

    /// The same with permessage-deflate: a server accepts it where it is offered.
    #[cfg(feature = "inflate")]
    pub(crate) fn with_deflate(self, config: Option<DeflateConfig>) -> Self {
        let place = self.own.iter().count();
        Self { deflate: config.map(|config| (config, place)), ..self }
    }

    #[inline]
    const fn is_empty(&self) -> bool {
        #[cfg(feature = "inflate")]
        if self.deflate.is_some() {
            return false;
        }
        self.own.is_empty()
    }
}

impl<'a> Offers<'a> {
    /// The same with an extension of the application's own. Those that want the same bit can be offered: a server accepts one of them.
    pub(crate) fn with_own<N: Negotiate + Sync>(mut self, wanted: &'a N) -> Self {
        self.own.add(N::ID, wanted, |_| false);
        self
    }

    /// Adds the offers to `list`, the value of the request's `Sec-WebSocket-Extensions`: those of the application's own are preferred.
    ///
    /// # Errors
    ///
    /// The name of an extension that can't be offered.
    #[inline]
    pub(crate) fn write(&self, list: &mut Option<FieldValue>) -> Result<(), &'static str> {
        if self.is_empty() { Ok(()) } else { self.write_each(list) }
    }

    #[inline(never)]
    fn write_each(&self, list: &mut Option<FieldValue>) -> Result<(), &'static str> {
        if let Some(id) = self.own.refused {
            return Err(id.name);
        }
        for (ExtensionId { name, .. }, own) in self.own.iter() {
            let offers = FieldValue::written(|to| own.write_offers(to));
            let offers = offers.filter(|offers| is_list_of(offers.as_str(), name).is_some_and(|count| count > 0));
            offers.and_then(|offers| FieldValue::append(list, offers)).ok_or(*name)?;
        }
        #[cfg(feature = "inflate")]
        if let Some((config, _)) = &self.deflate {
            let offers = FieldValue::written(|to| Negotiate::write_offers(config, to));
            offers.and_then(|offers| FieldValue::append(list, offers)).ok_or(DeflateConfig::NAME)?;
        }
        Ok(())
    }

    /// What the answer is checked against.
    #[inline]
    pub(crate) fn offered(&self) -> OfferedExtensions {
        OfferedExtensions {
            #[cfg(feature = "inflate")]
            deflate: self.deflate.map(|(config, _)| config),
            own: self.own.ids,
        }
    }
}

impl OfferedExtensions {
    /// Takes a server's answer to the offers, extension by extension. The parameters of the application's own extensions are left to
    /// it.
    ///
    /// # Errors
    ///
    /// What goes beyond the offers, or falls short of them.
    pub(crate) fn check<'b>(&self, answer: impl Iterator<Item = Extension<'b>>) -> Result<Negotiated, Mismatch<'b>> {
        let (mut agreed, mut left) = (Negotiated::elsewhere(), self.own);
        for extension in answer {
            let name = extension.name();
            #[cfg(feature = "inflate")]
            if let (DeflateConfig::NAME, Some(config)) = (name, self.deflate) {
                if agreed.deflate().is_some() {
                    // RFC 7692 §5: one of the offers is accepted.
                    return Err(Mismatch::Repeated(name));
                }
                let id = DeflateConfig::ID;
                agreed = agreed.free_bits(id)?.with_deflate(config.check(&extension).map_err(Mismatch::Fault)?);
                continue;
            }
            agreed = match left.take(name) {
                Some(id) => agreed.free_bits(id)?.with_extension(id.rsv),
                None if self.own.iter().any(|id| id.name == name) => return Err(Mismatch::Repeated(name)),
                // §4.1, 5: an "extension that was not present in the client's handshake" fails the connection.
                None => return Err(Mismatch::NotOffered(name)),
            };
        }
        Ok(agreed)
    }
}

impl Negotiated {
    /// The same with an extension of the application's own, whose answer is added to the list.
    fn accept(self, id: &ExtensionId, answer: FieldValue, list: &mut Option<FieldValue>) -> Result<Self, &'static str> {
        FieldValue::append(list, answer).ok_or(id.name)?;
        Ok(self.with_extension(id.rsv))
    }

    /// The same, if the bits of another extension are free. RFC 7692 §5: a client fails the connection where two "conflict [...] on
    /// their use of the RSV1 bit".
    fn free_bits<'b>(self, id: &'static ExtensionId) -> Result<Self, Mismatch<'b>> {
        if id.rsv.overlaps(self.owned_rsv()) { Err(Mismatch::ReservedBits(id.name)) } else { Ok(self) }
    }
}

impl<'r> ServerExtensions<'r> {
    /// The same with an extension of the application's own.
    pub(crate) fn with_own<P>(mut self, accepted: &'r AcceptedExtension<P>) -> Self {
        self.own.add(accepted.id, &accepted.answer, |other| other.rsv.overlaps(accepted.id.rsv));
        self
    }

    /// What was agreed on. Adds the answers to `list`, the value of the response's `Sec-WebSocket-Extensions`; what was offered beyond
    /// them is declined.
    ///
    /// # Errors
    ///
    /// The name of an extension that can't be accepted.
    #[inline]
    pub(crate) fn answer<'b>(
        self,
        offers: impl Iterator<Item = Extension<'b>>,
        list: &mut Option<FieldValue>,
    ) -> Result<Negotiated, &'static str> {
        if self.is_empty() { Ok(Negotiated::elsewhere()) } else { self.answer_each(offers, list) }
    }

    #[inline(never)]
    fn answer_each<'b>(
        self,
        offers: impl Iterator<Item = Extension<'b>>,
        list: &mut Option<FieldValue>,
    ) -> Result<Negotiated, &'static str> {
        if let Some(id) = self.own.refused {
            return Err(id.name);
        }
        let mut agreed = Negotiated::elsewhere();
        #[cfg(feature = "inflate")]
        let place = self.deflate.map_or(0, |(_, place)| place);
        // §9.1: the client "is only offering to use any advertised extensions".
        #[cfg(not(feature = "inflate"))]
        let (place, _) = (0, offers);
        for (id, answer) in self.own.iter().take(place) {
            agreed = agreed.accept(id, *answer, list)?;
        }
        #[cfg(feature = "inflate")]
        if let Some((config, _)) = self.deflate {
            // RFC 7692 §5: a server "MUST NOT accept a PMCE extension negotiation offer together with another extension if the PMCE
            // will conflict with the extension on their use of the RSV1 bit".
            let is_free = !self.own.ids.iter().any(|id| id.rsv.overlaps(DeflateConfig::RSV));
            // RFC 7692 §5: the first one that is valid and can be honoured.
            let accepted = if is_free { AcceptedExtension::to_offers(&config, offers) } else { None };
            if let Some(accepted) = accepted {
                FieldValue::append(list, accepted.answer).ok_or(DeflateConfig::NAME)?;
                agreed = agreed.with_deflate(accepted.params);
            }
        }
        for (id, answer) in self.own.iter().skip(place) {
            agreed = agreed.accept(id, *answer, list)?;
        }
        Ok(agreed)
    }
}

/// What the answer of another server to the offers of another client amounts to. All that does not fit is reported.
pub(crate) fn observe_extensions<'q, 's, O, A>(
    offers: impl Fn() -> O,
    answers: impl Fn() -> A,
    mut report: impl FnMut(Mismatch<'s>),
) -> Negotiated
where
    O: Iterator<Item = Extension<'q>>,
    A: Iterator<Item = Extension<'s>>,
{
    #[cfg_attr(not(feature = "inflate"), allow(unused_mut))]
    let mut agreed = Negotiated::elsewhere();
    for (index, answer) in answers().enumerate() {
        let name = answer.name();
        if !offers().any(|offer| offer.name() == name) {
            report(Mismatch::NotOffered(name));
        } else if answers().take(index).any(|before| before.name() == name) {
            report(Mismatch::Repeated(name));
        } else {
            #[cfg(feature = "inflate")]
            if name == DeflateConfig::NAME {
                // Any of the offers may be the one that is accepted.
                let configs = offers().filter(|offer| offer.name() == name).filter_map(DeflateConfig::of_offer);
                let mut fault = None;
                let params = configs.map(|config| config.check(&answer)).find_map(|checked| match checked {
                    Ok(params) => Some(params),
                    Err(error) => {
                        fault.get_or_insert(error);
                        None
                    }
                });
                match (params, fault) {
                    (Some(params), _) => agreed = agreed.with_deflate(params),
                    (None, Some(fault)) => report(Mismatch::Fault(fault)),
                    // None of the offers can be accepted.
                    (None, None) => report(Mismatch::NotOffered(name)),
                }
            }
        }
    }
    agreed
}

/// Why an answer fails the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mismatch<'b> {
    /// The extension was not offered.
    NotOffered(&'b str),
    /// The extension was accepted twice.
    Repeated(&'b str),
    /// The extension was accepted beside another that owns the same reserved bit.
    ReservedBits(&'static str),
    /// Its parameters do not answer the offer.
    #[cfg_attr(not(feature = "inflate"), allow(dead_code))] // The application's own extensions are checked by it.
    Fault(AnswerFault<'b>),
}
