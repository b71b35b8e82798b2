//! Who offers and answers what (RFC 7692 §5, §7.1). Pure, and total: a bad offer is declined, a bad answer is named.

use core::fmt::{self, Write};

use super::{Compression, DeflateParams, WindowBits};
use crate::extension::{AnswerFault, Extension, Negotiate, Param, ParamValue};
use crate::wire::{Rsv, setters};

/// What an endpoint asks of permessage-deflate: the same for both roles.
///
/// What a peer asks for is granted as far as it goes: a smaller window, and no context takeover, always can be.
///
/// ```
/// use websocket_proto::extension::deflate::{Compression, DeflateConfig, WindowBits};
/// use websocket_proto::handshake::ClientRequest;
/// use websocket_proto::Limits;
///
/// // An endpoint that keeps little memory for each of many connections.
/// let own = Compression::DEFAULT.with_context_takeover(false);
/// let peer = Compression::new(WindowBits::W10, true);
/// let config = DeflateConfig::DEFAULT.with_own(own).with_peer(peer).with_fallback(true);
///
/// let mut out = Vec::new();
/// ClientRequest::new("example.com", "/").deflate(config).start([7; 16], &Limits::DEFAULT, &mut out).unwrap();
/// let request = String::from_utf8(out).unwrap();
/// assert!(request.contains("\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; \
///     server_max_window_bits=10; client_max_window_bits, \
///     permessage-deflate; client_no_context_takeover; client_max_window_bits\r\n"));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct DeflateConfig {
    /// How this endpoint compresses, at most.
    pub own: Compression,
    /// How the peer is to compress, at most. It decides over the memory that reading takes.
    pub peer: Compression,
    /// Whether to go along with a peer that can't keep to `peer`, rather than to do without compression.
    pub fallback: bool,
    /// For a client: whether it lets the server choose a smaller window for it (§7.1.2.2).
    pub adjustable: bool,
}

impl DeflateConfig {
    /// The largest windows, context takeover on both sides, and everything that the peer asks for.
    pub const DEFAULT: Self =
        Self { own: Compression::DEFAULT, peer: Compression::DEFAULT, fallback: false, adjustable: true };

    /// What a client must have asked for to make this offer; `None` if it can't be accepted.
    pub(crate) fn of_offer(offer: Extension<'_>) -> Option<Self> {
        let offer = Parameters::parse(&offer).ok()?;
        Some(Self {
            own: Compression::DEFAULT.within(offer.client_window.flatten(), offer.client_no_takeover),
            peer: Compression::DEFAULT.within(offer.server_window, offer.server_no_takeover),
            fallback: false,
            adjustable: offer.client_window.is_some(),
        })
    }
}

setters! { DeflateConfig:
    /// The same with another bound on what this endpoint sends.
    with_own(own: Compression),
    /// The same with another bound on what the peer is to send.
    with_peer(peer: Compression),
    /// The same that goes along, or not, with a peer that can't keep to `peer`.
    with_fallback(fallback: bool),
    /// The same for a client that lets the server choose a smaller window, or not.
    with_adjustable(adjustable: bool),
}

impl Negotiate for DeflateConfig {
    /// "The registered extension name for this extension" (RFC 7692 §7).
    const NAME: &'static str = "permessage-deflate";

    /// RFC 7692 §6: "This document allocates the RSV1 bit of the WebSocket header for PMCEs".
    const RSV: Rsv = Rsv::RSV1;

    type Params = DeflateParams;

    fn write_offers(&self, to: &mut dyn Write) -> fmt::Result {
        let Self { own, peer, fallback, adjustable } = *self;
        let hint = adjustable.then_some((own.window_bits < WindowBits::MAX).then_some(own.window_bits));
        let demand = Parameters {
            server_no_takeover: !peer.context_takeover,
            client_no_takeover: !own.context_takeover,
            server_window: (peer.window_bits < WindowBits::MAX).then_some(peer.window_bits),
            client_window: hint,
        };
        demand.write(to)?;
        if fallback && peer != Compression::DEFAULT {
            to.write_str(", ")?;
            Parameters { server_no_takeover: false, server_window: None, ..demand }.write(to)?;
        }
        Ok(())
    }

    fn answer(&self, offer: &Extension<'_>, to: &mut dyn Write) -> Option<DeflateParams> {
        let offer = Parameters::parse(offer).ok()?;
        let server = self.own.within(offer.server_window, offer.server_no_takeover);
        let wanted = match offer.client_window {
            // §7.1.2.2: the response "MUST NOT include the client_max_window_bits extension parameter".
            None => self.peer.with_window_bits(WindowBits::MAX),
            Some(_) => self.peer,
        };
        let client = wanted.within(offer.client_window.flatten(), offer.client_no_takeover);
        if client.window_bits > self.peer.window_bits && !self.fallback {
            return None;
        }
        // §7.1.2.1: an offer with this parameter is accepted "by including" it.
        let names_server_window = offer.server_window.is_some() || server.window_bits < WindowBits::MAX;
        let smaller = client.window_bits < WindowBits::MAX;
        let answer = Parameters {
            server_no_takeover: !server.context_takeover,
            client_no_takeover: !client.context_takeover,
            server_window: names_server_window.then_some(server.window_bits),
            client_window: smaller.then_some(Some(client.window_bits)),
        };
        answer.write(to).ok()?;
        Some(DeflateParams { server, client })
    }

    fn check<'b>(&self, answer: &Extension<'b>) -> Result<DeflateParams, AnswerFault<'b>> {
        let parameters = Parameters::parse(answer).map_err(AnswerFault::Param)?;
        let refused = |name| answer.params().find(|param| param.name() == name);
        let fault = match (parameters.client_window, parameters.server_window) {
            // §7.1.2.2: in a response it "has a decimal integer value", and it has to have been offered.
            (Some(None), _) => refused(CLIENT_WINDOW),
            (Some(Some(_)), _) if !self.adjustable => refused(CLIENT_WINDOW),
            // §7.1.2.1: "the same or smaller value as the offer".
            (_, Some(bits)) if bits > self.peer.window_bits && !self.fallback => refused(SERVER_WINDOW),
            _ => None,
        };
        if let Some(param) = fault {
            return Err(AnswerFault::Param(param));
        }
        let server = Compression::DEFAULT.within(parameters.server_window, parameters.server_no_takeover);
        if server.window_bits > self.peer.window_bits && !self.fallback {
            return Err(AnswerFault::ParamMissing(SERVER_WINDOW));
        }
        if server.context_takeover && !self.peer.context_takeover && !self.fallback {
            return Err(AnswerFault::ParamMissing(SERVER_NO_TAKEOVER));
        }
        // A hint that the server ignores still holds: it asks for less than the server is ready to read.
        let client = self.own.within(parameters.client_window.flatten(), parameters.client_no_takeover);
        Ok(DeflateParams { server, client })
    }
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The parameters of one offer or answer (§7.1).
#[derive(Clone, Copy, Default)]
struct Parameters {
    server_no_takeover: bool,
    client_no_takeover: bool,
    server_window: Option<WindowBits>,
    /// In an offer, it may come without a value.
    client_window: Option<Option<WindowBits>>,
}

impl Parameters {
    /// §7: parameters that are not defined, have an invalid value or come twice are refused.
    fn parse<'b>(extension: &Extension<'b>) -> Result<Self, Param<'b>> {
        let mut parsed = Self::default();
        for param in extension.params() {
            let is_first = match (param.name(), param.value()) {
                (SERVER_NO_TAKEOVER, None) => !core::mem::replace(&mut parsed.server_no_takeover, true),
                (CLIENT_NO_TAKEOVER, None) => !core::mem::replace(&mut parsed.client_no_takeover, true),
                (SERVER_WINDOW, Some(value)) => {
                    let bits = window_bits(value).ok_or(param)?;
                    parsed.server_window.replace(bits).is_none()
                }
                (CLIENT_WINDOW, value) => {
                    let bits = value.map(|value| window_bits(value).ok_or(param)).transpose()?;
                    parsed.client_window.replace(bits).is_none()
                }
                _ => return Err(param),
            };
            if !is_first {
                return Err(param);
            }
        }
        Ok(parsed)
    }

    fn write(&self, to: &mut dyn Write) -> fmt::Result {
        to.write_str(DeflateConfig::NAME)?;
        if self.server_no_takeover {
            write!(to, "; {SERVER_NO_TAKEOVER}")?;
        }
        if self.client_no_takeover {
            write!(to, "; {CLIENT_NO_TAKEOVER}")?;
        }
        if let Some(bits) = self.server_window {
            write!(to, "; {SERVER_WINDOW}={bits}")?;
        }
        match self.client_window {
            Some(Some(bits)) => write!(to, "; {CLIENT_WINDOW}={bits}"),
            Some(None) => write!(to, "; {CLIENT_WINDOW}"),
            None => Ok(()),
        }
    }
}

/// §7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
fn window_bits(value: ParamValue<'_>) -> Option<WindowBits> {
    let mut digits = value.bytes();
    let bits = match (digits.next(), digits.next(), digits.next()) {
        (Some(digit @ b'8'..=b'9'), None, None) => digit - b'0',
        (Some(b'1'), Some(digit @ b'0'..=b'5'), None) => 10 + (digit - b'0'),
        _ => return None,
    };
    WindowBits::new(bits)
}

const SERVER_NO_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_WINDOW: &str = "server_max_window_bits";
const CLIENT_WINDOW: &str = "client_max_window_bits";
