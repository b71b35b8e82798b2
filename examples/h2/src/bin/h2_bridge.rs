//! Passes WebSockets of HTTP/1.1 on as streams of HTTP/2, byte by byte, whatever the frames are: `h2_bridge --help`.

#[path = "../../../support/command_line.rs"]
mod command_line;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use command_line::Failure;
use h2::client::SendRequest;
use h2::ext::Protocol;
use h2_websocket::{H2Stream, SMALL_FRAMES};
use http::header;
use lexopt::{Arg, Parser};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use websocket_proto::Limits;
use websocket_proto::handshake::{Key, Received, Refusal, ServerHandshake};

const HELP: &str = "\
Takes WebSockets of HTTP/1.1 (RFC 6455), and makes each a stream of HTTP/2 to a server without TLS (RFC 8441). It answers the
handshake, with what the server agrees to, and passes all bytes after it on as they are.

usage: h2_bridge --listen ADDR:PORT --to ADDR:PORT

  -h, --help              print this
  -V, --version           print the version
";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    command_line::exit("h2_bridge", run())
}

fn run() -> std::result::Result<(), Failure> {
    let (mut listen, mut to) = (None, None);
    let mut words = Parser::from_env();
    while let Some(word) = command_line::next(&mut words, "h2_bridge", HELP)? {
        match word {
            Arg::Long("listen") => listen = Some(command_line::parse(&mut words, "ADDR:PORT")?),
            Arg::Long("to") => to = Some(command_line::parse(&mut words, "ADDR:PORT")?),
            other => return Err(other.unexpected().into()),
        }
    }
    let (Some(listen), Some(to)) = (listen, to) else {
        return Err(Failure::Usage("expected --listen and --to; see --help".to_owned()));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start a runtime: {error}"))?;
    Ok(runtime.block_on(serve(listen, to))?)
}

async fn serve(listen: SocketAddr, to: SocketAddr) -> std::result::Result<(), String> {
    let failed = |error: std::io::Error| format!("can't listen on {listen}: {error}");
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    println!("listening on {}", listener.local_addr().map_err(failed)?);
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => drop(tokio::spawn(async move {
                if let Err(error) = pass_on(socket, to).await {
                    eprintln!("h2_bridge: {peer}: {error}");
                }
            })),
            Err(error) => {
                eprintln!("h2_bridge: can't accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn pass_on(mut socket: TcpStream, to: SocketAddr) -> Result<()> {
    socket.set_nodelay(true)?;
    let (mut handshake, mut head) = (ServerHandshake::new(&Limits::default()), Vec::new());
    let (key, request, head_len) = loop {
        if socket.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        match handshake.receive(&head) {
            Ok(None) => {}
            Ok(Some(Received::Upgrade(request))) => {
                let host = request.field("host").next().unwrap_or_default();
                let uri = match request.target() {
                    target if target.starts_with('/') => format!("http://{}{target}", std::str::from_utf8(host)?),
                    absolute => absolute.to_owned(),
                };
                let mut connect = http::Request::connect(uri);
                for name in ["origin", "sec-websocket-extensions", "sec-websocket-protocol", "sec-websocket-version"] {
                    for value in request.field(name) {
                        connect = connect.header(name, value);
                    }
                }
                // What RFC 3986 allows and the crate `http` has no value for: a host with an escape.
                let Ok(connect) = connect.extension(Protocol::from_static("websocket")).body(()) else {
                    return refuse(socket, Refusal::new(502, &[], b"")?).await;
                };
                let key = request.field("sec-websocket-key").next().unwrap_or_default();
                break (Key::new(key)?, connect, request.head_len());
            }
            Ok(Some(Received::Http(request))) => return refuse(socket, request.upgrade_required()).await,
            Err(error) => return refuse(socket, error.response()).await,
        }
    };

    let onward = TcpStream::connect(to).await?;
    onward.set_nodelay(true)?;
    let mut builder = h2::client::Builder::new();
    let (send, connection) = builder.data_frame_budget(SMALL_FRAMES).handshake::<_, Bytes>(onward).await?;
    tokio::spawn(connection);
    let (response, stream) = connect_by(send).await?.send_request(request, false)?;
    let response = response.await?;
    if response.status() != 200 {
        let status = response.status().as_u16();
        return refuse(socket, Refusal::new(status, &[], b"")?).await;
    }
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        key.accept().as_str()
    )
    .into_bytes();
    for name in [header::SEC_WEBSOCKET_EXTENSIONS, header::SEC_WEBSOCKET_PROTOCOL] {
        for value in response.headers().get_all(&name) {
            answer.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
    }
    answer.extend_from_slice(b"\r\n");
    socket.write_all(&answer).await?;

    let mut stream = H2Stream::new(stream, response.into_body());
    stream.write_all(&head[head_len..]).await?;
    copy_bidirectional(&mut socket, &mut stream).await?;
    Ok(())
}

/// Waits until the server has said that it takes an extended CONNECT.
async fn connect_by(send: SendRequest<Bytes>) -> Result<SendRequest<Bytes>> {
    let mut send = send.ready().await?;
    for _ in 0..1000 {
        if send.is_extended_connect_protocol_enabled() {
            return Ok(send);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        send = send.ready().await?;
    }
    Err("expected the setting ENABLE_CONNECT_PROTOCOL from the server, found none in time".into())
}

async fn refuse(mut socket: TcpStream, refusal: Refusal<'_>) -> Result<()> {
    let mut answer = Vec::new();
    refusal.write_to(&mut answer)?;
    socket.write_all(&answer).await?;
    socket.shutdown().await?;
    Ok(())
}
