//! The examples with TLS, each with a peer that is not of this repository on the other side.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tungstenite::Message;

use crate::peer::{HELLO, HELLO_BACK, Transport, expect, open, talk, tcp};
use crate::program::{PATIENCE, Program, run};

const CLIENT: &str = env!("CARGO_BIN_EXE_tls_client");

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn server(name: &str) -> (Program, PathBuf) {
    let file = file(name);
    (Program::start(env!("CARGO_BIN_EXE_tls_server"), &["127.0.0.1:0", file.to_str().unwrap()]), file)
}

fn client<T: Transport>(transport: T, trusted: &Path) -> StreamOwned<ClientConnection, T> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    StreamOwned::new(ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap(), transport)
}

#[test]
fn server_serves_a_client_of_another_make() {
    let (server, file) = server("another.pem");
    talk(client(tcp(server.address), &file), "localhost");
    server.expect_line("closed with 4000");
}

/// Writes byte by byte, so that no record comes whole.
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
fn server_takes_records_of_one_byte_in_segments_of_one_byte() {
    let (server, file) = server("bytes.pem");
    let mut tls = client(Bytewise(tcp(server.address)), &file);
    open(&mut tls);
    for byte in HELLO {
        tls.write_all(&[*byte]).unwrap(); // a record each
    }
    expect(&mut tls, HELLO_BACK);
}

#[test]
fn server_answers_violations_and_says_goodbye_in_both_languages() {
    let (server, file) = server("violations.pem");
    let mut tls = client(tcp(server.address), &file);
    open(&mut tls);
    tls.write_all(&[HELLO, HELLO_BACK].concat()).unwrap();
    expect(&mut tls, &[HELLO_BACK, &[0x88, 0x02, 0x03, 0xea]].concat());
    // Without close_notify this would be an error.
    assert_eq!(tls.read(&mut [0]).unwrap(), 0);
    drop(tls);
    server.expect_line("masked");
}

#[test]
fn server_does_not_take_a_cut_connection_for_a_clean_end() {
    let (server, file) = server("cut.pem");
    let mut tls = client(tcp(server.address), &file);
    open(&mut tls);
    drop(tls);
    server.expect_line("without sending TLS close_notify");

    let mut tls = client(tcp(server.address), &file);
    open(&mut tls);
    tls.conn.send_close_notify();
    tls.flush().unwrap();
    assert_eq!(tls.read(&mut [0]).unwrap(), 0);
    drop(tls);
    server.expect_line("expected a Close frame, found the end of input");
}

/// A peer whose TLS handshake does not end, however slowly it goes on.
#[test]
fn server_gives_up_a_handshake_that_does_not_end() {
    let (server, _) = server("slow.pem");
    let (mut silent, mut slow) = (tcp(server.address), tcp(server.address));
    let start = Instant::now();
    // A record of 256 bytes, which is a ClientHello's.
    for byte in [0x16, 0x03, 0x01, 0x01, 0x00, 0x01, 0x00, 0x00, 0xfc, 0x03, 0x03, 0x00] {
        let _ = slow.write_all(&[byte]);
        thread::sleep(Duration::from_secs(1));
    }
    for socket in [&mut silent, &mut slow] {
        assert!(matches!(socket.read(&mut [0; 100]), Ok(0) | Err(_)));
        assert!(start.elapsed() < Duration::from_secs(16), "{:?}", start.elapsed());
        server.expect_line("expected the end of the handshake, found none in time");
    }
}

/// A client that reads nothing, so that TLS and the sockets are full: it is given up after 30 s without progress.
#[test]
fn server_gives_up_a_client_that_reads_nothing() {
    let (server, file) = server("deaf.pem");
    let mut deaf = client(tcp(server.address), &file);
    open(&mut deaf);
    deaf.sock.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let message = [&[0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0][..], &[0; 0x0f_0000]].concat();
    while deaf.write_all(&message).is_ok() {}
    server.expect_line_within(2 * PATIENCE, "expected a sign of life from the peer, found none in time");
}

#[test]
fn server_drops_plain_http_and_serves_on() {
    let (server, file) = server("plain.pem");
    let mut plain = tcp(server.address);
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii());
    server.expect_line("InvalidContentType");
    talk(client(tcp(server.address), &file), "localhost");
}

/// A tungstenite server with a certificate for a name: its port, and the file that makes it trusted.
fn other_server(
    name: &str,
    serve: impl FnOnce(StreamOwned<ServerConnection, TcpStream>) + Send + 'static,
) -> (u16, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let file = file(&format!("other-{name}-{:p}.pem", &made));
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
        if tls.conn.complete_io(&mut tls.sock).is_ok() {
            serve(tls);
        }
    });
    (port, file)
}

fn echo(tls: StreamOwned<ServerConnection, TcpStream>) {
    let mut socket = tungstenite::accept(tls).unwrap();
    while let Ok(message) = socket.read() {
        if message.is_text() {
            socket.send(Message::Ping(b"?".to_vec().into())).unwrap();
            socket.send(message).unwrap();
        }
    }
}

#[test]
fn client_talks_to_a_server_of_another_make() {
    let (port, file) = other_server("localhost", echo);
    let long = "x".repeat(100_000);
    let output = run(CLIENT, &[&format!("wss://localhost:{port}/"), file.to_str().unwrap(), "Hello", "", &long]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("Hello\n\n{long}\n"));
    assert!(output.status.success(), "{}", output.stderr.escape_ascii());
}

#[test]
fn client_talks_to_the_server() {
    let (server, file) = server("both.pem");
    let output =
        run(CLIENT, &[&format!("wss://localhost:{}/", server.address.port()), file.to_str().unwrap(), "Hello"]);
    assert_eq!((&*output.stdout, output.status.code()), (&b"Hello\n"[..], Some(0)), "{}", output.stderr.escape_ascii());
    server.expect_line("closed with 1000");
}

#[test]
fn client_trusts_nobody_else_and_names_what_ended_badly() {
    let (known, cut) = (file("known.pem"), |tls| {
        let mut tls = tungstenite::accept::<StreamOwned<ServerConnection, TcpStream>>(tls).unwrap();
        let _ = tls.read();
        tls.get_mut().sock.shutdown(Shutdown::Write).unwrap();
        let _ = tls.get_mut().read_to_end(&mut Vec::new());
    });
    std::fs::write(&known, rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem())
        .unwrap();
    let (unknown, _) = other_server("localhost", echo);
    let (elsewhere, its) = other_server("example.com", echo);
    let (leaves, left) = other_server("localhost", cut);
    for (port, trusted, error) in [
        (unknown, &known, "invalid peer certificate"),
        (elsewhere, &its, "not valid for name"),
        (leaves, &left, "close_notify"),
    ] {
        let output = run(CLIENT, &[&format!("wss://localhost:{port}/"), trusted.to_str().unwrap(), "Hello"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
        assert!(text.contains(error), "expected {error:?} in {text}");
    }
}
