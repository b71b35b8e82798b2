//! fastwebsockets, on hyper. After an error it sends an empty Close, as its own Autobahn client does.

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Frame, OpCode, WebSocket, WebSocketError, handshake, upgrade};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use subjects::{LIMIT, Role, connect, role, serve, walk};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() {
    match role() {
        Role::Server(address) => serve(&address, server).await,
        Role::Client(authority, agent) => {
            walk(&agent, async |target: &str| {
                let request = Request::get(format!("http://{authority}{target}"))
                    .header("Host", &authority)
                    .header("Upgrade", "websocket")
                    .header("Connection", "Upgrade")
                    .header("Sec-WebSocket-Key", handshake::generate_key())
                    .header("Sec-WebSocket-Version", "13")
                    .body(Empty::<Bytes>::new())
                    .ok()?;
                let stream = connect(&authority).await?;
                let (socket, _) = handshake::client(&TokioExecutor::new(), request, stream).await.ok()?;
                echo(socket).await
            })
            .await;
        }
    }
}

async fn server(stream: TcpStream) {
    let service = service_fn(accept);
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

async fn accept(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    if !upgrade::is_upgrade_request(&request) {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = hyper::StatusCode::BAD_REQUEST;
        return Ok(response);
    }
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    tokio::spawn(async {
        if let Ok(socket) = upgraded.await {
            echo(socket).await;
        }
    });
    Ok(response)
}

async fn echo(mut socket: WebSocket<TokioIo<Upgraded>>) -> Option<String> {
    // What is as large as this limit is too large.
    socket.set_max_message_size(LIMIT + 1);
    let (mut socket, mut first) = (FragmentCollector::new(socket), None);
    loop {
        match socket.read_frame().await {
            Ok(frame) => match frame.opcode {
                OpCode::Close => return first,
                OpCode::Text | OpCode::Binary => {
                    if first.is_none() {
                        first = String::from_utf8(frame.payload.to_vec()).ok();
                    }
                    if socket.write_frame(Frame::new(true, frame.opcode, None, frame.payload)).await.is_err() {
                        return first;
                    }
                }
                _ => {}
            },
            Err(_) => {
                let _ = socket.write_frame(Frame::close_raw(vec![].into())).await;
                return first;
            }
        }
    }
}
