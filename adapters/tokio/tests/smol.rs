//! On smol: transports of `futures-io`, and a clock that is not tokio's. No runtime of tokio's is near.

use std::time::{Duration, Instant};

use smol::net::{TcpListener, TcpStream};
use websocket_proto_tokio::endpoint::{Failure, OpeningError};
use websocket_proto_tokio::handshake::ClientRequest;
use websocket_proto_tokio::{CloseCode, Config, Error, FuturesAsyncReadCompatExt, accept, client};

fn config() -> Config {
    let mut config = Config::default();
    config.deflate = Some(Default::default());
    config
}

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (listener.accept().await.unwrap().0, client)
}

#[test]
fn messages_go_both_ways_and_the_connection_closes() {
    smol::block_on(async {
        let (server, peer) = tcp().await;
        let echo = smol::spawn(async move {
            let mut socket = accept(server.compat(), &config()).await?;
            while let Some(message) = socket.next().await {
                socket.send(&message?).await?;
            }
            Ok::<_, Error>(socket.end()?)
        });
        let mut socket = client(peer.compat(), &config(), ClientRequest::new("localhost", "/")).await.unwrap();
        for len in [0, 1, 1000, 1_000_000] {
            let text = "x".repeat(len);
            socket.send(&text).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap().payload(), text.as_bytes());
        }
        assert_eq!(socket.close(CloseCode::NORMAL).await.unwrap(), Some(CloseCode::NORMAL));
        assert_eq!(echo.await.unwrap(), Some(CloseCode::NORMAL));
    });
}

#[test]
fn the_clock_runs() {
    smol::block_on(async {
        let (server, _silent) = tcp().await;
        let (begin, mut config) = (Instant::now(), config());
        config.timeouts.handshake = Some(Duration::from_millis(100));
        let refused = accept(server.compat(), &config).await;
        assert!(matches!(refused, Err(Error::Opening(OpeningError::Timeout))));
        assert!(begin.elapsed() >= Duration::from_millis(100));

        config.timeouts.handshake = Some(Duration::from_secs(60));
        (config.timeouts.idle, config.timeouts.pong) =
            (Some(Duration::from_millis(50)), Some(Duration::from_millis(70)));
        let (server, peer) = tcp().await;
        let opening = smol::spawn(async move { accept(server.compat(), &config).await });
        // It is never polled again, so it answers no Ping.
        let _still = client(peer.compat(), &config, ClientRequest::new("localhost", "/")).await.unwrap();
        let (mut socket, begin) = (opening.await.unwrap(), Instant::now());
        let ended = socket.next().await;
        assert!(matches!(ended, Some(Err(Error::Failure(Failure::Timeout(_))))), "{ended:?}");
        assert!(begin.elapsed() >= Duration::from_millis(110), "{:?}", begin.elapsed());
    });
}
