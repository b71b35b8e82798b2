//! A server on hyper, and what to talk to it with.
#![allow(dead_code, reason = "each test uses its part")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use websocket_proto_hyper::{Body, Config, Refused, Upgrade, Upgrading, WebSocket};

/// What a test's server does with a request.
pub type Service = fn(&mut Request<Incoming>) -> Result<(Response<Body>, Option<Upgrading>), Refused>;

/// Serves HTTP/1.1 and, by prior knowledge, HTTP/2; each WebSocket echoes.
pub async fn serve(service: Service) -> SocketAddr {
    serve_with(service, true).await
}

pub async fn serve_with(service: Service, connect: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let io = TokioIo::new(listener.accept().await.unwrap().0);
            tokio::spawn(async move {
                let mut builder = Builder::new(TokioExecutor::new());
                if connect {
                    builder.http2().enable_connect_protocol();
                }
                let service = service_fn(move |mut request| async move { answer(service, &mut request) });
                let _gone = builder.serve_connection_with_upgrades(io, service).await;
            });
        }
    });
    address
}

fn answer(service: Service, request: &mut Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (response, upgrading) = match service(request) {
        Ok(accepted) => accepted,
        Err(refused) => return Ok(refused.into()),
    };
    if let Some(upgrading) = upgrading {
        tokio::spawn(async move { echo(upgrading.await.unwrap()).await });
    }
    Ok(response)
}

/// Accepts the subprotocol `chat`, and compression.
pub fn accept(request: &mut Request<Incoming>) -> Result<(Response<Body>, Option<Upgrading>), Refused> {
    let mut config = Config::default();
    config.deflate = Some(Default::default());
    let (response, upgrading) = Upgrade::new(request)?.protocols(["chat"]).accept(&config)?;
    Ok((response, Some(upgrading)))
}

pub async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.next().await {
        if socket.send(&message).await.is_err() {
            break;
        }
    }
}

/// All that comes in answer to these bytes, until the server closes.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    in_time(async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut all = Vec::new();
        // A reset is an end, too: the server may not have read what a refused client went on to send.
        let _reset = socket.read_to_end(&mut all).await;
        all
    })
    .await
}

/// Answers each connection with these bytes once a head has come, and closes.
pub async fn canned(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, answer) = (listener.local_addr().unwrap(), Arc::new(answer));
    tokio::spawn(async move {
        loop {
            let (mut socket, answer) = (listener.accept().await.unwrap().0, Arc::clone(&answer));
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(socket.read_u8().await.unwrap());
                }
                socket.write_all(&answer(std::str::from_utf8(&head).unwrap())).await.unwrap();
                // Until the client has had enough.
                let _ended = socket.read_to_end(&mut head).await;
            });
        }
    });
    address
}

/// What waits for ever fails.
pub async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("expected the end in time, found none")
}
