//! TLS in front of the same server: clients of another make, records cut anywhere, and peers that speak something else.

mod support;

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use support::REQUEST;
use support::server::{Server, run};
use tungstenite::{Message, WebSocket};

/// Files with a certificate for `localhost`, and its key.
fn certificate(name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = |end: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{end}.pem"));
    let (certificate, key) = (file("certificate"), file("key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

struct Tls {
    server: Server,
    certificate: PathBuf,
}

type Link<T> = StreamOwned<ClientConnection, T>;

impl Tls {
    fn start(name: &str, options: &[&str]) -> Self {
        let (certificate, key) = certificate(name);
        let tls = ["--tls", certificate.to_str().unwrap(), key.to_str().unwrap()];
        Self { server: Server::start(&[&tls[..], options].concat()), certificate }
    }

    fn tcp(&self) -> TcpStream {
        let socket = TcpStream::connect(&self.server.addresses[0]).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_nodelay(true).unwrap();
        socket
    }

    fn config(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.certificate).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots).with_no_client_auth()
    }

    fn link_over<T: Read + Write>(&self, transport: T, config: ClientConfig) -> Link<T> {
        StreamOwned::new(ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap(), transport)
    }

    fn link(&self) -> Link<TcpStream> {
        self.link_over(self.tcp(), self.config(&[&TLS13]))
    }

    fn join(&self, config: ClientConfig) -> WebSocket<Link<TcpStream>> {
        tungstenite::client("ws://localhost/", self.link_over(self.tcp(), config)).unwrap().0
    }
}

fn echoes<T: Read + Write>(socket: &mut WebSocket<T>, message: Message) {
    socket.send(message.clone()).unwrap();
    assert!(socket.read().unwrap() == message, "not the same {} bytes", message.len());
}

#[test]
fn clients_of_another_make_talk_by_either_version_of_tls() {
    let tls = Tls::start("versions", &["--deflate"]);
    for version in [&TLS12, &TLS13] {
        let mut socket = tls.join(tls.config(&[version]));
        for text in ["Hello", "", "gr\u{fc}n"] {
            echoes(&mut socket, Message::text(text));
        }
        echoes(&mut socket, Message::binary((0..10 << 20).map(|at: u32| at.to_le_bytes()[1]).collect::<Vec<_>>()));
        socket.send(Message::Ping(b"?".to_vec().into())).unwrap();
        assert_eq!(socket.read().unwrap(), Message::Pong(b"?".to_vec().into()));
        socket.close(None).unwrap();
        assert!(matches!(socket.read().unwrap(), Message::Close(_)));
        // The server says close_notify before it ends the connection; without it this would be an error of another kind.
        assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
        assert_eq!(socket.get_mut().read(&mut [0]).unwrap(), 0);
    }
}

/// Passes on one byte at a time, so that no record comes whole.
struct Bytewise(TcpStream);

impl Read for Bytewise {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(&mut room[..1])
    }
}

impl Write for Bytewise {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(&bytes[..1])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// RFC 6455, section 5.7: "A single-frame masked text message", and its echo.
const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO_BACK: &[u8] = b"\x81\x05Hello";

fn open<T: Read + Write>(link: &mut Link<T>) {
    link.write_all(REQUEST.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        link.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
}

#[test]
fn records_of_one_byte_in_segments_of_one_byte_are_put_together() {
    let tls = Tls::start("bytes", &[]);
    let mut link = tls.link_over(Bytewise(tls.tcp()), tls.config(&[&TLS13]));
    open(&mut link);
    for byte in HELLO {
        link.write_all(&[*byte]).unwrap();
    }
    let mut back = [0; 7];
    link.read_exact(&mut back).unwrap();
    assert_eq!(back, HELLO_BACK);
}

#[test]
fn violations_are_answered_and_what_came_before_the_end_too() {
    let tls = Tls::start("violations", &[]);
    let mut link = tls.link();
    open(&mut link);
    link.write_all(&[HELLO, HELLO_BACK].concat()).unwrap();
    let mut rest = Vec::new();
    link.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, [HELLO_BACK, &[0x88, 0x02, 0x03, 0xea]].concat());

    let mut link = tls.link();
    open(&mut link);
    // In one segment, with nothing after it: neither more bytes nor the end of input.
    link.conn.writer().write_all(HELLO).unwrap();
    link.conn.send_close_notify();
    link.conn.write_tls(&mut link.sock).unwrap();
    let mut rest = Vec::new();
    link.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, HELLO_BACK);
}

/// Waits until the other side has ended the connection, in whatever way.
fn ends(socket: &mut TcpStream, within: Duration) {
    let start = Instant::now();
    while !matches!(socket.read(&mut [0; 1000]), Ok(0)) {
        match socket.take_error().unwrap().map(|error| error.kind()) {
            None if start.elapsed() < within => thread::sleep(Duration::from_millis(10)),
            None => panic!("it does not end"),
            Some(_) => return,
        }
    }
    assert!(start.elapsed() < within, "{:?}", start.elapsed());
}

#[test]
fn plain_http_and_handshakes_that_do_not_end_are_dropped() {
    let tls = Tls::start("plain", &["--handshake-timeout", "1s"]);
    let (mut plain, mut silent, mut cut) = (tls.tcp(), tls.tcp(), tls.tcp());
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    match plain.read_to_end(&mut answer) {
        Ok(_) => assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    cut.write_all(&[0x16, 0x03, 0x01, 0x01, 0x00, 0x01]).unwrap();
    ends(&mut silent, Duration::from_secs(5));
    ends(&mut cut, Duration::from_secs(5));
    echoes(&mut tls.join(tls.config(&[&TLS13])), Message::text("the others go on"));
}

/// RFC 7301: a client that offers no protocol of the server's gets an alert.
#[test]
fn client_that_speaks_http_2_alone_is_told_so() {
    let tls = Tls::start("alpn", &[]);
    for (protocols, accepted) in [(&["h2", "http/1.1"][..], true), (&["h2"], false)] {
        let mut config = tls.config(&[&TLS13]);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut link = tls.link_over(tls.tcp(), config);
        match (link.conn.complete_io(&mut link.sock), accepted) {
            (Ok(_), true) => assert_eq!(link.conn.alpn_protocol(), Some(&b"http/1.1"[..])),
            (Err(error), false) => assert!(error.to_string().contains("NoApplicationProtocol"), "{error}"),
            (result, _) => panic!("{protocols:?}: {result:?}"),
        }
    }
}

#[test]
fn peer_that_reads_late_gets_all_of_it() {
    let tls = Tls::start("late", &["--max-output", "65536"]);
    let mut socket = tls.join(tls.config(&[&TLS13]));
    let message = Message::binary(vec![b'x'; 20_000]);
    // As much as fits without reading: what the server does not read waits in the sockets.
    for _ in 0..20 {
        socket.send(message.clone()).unwrap();
    }
    thread::sleep(Duration::from_millis(300));
    for _ in 0..20 {
        assert!(socket.read().unwrap() == message);
    }
}

#[test]
fn broadcast_reaches_all_in_order() {
    let tls = Tls::start("broadcast", &["--mode", "broadcast"]);
    let mut sockets: Vec<_> = (0..3).map(|_| tls.join(tls.config(&[&TLS13]))).collect();
    for (from, text) in [(0, "a".repeat(100_000)), (1, "b".to_owned()), (2, "c".repeat(20_000))] {
        sockets[from].send(Message::text(&text)).unwrap();
        for socket in &mut sockets {
            assert!(socket.read().unwrap() == Message::text(&text));
        }
    }
}

#[test]
fn peer_that_reads_a_broadcast_late_gets_its_last_byte() {
    let tls = Tls::start("tail", &["--mode", "broadcast", "--max-output", "100000000"]);
    let (mut speaker, mut late) = (tls.join(tls.config(&[&TLS13])), tls.join(tls.config(&[&TLS13])));
    // More than the sockets hold.
    for count in 0..80 {
        let message = Message::binary(vec![count; 100_000]);
        speaker.send(message.clone()).unwrap();
        assert!(speaker.read().unwrap() == message);
    }
    for count in 0..80 {
        assert!(late.read().unwrap() == Message::binary(vec![count; 100_000]));
    }
}

#[test]
fn page_comes_by_https_and_ends_with_close_notify() {
    let tls = Tls::start("page", &[]);
    let mut link = tls.link();
    link.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut page = String::new();
    link.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 ") && page.ends_with("</script>\n"), "{page}");
}

/// The origin of a page that came by TLS, and that of one that did not.
#[test]
fn pages_of_the_server_connect_and_others_do_not() {
    let tls = Tls::start("origin", &[]);
    for (origin, status) in [("https://localhost", "101"), ("http://localhost", "403")] {
        let mut link = tls.link();
        link.write_all(REQUEST.replace("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n")).as_bytes()).unwrap();
        let mut start = [0; 12];
        link.read_exact(&mut start).unwrap();
        assert_eq!(start, *format!("HTTP/1.1 {status}").as_bytes());
    }
}

#[test]
fn files_that_do_not_fit_are_named() {
    let ((certificate, key), (_, other)) = (certificate("fits"), certificate("other"));
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let [certificate, key, other, empty] = [&certificate, &key, &other, &empty].map(|path| path.to_str().unwrap());
    assert!(PrivateKeyDer::from_pem_file(key).is_ok());
    for (words, code, found) in [
        (&["--tls", "/no/such.pem", key][..], 1, "/no/such.pem"),
        (&["--tls", certificate, "/no/such.pem"], 1, "/no/such.pem"),
        (&["--tls", empty, key], 1, empty),
        (&["--tls", certificate, certificate], 1, certificate),
        (&["--tls", certificate, other], 1, other),
        (&["--tls", certificate], 2, "--tls"),
        (&["--tls"], 2, "--tls"),
    ] {
        let (status, out, error) = run(words);
        assert_eq!((status, &*out, error.lines().count()), (Some(code), "", 1), "{words:?}: {error}");
        assert!(error.contains(found), "{words:?}: {error}");
    }
}
