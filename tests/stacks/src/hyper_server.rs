//! hyper 1 as server, HTTP/1.1 with upgrades.

use std::error::Error;
use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use websocket_proto::handshake;

use crate::accept;
use crate::session::echo;
use crate::wire::Socket;

/// Serves every connection of the listener.
///
/// # Errors
///
/// Those of accepting a connection.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(Builder::new().serve_connection(TokioIo::new(socket), service_fn(handle)).with_upgrades());
    }
}

async fn handle(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
    if request.uri().path() == "/" {
        return Ok(Response::new(crate::PAGE.into()));
    }
    // glue: begin
    let upgraded = hyper::upgrade::on(&mut request);
    let (response, negotiated) = match handshake::Request::try_from(&request) {
        Ok(upgrade) => accept(&upgrade).http_response()?,
        Err(refusal) => return Ok(refusal.to_http()?.map(Full::from)),
    };
    // glue: end
    tokio::spawn(
        async move { echo(negotiated, Socket(TokioIo::new(upgraded.await.map_err(io::Error::other)?))).await },
    );
    Ok(response.map(|()| Full::default()))
}
