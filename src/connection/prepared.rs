//! Messages that go to many.

use alloc::vec::Vec;
use core::fmt;

/// Counted by reference: by as many threads as the machine allows.
#[cfg(not(target_has_atomic = "ptr"))]
pub(crate) use alloc::rc::Rc as Counted;
#[cfg(target_has_atomic = "ptr")]
pub(crate) use alloc::sync::Arc as Counted;

use super::Message;
use crate::wire::{Header, LengthTooLarge, Redacted};
#[cfg(feature = "deflate")]
use crate::{
    extension::deflate::{Compression, Deflater},
    wire::{Rsv, widened},
};

/// A message that a server has framed once in order to send it to many: a broadcast.
///
/// What goes over the wire is the same for every client, since a server does not mask. It is counted by reference: a clone shares the
/// bytes, so a queue for each connection can hold one, with the [`PreparedForm`] that was admitted there.
///
/// ```
/// use websocket_proto::{Connection, Limits, Negotiated, Prepared, PreparedForm, Server};
///
/// let news = Prepared::new("the same for all").unwrap();
/// let mut connections = [0; 3].map(|_| Connection::new(Negotiated::elsewhere(), Server, &Limits::default()));
/// let mut queues: [Vec<(Prepared, PreparedForm)>; 3] = Default::default();
/// for (connection, queue) in connections.iter_mut().zip(&mut queues) {
///     let form = connection.send_prepared(&news).unwrap();
///     queue.push((news.clone(), form));
/// }
/// for (message, form) in queues.iter().flatten() {
///     assert_eq!(message.frame(*form), b"\x81\x10the same for all"); // what is to be written
/// }
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Prepared {
    frames: Counted<Frames>,
}

#[derive(Eq, Hash, PartialEq)]
struct Frames {
    plain: Vec<u8>,
    /// The same frame with its payload compressed, and what it takes to read it.
    #[cfg(feature = "deflate")]
    compressed: Option<(Compression, Vec<u8>)>,
}

/// Which form of a [`Prepared`] message a connection has admitted.
///
/// ```
/// use websocket_proto::{Connection, Limits, Negotiated, Prepared, PreparedForm, Server};
///
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// let news = Prepared::new("news").unwrap();
/// assert_eq!(connection.send_prepared(&news), Ok(PreparedForm::Plain));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PreparedForm {
    /// The payload as it is.
    Plain,
    /// The payload compressed by permessage-deflate.
    Compressed,
}

impl Prepared {
    /// Frames a message as a server sends it.
    ///
    /// # Errors
    ///
    /// [`LengthTooLarge`] for 2⁶³ bytes and more.
    pub fn new<'m>(message: impl Into<Message<'m>>) -> Result<Self, LengthTooLarge> {
        Ok(Self::from_frames(Frames::new(message.into())?))
    }

    /// Frames a message both as it is and compressed: each connection takes what it has agreed on.
    ///
    /// The compressor forgets its history before and after, so that every peer can read the message. A connection whose own compressor
    /// works with context takeover goes on without the history from before; where broadcasts come often, agree on no context takeover.
    ///
    /// ```
    /// use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort};
    /// use websocket_proto::{Connection, Limits, Negotiated, Prepared, Server};
    ///
    /// // Any context takeover and the largest window, which is what most peers agree on, are enough to read it.
    /// let mut deflater = Deflater::new(Compression::DEFAULT.with_context_takeover(false), Effort::SMALL);
    /// let news = Prepared::compressed(&"the same for all, ".repeat(100), &mut deflater).unwrap();
    ///
    /// let with = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    /// let [with, without] = [with, Negotiated::elsewhere()].map(|negotiated| {
    ///     let form = Connection::new(negotiated, Server, &Limits::default()).send_prepared(&news).unwrap();
    ///     news.frame(form).len()
    /// });
    /// assert!(with < 60 && without == 4 + 18 * 100);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(feature = "deflate")]
    pub fn compressed<'m>(message: impl Into<Message<'m>>, deflater: &mut Deflater) -> Result<Self, LengthTooLarge> {
        let message = message.into();
        let mut frames = Frames::new(message)?;
        let compression = Compression { context_takeover: false, ..deflater.compression() };
        deflater.forget();
        let payload = deflater.deflate(message.payload(), true);
        let header = Header::data(message.kind().into(), true, widened(payload.len()))?.with_rsv(Rsv::RSV1);
        frames.compressed = Some((compression, framed(header, payload)));
        deflater.forget();
        deflater.trim();
        Ok(Self::from_frames(frames))
    }

    fn from_frames(frames: Frames) -> Self {
        Self { frames: Counted::new(frames) }
    }

    /// The frame to write where this form was admitted by [`send_prepared`](crate::Connection::send_prepared).
    ///
    /// A message that was not compressed has one form only: its frame is the answer for every form.
    pub fn frame(&self, form: PreparedForm) -> &[u8] {
        #[cfg(feature = "deflate")]
        if let (PreparedForm::Compressed, Some((_, frame))) = (form, &self.frames.compressed) {
            return frame;
        }
        let _ = form;
        &self.frames.plain
    }

    /// Whether there is a compressed form.
    pub fn is_compressed(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.frames.compressed.is_some();
        #[cfg(not(feature = "deflate"))]
        false
    }

    /// What it takes to read the compressed form, if there is one.
    #[cfg(feature = "deflate")]
    pub(super) fn compression(&self) -> Option<Compression> {
        self.frames.compressed.as_ref().map(|(compression, _)| *compression)
    }
}

impl Frames {
    fn new(message: Message<'_>) -> Result<Self, LengthTooLarge> {
        let header = Header::data(message.kind().into(), true, message.payload_len())?;
        Ok(Self {
            plain: framed(header, message.payload()),
            #[cfg(feature = "deflate")]
            compressed: None,
        })
    }
}

fn framed(header: Header, payload: &[u8]) -> Vec<u8> {
    let header = header.encode();
    let mut bytes = Vec::with_capacity(header.len() + payload.len());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(payload);
    bytes
}

/// Without the payload: it may be secret, and large.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Prepared");
        shown.field("plain", &Redacted(self.frames.plain.len()));
        #[cfg(feature = "deflate")]
        shown.field("compressed", &self.frames.compressed.as_ref().map(|(_, frame)| Redacted(frame.len())));
        shown.finish()
    }
}
