//! Server or client: who masks (§5.1).

use core::fmt;

use crate::frame::Masking;
use crate::wire::{Header, MaskingKey};

/// One of [`Server`] and [`Client`]: which frames are masked is decided by the type.
///
/// ```
/// use websocket_proto::{Connection, Role};
///
/// fn is_open<R: Role>(connection: &Connection<R>) -> bool {
///     connection.state() == websocket_proto::State::Open
/// }
/// ```
pub trait Role: Sealed {
    /// Whether the frames that this role receives are masked.
    const RECEIVES: Masking;

    /// The key for the next frame that this role sends; `None` where it masks nothing.
    fn next_key(&mut self) -> Option<MaskingKey>;

    /// Told of each frame that passes; only [`Observed`](super::Observed) asks for its header.
    #[inline]
    fn observe(&mut self, direction: Direction, header: impl FnOnce() -> Option<Header>) {
        let _ = (direction, header);
    }
}

/// Whether a frame comes from the peer or goes to it.
///
/// ```
/// use websocket_proto::connection::Direction;
///
/// assert_eq!(format!("{:?}", Direction::Received), "Received");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// The peer has sent it.
    Received,
    /// This side sends it.
    Sent,
}

/// A [`Role`] that masks nothing: [`Server`], observed or not. What it has framed once can go to many.
///
/// ```
/// use websocket_proto::{Connection, Prepared, PreparedForm, SendError};
/// use websocket_proto::connection::ServerRole;
///
/// fn publish<R: ServerRole>(connection: &mut Connection<R>, news: &Prepared) -> Result<PreparedForm, SendError> {
///     connection.send_prepared(news)
/// }
/// ```
pub trait ServerRole: Role {}

impl ServerRole for Server {}

/// The role that accepts connections. §5.1: "A server MUST NOT mask any frames that it sends to the client."
///
/// ```
/// use websocket_proto::{Connection, Limits, Negotiated, Server};
///
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// let mut out = Vec::new();
/// connection.send("Hello", &mut out).unwrap();
/// assert_eq!(out, b"\x81\x05Hello");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Server;

impl Role for Server {
    const RECEIVES: Masking = Masking::Required;

    #[inline]
    fn next_key(&mut self) -> Option<MaskingKey> {
        None
    }
}

/// The role that asks for connections. §5.1: "a client MUST mask all frames that it sends to the server".
///
/// ```
/// use websocket_proto::{Client, Connection, Limits, Negotiated};
///
/// // A fixed key, to show §5.7's bytes. A real client gives `RandomKeys`, or a source of its own.
/// let client = Client::from_fn(|| [0x37, 0xfa, 0x21, 0x3d]);
/// let mut connection = Connection::new(Negotiated::elsewhere(), client, &Limits::default());
/// let mut out = Vec::new();
/// connection.send("Hello", &mut out).unwrap();
/// assert_eq!(out, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
/// ```
///
/// With feature `rand`, `Client` alone means `Client<RandomKeys>`.
#[derive(Clone, Copy)]
pub struct Client<#[cfg(feature = "rand")] K = super::RandomKeys, #[cfg(not(feature = "rand"))] K> {
    keys: K,
}

impl<K: MaskingKeys> Client<K> {
    /// Makes the role of a client that masks with these keys.
    pub const fn new(keys: K) -> Self {
        Self { keys }
    }
}

impl<F: FnMut() -> [u8; 4]> Client<FnKeys<F>> {
    /// Makes the role of a client that asks this function for each key.
    ///
    /// The function has to keep the promise of [`MaskingKeys`].
    pub const fn from_fn(keys: F) -> Self {
        Self { keys: FnKeys(keys) }
    }
}

/// Without the source of the keys.
impl<K> fmt::Debug for Client<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl<K: MaskingKeys> Role for Client<K> {
    const RECEIVES: Masking = Masking::Forbidden;

    #[inline]
    fn next_key(&mut self) -> Option<MaskingKey> {
        Some(MaskingKey::new(self.keys.next_key()))
    }
}

/// Where a client's masking keys come from: one fresh key per frame.
///
/// §10.3: "the client MUST choose a new masking key for each frame, using an algorithm that cannot be predicted by end
/// applications that provide data". Where the key can be predicted, a script that chooses the payload also chooses the bytes that a proxy
/// sees, which can poison the caches of old ones. So take the keys from a cryptographic generator that was seeded by the operating
/// system; with feature `rand` that is `RandomKeys`.
///
/// A function is a source by [`Client::from_fn`] or [`FnKeys`]; `&mut K` and `Box<K>` are sources where `K` is, also
/// `Box<dyn MaskingKeys>`.
///
/// ```
/// use websocket_proto::{Client, MaskingKeys};
///
/// struct HardwareGenerator;
/// impl HardwareGenerator {
///     fn read_register(&mut self) -> u32 {
///         0x3d21_fa37 // what the chip says
///     }
/// }
/// impl MaskingKeys for HardwareGenerator {
///     fn next_key(&mut self) -> [u8; 4] {
///         self.read_register().to_ne_bytes()
///     }
/// }
/// let role = Client::new(HardwareGenerator);
/// ```
pub trait MaskingKeys {
    /// A key that was not used before, and that neither the peer nor the provider of the data can predict.
    fn next_key(&mut self) -> [u8; 4];
}

impl<K: MaskingKeys + ?Sized> MaskingKeys for &mut K {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        (**self).next_key()
    }
}

#[cfg(feature = "alloc")]
impl<K: MaskingKeys + ?Sized> MaskingKeys for alloc::boxed::Box<K> {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        (**self).next_key()
    }
}

/// A function as a source of masking keys; see [`Client::from_fn`].
///
/// ```
/// use websocket_proto::{FnKeys, MaskingKeys};
///
/// let mut counter = 0_u32;
/// let mut keys = FnKeys(|| {
///     counter += 1; // for a test: keys have to be unpredictable
///     counter.to_be_bytes()
/// });
/// assert_eq!((keys.next_key(), keys.next_key()), ([0, 0, 0, 1], [0, 0, 0, 2]));
/// ```
#[derive(Clone, Copy)]
pub struct FnKeys<F>(pub F);

impl<F: FnMut() -> [u8; 4]> MaskingKeys for FnKeys<F> {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        (self.0)()
    }
}

/// Without what the function has captured.
impl<F> fmt::Debug for FnKeys<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnKeys").finish_non_exhaustive()
    }
}

/// A third role could break what the others promise.
pub trait Sealed {}

impl Sealed for Server {}

impl<K> Sealed for Client<K> {}
