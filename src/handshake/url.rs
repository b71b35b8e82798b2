//! WebSocket URIs (§3).

use core::fmt;

use crate::http::{Scheme, ShownTarget, ipv6, split_host};
use crate::wire::error_type;

/// A `ws:` or `wss:` URI, taken apart: the server to connect to, and what to ask for.
///
/// ```
/// use websocket_proto::handshake::WsUrl;
///
/// let url = WsUrl::parse("wss://example.com/chat?room=1").unwrap();
/// assert!(url.is_secure());
/// assert_eq!((url.host(), url.port()), ("example.com", 443));
/// assert_eq!(url.host_field(), "example.com");
/// assert_eq!(url.path_and_query(), "/chat?room=1");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct WsUrl<'u> {
    scheme: Scheme,
    host: &'u str,
    port: u16,
    host_field: &'u str,
    path_and_query: &'u str,
}

impl<'u> WsUrl<'u> {
    /// Takes a URI apart. Nothing is encoded or decoded: what is not visible ASCII has to be percent-encoded before, and the
    /// host put into its ASCII form.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`], also for a fragment, which §3 forbids, and for user information.
    pub fn parse(url: &'u str) -> Result<Self, InvalidUrl> {
        if let Some(byte) = url.bytes().find(|byte| !byte.is_ascii_graphic()) {
            return Err(InvalidUrl::Byte { byte });
        }
        if url.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl::Scheme)?;
        // §3: "if the scheme component matches 'wss' case-insensitively".
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case("wss") => Scheme::Https,
            _ if scheme.eq_ignore_ascii_case("ws") => Scheme::Http,
            _ => return Err(InvalidUrl::Scheme),
        };
        let (authority, path_and_query) =
            rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len())).ok_or(InvalidUrl::Host)?;
        if authority.contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        let (host, _) = split_host(authority.as_bytes()).ok_or(InvalidUrl::Host)?;
        let (host, port) = authority.split_at_checked(host.len()).ok_or(InvalidUrl::Host)?;
        // §3: "the default for 'ws' is port 80, while the default for 'wss' is port 443".
        let default = scheme.default_port();
        let port = match port.strip_prefix(':') {
            None | Some("") => default,
            Some(port) => port.parse().map_err(|_| InvalidUrl::Port)?,
        };
        // §4.1, 4: "optionally ':' followed by /port/ (when not using the default port)".
        let host_field = if port == default { host } else { authority };
        // §3: "'?' if the query component is non-empty".
        let path_and_query = match path_and_query.split_once('?') {
            Some((path, "")) => path,
            Some(_) | None => path_and_query,
        };
        Ok(Self { scheme, host, port, host_field, path_and_query })
    }

    /// Whether TLS is to be spoken: the scheme is `wss`.
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The scheme: [`Scheme::Https`] for `wss`.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name or address to connect to, as `TcpStream::connect((url.host(), url.port()))` takes it, and as TLS names
    /// it: an IPv6 address has no brackets here. An address of a later version keeps them, so that it is not resolved as a name.
    pub fn host(&self) -> &'u str {
        let literal = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        literal.filter(|address| ipv6(address.as_bytes()).is_some()).unwrap_or(self.host)
    }

    /// The port to connect to: 80 or 443 where none is named.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the `Host` field: the host, and the port unless it is the scheme's default.
    pub fn host_field(&self) -> &'u str {
        self.host_field
    }

    /// What to ask for, as it stands in the URI. The path may be missing, and means `/` then:
    /// [`ClientRequest`](super::ClientRequest) takes care of that.
    pub fn path_and_query(&self) -> &'u str {
        self.path_and_query
    }
}

impl<'u> TryFrom<&'u str> for WsUrl<'u> {
    type Error = InvalidUrl;

    fn try_from(url: &'u str) -> Result<Self, InvalidUrl> {
        Self::parse(url)
    }
}

/// The URI, without a port that is the scheme's default. The query is shown.
impl fmt::Display for WsUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure() { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.host_field, self.path_and_query)
    }
}

impl fmt::Debug for WsUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsUrl")
            .field("secure", &self.is_secure())
            .field("host_field", &self.host_field)
            .field("path_and_query", &ShownTarget(self.path_and_query))
            .finish()
    }
}

error_type! {
    /// A text that is not a WebSocket URI (§3).
    ///
    /// ```
    /// use websocket_proto::handshake::{InvalidUrl, WsUrl};
    ///
    /// assert_eq!(WsUrl::parse("https://example.com/"), Err(InvalidUrl::Scheme));
    /// assert_eq!(WsUrl::parse("ws://example.com/#top"), Err(InvalidUrl::Fragment));
    /// ```
    #[non_exhaustive]
    pub enum InvalidUrl {
        /// A byte that is no visible ASCII.
        Byte {
            /// The first such byte.
            byte: u8,
        } => "expected visible ASCII in a URI, found '{}'", byte.escape_ascii();
        /// Neither `ws://` nor `wss://` is in front.
        Scheme => "a WebSocket URI begins with ws:// or wss://";
        /// There is a fragment; a `#` elsewhere is written `%23`.
        Fragment => "a WebSocket URI has no fragment";
        /// There is `user@` before the host.
        UserInfo => "a WebSocket URI has no user information";
        /// The host is missing or invalid.
        Host => "the host is missing or invalid";
        /// The port is not a number up to 65535.
        Port => "expected a port from 0 to 65535";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (bool, &str, u16, &str, &str) {
        let url = WsUrl::parse(url).unwrap();
        (url.is_secure(), url.host(), url.port(), url.host_field(), url.path_and_query())
    }

    #[test]
    fn default_ports_are_80_and_443_and_not_in_the_host_field() {
        assert_eq!(parts("ws://a/"), (false, "a", 80, "a", "/"));
        assert_eq!(parts("wss://a/"), (true, "a", 443, "a", "/"));
        assert_eq!(parts("ws://a:80/"), (false, "a", 80, "a", "/"));
        assert_eq!(parts("ws://a:443/"), (false, "a", 443, "a:443", "/"));
        assert_eq!(parts("WSS://a:/"), (true, "a", 443, "a", "/"));
    }

    #[test]
    fn address_of_ipv6_has_its_brackets_in_the_host_field_alone() {
        assert_eq!(parts("ws://[::1]:8080/x"), (false, "::1", 8080, "[::1]:8080", "/x"));
        assert_eq!(parts("wss://[fe80::a]:443"), (true, "fe80::a", 443, "[fe80::a]", ""));
    }

    #[test]
    fn path_and_query_may_be_missing() {
        assert_eq!(parts("ws://a").4, "");
        assert_eq!(parts("ws://a?b=/c").4, "?b=/c");
        assert_eq!(parts("ws://a/b?").4, "/b");
        assert_eq!(parts("ws://a/b?c?d").4, "/b?c?d");
    }

    #[test]
    fn anything_else_is_no_websocket_uri() {
        for (url, error) in [
            ("", InvalidUrl::Scheme),
            ("example.com/", InvalidUrl::Scheme),
            ("ws:/a", InvalidUrl::Scheme),
            ("http://a/", InvalidUrl::Scheme),
            ("ws://", InvalidUrl::Host),
            ("ws:///a", InvalidUrl::Host),
            ("ws://:80/", InvalidUrl::Host),
            ("ws://[::1/", InvalidUrl::Host),
            ("ws://a:b/", InvalidUrl::Host),
            ("ws://a:65536/", InvalidUrl::Port),
            ("ws://user@a/", InvalidUrl::UserInfo),
            ("ws://user:b@a/", InvalidUrl::UserInfo),
            ("ws://a/#", InvalidUrl::Fragment),
            ("ws://a#/", InvalidUrl::Fragment),
            ("ws://a/b c", InvalidUrl::Byte { byte: b' ' }),
            ("ws://a/\r\nX: y", InvalidUrl::Byte { byte: b'\r' }),
            ("ws://h\u{f6}st/", InvalidUrl::Byte { byte: 0xc3 }),
        ] {
            assert_eq!(WsUrl::parse(url), Err(error), "{url:?}");
        }
    }
}
