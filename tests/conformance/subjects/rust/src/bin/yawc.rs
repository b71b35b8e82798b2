//! yawc, on hyper, with the check of UTF-8 that it leaves off unless asked. After an error it is polled until its stream ends.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use subjects::{LIMIT, Role, connect, role, serve, walk};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use yawc::{Frame, OpCode, Options, WebSocket};

#[tokio::main]
async fn main() {
    match role() {
        Role::Server(address) => serve(&address, server).await,
        Role::Client(authority, agent) => {
            walk(&agent, async |target: &str| {
                let url = format!("ws://{authority}{target}").parse().ok()?;
                let stream = connect(&authority).await?;
                echo(WebSocket::handshake(url, stream, options()).await.ok()?).await
            })
            .await;
        }
    }
}

fn options() -> Options {
    // What is as long as its limits it refuses.
    Options::default().with_balanced_compression().with_utf8().with_limits(LIMIT + 1, LIMIT + 1)
}

async fn server(stream: TcpStream) {
    let service = service_fn(accept);
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

async fn accept(mut request: Request<Incoming>) -> yawc::Result<Response<Empty<Bytes>>> {
    let (response, upgraded) = WebSocket::upgrade_with_options(&mut request, options())?;
    tokio::spawn(async {
        if let Ok(socket) = upgraded.await {
            echo(socket).await;
        }
    });
    Ok(response)
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut socket: WebSocket<S>) -> Option<String> {
    let mut first = None;
    while let Some(frame) = socket.next().await {
        let answer = match frame.opcode() {
            OpCode::Text => {
                if first.is_none() {
                    first = String::from_utf8(frame.payload().to_vec()).ok();
                }
                Frame::text(frame.payload().clone())
            }
            OpCode::Binary => Frame::binary(frame.payload().clone()),
            _ => continue,
        };
        let _ = socket.send(answer).await;
    }
    let _ = socket.close().await;
    first
}
