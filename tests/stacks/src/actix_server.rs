//! actix-http 3 as server: the frames are the bodies of the request and of the 101, as in actix-web.

use std::convert::Infallible;
use std::io;

use actix_http::body::{BodyStream, BoxBody};
use actix_http::{HttpMessage, HttpService, Request, Response, ResponseBuilder, StatusCode, Version};
use actix_service::{Service, ServiceFactory};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use websocket_proto::handshake::{AcceptError, Parts, Received, Refusal};

use crate::accept;
use crate::session::echo;
use crate::wire::Bodies;

/// Serves every connection of the listener, within a `LocalSet`.
///
/// # Errors
///
/// Those of accepting a connection.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let service = HttpService::build().h1(handle).tcp().new_service(()).await.map_err(|()| io::ErrorKind::Other)?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::task::spawn_local(service.call(socket));
    }
}

async fn handle(request: Request) -> Result<Response<BoxBody>, Infallible> {
    if request.path() == "/" {
        return Ok(Response::ok().set_body(crate::PAGE).map_into_boxed_body());
    }
    Ok(chat(request).unwrap_or_else(|_| Response::internal_server_error().map_into_boxed_body()))
}

fn chat(mut request: Request) -> Result<Response<BoxBody>, AcceptError> {
    // glue: begin
    let payload = request.take_payload();
    let target = request.uri().to_string();
    let version = if request.version() == Version::HTTP_10 { (1, 0) } else { (1, 1) };
    let parts = Parts::new(request.method().as_str(), &target, version, request.headers());
    let (mut response, negotiated) = match Received::from_parts(parts) {
        Ok(Received::Upgrade(upgrade)) => {
            let accepted = accept(&upgrade).response()?;
            (builder(accepted.status(), accepted.fields()), accepted.negotiated())
        }
        Ok(Received::Http(plain)) => return Ok(refuse(&plain.upgrade_required())),
        Err(error) => return Ok(refuse(&error.response())),
    };
    response.upgrade("websocket");
    // glue: end
    let (body, chunks) = mpsc::channel(1);
    let chunks =
        futures_util::stream::unfold(chunks, async |mut chunks| chunks.recv().await.map(|chunk| (chunk, chunks)));
    tokio::task::spawn_local(echo(negotiated, Bodies { payload, body: Some(body) }));
    Ok(response.body(BodyStream::new(Box::pin(chunks))).map_into_boxed_body())
}

// glue: begin
fn refuse(refusal: &Refusal<'_>) -> Response<BoxBody> {
    let mut response = builder(refusal.status(), refusal.fields());
    response.force_close().body(refusal.body().to_vec()).map_into_boxed_body()
}

fn builder<'f>(status: u16, fields: impl Iterator<Item = (&'f str, &'f str)>) -> ResponseBuilder {
    let mut response = Response::build(StatusCode::from_u16(status).unwrap_or_default());
    for field in fields {
        response.append_header(field);
    }
    response
}
// glue: end
