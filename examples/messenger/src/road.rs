//! Which way datagrams go.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};

/// The way between two peers, as the user sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Road {
    /// From host to host, perhaps through NATs.
    Direct,
    /// Through a TURN server.
    Relayed,
    /// Through the hub's WebSocket.
    Hub,
}

impl fmt::Display for Road {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Relayed => "relayed",
            Self::Hub => "through the hub",
        })
    }
}

/// The pair of candidates that is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Selected {
    pub road: Road,
    /// What the candidates are: `host`, `srflx`, `prflx`, `relay`, or `hub`. A host sends to all but relays from its `host` candidate.
    pub local: &'static str,
    pub remote: &'static str,
}

impl fmt::Display for Selected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}/{})", self.road, self.local, self.remote)
    }
}

/// The address that stands for a peer at the hub, in ICE: of a prefix that is never routed (RFC 3849), so that no datagram strays there.
/// As an IPv6 address of an IPv4 host it is paired with the other one of its kind alone, and comes after any TURN server.
pub const fn hub_address(is_caller: bool) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, if is_caller { 1 } else { 2 })), 9)
}
