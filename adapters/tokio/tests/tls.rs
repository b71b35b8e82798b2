//! Over TLS, with certificates made for the test.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use websocket_proto_tokio::handshake::{ClientRequest, WsUrl};
use websocket_proto_tokio::tokio_rustls;
use websocket_proto_tokio::{CloseCode, Config, Error, MaybeTls, accept, client, client_with, connect};

fn trusting(made: &CertifiedKey<rcgen::KeyPair>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

fn compressed() -> Config {
    let mut config = Config::default();
    config.deflate = Some(Default::default());
    config
}

#[tokio::test]
async fn messages_go_both_ways_over_tls_and_only_a_certificate_that_is_trusted_is_taken() {
    let made = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = ServerConfig::builder().with_no_client_auth();
    let tls = TlsAcceptor::from(Arc::new(tls.with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/chat", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        loop {
            let Ok(tls) = tls.accept(listener.accept().await.unwrap().0).await else { continue };
            let mut socket = accept(tls, &compressed()).await.unwrap();
            while let Some(message) = socket.next().await {
                socket.send(&message.unwrap()).await.unwrap();
            }
            return socket.end().unwrap();
        }
    });
    let error = connect(&url, &Config::default()).await.map(drop).unwrap_err();
    assert!(matches!(error, Error::Io(_)), "the system trusts no such certificate: {error}");

    let url = WsUrl::parse(&url).unwrap();
    let io = MaybeTls::connect_with(&url, trusting(&made)).await.unwrap();
    let mut status = None;
    let inspect = |answer: &websocket_proto_tokio::handshake::Answer<'_>| status = Some(format!("{answer:?}"));
    let mut client = client_with(io, &compressed(), ClientRequest::from_url(&url), inspect).await.unwrap();
    for len in [0, 1, 1000, 1_000_000] {
        let text = "x".repeat(len);
        client.send(&text).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap().payload(), text.as_bytes());
    }
    assert_eq!(client.close(CloseCode::NORMAL).await.unwrap(), Some(CloseCode::NORMAL));
    assert_eq!(server.await.unwrap(), Some(CloseCode::NORMAL));
    assert!(status.is_some(), "the response was shown");
}

/// Ended when the test is over.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_example_echoes() {
    let made = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Cargo builds examples beside the tests.
    let example = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/tls_echo");
    let mut command = Command::new(example);
    command.arg(format!("127.0.0.1:{port}")).args([&certificate, &key]).stdout(Stdio::null());
    let _running = Running(command.spawn().expect("expected the example, which `cargo test` without `--test` builds"));

    let url = format!("wss://localhost:{port}/");
    let url = WsUrl::parse(&url).unwrap();
    let io = async {
        loop {
            match MaybeTls::connect_with(&url, trusting(&made)).await {
                Ok(io) => return io,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let io = tokio::time::timeout(Duration::from_secs(20), io).await.unwrap();
    let mut client = client(io, &compressed(), ClientRequest::from_url(&url)).await.unwrap();
    client.send("Hello").await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap().payload(), b"Hello");
    client.close(CloseCode::NORMAL).await.unwrap();
}
