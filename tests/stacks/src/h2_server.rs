//! h2 0.4 as server: the extended CONNECT of HTTP/2 (RFC 8441).

use std::error::Error;
use std::io;

use bytes::Bytes;
use h2::RecvStream;
use h2::ext::Protocol;
use h2::server::{Builder, SendResponse};
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use websocket_proto::handshake::ConnectRequest;

use crate::accept;
use crate::session::echo;
use crate::wire::Stream;

/// Serves every stream of every connection of the listener.
///
/// # Errors
///
/// Those of accepting a connection.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(connection(socket));
    }
}

async fn connection(socket: TcpStream) -> Result<(), h2::Error> {
    let mut connection = Builder::new().enable_connect_protocol().handshake::<_, Bytes>(socket).await?;
    while let Some(stream) = connection.accept().await {
        let (request, respond) = stream?;
        tokio::spawn(async move { answer(request, respond).await.map_err(|error| error.to_string()) });
    }
    Ok(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    // glue: begin
    let Some(protocol) = request.extensions().get::<Protocol>() else {
        return Ok(respond.send_response(Response::new(()), false)?.send_data(crate::PAGE.into(), true)?);
    };
    let (response, negotiated) = match ConnectRequest::from_http(protocol.as_str(), &request) {
        Ok(connect) => accept(&connect).http_response()?,
        Err(error) => {
            let (head, body) = error.response_to_connect().to_http()?.into_parts();
            let mut send = respond.send_response(Response::from_parts(head, ()), false)?;
            return Ok(send.send_data(body.into(), true)?);
        }
    };
    let wire = Stream { send: respond.send_response(response, false)?, receive: request.into_body() };
    // glue: end
    echo(negotiated, wire).await?;
    Ok(())
}
