//! What an extension does to the payload of messages (§9.1).

use crate::wire::{ProtocolError, Rsv};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// Takes the pieces that a [`Decode`] makes; an error of it has to be returned as it is.
pub type Pieces<'p> = dyn FnMut(&[u8]) -> Result<(), ProtocolError> + 'p;

/// Undoes what the peer's end of an extension has done to messages, piece by piece.
///
/// [`Messages::add_decoder`](crate::Messages::add_decoder) takes one. Text is checked to be UTF-8, and the length of the message is
/// compared with its limit, piece by piece as they come out. A decoder is asked only about messages whose first frame has one of its
/// reserved bits, and never sees control frames. If it panics, the message is half done: the connection and its `Messages` are to be
/// dropped.
///
/// permessage-deflate implements it with its [`Inflater`](super::deflate::Inflater). Beyond that, a connection knows which inflater has
/// its history, so that inflaters can be pooled; and [`Messages`](crate::Messages) makes an inflater by itself, unlike other decoders.
///
/// ```
/// use websocket_proto::extension::{Decode, Encode, Pieces};
/// use websocket_proto::wire::{ProtocolError, Rsv};
/// use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Negotiated, Part, Server};
///
/// /// Inverts each byte of a message's payload; RSV2 marks such messages.
/// struct Invert;
///
/// impl Decode for Invert {
///     fn rsv(&self) -> Rsv {
///         Rsv::RSV2
///     }
///
///     fn decode(&mut self, payload: &[u8], _last: bool, to: &mut Pieces<'_>) -> Result<(), ProtocolError> {
///         // In pieces of a bounded size, so that memory is bounded too.
///         for piece in payload.chunks(64) {
///             let inverted: Vec<u8> = piece.iter().map(|byte| !byte).collect();
///             to(&inverted)?;
///         }
///         Ok(())
///     }
/// }
///
/// impl Encode for Invert {
///     fn rsv(&self) -> Rsv {
///         Rsv::RSV2
///     }
///
///     fn encode(&mut self, payload: &[u8], _last: bool, to: &mut Vec<u8>) {
///         to.extend(payload.iter().map(|byte| !byte));
///     }
/// }
///
/// // What the handshake has agreed on: see `Negotiate`.
/// let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV2);
/// let mut client = Connection::new(negotiated, Client::from_fn(|| [1, 2, 3, 4]), &Limits::default());
/// let mut server = Connection::new(negotiated, Server, &Limits::default());
///
/// let mut wire = Vec::new();
/// client.send_encoded("Hello", Part::Whole, &mut Invert, &mut wire)?;
/// assert_eq!(wire, [0xa1, 0x85, 1, 2, 3, 4, !b'H' ^ 1, !b'e' ^ 2, !b'l' ^ 3, !b'l' ^ 4, !b'o' ^ 1]);
///
/// let mut messages = Messages::new();
/// messages.add_decoder(Invert);
/// let received = messages.next(&mut server, &mut &mut wire[..], &mut Vec::new())?;
/// assert_eq!(received, Some(Incoming::Text("Hello")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Decode: Send + Sync {
    /// The reserved bits that mark the messages which the extension has transformed.
    fn rsv(&self) -> Rsv;

    /// A message begins; what was left of one that never ended is to be forgotten.
    fn begin(&mut self) {}

    /// Hands the next piece of the message's payload, unmasked, to `to` as it was before the transformation, in any number of pieces.
    /// With `last`, the message ends with it; such a piece may be empty.
    ///
    /// Memory and work have to be bounded for each byte of `payload`: it is the peer's, cut anywhere, and may be anything. What is
    /// handed on is bounded by the message's limit, which `to` enforces.
    ///
    /// # Errors
    ///
    /// That of `to`, or [`ProtocolError::InvalidTransformation`] if no peer can have sent this. The connection fails with it.
    fn decode(&mut self, payload: &[u8], last: bool, to: &mut Pieces<'_>) -> Result<(), ProtocolError>;
}

/// Transforms messages before they are sent: the other half of [`Decode`], where there is an example.
///
/// [`Connection::send_encoded`](crate::Connection::send_encoded) takes one.
#[cfg(feature = "alloc")]
pub trait Encode {
    /// The reserved bits that mark the messages which it has transformed.
    fn rsv(&self) -> Rsv;

    /// Appends a piece of a message to `to`, transformed. With `last`, the message ends with it.
    fn encode(&mut self, payload: &[u8], last: bool, to: &mut Vec<u8>);
}

/// Undoes what a chain of extensions has done, the last one first (§9.1).
#[cfg(feature = "alloc")]
pub(crate) fn undo(
    chain: &mut [&mut dyn Decode],
    payload: &[u8],
    last: bool,
    to: &mut Pieces<'_>,
) -> Result<(), ProtocolError> {
    let Some((decoder, before)) = chain.split_last_mut() else { return to(payload) };
    decoder.decode(payload, last, &mut |piece| undo(before, piece, false, to))?;
    if last { undo(before, &[], true, to) } else { Ok(()) }
}
