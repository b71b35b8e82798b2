//! Seeing each frame that passes: for logs, metrics and captures.

use core::fmt;

use super::role::{Direction, Sealed};
use super::{Connection, Role, ServerRole};
use crate::frame::Masking;
use crate::wire::{Header, MaskingKey};

/// Sees the header of each frame that a connection receives and sends; a function is one.
///
/// It is told of a received frame once its header is complete and allowed, before its payload is looked at, and of a frame that is sent
/// when it was appended to the output or handed out to be written. What a peer sends after its Close is not read, so not seen.
///
/// A type that counts can be asked later, by [`Connection::observer`]:
///
/// ```
/// use websocket_proto::connection::{Direction, Observed, Observer};
/// use websocket_proto::wire::Header;
/// use websocket_proto::{Connection, Limits, Negotiated, Server};
///
/// #[derive(Default)]
/// struct Metrics { received: u64, sent: u64 }
///
/// impl Observer for Metrics {
///     fn frame(&mut self, direction: Direction, header: &Header) {
///         match direction {
///             Direction::Received => self.received += header.payload_len(),
///             Direction::Sent => self.sent += header.payload_len(),
///         }
///     }
/// }
///
/// let server = Observed::new(Server, Metrics::default());
/// let mut connection = Connection::new(Negotiated::elsewhere(), server, &Limits::default());
/// connection.send("Hello", &mut Vec::new()).unwrap();
/// assert_eq!(connection.observer().sent, 5);
/// ```
pub trait Observer {
    /// A frame with this header passes.
    fn frame(&mut self, direction: Direction, header: &Header);
}

impl<F: FnMut(Direction, &Header)> Observer for F {
    fn frame(&mut self, direction: Direction, header: &Header) {
        self(direction, header);
    }
}

/// A [`Role`] whose frames are seen by an [`Observer`]. A role without an observer costs nothing, because the
/// observer is part of the role's type.
///
/// ```
/// use websocket_proto::connection::{Direction, Observed};
/// use websocket_proto::wire::Header;
/// use websocket_proto::{Connection, Limits, Messages, Negotiated, Server};
///
/// let mut log = Vec::new();
/// let observer = |direction: Direction, header: &Header| {
///     let masked = if header.masking_key().is_some() { "masked" } else { "not masked" };
///     let (opcode, fin, len) = (header.opcode(), header.fin(), header.payload_len());
///     log.push(format!("{direction:?}: {opcode:?}, FIN {fin}, {}, {len} bytes, {masked}", header.rsv()));
/// };
/// let server = Observed::new(Server, observer);
/// let mut connection = Connection::new(Negotiated::elsewhere(), server, &Limits::default());
///
/// let mut read = [0x89, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2]; // a masked Ping
/// let mut out = Vec::new();
/// Messages::new().next(&mut connection, &mut &mut read[..], &mut out)?;
/// drop(connection);
/// assert_eq!(log, [
///     "Received: Control(Ping), FIN true, no reserved bit, 2 bytes, masked",
///     "Sent: Control(Pong), FIN true, no reserved bit, 2 bytes, not masked",
/// ]);
/// # Ok::<(), websocket_proto::ProtocolError>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Observed<R, O> {
    role: R,
    observer: O,
}

impl<R: Role, O: Observer> Observed<R, O> {
    /// Makes a role of a role and what sees its frames.
    pub const fn new(role: R, observer: O) -> Self {
        Self { role, observer }
    }
}

impl<R: Role, O: Observer> Role for Observed<R, O> {
    const RECEIVES: Masking = R::RECEIVES;

    #[inline]
    fn next_key(&mut self) -> Option<MaskingKey> {
        self.role.next_key()
    }

    #[inline]
    fn observe(&mut self, direction: Direction, header: impl FnOnce() -> Option<Header>) {
        if let Some(header) = header() {
            self.observer.frame(direction, &header);
        }
    }
}

impl<R: ServerRole, O: Observer> ServerRole for Observed<R, O> {}

impl<R: Role, O> Sealed for Observed<R, O> {}

/// Without what the observer knows.
impl<R: fmt::Debug, O> fmt::Debug for Observed<R, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").field("role", &self.role).finish_non_exhaustive()
    }
}

impl<R: Role, O: Observer> Connection<Observed<R, O>> {
    /// What sees the frames of this connection.
    pub const fn observer(&self) -> &O {
        &self.role.observer
    }

    /// What sees the frames of this connection, to be changed.
    pub fn observer_mut(&mut self) -> &mut O {
        &mut self.role.observer
    }
}

impl<R: Role> Connection<R> {
    /// Has the frames from here on seen by `observer`: for a connection that was made elsewhere.
    #[cfg(feature = "alloc")]
    pub(crate) fn observed<O: Observer>(self, observer: O) -> Connection<Observed<R, O>> {
        Connection {
            short_len: self.short_len,
            stage: self.stage,
            inbound: self.inbound,
            reader: self.reader,
            delivered: self.delivered,
            utf8: self.utf8,
            control: self.control,
            high_water_mark: self.high_water_mark,
            sending: self.sending,
            sending_rsv: self.sending_rsv,
            sending_utf8: self.sending_utf8,
            #[cfg(feature = "inflate")]
            deflate: self.deflate,
            role: Observed::new(self.role, observer),
        }
    }

    /// Each frame that is received passes here, once its header is known to be allowed.
    #[inline]
    pub(super) fn frame_received(&mut self, header: Option<Header>) {
        self.role.observe(Direction::Received, || header);
    }

    /// Each frame that is sent passes here; `frame` begins with its header.
    #[inline]
    pub(super) fn frame_sent(&mut self, frame: &[u8]) {
        self.role.observe(Direction::Sent, || Header::decode(frame).ok()?.map(|(header, _)| header));
    }
}
