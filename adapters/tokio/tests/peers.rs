//! Against implementations that are not ours, over TCP.

mod support;

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role as FastRole, WebSocket as Fast};
use futures_util::{SinkExt, StreamExt};
use support::{configs, in_time, message};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message as Theirs;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode as Code};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame as TheirClose, Frame as TheirFrame};
use websocket_proto_tokio::{CloseCode, Config, Incoming, Negotiated, OwnedMessage, Server, WebSocketStream};
use websocket_proto_tokio::{accept, connect};

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (listener, url)
}

/// Sends back what comes, and yields the peer's status code.
async fn echo(listener: TcpListener, config: Config) -> Option<CloseCode> {
    let mut socket = accept(listener.accept().await.unwrap().0, &config).await.unwrap();
    while let Some(message) = socket.next().await {
        socket.send(&message.unwrap()).await.unwrap();
    }
    socket.end().unwrap()
}

#[tokio::test]
async fn a_tungstenite_client_gets_each_message_back_and_closes() {
    for config in configs() {
        let (listener, url) = listen().await;
        let server = tokio::spawn(echo(listener, config));
        in_time(async {
            let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
            for i in 0..30 {
                client.send(Theirs::text(message(i))).await.unwrap();
                assert_eq!(client.next().await.unwrap().unwrap(), Theirs::text(message(i)));
            }
            client.send(Theirs::binary(vec![7; 1_000_000])).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), Theirs::binary(vec![7; 1_000_000]));
            client.close(Some(TheirClose { code: 4000.into(), reason: "enough".into() })).await.unwrap();
            while let Some(message) = client.next().await {
                assert!(message.unwrap().is_close());
            }
            drop(client);
            assert_eq!(server.await.unwrap().map(|code| code.get()), Some(4000));
        })
        .await;
    }
}

#[tokio::test]
async fn fragments_with_pings_between_them_are_one_message_and_the_pings_are_answered() {
    let (listener, url) = listen().await;
    tokio::spawn(echo(listener, Config::default()));
    in_time(async {
        let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let parts = [(Data::Text, "gr", false), (Data::Continue, "ü", false), (Data::Continue, "n", true)];
        for (opcode, part, last) in parts {
            let frame = TheirFrame::message(part.as_bytes().to_vec(), Code::Data(opcode), last);
            client.send(Theirs::Frame(frame)).await.unwrap();
            if !last {
                client.send(Theirs::Ping(part.as_bytes().to_vec().into())).await.unwrap();
                assert_eq!(client.next().await.unwrap().unwrap(), Theirs::Pong(part.as_bytes().to_vec().into()));
            }
        }
        assert_eq!(client.next().await.unwrap().unwrap(), Theirs::text("grün"));
    })
    .await;
}

#[tokio::test]
async fn a_tungstenite_server_sends_each_message_back_and_is_closed() {
    for config in configs() {
        let (listener, url) = listen().await;
        let server = tokio::spawn(async move {
            let mut socket = tokio_tungstenite::accept_async(listener.accept().await.unwrap().0).await.unwrap();
            let mut code = 0;
            while let Some(Ok(message)) = socket.next().await {
                match message {
                    Theirs::Close(frame) => code = frame.unwrap().code.into(),
                    message => socket.send(message).await.unwrap(),
                }
            }
            code
        });
        in_time(async {
            let mut client = connect(&url, &config).await.unwrap();
            for i in 0..30 {
                client.send(&message(i)).await.unwrap();
                assert!(matches!(client.read().await.unwrap(), Some(Incoming::Text(text)) if text == message(i)));
            }
            client.close(CloseCode::NORMAL).await.unwrap();
            assert_eq!(server.await.unwrap(), 1000);
            assert!(client.next().await.is_none());
        })
        .await;
    }
}

#[tokio::test]
async fn a_tungstenite_server_that_closes_ends_the_stream() {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        let mut socket = tokio_tungstenite::accept_async(listener.accept().await.unwrap().0).await.unwrap();
        socket.send(Theirs::text("bye")).await.unwrap();
        socket.close(Some(TheirClose { code: 4001.into(), reason: "".into() })).await.unwrap();
        while socket.next().await.is_some() {}
    });
    in_time(async {
        let mut client = connect(&url, &Config::default()).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), OwnedMessage::Text("bye".into()));
        assert!(client.next().await.is_none());
        assert_eq!(client.end().unwrap().map(|code| code.get()), Some(4001));
        let error = client.send("too late").await.unwrap_err();
        assert!(matches!(error, websocket_proto_tokio::Error::Send(_)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_refused_client_sees_the_status() {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        tcp.read_to_end(&mut Vec::new()).await.unwrap();
    });
    let error = in_time(connect(&url, &Config::default())).await.map(drop).unwrap_err();
    assert_eq!(error.to_string(), "expected status 101 from the server, found 418");
}

#[tokio::test]
async fn fastwebsockets_speaks_to_us_after_a_handshake_made_elsewhere() {
    let (theirs, ours) = tokio::io::duplex(1000);
    let mut server: WebSocketStream<_, Server> =
        WebSocketStream::new(ours, Negotiated::elsewhere(), Server, &Config::default(), b"");
    tokio::spawn(async move {
        while let Some(message) = server.next().await {
            server.send(&message.unwrap()).await.unwrap();
        }
    });
    in_time(async {
        let mut client = FragmentCollector::new(Fast::after_handshake(theirs, FastRole::Client));
        for i in 1..20 {
            // Each writes all before it reads, so a message must fit into the pipe and the high-water mark.
            let text = "x".repeat(i * 100);
            client.write_frame(Frame::text(Payload::Borrowed(text.as_bytes()))).await.unwrap();
            let frame = client.read_frame().await.unwrap();
            assert!(frame.opcode == OpCode::Text && frame.payload == text.as_bytes());
        }
        client.write_frame(Frame::close(1000, b"")).await.unwrap();
        assert!(client.read_frame().await.unwrap().opcode == OpCode::Close);
    })
    .await;
}

async fn _the_futures_can_be_spawned() {
    fn spawned<T: Send>(future: T) -> T {
        future
    }
    let (io, _) = tokio::io::duplex(1);
    spawned(accept(io, &Config::default())).await.map(drop).unwrap_or(());
    spawned(connect("", &Config::default())).await.map(drop).unwrap_or(());
}
