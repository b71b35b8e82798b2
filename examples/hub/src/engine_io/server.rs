//! The sessions, and the requests that open them or belong to them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::Instant;
use websocket_proto_hyper::{Config, DeflateConfig};

use super::packet::Packet;
use super::query::{BadRequest, Query, Transport as Wanted};
use super::session::{Reason, Session, Transport};
use super::{Data, Upper, polling, websocket};

/// What a server is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The path of all requests, with its slashes.
    pub path: String,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    /// Bytes of a body or of a message.
    pub max_payload: usize,
    /// Sessions at the same time.
    pub max_sessions: usize,
    /// Bytes that may wait for a client that reads slowly.
    pub max_queued: usize,
    /// Whether WebSockets may be compressed: it takes some 300 KiB for each.
    pub compress: bool,
    /// Origins whose pages may connect, beside the server's own.
    pub origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: "/socket.io/".into(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: 1_000_000,
            max_sessions: 10_000,
            max_queued: 4 << 20,
            compress: false,
            origins: Vec::new(),
        }
    }
}

/// All sessions, and what is above them. Everything runs on one thread.
pub struct Server<U> {
    pub settings: Settings,
    pub(super) config: Config,
    pub(super) upper: U,
    sessions: RefCell<HashMap<String, Rc<Session>>>,
}

impl<U: Upper + 'static> Server<U> {
    pub fn new(settings: Settings, upper: U) -> Rc<Self> {
        let mut config = Config::default();
        config.limits.max_message_len = settings.max_payload as u64;
        config.limits.max_frame_len = settings.max_payload as u64;
        // The heartbeat is that of Engine.IO.
        config.timeouts.idle = None;
        config.deflate = settings.compress.then_some(DeflateConfig::DEFAULT);
        Rc::new(Self { settings, config, upper, sessions: RefCell::default() })
    }

    /// Answers a request.
    pub async fn answer(self: Rc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let mut response = match self.route(request).await {
            Ok(response) => response,
            Err(error) => {
                let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
                let mut response = Response::new(Full::from(error.body()));
                *response.status_mut() = status;
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
        };
        if let Some(origin) = origin.filter(|_| response.status() != StatusCode::FORBIDDEN) {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        }
        response
    }

    async fn route(self: Rc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, BadRequest> {
        if request.uri().path() != self.settings.path {
            let mut response = Response::new(Full::from("expected the path of socket.io, found another one\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
        if !self.may_connect(&request) {
            return Err(BadRequest::Forbidden);
        }
        if request.method() == Method::OPTIONS {
            return Ok(polling::preflight());
        }
        let query = Query::parse(request.uri())?;
        let session =
            query.sid.as_deref().map(|sid| self.session(sid).ok_or(BadRequest::UnknownSession)).transpose()?;
        match query.transport {
            Wanted::WebSocket => websocket::answer(self, request, session),
            Wanted::Polling => polling::answer(&self, request, session).await,
        }
    }

    /// Whether the request comes from no page, from the server's own, or from one that is allowed.
    fn may_connect<B>(&self, request: &Request<B>) -> bool {
        let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
        own || self.settings.origins.iter().any(|allowed| allowed == origin)
    }

    fn session(&self, sid: &str) -> Option<Rc<Session>> {
        let session = self.sessions.borrow().get(sid).cloned()?;
        session.check(Instant::now());
        session.ended().is_none().then_some(session)
    }

    /// Opens a session, and queues the packet that says so.
    pub(super) fn open(self: &Rc<Self>, transport: Transport) -> Result<Rc<Session>, BadRequest> {
        if self.sessions.borrow().len() >= self.settings.max_sessions {
            return Err(BadRequest::Bad);
        }
        let sid = crate::identifier::random().map_err(|_| BadRequest::Bad)?;
        let session = Rc::new(Session::new(sid.clone(), transport, self.settings.max_queued));
        let upgrades = if transport == Transport::Polling { r#"["websocket"]"# } else { "[]" };
        let Settings { ping_interval, ping_timeout, max_payload, .. } = &self.settings;
        session.send(Packet::Open(format!(
            r#"{{"sid":"{sid}","upgrades":{upgrades},"pingInterval":{},"pingTimeout":{},"maxPayload":{max_payload}}}"#,
            ping_interval.as_millis(),
            ping_timeout.as_millis(),
        )));
        self.sessions.borrow_mut().insert(sid, Rc::clone(&session));
        self.upper.opened(&session);
        tokio::task::spawn_local(Rc::clone(self).watch(Rc::clone(&session)));
        Ok(session)
    }

    /// Looks after a session until it has ended.
    async fn watch(self: Rc<Self>, session: Rc<Session>) {
        tokio::select! {
            () = session.heartbeat(self.settings.ping_interval, self.settings.ping_timeout) => {}
            () = session.over() => {}
        }
        self.sessions.borrow_mut().remove(session.sid());
        self.upper.closed(&session, &session.ended().unwrap_or(Reason::ServerClosed));
    }

    /// Acts on a packet of the client's, by whichever transport.
    pub(super) fn received(&self, session: &Rc<Session>, packet: Packet) {
        session.count();
        if session.ended().is_some() {
            return;
        }
        let passed = match packet {
            Packet::Text(text) => self.upper.received(session, Data::Text(text)),
            Packet::Binary(bytes) => self.upper.received(session, Data::Binary(bytes)),
            Packet::Pong(_) => {
                session.pong();
                Ok(())
            }
            Packet::Noop | Packet::Upgrade => Ok(()),
            Packet::Ping(_) => Err("expected a Pong, found a Ping: those are the server's".into()),
            Packet::Close => {
                session.end(Reason::ClientClosed);
                Ok(())
            }
            Packet::Open(_) => Err("expected a packet that a client may send, found an Open".into()),
        };
        if let Err(violation) = passed {
            session.end(Reason::Violation(violation));
        }
    }
}
