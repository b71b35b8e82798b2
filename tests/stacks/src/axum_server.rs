//! axum 0.8: a route beside others.

use std::io;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
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
    let chat = async |request| chat(request).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR).into_response();
    axum::serve(listener, Router::new().route("/", get(Html(crate::PAGE))).route("/chat", any(chat))).await
}

async fn chat(mut request: Request<Body>) -> Result<Response<Body>, Box<dyn std::error::Error>> {
    // glue: begin
    let upgraded = hyper::upgrade::on(&mut request);
    let (response, negotiated) = match handshake::Request::try_from(&request) {
        Ok(upgrade) => accept(&upgrade).http_response()?,
        Err(refusal) => return Ok(refusal.to_http()?.map(Body::from)),
    };
    // glue: end
    tokio::spawn(
        async move { echo(negotiated, Socket(TokioIo::new(upgraded.await.map_err(io::Error::other)?))).await },
    );
    Ok(response.map(|()| Body::empty()))
}
