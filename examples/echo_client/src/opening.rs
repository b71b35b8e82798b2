//! Everything up to the first frame: connect, TLS, handshake.

use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use websocket_proto::endpoint::{Endpoint, Opening, OpeningError, Status};
use websocket_proto::handshake::{Answer, ClientRequest, WsUrl};
use websocket_proto::{Client, RandomKeys, Timers};

use crate::link::{Link, Wait};
use crate::open::{connect, refused};
use crate::options::Options;
use crate::tls_client;

/// A connection that is open, and all that belongs to it.
pub struct Opened {
    pub link: Link,
    pub events: Ready,
    pub endpoint: Endpoint<Client<RandomKeys>, Instant>,
    /// The subprotocol that the server chose.
    pub subprotocol: Option<String>,
}

/// Opens what the options name. All of it together takes no longer than the time-out of the handshake.
pub fn open(options: &Options) -> Result<Opened, String> {
    let start = Instant::now();
    let deadline = Timers::new(options.config.timeouts, start).deadline().unwrap_or(start);
    let url = WsUrl::parse(&options.url).map_err(|error| format!("{}: {error}", options.url))?;
    // A file that can't be read is told before anything is sent.
    let tls = if url.is_secure() { Some(tls(&url, options)?) } else { None };

    let stream = connect(&url, deadline)?;
    let failed = |error: std::io::Error| error.to_string();
    stream.set_nonblocking(true).map_err(failed)?;

    let fields = options.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
    let mut request = ClientRequest::from_url(&url).subprotocols(options.subprotocols.as_slice()).fields(&fields);
    if let Some(origin) = &options.origin {
        request = request.origin(origin);
    }
    let mut keys = RandomKeys::from_os().map_err(|error| error.to_string())?;
    let nonce = keys.nonce();
    let mut opening = Opening::client(request, nonce, Client::new(keys), &options.config, start)
        .map_err(|error| error.to_string())?;

    let mut link = Link::new(TcpStream::from_std(stream), tls);
    let mut events = Ready::new(&mut link).map_err(failed)?;
    while opening.status() != Status::Close {
        if let Some(wait) = link.turn(&mut opening).map_err(|error| format!("{}: {error}", url.host_field()))? {
            events.wait(wait).map_err(failed)?;
        }
        if let Some(endpoint) = opening.next() {
            let subprotocol = match opening.answer() {
                Some(Answer::Open(response)) => response.subprotocol().map(str::to_owned),
                _ => None,
            };
            return Ok(Opened { link, events, endpoint, subprotocol });
        }
    }
    Err(match (opening.end(), opening.answer()) {
        (_, Some(Answer::Refused(response))) => refused(&response),
        (OpeningError::Timeout, _) => "the handshake broke off: it took too long".to_owned(),
        (OpeningError::Ended, _) if link.heard => {
            "the server closed the connection in the middle of its answer".to_owned()
        }
        (OpeningError::Ended, _) => "the server closed the connection without an answer".to_owned(),
        (error, _) => format!("the handshake failed: {error}"),
    })
}

/// Begins TLS with the server that a `wss` URL names. Trusted are the certificates of a file, or those of the system.
fn tls(url: &WsUrl<'_>, options: &Options) -> Result<ClientConnection, String> {
    // A server that speaks HTTP/2 alone tells so by TLS.
    let certificate = options.certificate.as_ref().map(|(chain, key)| (chain.as_path(), key.as_path()));
    let config = tls_client::config(options.ca.as_deref(), certificate, &[b"http/1.1"])?;
    let name = ServerName::try_from(url.host().to_owned())
        .map_err(|error| format!("`{}` can't be the name of a server: {error}", url.host()))?;
    ClientConnection::new(config, name).map_err(|error| format!("can't set up TLS: {error}"))
}

/// What there is to wait for: the socket, and whoever has a [`Waker`].
pub struct Ready {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
}

impl Ready {
    fn new(link: &mut Link) -> std::io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut link.socket, Token(0), Interest::READABLE | Interest::WRITABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), Token(1))?);
        Ok(Self { poll, events: Events::with_capacity(2), waker })
    }

    pub fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Waits until the socket is ready, or the waker is used, or the time has come.
    pub fn wait(&mut self, wait: Wait) -> std::io::Result<()> {
        let span = wait.until.map(|until| until.saturating_duration_since(Instant::now()));
        match self.poll.poll(&mut self.events, span) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Ok(()),
            polled => polled,
        }
    }
}
