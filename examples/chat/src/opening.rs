//! From an accepted socket to a WebSocket connection, or to the page.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;
use websocket_proto::Server;
use websocket_proto::endpoint::{Endpoint, Opening, Responder, Status};
use websocket_proto::handshake::{Received, Refusal, Request, Scheme};

use crate::{limits, page, turn};

/// Reads the request's head, and answers it; none if the answer is the last word.
pub async fn open(
    stream: &mut TcpStream,
    origins: &[String],
    ping: Duration,
) -> io::Result<Option<Endpoint<Server, Instant>>> {
    let mut opening = Opening::server(&limits::endpoint(ping), Instant::now());
    loop {
        let endpoint = opening.next_with(|received, answer| match received {
            Received::Upgrade(request) => accept(request, origins, answer),
            Received::Http(request) => page::answer(request, answer),
        });
        if endpoint.is_some() {
            return Ok(endpoint);
        }
        let due = opening.tick(Instant::now());
        turn::write(stream, &mut opening).await?;
        let status = opening.status();
        if status == Status::Close {
            return Ok(None);
        }
        let writes = !opening.output().is_empty();
        tokio::select! {
            readable = turn::ready(stream, status.reads(), writes) => {
                if readable? && turn::read(stream, &mut opening)? {
                    opening.filled(0);
                }
            }
            () = turn::until(due) => {}
        }
    }
}

/// Accepts a page of our own, or a program; a page of someone else's could make its readers speak here.
fn accept(request: &Request<'_>, origins: &[String], answer: &mut Responder<'_>) {
    let allowed = origins.iter().map(String::as_str).collect::<Vec<_>>();
    match request.check_same_origin(Scheme::Http, &allowed) {
        Err(error) => answer.respond(error.response()),
        Ok(()) if request.path() != "/chat" => {
            answer.respond(Refusal::new(404, &[("Content-Type", "text/plain")], b"The chat is at /chat.\n"));
        }
        Ok(()) => answer.accept(request.accept()),
    }
}
