//! A server: HTTP/2 and HTTP/1.1 on the same port, an echo on each WebSocket.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::ext::Protocol;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::{Method, Request, Response, header};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use websocket_proto::handshake::{ConnectRequest, Received, Scheme};
use websocket_proto_tokio::{CloseCode, CloseFrame, Config, Server as Role, WebSocketStream, accept_with};

use crate::stream::H2Stream;
use crate::{SMALL_FRAMES, page};

/// What HTTP/2 begins with (RFC 9113 §3.4), as far as HTTP/1.1 can't.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// How long a connection of HTTP/2 may be without a stream.
const IDLE: Duration = Duration::from_secs(60);

/// What all connections share.
pub struct Server {
    pub config: Config,
    /// How a client that speaks TLS finds the server.
    pub tls: Option<Arc<ServerConfig>>,
    /// How much of one stream, and of one connection, a client may send before it is read.
    pub windows: (u32, u32),
    /// How many streams a connection may have at once.
    pub max_streams: u32,
    pub subprotocols: Vec<String>,
    /// Origins whose pages may connect, beside the server's own.
    pub origins: Vec<String>,
    /// True once the server leaves.
    pub leaving: watch::Receiver<bool>,
    /// Is told how each stream ended.
    pub report: Box<dyn Fn(&str) + Send + Sync>,
}

impl Server {
    /// Serves a client, whatever it speaks, until its connection is closed.
    pub async fn serve(self: Arc<Self>, socket: TcpStream) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        socket.set_nodelay(true)?;
        // One time-out for all that comes before the first request.
        let Some(config) = self.tls.clone() else {
            return match self.in_time(speaks_http_2(&socket)).await?? {
                true => self.http_2(socket).await,
                false => self.http_1(socket).await,
            };
        };
        let link = self.in_time(TlsAcceptor::from(config).accept(socket)).await??;
        match link.get_ref().1.alpn_protocol() {
            Some(b"h2") => self.http_2(link).await,
            // A client that names no protocol is taken for one of HTTP/1.1.
            _ => self.http_1(link).await,
        }
    }

    async fn in_time<F: Future>(&self, future: F) -> Result<F::Output, &'static str> {
        let patience = self.config.timeouts.handshake.unwrap_or(Duration::MAX);
        tokio::time::timeout(patience, future)
            .await
            .map_err(|_| "expected the end of the handshake, found none in time")
    }

    async fn http_1(
        self: Arc<Self>,
        io: impl AsyncRead + AsyncWrite + Unpin,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut socket = accept_with(io, &self.config, |received, responder| match received {
            Received::Upgrade(request) => match request.check_same_origin(self.scheme(), &self.allowed()) {
                Ok(()) => responder.accept(request.accept().subprotocol(self.choose(request.subprotocols()))),
                Err(error) => responder.respond(error.response()),
            },
            Received::Http(request) => responder.respond(page::answer(request)),
        })
        .await?;
        self.echo(&mut socket, "HTTP/1.1").await;
        Ok(())
    }

    /// Serves all streams of a connection. When the server leaves, GOAWAY says that no more are taken (RFC 9113 §6.8).
    async fn http_2(
        self: Arc<Self>,
        io: impl AsyncRead + AsyncWrite + Unpin,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut builder = Builder::new();
        builder.enable_connect_protocol().max_concurrent_streams(self.max_streams);
        builder.initial_window_size(self.windows.0).initial_connection_window_size(self.windows.1);
        builder.data_frame_budget(SMALL_FRAMES);
        let mut connection = self.in_time(builder.handshake::<_, Bytes>(io)).await??;
        let (streams, mut going) = (Arc::new(()), false);
        loop {
            tokio::select! {
                // It is what reads and writes for all streams.
                accepted = connection.accept() => {
                    let Some(accepted) = accepted else { return Ok(()) };
                    let (request, respond) = accepted?;
                    let (server, stream) = (Arc::clone(&self), Arc::clone(&streams));
                    tokio::spawn(async move {
                        server.answer(request, respond).await;
                        drop(stream);
                    });
                }
                () = self.leaves(), if !going => {
                    going = true;
                    connection.graceful_shutdown();
                }
                () = tokio::time::sleep(IDLE), if !going && Arc::strong_count(&streams) == 1 => {
                    going = true;
                    connection.graceful_shutdown();
                }
            }
        }
    }

    /// Answers one request: by a WebSocket, a page, or a refusal.
    async fn answer(self: Arc<Self>, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let (parts, body) = request.into_parts();
        if parts.method != Method::CONNECT {
            return answer_with(&mut respond, page(&parts.method, parts.uri.path()));
        }
        let protocol = parts.extensions.get().map_or("", Protocol::as_str).to_owned();
        let head = Request::from_parts(parts, ());
        let accepted = ConnectRequest::from_http(&protocol, &head).and_then(|request| {
            request.check_same_origin(self.scheme(), &self.allowed())?;
            let accept = request.accept().deflate(self.config.deflate);
            Ok(accept.subprotocol(self.choose(request.subprotocols())).http_response())
        });
        let (response, negotiated) = match accepted {
            Ok(Ok(accepted)) => accepted,
            // What we would have written is wrong, which is not the client's fault.
            Ok(Err(error)) => {
                (self.report)(&format!("HTTP/2: can't answer: {error}"));
                return respond.send_reset(Reason::INTERNAL_ERROR);
            }
            Err(error) => {
                (self.report)(&format!("HTTP/2: refused: {error}"));
                return match error.response_to_connect().to_http() {
                    Ok(refusal) => answer_with(&mut respond, refusal.map(Bytes::from)),
                    Err(_) => respond.send_reset(Reason::INTERNAL_ERROR),
                };
            }
        };
        // It fails if the client has reset the stream meanwhile.
        let Ok(stream) = respond.send_response(response, false) else { return };
        let mut socket = WebSocketStream::new(H2Stream::new(stream, body), negotiated, Role, &self.config, &[]);
        self.echo(&mut socket, "HTTP/2").await;
    }

    /// Sends each message back, until the WebSocket ends; the first to end it may be the server, when it leaves.
    async fn echo<T>(&self, socket: &mut WebSocketStream<T, Role>, name: &str)
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let error = loop {
            let message = tokio::select! {
                message = socket.next() => message,
                () = self.leaves() => {
                    let frame = CloseFrame::new(CloseCode::GOING_AWAY, "the server stops");
                    break socket.close(frame.unwrap_or(CloseCode::GOING_AWAY.into())).await.err();
                }
            };
            match message {
                Some(Ok(message)) => {
                    if let Err(error) = socket.send(&message).await {
                        break Some(error);
                    }
                }
                Some(Err(error)) => break Some(error),
                None => break None,
            }
        };
        (self.report)(&match (socket.end(), error) {
            (Ok(code), _) => format!("{name}: closed with {}", code.map_or(1005, CloseCode::get)),
            (Err(_), Some(error)) => format!("{name}: {error}"),
            (Err(failure), None) => format!("{name}: {failure}"),
        });
    }

    async fn leaves(&self) {
        let _ = self.leaving.clone().wait_for(|leaving| *leaving).await;
    }

    fn scheme(&self) -> Scheme {
        if self.tls.is_some() { Scheme::Https } else { Scheme::Http }
    }

    fn allowed(&self) -> Vec<&str> {
        self.origins.iter().map(String::as_str).collect()
    }

    /// The first of the offered subprotocols that the server speaks.
    fn choose<'s>(&self, mut offered: impl Iterator<Item = &'s str>) -> Option<&'s str> {
        offered.find(|offered| self.subprotocols.iter().any(|known| known == offered))
    }
}

/// Whether what comes is HTTP/2, without taking it.
async fn speaks_http_2(socket: &TcpStream) -> std::io::Result<bool> {
    let mut start = [0; PREFACE.len()];
    loop {
        socket.readable().await?;
        let n = socket.peek(&mut start).await?;
        if n == 0 || !PREFACE.starts_with(&start[..n]) {
            return Ok(false);
        }
        if n == PREFACE.len() {
            return Ok(true);
        }
        // The rest comes in a segment of its own; until then the socket counts as readable.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn page(method: &Method, path: &str) -> Response<Bytes> {
    let text = "text/plain; charset=utf-8";
    let (status, kind, body) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/") => (200, "text/html; charset=utf-8", page::PAGE),
        (&Method::GET | &Method::HEAD, _) => (404, text, &b"There is nothing but the page at /.\n"[..]),
        _ => (405, text, &b"Only GET, HEAD and CONNECT are understood.\n"[..]),
    };
    let mut response = Response::new(Bytes::from_static(if method == Method::HEAD { b"" } else { body }));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    if status == 405 {
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD, CONNECT"));
    }
    response
}

/// Sends a whole response. If the client is gone, nobody has to be told.
fn answer_with(respond: &mut SendResponse<Bytes>, response: Response<Bytes>) {
    let (head, body) = response.into_parts();
    if let Ok(mut stream) = respond.send_response(Response::from_parts(head, ()), false) {
        let _ = stream.send_data(body, true);
    }
}
