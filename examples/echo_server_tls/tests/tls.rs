//! echo_server with TLS, and clients that are not of this repository.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use tungstenite::{Message, WebSocket};

/// The program, with a certificate for `localhost`.
struct Server {
    child: Child,
    address: String,
    certificate: PathBuf,
    /// What it prints, of both streams.
    lines: Receiver<String>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Files with a certificate for `localhost`, and its key.
fn certificate(name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (file(&format!("{name}-certificate.pem")), file(&format!("{name}-key.pem")));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_echo_server"));
    command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Server {
    fn start(name: &str, options: &[&str]) -> Self {
        let (certificate, key) = certificate(name);
        let tls = ["--listen", "127.0.0.1:0", "--tls", certificate.to_str().unwrap(), key.to_str().unwrap()];
        let mut child = command(&[&tls, options].concat()).spawn().unwrap();
        let (to, lines) = channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let to = to.clone();
            thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| to.send(line))
            });
        }
        let line = lines.recv_timeout(Duration::from_secs(20)).unwrap();
        let (address, page) = line.strip_prefix("listening on ").unwrap().split_once(", page at ").unwrap();
        assert_eq!(page, format!("https://{address}/"));
        Self { child, address: address.to_owned(), certificate, lines }
    }

    /// Waits for a line that holds these words.
    fn prints(&self, words: &str) {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(20)) {
            if line.contains(words) {
                return;
            }
            seen.push(line);
        }
        panic!("no line with {words:?}, but {seen:#?}");
    }

    fn tcp(&self) -> TcpStream {
        let socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_nodelay(true).unwrap();
        socket
    }

    fn config(&self, version: &'static SupportedProtocolVersion) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.certificate).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        builder.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots).with_no_client_auth()
    }

    fn link_over<T: Read + Write>(&self, transport: T, config: ClientConfig) -> Link<T> {
        StreamOwned::new(ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap(), transport)
    }

    fn link(&self) -> Link<TcpStream> {
        self.link_over(self.tcp(), self.config(&TLS13))
    }

    fn join(&self, version: &'static SupportedProtocolVersion) -> WebSocket<Link<TcpStream>> {
        tungstenite::client("ws://localhost/", self.link_over(self.tcp(), self.config(version))).unwrap().0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Link<T> = StreamOwned<ClientConnection, T>;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// RFC 6455, section 5.7: "A single-frame masked text message", and its echo.
const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO_BACK: &[u8] = b"\x81\x05Hello";
/// Close with 1000, masked with the key 0.
const CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

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
fn clients_of_another_make_talk_by_either_version_of_tls() {
    let server = Server::start("versions", &[]);
    for version in [&TLS12, &TLS13] {
        let mut socket = server.join(version);
        let long = (0..5 << 20).map(|at: u32| at.to_le_bytes()[1]).collect::<Vec<_>>();
        for message in [Message::text("Hello"), Message::text(""), Message::text("gr\u{fc}n"), Message::binary(long)] {
            socket.send(message.clone()).unwrap();
            assert!(socket.read().unwrap() == message, "not the same {} bytes", message.len());
        }
        socket.close(None).unwrap();
        assert!(matches!(socket.read().unwrap(), Message::Close(_)));
        // The server says close_notify before it ends the connection; without it this would be an error of another kind.
        assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
        assert_eq!(socket.get_mut().read(&mut [0]).unwrap(), 0);
        drop(socket);
        server.prints("closed");
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

#[test]
fn records_of_one_byte_in_segments_of_one_byte_are_put_together() {
    let server = Server::start("bytes", &[]);
    let mut link = server.link_over(Bytewise(server.tcp()), server.config(&TLS13));
    open(&mut link);
    for byte in [HELLO, CLOSE].concat() {
        link.write_all(&[byte]).unwrap();
    }
    let mut rest = Vec::new();
    link.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, [HELLO_BACK, &[0x88, 0x02, 0x03, 0xe8]].concat());
}

#[test]
fn the_end_of_tcp_without_close_notify_is_no_clean_end_and_neither_is_one_without_a_close() {
    let server = Server::start("cut", &[]);
    let mut link = server.link();
    open(&mut link);
    link.sock.shutdown(Shutdown::Write).unwrap();
    server.prints("without sending TLS close_notify");

    let mut link = server.link();
    open(&mut link);
    link.conn.send_close_notify();
    link.flush().unwrap();
    server.prints("left without a Close");

    let mut link = server.link();
    open(&mut link);
    link.write_all(CLOSE).unwrap();
    link.conn.send_close_notify();
    link.flush().unwrap();
    // The client is the first to end its side, and still gets all: both Close frames have passed, so it is a clean end.
    let mut rest = Vec::new();
    link.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, [0x88, 0x02, 0x03, 0xe8]);
    server.prints("closed with 1000");
}

#[test]
fn a_long_message_goes_back_as_one_frame() {
    let server = Server::start("long", &[]);
    let mut link = server.link();
    open(&mut link);
    let long = vec![7; 70_000];
    link.write_all(&[&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70, 0, 0, 0, 0][..], &long].concat()).unwrap();
    let mut back = vec![0; 10 + long.len()];
    link.read_exact(&mut back).unwrap();
    assert_eq!(back[..10], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    assert!(back[10..] == long);
}

/// The client has answered, but does not close its side.
#[cfg(unix)]
#[test]
fn a_server_that_stops_does_not_wait_for_long() {
    let mut server = Server::start("stops", &[]);
    let mut link = server.link();
    open(&mut link);
    assert!(Command::new("kill").arg(server.child.id().to_string()).status().unwrap().success());
    let mut close = [0; 20];
    link.read_exact(&mut close).unwrap();
    assert_eq!(&close, b"\x88\x12\x03\xe9the server stops");
    link.write_all(CLOSE).unwrap();
    let start = Instant::now();
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

/// Waits until the other side has ended the connection, in whatever way.
fn ends(socket: &mut TcpStream, within: Duration) {
    let start = Instant::now();
    while matches!(socket.read(&mut [0; 1000]), Ok(1..)) {}
    assert!(start.elapsed() < within, "{:?}", start.elapsed());
}

#[test]
fn plain_http_and_handshakes_that_do_not_end_are_dropped() {
    let server = Server::start("plain", &["--handshake-timeout", "1s"]);
    let (mut plain, mut silent, mut cut) = (server.tcp(), server.tcp(), server.tcp());
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    match plain.read_to_end(&mut answer) {
        Ok(_) => assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    server.prints("TLS failed: received corrupt message of type InvalidContentType");
    cut.write_all(&[0x16, 0x03, 0x01, 0x01, 0x00, 0x01]).unwrap();
    ends(&mut silent, Duration::from_secs(10));
    ends(&mut cut, Duration::from_secs(10));
    server.prints("sent no request in time");
    // A TLS handshake that is done is not yet a request.
    let mut mute = server.link();
    mute.conn.complete_io(&mut mute.sock).unwrap();
    ends(&mut mute.sock, Duration::from_secs(10));
    let mut link = server.link();
    open(&mut link);
}

/// RFC 7301: a client that offers no protocol of the server's gets an alert.
#[test]
fn client_that_speaks_http_2_alone_is_told_so() {
    let server = Server::start("alpn", &[]);
    for (protocols, accepted) in [(&["h2", "http/1.1"][..], true), (&["h2"], false)] {
        let mut config = server.config(&TLS13);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut link = server.link_over(server.tcp(), config);
        match (link.conn.complete_io(&mut link.sock), accepted) {
            (Ok(_), true) => assert_eq!(link.conn.alpn_protocol(), Some(&b"http/1.1"[..])),
            (Err(error), false) => assert!(error.to_string().contains("NoApplicationProtocol"), "{error}"),
            (result, _) => panic!("{protocols:?}: {result:?}"),
        }
    }
}

#[test]
fn the_page_comes_by_https_and_only_pages_that_did_may_connect() {
    let server = Server::start("page", &[]);
    let mut link = server.link();
    link.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut page = String::new();
    link.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 ") && page.ends_with("</script>\n"), "{page}");
    for (origin, status) in [("https://localhost", "101"), ("http://localhost", "403")] {
        let mut link = server.link();
        link.write_all(REQUEST.replace("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n")).as_bytes()).unwrap();
        let mut start = [0; 12];
        link.read_exact(&mut start).unwrap();
        assert_eq!(start, *format!("HTTP/1.1 {status}").as_bytes());
    }
}

#[test]
fn client_that_reads_nothing_is_given_up() {
    let server = Server::start("deaf", &["--write-timeout", "1s"]);
    let mut link = server.link();
    open(&mut link);
    link.sock.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let frame = [&[0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0][..], &[7; 0xffff]].concat();
    while link.write_all(&frame).is_ok() {}
    server.prints("has read nothing for 1s");
}

#[test]
fn what_can_not_be_used_is_one_line_that_names_it() {
    let ((certificate, key), (_, other)) = (certificate("fits"), certificate("other"));
    let empty = file("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let [certificate, key, other, empty] = [&certificate, &key, &other, &empty].map(|path| path.to_str().unwrap());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (words, code, found) in [
        (&["--tls", "/no/such.pem", key][..], 1, "/no/such.pem"),
        (&["--tls", certificate, "/no/such.pem"], 1, "/no/such.pem"),
        (&["--tls", empty, key], 1, empty),
        (&["--tls", certificate, certificate], 1, certificate),
        (&["--tls", certificate, other], 1, other),
        (&["--listen", &taken, "--tls", certificate, key], 1, &taken),
        (&["--tls", certificate], 2, "--tls"),
        (&["--tls"], 2, "--tls"),
    ] {
        let output = command(words).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), &*output.stdout, error.lines().count()),
            (Some(code), &b""[..], 1),
            "{error}"
        );
        assert!(error.contains(found), "{words:?}: {error}");
    }
}
