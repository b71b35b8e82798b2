//! h2 0.4 as client: the extended CONNECT of HTTP/2 (RFC 8441).

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::ext::Protocol;
use tokio::net::TcpStream;
use websocket_proto::Negotiated;
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{Answer, ClientRequest, Scheme};

use crate::session::talk;
use crate::wire::Stream;

/// Asks `authority`, to which `socket` leads, for `/chat`, and talks; says what was agreed on.
///
/// # Errors
///
/// Those of the socket, of the handshake and of the talk.
pub async fn run(socket: TcpStream, authority: &str) -> io::Result<Negotiated> {
    let (send, connection) = Builder::new().handshake::<_, Bytes>(socket).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let (negotiated, stream) = open(send, authority).await.map_err(io::Error::other)?;
    talk(negotiated, stream).await?;
    // It ends with its last stream.
    connection.await?.map_err(io::Error::other)?;
    Ok(negotiated)
}

async fn open(send: SendRequest<Bytes>, authority: &str) -> Result<(Negotiated, Stream), Box<dyn Error + Send + Sync>> {
    let mut send = send.ready().await?;
    // RFC 8441 §3: not before the server has sent SETTINGS_ENABLE_CONNECT_PROTOCOL.
    for _ in 0..100 {
        if send.is_extended_connect_protocol_enabled() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // glue: begin
    let connect = ClientRequest::new(authority, "/chat").subprotocols(["chat"]).deflate(DeflateConfig::DEFAULT);
    let connect = connect.connect(Scheme::Http)?;
    let mut request = connect.to_http()?;
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let (response, stream) = send.send_request(request, false)?;
    let response = response.await?;
    let negotiated = match connect.into_pending().receive_http(&response)? {
        Answer::Open(open) => open.negotiated(),
        Answer::Refused(refused) => return Err(format!("refused with status {}", refused.status()).into()),
    };
    let wire = Stream { send: stream, receive: response.into_body() };
    // glue: end
    Ok((negotiated, wire))
}
