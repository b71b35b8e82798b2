//! A session by WebSocket: from its beginning, or after a probe.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::time::timeout;
use websocket_proto_hyper::{CloseCode, OwnedMessage, Upgrade, WebSocket};

use super::Upper;
use super::packet::Packet;
use super::query::BadRequest;
use super::server::Server;
use super::session::{Reason, Session, Transport};

/// How long a client may take to probe, and to say that it goes on.
const UPGRADE: Duration = Duration::from_secs(10);
/// How long the last packets and the Close may take.
const FAREWELL: Duration = Duration::from_secs(5);

pub(super) fn answer<U: Upper + 'static>(
    server: Rc<Server<U>>,
    mut request: Request<Incoming>,
    session: Option<Rc<Session>>,
) -> Result<Response<Full<Bytes>>, BadRequest> {
    // The origin was looked at, as for every request.
    let accepted = Upgrade::new(&mut request).and_then(|upgrade| upgrade.allow_any_origin().accept(&server.config));
    let (response, upgrading) = match accepted {
        Ok(accepted) => accepted,
        Err(refused) => return Ok(refused.into_response()),
    };
    tokio::task::spawn_local(async move {
        let Ok(mut socket) = upgrading.await else { return };
        let session = match session {
            None => server.open(Transport::WebSocket).ok(),
            Some(session) => probe(&server, &mut socket, session).await,
        };
        if let Some(session) = session {
            run(&server, &mut socket, &session).await;
        }
        let _ = timeout(FAREWELL, socket.close(CloseCode::NORMAL)).await;
    });
    Ok(response)
}

/// Tries the WebSocket for a session that polls; `None` if it stays there, or has no need of another one.
async fn probe<U: Upper + 'static>(
    server: &Server<U>,
    socket: &mut WebSocket,
    session: Rc<Session>,
) -> Option<Rc<Session>> {
    if session.transport() != Transport::Polling {
        return None;
    }
    session.set_transport(Transport::Probing);
    let upgraded = timeout(UPGRADE, async {
        while let Some(Ok(OwnedMessage::Text(text))) = socket.next().await {
            match Packet::decode(&text) {
                Ok(Packet::Ping(probe)) if probe == "probe" => {
                    socket.send("3probe").await.ok()?;
                }
                Ok(Packet::Upgrade) => return Some(()),
                // Whatever else comes here does not belong to the session.
                Ok(_) | Err(_) => return None,
            }
        }
        None
    });
    let upgraded = tokio::select! {
        upgraded = upgraded => matches!(upgraded, Ok(Some(()))),
        () = session.over() => false,
    };
    session.set_transport(if upgraded { Transport::WebSocket } else { Transport::Polling });
    let _ = server;
    upgraded.then_some(session)
}

/// Carries packets both ways until the session has ended.
async fn run<U: Upper + 'static>(server: &Server<U>, socket: &mut WebSocket, session: &Rc<Session>) {
    tokio::select! {
        () = carry(server, socket, session) => session.end(Reason::TransportLost),
        () = session.over() => {}
    }
    if session.ended() != Some(Reason::QueueFull) {
        let _ = timeout(FAREWELL, write(socket, session)).await;
    }
}

async fn carry<U: Upper + 'static>(server: &Server<U>, socket: &mut WebSocket, session: &Rc<Session>) {
    loop {
        let changed = session.changed();
        if write(socket, session).await.is_err() {
            return;
        }
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(OwnedMessage::Text(text))) => match Packet::decode(&text) {
                    Ok(packet) => server.received(session, packet),
                    Err(error) => session.end(Reason::Violation(error.to_string())),
                },
                Some(Ok(OwnedMessage::Binary(bytes))) => server.received(session, Packet::Binary(bytes.into())),
                Some(Err(_)) | None => return,
            },
            () = changed => {}
        }
    }
}

/// Writes all that waits.
async fn write(
    socket: &mut WebSocket,
    session: &Session,
) -> Result<(), websocket_proto_hyper::websocket_proto_tokio::Error> {
    let mut text = String::new();
    while let Some(packet) = session.pop() {
        match packet {
            Packet::Binary(bytes) => socket.feed(&bytes[..]).await?,
            packet => {
                text.clear();
                packet.encode(&mut text);
                socket.feed(text.as_str()).await?;
            }
        }
    }
    socket.flush().await
}
