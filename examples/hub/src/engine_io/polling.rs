//! A session by HTTP: GET waits for packets, POST brings some.

use std::rc::Rc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::Upper;
use super::packet::decode_body;
use super::query::BadRequest;
use super::server::Server;
use super::session::{Reason, Session, Transport};

pub(super) async fn answer<U: Upper + 'static>(
    server: &Rc<Server<U>>,
    request: Request<Incoming>,
    session: Option<Rc<Session>>,
) -> Result<Response<Full<Bytes>>, BadRequest> {
    let max = server.settings.max_payload;
    // What a WebSocket of the same session has brought at the same time comes first: it may have ended the polling.
    tokio::task::yield_now().await;
    let session = match (request.method(), session) {
        (&Method::GET, None) => server.open(Transport::Polling)?,
        (_, None) => return Err(BadRequest::BadMethod),
        (_, Some(session)) if session.transport() == Transport::WebSocket => return Err(BadRequest::Bad),
        (&Method::GET, Some(session)) if session.is_polled() => {
            session.end(Reason::Violation("expected one request that waits, found two".into()));
            return Err(BadRequest::Bad);
        }
        (&Method::GET, Some(session)) => session,
        (&Method::POST, Some(session)) => return receive(server, request, &session).await,
        (_, Some(_)) => return Err(BadRequest::Bad),
    };
    Ok(text(session.poll(max).await))
}

async fn receive<U: Upper + 'static>(
    server: &Server<U>,
    request: Request<Incoming>,
    session: &Rc<Session>,
) -> Result<Response<Full<Bytes>>, BadRequest> {
    let Some(_posted) = session.post() else {
        session.end(Reason::Violation("expected one request that brings packets, found two".into()));
        return Err(BadRequest::Bad);
    };
    let body = match Limited::new(request.into_body(), server.settings.max_payload).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let too_long = error.is::<LengthLimitError>();
            session.end(if too_long {
                Reason::Violation("a body that is too long".into())
            } else {
                Reason::TransportLost
            });
            let mut response = text(String::new());
            *response.status_mut() = if too_long { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            return Ok(response);
        }
    };
    let packets = match std::str::from_utf8(&body).map_err(|error| error.to_string()) {
        Ok(body) => decode_body(body).map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    match packets {
        Ok(packets) => {
            for packet in packets {
                server.received(session, packet);
            }
            Ok(text("ok".into()))
        }
        Err(violation) => {
            session.end(Reason::Violation(violation));
            Err(BadRequest::Bad)
        }
    }
}

/// The answer to a browser's question whether a page of another origin may send what it wants to.
pub(super) fn preflight() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    response
}

fn text(body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
