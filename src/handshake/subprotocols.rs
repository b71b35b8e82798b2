//! The subprotocols that a client offers, owned or borrowed.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// A client's list of subprotocols: `["chat", "superchat"]`, `&["chat"]`, a slice, with an allocator a
/// `Vec<String>`, or a reference to any of them.
///
/// The handshake keeps the list, since the server may choose none but these (§4.1, 6). With a list that owns its names, or names that
/// are `'static`, the handshake borrows nothing and can be kept in a struct.
///
/// ```
/// use websocket_proto::handshake::{ClientHandshake, ClientRequest};
/// use websocket_proto::wire::Limits;
///
/// struct Connecting {
///     handshake: ClientHandshake<Vec<String>>,
/// }
///
/// fn begin(host: &str, subprotocols: Vec<String>, out: &mut Vec<u8>) -> Connecting {
///     let request = ClientRequest::new(host, "/").subprotocols(subprotocols);
///     Connecting { handshake: request.start([7; 16], &Limits::DEFAULT, out).unwrap() }
/// }
/// # begin("example.com", vec!["chat".to_owned()], &mut Vec::new());
/// ```
pub trait Subprotocols: sealed::Subprotocols {
    /// One subprotocol.
    type Name: AsRef<str>;

    /// The subprotocols, the preferred one first.
    fn as_slice(&self) -> &[Self::Name];
}

impl<S: AsRef<str>> Subprotocols for [S] {
    type Name = S;

    fn as_slice(&self) -> &[S] {
        self
    }
}

impl<S: AsRef<str>, const LEN: usize> Subprotocols for [S; LEN] {
    type Name = S;

    fn as_slice(&self) -> &[S] {
        self
    }
}

#[cfg(feature = "alloc")]
impl<S: AsRef<str>> Subprotocols for Vec<S> {
    type Name = S;

    fn as_slice(&self) -> &[S] {
        self
    }
}

impl<P: Subprotocols + ?Sized> Subprotocols for &P {
    type Name = P::Name;

    fn as_slice(&self) -> &[P::Name] {
        (**self).as_slice()
    }
}

/// None at all.
pub type NoSubprotocols = [&'static str; 0];

mod sealed {
    pub trait Subprotocols {}
    impl<S> Subprotocols for [S] {}
    impl<S, const LEN: usize> Subprotocols for [S; LEN] {}
    #[cfg(feature = "alloc")]
    impl<S> Subprotocols for alloc::vec::Vec<S> {}
    impl<P: ?Sized> Subprotocols for &P {}
}
