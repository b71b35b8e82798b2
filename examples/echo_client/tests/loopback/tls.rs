//! wss.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::client::Client;
use crate::server::echo;

/// An echo server for one client, with a certificate for `localhost`: its URL, and the file that makes it trusted.
fn server(name: &str) -> (String, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"));
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        let (stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        // A client that does not trust it ends here.
        if stream.conn.complete_io(&mut stream.sock).is_ok() {
            echo(stream, None, &channel().0);
        }
    });
    (url, file)
}

#[test]
fn messages_of_any_size_pass_through_tls() {
    let (url, file) = server("trusted");
    let mut client = Client::start(&["--ca", file.to_str().unwrap(), &url]);
    for line in ["hello", "", &"x".repeat(16_384), &"x".repeat(3_000_000)] {
        client.say(line);
        assert!(client.line() == format!("{line}\n"), "{} bytes", line.len());
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
}

#[test]
fn server_that_the_system_does_not_know_is_not_trusted() {
    let (url, _) = server("unknown");
    let ended = Client::start(&[&url]).wait();
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(1), 1), "{ended:?}");
    // A machine without any certificates of its own trusts nobody either.
    let expected = ["invalid peer certificate", "names no certificates"];
    assert!(expected.iter().any(|text| ended.error().contains(text)), "{ended:?}");
}

#[test]
fn server_of_another_name_is_not_trusted() {
    let (url, file) = server("another");
    let ended = Client::start(&["--ca", file.to_str().unwrap(), &url.replace("localhost", "127.0.0.1")]).wait();
    assert_eq!(ended.code, Some(1));
    assert!(ended.error().contains("certificate"), "{ended:?}");
}

#[test]
fn file_without_certificates_is_named() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty.pem");
    std::fs::write(&file, "").unwrap();
    for path in [file.to_str().unwrap(), "/no/such/file.pem"] {
        let ended = Client::start(&["--ca", path, "wss://localhost:1/"]).wait();
        assert_eq!(ended.code, Some(1));
        assert!(ended.error().contains(path), "{ended:?}");
    }
}
