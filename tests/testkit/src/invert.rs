//! An extension of an application's own, in as few lines as can be: it inverts each byte of a payload, and owns RSV2.

use std::fmt::{self, Write};

use websocket_proto::ProtocolError;
use websocket_proto::extension::{AnswerFault, Decode, Encode, Extension, Negotiate, Pieces};
use websocket_proto::wire::Rsv;

/// Its negotiation and both directions.
#[derive(Clone, Copy, Debug)]
pub struct Invert;

impl Negotiate for Invert {
    const NAME: &'static str = "x-invert";
    const RSV: Rsv = Rsv::RSV2;
    type Params = ();

    fn write_offers(&self, to: &mut dyn Write) -> fmt::Result {
        to.write_str("x-invert")
    }

    fn answer(&self, offer: &Extension<'_>, to: &mut dyn Write) -> Option<()> {
        if offer.params().next().is_some() { None } else { to.write_str("x-invert").ok() }
    }

    fn check<'b>(&self, answer: &Extension<'b>) -> Result<(), AnswerFault<'b>> {
        answer.params().next().map_or(Ok(()), |param| Err(AnswerFault::Param(param)))
    }
}

impl Decode for Invert {
    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn decode(&mut self, payload: &[u8], _: bool, to: &mut Pieces<'_>) -> Result<(), ProtocolError> {
        payload.chunks(3).try_for_each(|piece| to(&inverted(piece)))
    }
}

impl Encode for Invert {
    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn encode(&mut self, payload: &[u8], _: bool, to: &mut Vec<u8>) {
        to.extend(inverted(payload));
    }
}

/// Each byte inverted.
pub fn inverted(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}
