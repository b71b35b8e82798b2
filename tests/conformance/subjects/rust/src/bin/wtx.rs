//! wtx, with its deflate and without its private extension that leaves masks out.

use subjects::{LIMIT, Role, connect, role, serve, walk};
use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::misc::UriRef;
use wtx::rng::Rng;
use wtx::web_socket::compression::{Flate2, NegotiatedCompression};
use wtx::web_socket::{
    DeflateConfig, OpCode, WebSocketAcceptor, WebSocketConnector, WebSocketOwned, WebSocketPayloadOrigin,
};

#[tokio::main]
async fn main() {
    match role() {
        Role::Server(address) => serve(&address, server).await,
        Role::Client(authority, agent) => {
            walk(&agent, async |target: &str| {
                let url = format!("ws://{authority}{target}");
                let stream = connect(&authority).await?;
                let connector = WebSocketConnector::default().no_masking(false).compression(deflate());
                echo(connector.connect(stream, &UriRef::new(&url)).await.ok()?).await
            })
            .await;
        }
    }
}

fn deflate() -> Flate2 {
    Flate2::from(DeflateConfig::default())
}

async fn server(stream: TcpStream) {
    let acceptor = WebSocketAcceptor::default().no_masking(false).compression(deflate());
    if let Ok(socket) = acceptor.accept(stream).await {
        echo(socket).await;
    }
}

async fn echo<N: NegotiatedCompression, R: Rng, const CLIENT: bool>(
    mut socket: WebSocketOwned<N, R, TcpStream, CLIENT>,
) -> Option<String> {
    // It takes what is shorter than this.
    socket.set_max_payload_len(LIMIT + 1);
    let (mut buffer, mut first) = (Vector::new(), None);
    let (mut common, mut reader, mut writer) = socket.split_mut();
    loop {
        buffer.clear();
        let next = reader.read_frame(&mut buffer, &mut common, WebSocketPayloadOrigin::Adaptive).await;
        // After an error the connection is over: the library has sent its Close.
        let Ok(mut frame) = next else { return first };
        match frame.op_code() {
            OpCode::Close => return first,
            OpCode::Text | OpCode::Binary => {
                if first.is_none() {
                    first = frame.text_payload().map(str::to_owned);
                }
                if writer.write_frame(&mut common, &mut frame).await.is_err() {
                    return first;
                }
            }
            _ => {}
        }
    }
}
