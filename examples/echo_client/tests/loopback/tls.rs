//! wss.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::client::Client;
use crate::server::echo;

fn file(name: &str, text: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// A certificate for `localhost` that vouches for itself, and its key, valid until the year that is given.
fn certificate(until: i32) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap(), key)
}

const LONG: i32 = 4000;

/// What a server does with a client that TLS has let in.
type Serve = fn(StreamOwned<ServerConnection, TcpStream>);

struct Tls {
    until: i32,
    versions: Vec<&'static SupportedProtocolVersion>,
    /// Those who may vouch for clients, if clients have to name themselves.
    clients: Option<CertificateDer<'static>>,
    protocols: &'static [&'static str],
    serve: Serve,
}

impl Default for Tls {
    fn default() -> Self {
        let versions = vec![&TLS13, &TLS12];
        Self { until: LONG, versions, clients: None, protocols: &[], serve: |link| echo(link, None, &channel().0) }
    }
}

impl Tls {
    /// A server for one client: its URL, and the file that makes it trusted.
    fn start(self, name: &str) -> (String, PathBuf) {
        let (certificate, key) = certificate(self.until);
        let file = file(&format!("{name}.pem"), &certificate.pem());
        let provider = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&self.versions).unwrap();
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(issuer) => {
                let mut roots = RootCertStore::empty();
                roots.add(issuer).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        config.alpn_protocols = self.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
        thread::spawn(move || {
            let (stream, _): (TcpStream, _) = listener.accept().unwrap();
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
            // A client that does not trust it, or that it does not know, ends here.
            match stream.conn.complete_io(&mut stream.sock) {
                Ok(_) => (self.serve)(stream),
                Err(_) => {
                    let _ = stream.conn.write_tls(&mut stream.sock); // the alert
                    let _ = stream.sock.shutdown(Shutdown::Write);
                    let _ = stream.sock.read_to_end(&mut Vec::new());
                }
            }
        });
        (url, file)
    }
}

fn server(name: &str) -> (String, PathBuf) {
    Tls::default().start(name)
}

/// A client that is expected to fail, and to say so with these words in one line.
fn fails(words: &[&str], expected: &str) {
    let ended = Client::start(words).wait();
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(1), 1), "{words:?}: {ended:?}");
    assert!(ended.error().contains(expected), "expected {expected:?} in {ended:?}");
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
fn server_of_another_name_is_not_trusted_and_neither_is_one_whose_time_is_over() {
    let (url, file) = server("another");
    fails(&["--ca", file.to_str().unwrap(), &url.replace("localhost", "127.0.0.1")], "certificate not valid for name");
    let (url, file) = Tls { until: 2001, ..Tls::default() }.start("expired");
    fails(&["--ca", file.to_str().unwrap(), &url], "certificate expired");
    let (url, _) = server("stranger");
    let other = self::file("other-issuer.pem", &certificate(LONG).0.pem());
    fails(&["--ca", other.to_str().unwrap(), &url], "invalid peer certificate");
}

#[test]
fn either_version_of_tls_and_the_name_and_the_protocol_are_told_to_the_server() {
    for (name, versions) in [("tls12", vec![&TLS12]), ("tls13", vec![&TLS13])] {
        let serve: Serve = |mut link| {
            // RFC 6066 §3, RFC 7301.
            assert_eq!(
                (link.conn.server_name(), link.conn.alpn_protocol()),
                (Some("localhost"), Some(&b"http/1.1"[..]))
            );
            link.flush().unwrap();
            echo(link, None, &channel().0);
        };
        let (url, file) = Tls { versions, protocols: &["h2", "http/1.1"], serve, ..Tls::default() }.start(name);
        let mut client = Client::start(&["--ca", file.to_str().unwrap(), &url]);
        client.say("hello");
        assert_eq!(client.line(), "hello\n");
        assert_eq!(client.end().code, Some(0));
    }
}

#[test]
fn server_that_speaks_http_2_alone_is_named() {
    let (url, file) = Tls { protocols: &["h2"], ..Tls::default() }.start("h2-alone");
    fails(&["--ca", file.to_str().unwrap(), &url], "NoApplicationProtocol");
}

#[test]
fn server_that_speaks_no_tls_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    fails(&["--ca", file("plain-ca.pem", &certificate(LONG).0.pem()).to_str().unwrap(), &url], "InvalidContentType");
}

#[test]
fn the_end_of_tcp_without_a_close_is_no_clean_end_with_close_notify_or_without() {
    for (name, notify) in [("cut", false), ("notified", true)] {
        let serve: Serve = if notify {
            |mut link| {
                let _negotiated = crate::server::shake_hands(&mut link, None);
                link.conn.send_close_notify();
                link.flush().unwrap();
                link.sock.shutdown(Shutdown::Write).unwrap();
                let _ = link.sock.read_to_end(&mut Vec::new());
            }
        } else {
            |mut link| {
                let _negotiated = crate::server::shake_hands(&mut link, None);
                link.sock.shutdown(Shutdown::Write).unwrap();
                let _ = link.sock.read_to_end(&mut Vec::new());
            }
        };
        let (url, file) = Tls { serve, ..Tls::default() }.start(name);
        // Standard input stays open: the end is not the client's.
        let ended = Client::start(&["--ca", file.to_str().unwrap(), &url]).wait();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.error().contains("without a Close"), "{ended:?}");
    }
}

/// RFC 8446 §4.4.2.
#[test]
fn client_names_itself_where_the_server_asks_who_it_is() {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(["a client".to_owned()]).unwrap();
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let key = KeyPair::generate().unwrap();
    let certificate = file("client.pem", &params.signed_by(&key, &issuer).unwrap().pem());
    let key = file("client-key.pem", &key.serialize_pem());
    let own = ["--certificate", certificate.to_str().unwrap(), key.to_str().unwrap()];
    for (name, version) in [("asks12", &TLS12), ("asks13", &TLS13)] {
        let asking =
            || Tls { clients: Some(issuer.der().clone()), versions: vec![version], ..Tls::default() }.start(name);
        let (url, ca) = asking();
        let mut client = Client::start(&[&own[..], &["--ca", ca.to_str().unwrap(), &url]].concat());
        client.say("it is me");
        assert_eq!(client.line(), "it is me\n");
        assert_eq!(client.end().code, Some(0));

        let (url, ca) = asking();
        let nobody = Client::start(&["--ca", ca.to_str().unwrap(), &url]).wait();
        assert_eq!(nobody.code, Some(1), "{nobody:?}");
        assert!(nobody.error().contains("ertificate"), "{nobody:?}");
    }
    let swapped = ["--certificate", key.to_str().unwrap(), certificate.to_str().unwrap(), "wss://localhost:1/"];
    fails(&swapped, certificate.to_str().unwrap());
    let stranger = file("stranger-key.pem", &KeyPair::generate().unwrap().serialize_pem());
    let strange = ["--certificate", certificate.to_str().unwrap(), stranger.to_str().unwrap(), "wss://localhost:1/"];
    fails(&strange, stranger.to_str().unwrap());
    let missing = ["--certificate", certificate.to_str().unwrap(), "/no/such.pem", "wss://localhost:1/"];
    fails(&missing, "/no/such.pem");
    let ended = Client::start(&["--certificate", "one.pem"]).wait();
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

/// What TLS and the sockets hold is less than the line.
#[test]
fn server_that_reads_nothing_is_given_up() {
    let serve: Serve = |mut link| {
        let _negotiated = crate::server::shake_hands(&mut link, None);
        thread::sleep(Duration::from_secs(15));
    };
    let (url, file) = Tls { serve, ..Tls::default() }.start("deaf");
    let mut client = Client::start(&["--write-timeout", "300ms", "--no-deflate", "--ca", file.to_str().unwrap(), &url]);
    let mut stdin = client.stdin.take().unwrap();
    thread::spawn(move || stdin.write_all(&[b"z".repeat(40_000_000), b"\n".to_vec()].concat()));
    let ended = client.wait();
    assert_eq!((ended.code, ended.error()), (Some(1), "the peer has read nothing for 300ms"));
    assert!(ended.after < Duration::from_secs(10), "{:?}", ended.after);
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
