//! hyper 1 as client, HTTP/1.1 with upgrades.

use std::error::Error;
use std::io;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use websocket_proto::Negotiated;
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{Answer, ClientRequest};

use crate::session::{random_keys, talk};
use crate::wire::Socket;

/// Asks `host`, to which `socket` leads, for `/chat`, and talks; says what was agreed on.
///
/// # Errors
///
/// Those of the socket, of the handshake and of the talk.
pub async fn run(socket: TcpStream, host: &str) -> io::Result<Negotiated> {
    let (negotiated, socket) = open(socket, host).await.map_err(io::Error::other)?;
    talk(negotiated, socket).await?;
    Ok(negotiated)
}

/// Asks `host`, to which `socket` leads, for `/chat`.
///
/// # Errors
///
/// Those of the socket and of the handshake.
pub async fn open(
    socket: TcpStream,
    host: &str,
) -> Result<(Negotiated, Socket<TokioIo<Upgraded>>), Box<dyn Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection.with_upgrades());
    // glue: begin
    let upgrade = ClientRequest::new(host, "/chat").subprotocols(["chat"]).deflate(DeflateConfig::DEFAULT);
    let upgrade = upgrade.upgrade(random_keys()?.nonce())?;
    let response = sender.send_request(upgrade.to_http()?.map(|()| Empty::<Bytes>::new())).await?;
    let negotiated = match upgrade.into_pending().receive_http(&response)? {
        Answer::Open(open) => open.negotiated(),
        Answer::Refused(refused) => return Err(format!("refused with status {}", refused.status()).into()),
    };
    let upgraded = hyper::upgrade::on(response).await?;
    // glue: end
    Ok((negotiated, Socket(TokioIo::new(upgraded))))
}
