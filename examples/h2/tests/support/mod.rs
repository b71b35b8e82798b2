//! A server of one's own, in this process, and what it reports.
#![allow(dead_code)] // each test program uses a part

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use h2_websocket::client::{Connection, WebSocket, Windows};
use h2_websocket::server::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use websocket_proto::handshake::{ClientRequest, Scheme};
use websocket_proto_tokio::{Config, DeflateConfig};

pub struct Running {
    pub address: SocketAddr,
    pub reports: mpsc::UnboundedReceiver<String>,
    pub stop: watch::Sender<bool>,
}

/// Starts a server with windows of 64 KiB for a stream and 1 MiB for a connection.
pub async fn start(change: impl FnOnce(&mut Server)) -> Running {
    let (stop, leaving) = watch::channel(false);
    let (to, reports) = mpsc::unbounded_channel();
    let mut config = Config::default();
    config.deflate = Some(DeflateConfig::default());
    let mut server = Server {
        config,
        tls: None,
        windows: (65_536, 1 << 20),
        max_streams: 200,
        subprotocols: vec!["chat".to_owned()],
        origins: vec!["https://friend.example".to_owned()],
        leaving,
        report: Box::new(move |line| drop(to.send(line.to_owned()))),
    };
    change(&mut server);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, server) = (listener.local_addr().unwrap(), Arc::new(server));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                if let Err(error) = Arc::clone(&server).serve(socket).await {
                    (server.report)(&format!("connection: {error}"));
                }
            });
        }
    });
    Running { address, reports, stop }
}

impl Running {
    pub async fn connect(&self, windows: Windows) -> Connection {
        let socket = TcpStream::connect(self.address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Connection::new(socket, Scheme::Http, windows, Duration::from_secs(10)).await.unwrap()
    }

    /// Waits for a report that holds these words.
    pub async fn reports(&mut self, words: &str) {
        let report = in_time(self.reports.recv()).await.unwrap();
        assert!(report.contains(words), "expected {words:?}, found {report:?}");
    }
}

pub async fn open(connection: &Connection, config: &Config) -> WebSocket {
    connection.open(ClientRequest::new("localhost", "/"), config).await.unwrap().0
}

pub async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it takes too long")
}

/// Files with a certificate for `localhost`, and its key.
pub fn certificate(name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = |end: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{end}.pem"));
    let (certificate, key) = (file("certificate"), file("key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}
