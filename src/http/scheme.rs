//! The scheme by which a server is reached.

/// Whether TLS is spoken with the server that the client means.
///
/// ```
/// use websocket_proto::handshake::{Scheme, WsUrl};
///
/// let url = WsUrl::parse("wss://example.com/").unwrap();
/// assert_eq!(url.scheme(), Scheme::Https);
/// assert_eq!((Scheme::Https.as_str(), Scheme::Https.default_port()), ("https", 443));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// Without TLS: `http`, and `ws`.
    Http,
    /// With TLS: `https`, and `wss`.
    Https,
}

impl Scheme {
    /// `http` or `https`, as in an `Origin` and in the `:scheme` of HTTP/2.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where none is named (§3; RFC 9110 §4.2).
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// The scheme of an HTTP URI; its letter case does not matter (RFC 3986 §3.1).
    pub(crate) fn of_http(name: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| scheme.as_str().eq_ignore_ascii_case(name))
    }
}
