//! How an extension is negotiated (§9.1).

use core::fmt;

use super::{Extension, Extensions, FieldValue, Param};
use crate::wire::Rsv;

/// How an extension is negotiated: what a client offers, what a server answers, and what both have agreed on then (§9.1).
///
/// [`ClientRequest::extension`](crate::handshake::ClientRequest::extension) offers it, and
/// [`Request::negotiate`](crate::handshake::Request::negotiate) answers. permessage-deflate implements it too, but is turned
/// on by the method `deflate` of both sides, because the connection itself has to know what was agreed on.
///
/// ```
/// use core::fmt::{self, Write};
/// use websocket_proto::extension::{AnswerFault, Extension, Negotiate};
/// use websocket_proto::handshake::{Answer, ClientRequest, Received, ServerHandshake};
/// use websocket_proto::wire::{Limits, Rsv};
///
/// /// Inverts each byte of a message's payload; RSV2 marks such messages.
/// struct Invert;
///
/// impl Negotiate for Invert {
///     const NAME: &'static str = "x-invert";
///     const RSV: Rsv = Rsv::RSV2;
///     type Params = ();
///
///     fn write_offers(&self, to: &mut dyn Write) -> fmt::Result {
///         to.write_str(Self::NAME)
///     }
///
///     fn answer(&self, offer: &Extension<'_>, to: &mut dyn Write) -> Option<()> {
///         // It has no parameters, so an offer with one is declined.
///         if offer.params().next().is_some() { None } else { to.write_str(Self::NAME).ok() }
///     }
///
///     fn check<'b>(&self, answer: &Extension<'b>) -> Result<(), AnswerFault<'b>> {
///         answer.params().next().map_or(Ok(()), |param| Err(AnswerFault::Param(param)))
///     }
/// }
///
/// // The client offers it, the server accepts it.
/// let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
/// let request = ClientRequest::new("example.com", "/").extension(&Invert);
/// let mut handshake = request.start([7; 16], &Limits::DEFAULT, &mut to_server)?;
/// let received = ServerHandshake::new(&Limits::DEFAULT).receive(&to_server)?;
/// let Some(Received::Upgrade(request)) = received else { panic!("plain HTTP, or cut") };
/// let invert = request.negotiate(&Invert);
/// let server = request.accept().extension(invert.as_ref()).write_to(&mut to_client)?;
/// let Some(Answer::Open(response)) = handshake.receive(&to_client)? else { panic!("refused, or cut") };
/// assert_eq!(response.agreed(&Invert)?, Some(()));
/// assert_eq!(response.negotiated(), server);
/// assert_eq!(server.owned_rsv(), Rsv::RSV2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Negotiate {
    /// The extension's name: a token that IANA has registered, or that begins with `x-` for one of the application's own.
    const NAME: &'static str;

    /// The reserved bits that mark the messages which the extension has transformed, on their first frame (§5.2). No two extensions in
    /// use can own the same bit.
    const RSV: Rsv;

    /// What both ends have agreed on.
    type Params;

    /// Writes a client's offers, the preferred one first: list elements with this name, and `, ` between them.
    ///
    /// # Errors
    ///
    /// Those of `to`: the offers of a request have room for 512 bytes.
    fn write_offers(&self, to: &mut dyn fmt::Write) -> fmt::Result;

    /// Answers an offer as a server: writes one list element with this name, or returns `None`, which declines the offer, so that the next
    /// one is tried. An offer that is wrong is declined, too.
    fn answer(&self, offer: &Extension<'_>, to: &mut dyn fmt::Write) -> Option<Self::Params>;

    /// Checks a server's answer to these offers, as a client, and returns what was agreed on.
    ///
    /// # Errors
    ///
    /// The fault for which a client fails the connection.
    fn check<'b>(&self, answer: &Extension<'b>) -> Result<Self::Params, AnswerFault<'b>>;
}

/// What is wrong with a server's answer to the offers of an extension.
///
/// ```
/// use websocket_proto::extension::{AnswerFault, Extensions};
///
/// let answer = Extensions::new(b"x-invert; twice").next().unwrap().unwrap();
/// let fault = answer.params().next().map(AnswerFault::Param);
/// assert!(matches!(fault, Some(AnswerFault::Param(param)) if param.name() == "twice"));
/// ```
#[derive(Clone, Copy, Debug)]
pub enum AnswerFault<'b> {
    /// The parameter does not fit what was offered: by its name, by its value, or because it is repeated.
    Param(Param<'b>),
    /// The parameter with this name was demanded, and is missing.
    ParamMissing(&'static str),
}

/// An extension that a server accepts: [`Request::negotiate`](crate::handshake::Request::negotiate) makes one, and
/// [`Accept::extension`](crate::handshake::Accept::extension) puts it into the response.
#[derive(Clone, Copy, Debug)]
#[must_use = "it has to be put into the response"]
pub struct AcceptedExtension<P> {
    /// What was agreed on.
    pub params: P,
    pub(super) id: &'static ExtensionId,
    pub(super) answer: FieldValue,
}

impl<P> AcceptedExtension<P> {
    /// The answer to the first offer of the client that can be honoured.
    #[inline]
    pub(crate) fn to_offers<'b, N>(wanted: &N, mut offers: impl Iterator<Item = Extension<'b>>) -> Option<Self>
    where
        N: Negotiate<Params = P>,
    {
        offers.find_map(|offer| {
            if offer.name() != N::NAME {
                return None;
            }
            let mut params = None;
            let answer = FieldValue::written(|to| {
                params = wanted.answer(&offer, to);
                Ok(())
            });
            Some(Self { params: params?, id: N::ID, answer: answer? })
        })
    }

    /// Whether the answer is one element of the list, with the extension's name.
    pub(crate) fn is_well_formed(&self) -> bool {
        is_list_of(self.answer.as_str(), self.id.name) == Some(1)
    }
}

/// How many elements the list has, all of which have this name; `None` where one has another, or breaks the grammar.
pub(super) fn is_list_of(list: &str, name: &str) -> Option<usize> {
    Extensions::new(list.as_bytes()).try_fold(0_usize, |count, extension| match extension {
        Ok(extension) if extension.name() == name => Some(count.saturating_add(1)),
        Ok(_) | Err(_) => None,
    })
}

/// What tells an extension apart from others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExtensionId {
    pub(crate) name: &'static str,
    pub(crate) rsv: Rsv,
}

/// An extension's [`ExtensionId`], which outlives its configuration.
pub(crate) trait Identified {
    const ID: &'static ExtensionId;
}

impl<N: Negotiate> Identified for N {
    const ID: &'static ExtensionId = &ExtensionId { name: N::NAME, rsv: N::RSV };
}

/// What a client's request needs of an extension of any type.
pub(crate) trait WriteOffers: Sync {
    fn write_offers(&self, to: &mut dyn fmt::Write) -> fmt::Result;
}

impl<N: Negotiate + Sync> WriteOffers for N {
    fn write_offers(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        Negotiate::write_offers(self, to)
    }
}
