//! What is compared, each with its default settings.

pub mod fastwebsockets;
pub mod floor;
pub mod ours;
pub mod sockudo;
pub mod tokio_websockets;
pub mod tungstenite;
pub mod yawc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

/// A transport.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Io for T {}

/// An implementation, after the handshake.
pub trait Peer {
    type Client<T: Io>: 'static;

    /// Sends back what comes, until the end.
    fn serve<T: Io>(io: T) -> impl Future<Output = ()> + 'static;

    fn client<T: Io>(io: T) -> Self::Client<T>;

    /// Sends binary messages, and waits until all have come back.
    async fn ask<T: Io>(client: &mut Self::Client<T>, payload: &Bytes, messages: usize);
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Name {
    /// By `next` and the sink, with messages by value.
    Ours,
    /// By `next` and `send`, with messages that are borrowed.
    Borrowed,
    /// By `advance` and `message`, without a copy.
    Lent,
    Tungstenite,
    FastWebsockets,
    TokioWebsockets,
    Yawc,
    Sockudo,
    /// The transport alone, with as many bytes.
    Floor,
}

pub const ALL: [Name; 9] = [
    Name::Ours,
    Name::Borrowed,
    Name::Lent,
    Name::Tungstenite,
    Name::FastWebsockets,
    Name::TokioWebsockets,
    Name::Yawc,
    Name::Sockudo,
    Name::Floor,
];

impl Name {
    pub fn text(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Borrowed => "ours, borrowed",
            Self::Lent => "ours, lent",
            Self::Tungstenite => "tungstenite",
            Self::FastWebsockets => "fastwebsockets",
            Self::TokioWebsockets => "tokio-websockets",
            Self::Yawc => "yawc",
            Self::Sockudo => "sockudo-ws",
            Self::Floor => "floor",
        }
    }

    /// Whether it is another implementation.
    pub fn counts(self) -> bool {
        !matches!(self, Self::Ours | Self::Borrowed | Self::Lent | Self::Floor)
    }
}

/// What came back is what was sent, as far as its length and its ends tell.
fn check(came: &[u8], sent: &[u8]) {
    assert!(came.len() == sent.len() && came.first() == sent.first() && came.last() == sent.last());
}
