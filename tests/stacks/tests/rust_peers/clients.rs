//! The servers of HTTP/1.1 against clients that others have written: tungstenite, and soketto, which compresses.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::start;
use futures_util::{SinkExt, StreamExt};
use soketto::extension::deflate::Deflate;
use soketto::handshake::ServerResponse;
use soketto::{Data, Incoming, Mode};
use stacks::Server;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::compat::TokioAsyncReadCompatExt;

/// A long text that compresses well.
fn long() -> String {
    "all work and no play ".repeat(5000)
}

#[tokio::test]
async fn tungstenite_gets_its_echoes_and_a_clean_end() {
    for server in Server::HTTP_1 {
        tokio::time::timeout(Duration::from_secs(20), tungstenite(start(server))).await.unwrap();
    }
}

async fn tungstenite(address: SocketAddr) {
    let mut request = format!("ws://{address}/chat").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "superchat, chat".parse().unwrap());
    let (mut socket, response) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    for message in [Message::text("Grüße"), Message::binary(vec![7; 300_000]), Message::text(long()), Message::text("")]
    {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.send(Message::Ping("still there?".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong("still there?".into()));
    socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "done".into() })).await.unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!("no Close") };
    assert_eq!(frame.code, CloseCode::Normal);
    // Its word for both Close frames and the end of the transport.
    assert!(matches!(socket.next().await, None | Some(Err(Error::ConnectionClosed))));
}

#[tokio::test]
async fn soketto_gets_its_echoes_compressed() {
    for server in Server::HTTP_1 {
        tokio::time::timeout(Duration::from_secs(20), soketto(start(server))).await.unwrap();
    }
}

async fn soketto(address: SocketAddr) {
    let (socket, host) = (TcpStream::connect(address).await.unwrap(), address.to_string());
    let mut client = soketto::handshake::Client::new(socket.compat(), &host, "/chat");
    client.add_protocol("chat").add_extension(Box::new(Deflate::new(Mode::Client)));
    let response = client.handshake().await.unwrap();
    let ServerResponse::Accepted { protocol } = response else { panic!("{response:?}") };
    assert_eq!(protocol.as_deref(), Some("chat"));
    let extensions: Vec<_> = client.drain_extensions().collect();
    assert!(extensions.iter().all(|extension| extension.is_enabled()), "compression is agreed on");
    for extension in extensions {
        client.add_extension(extension);
    }
    let (mut sender, mut receiver) = client.into_builder().finish();
    for text in ["Grüße", &long(), ""] {
        sender.send_text(text).await.unwrap();
        sender.flush().await.unwrap();
        let mut message = Vec::new();
        assert_eq!(receiver.receive_data(&mut message).await.unwrap(), Data::Text(text.len()));
        assert_eq!(message, text.as_bytes());
    }
    sender.close().await.unwrap();
    let end = receiver.receive(&mut Vec::new()).await;
    assert!(matches!(end, Ok(Incoming::Closed(_)) | Err(soketto::connection::Error::Closed)), "{end:?}");
}
