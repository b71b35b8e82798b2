//! The handshake on heads that other HTTP stacks have parsed, against peers that others have written.
//!
//! Each stack has its own module. What stands there between `glue: begin` and `glue: end` is what a user of the stack writes for
//! the handshake; `tests/glue.rs` counts it.

use std::io;

use tokio::net::TcpListener;
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{Accept, FieldSection, Request, RequestKey};

pub mod actix_server;
pub mod axum_server;
pub mod extractor;
pub mod h2_client;
pub mod h2_server;
pub mod hyper_client;
pub mod hyper_server;
pub mod session;
pub mod wire;

/// The page that each server has at `/`, beside the echo at `/chat`.
pub const PAGE: &str = "<!doctype html><title>Beside</title><p>There is a WebSocket here, too.\n";

/// The stacks that have a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Server {
    /// hyper 1.
    Hyper,
    /// axum 0.8.
    Axum,
    /// axum 0.8 with the extractor of `adapters/axum`, on HTTP/2 too.
    Extractor,
    /// actix-http 3.
    Actix,
    /// h2 0.4: HTTP/2 without TLS, by prior knowledge.
    H2,
}

impl Server {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Hyper, Self::Axum, Self::Extractor, Self::Actix, Self::H2];

    /// Those of HTTP/2.
    pub const HTTP_2: [Self; 2] = [Self::Extractor, Self::H2];

    /// Those of HTTP/1.1.
    pub const HTTP_1: [Self; 4] = [Self::Hyper, Self::Axum, Self::Extractor, Self::Actix];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::Axum => "axum",
            Self::Extractor => "extractor",
            Self::Actix => "actix",
            Self::H2 => "h2",
        }
    }

    /// Serves every connection of the listener, within a `LocalSet`, which actix wants.
    ///
    /// # Errors
    ///
    /// Those of accepting a connection.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        match self {
            Self::Hyper => hyper_server::serve(listener).await,
            Self::Axum => axum_server::serve(listener).await,
            Self::Extractor => extractor::serve(listener).await,
            Self::Actix => actix_server::serve(listener).await,
            Self::H2 => h2_server::serve(listener).await,
        }
    }
}

/// What the application chooses, the same on every stack: the subprotocol "chat" if it was offered, and compression.
pub fn accept<'r, 'b, F: FieldSection<'b>, K: RequestKey>(request: &'r Request<'b, F, K>) -> Accept<'r, 'b, F, K> {
    let chosen = request.subprotocols().find(|offered| *offered == "chat");
    request.accept().subprotocol(chosen).deflate(DeflateConfig::DEFAULT)
}
