//! What opens a WebSocket, and what is refused, on HTTP/2 and on HTTP/1.1.

mod support;

use std::sync::Arc;
use std::time::Duration;

use h2_websocket::client::{Connection, Error, Windows};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use support::{certificate, in_time, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use websocket_proto::handshake::{ClientRequest, Scheme};
use websocket_proto_tokio::{CloseCode, Config, DeflateConfig, OwnedMessage};

/// RFC 9113 §3.4, and an empty SETTINGS.
const BEGIN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SETTINGS_ACK: &[u8] = b"\0\0\0\x04\x01\0\0\0\0";

/// The request of RFC 8441 §5.1 as a HEADERS frame of stream 1, each field a literal that is not indexed (RFC 7541 §6.2.2); an empty
/// value leaves its field out.
fn headers(changed: &[(&str, &str)]) -> Vec<u8> {
    let fields = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/chat"),
        (":authority", "server.example.com"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("sec-websocket-version", "13"),
        ("origin", "http://server.example.com"),
    ];
    let kept = fields.iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    let mut block = Vec::new();
    // Pseudo-header fields come first (RFC 9113 §8.3).
    let (first, last): (Vec<_>, Vec<_>) = kept.chain(changed).partition(|(name, _)| name.starts_with(':'));
    for (name, value) in first.into_iter().chain(last).filter(|(_, value)| !value.is_empty()) {
        for text in [name, value] {
            block.extend_from_slice(if text == name { &[0][..] } else { &[] });
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let [high, low] = u16::try_from(block.len()).unwrap().to_be_bytes();
    [&[0, high, low, 0x01, 0x04, 0, 0, 0, 1][..], &block].concat()
}

/// Sends frames, and returns the first answer on stream 1: the type of its frame, and its payload.
async fn answer(server: &support::Running, frames: &[u8]) -> (u8, Vec<u8>) {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(&[BEGIN, frames].concat()).await.unwrap();
    in_time(async {
        loop {
            let mut head = [0; 9];
            socket.read_exact(&mut head).await.unwrap();
            let mut payload = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
            socket.read_exact(&mut payload).await.unwrap();
            match (head[3], head[4], head[8]) {
                (0x04, 0, 0) => socket.write_all(SETTINGS_ACK).await.unwrap(),
                (kind, _, 1) if kind != 0x08 => return (kind, payload),
                _ => {}
            }
        }
    })
    .await
}

/// `:status: 200` and `:status: 400` are indexed (RFC 7541, appendix A), the others are literals with an indexed name.
fn status(payload: &[u8]) -> u16 {
    match payload {
        [0x88, ..] => 200,
        [0x8c, ..] => 400,
        [0x8d, ..] => 404,
        // h2 writes the digits in Huffman's code, all of five or six bits.
        [0x48, 0x82, a, b, ..] => huffman(u16::from_be_bytes([*a, *b])),
        [0x48, 0x83, a, b, c, ..] => huffman_long([*a, *b, *c]),
        other => panic!("{other:02x?}"),
    }
}

/// RFC 7541, appendix B: `0`, `1` and `2` have the codes 0, 1 and 2 of five bits; `3` to `9` those from 0x19 on, of six bits.
fn huffman(bits: u16) -> u16 {
    huffman_long([bits.to_be_bytes()[0], bits.to_be_bytes()[1], 0xff])
}

fn huffman_long(bytes: [u8; 3]) -> u16 {
    let mut bits = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], 0xff]);
    let mut number = 0;
    for _ in 0..3 {
        let (digit, len) = match bits >> 27 {
            five @ 0..=2 => (five, 5),
            _ => ((bits >> 26) - 0x19 + 3, 6),
        };
        number = number * 10 + digit;
        bits = (bits << len) | ((1 << len) - 1);
    }
    u16::try_from(number).unwrap()
}

#[tokio::test]
async fn requests_are_answered_with_the_status_that_their_fault_has() {
    let server = start(|_| {}).await;
    for (changed, expected) in [
        (&[][..], 200),
        (&[("origin", "https://friend.example")], 200),
        (&[(":protocol", "connect-udp")], 501),
        (&[(":protocol", "")], 501),
        (&[("sec-websocket-version", "8")], 400),
        (&[("sec-websocket-version", "")], 400),
        (&[("origin", "http://evil.example")], 403),
        (&[("sec-websocket-protocol", "a b")], 400),
        (&[("sec-websocket-extensions", "=")], 400),
        (&[(":method", "GET"), (":protocol", "")], 404),
        (&[(":method", "POST"), (":protocol", "")], 405),
    ] {
        // A plain CONNECT has no scheme and no path (RFC 9113 §8.5).
        let plain = [(":protocol", ""), (":scheme", ""), (":path", "")];
        let changed = if changed == [(":protocol", "")] { &plain[..] } else { changed };
        let (kind, payload) = answer(&server, &headers(changed)).await;
        assert_eq!((kind, status(&payload)), (0x01, expected), "{changed:?}");
    }
}

/// RFC 9113 §8.2.2: a message with such fields "MUST be treated as malformed", which is a stream error of type PROTOCOL_ERROR.
#[tokio::test]
async fn fields_of_a_connection_of_http_1_are_a_stream_error() {
    let server = start(|_| {}).await;
    for field in [("connection", "upgrade"), ("upgrade", "websocket"), ("transfer-encoding", "chunked")] {
        let (kind, payload) = answer(&server, &headers(&[field])).await;
        assert_eq!((kind, payload), (0x03, vec![0, 0, 0, 1]), "{field:?}");
    }
}

#[tokio::test]
async fn what_is_agreed_on_is_in_the_response_and_messages_are_compressed() {
    let mut server = start(|_| {}).await;
    let connection = server.connect(Windows::default()).await;
    let mut config = Config::default();
    config.deflate = Some(DeflateConfig::default());
    let request = ClientRequest::new("localhost", "/").subprotocols(["superchat", "chat"]);
    let (mut socket, response) = in_time(connection.open(request, &config)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    assert_eq!(response.headers()["sec-websocket-extensions"], "permessage-deflate");
    // RFC 8441 §5: "the processing of the Sec-WebSocket-Key and Sec-WebSocket-Accept header fields" is not wanted.
    assert!(!response.headers().contains_key("sec-websocket-accept"));
    let text = OwnedMessage::Text("compressed ".repeat(1000));
    socket.send(&text).await.unwrap();
    assert!(in_time(socket.next()).await.unwrap().unwrap() == text);
    in_time(socket.close(CloseCode::NORMAL)).await.unwrap();
    server.reports("HTTP/2: closed with 1000").await;
}

#[tokio::test]
async fn http_1_is_served_on_the_same_port() {
    let mut server = start(|_| {}).await;
    let socket = TcpStream::connect(server.address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async("ws://localhost/", socket).await.unwrap();
    socket.close(None).await.unwrap();
    server.reports("HTTP/1.1: closed with 1005").await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    // The first letters of the preface of HTTP/2, in a segment of their own, and then something else.
    for part in [&b"P"[..], b"RI / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        socket.write_all(part).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut answer = String::new();
    in_time(socket.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[tokio::test]
async fn tls_decides_between_http_2_and_http_1() {
    let (file, key) = certificate("alpn");
    let certificate = CertificateDer::from_pem_file(file).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap();
    config.alpn_protocols = h2_websocket::ALPN.map(<[u8]>::to_vec).into();
    let mut server = start(|server| server.tls = Some(Arc::new(config))).await;
    for (protocols, expected) in [(&["h2", "http/1.1"][..], "HTTP/2"), (&["http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")] {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let socket = TcpStream::connect(server.address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let link = in_time(connector.connect("localhost".try_into().unwrap(), socket)).await.unwrap();
        if expected == "HTTP/2" {
            let patience = Duration::from_secs(10);
            let connection = Connection::new(link, Scheme::Https, Windows::default(), patience).await.unwrap();
            let mut socket = support::open(&connection, &Config::default()).await;
            in_time(socket.close(CloseCode::NORMAL)).await.unwrap();
        } else {
            let (mut socket, _) = tokio_tungstenite::client_async("ws://localhost/", link).await.unwrap();
            socket.close(None).await.unwrap();
        }
        server.reports(expected).await;
    }
}

#[tokio::test]
async fn clients_that_do_not_come_to_a_request_are_given_up() {
    let mut server = start(|server| server.config.timeouts.handshake = Some(Duration::from_millis(300))).await;
    for start in [&b""[..], b"PRI * HT", &BEGIN[..20], b"GET / HTTP/1.1\r\n"] {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(start).await.unwrap();
        let mut rest = Vec::new();
        let _ = in_time(socket.read_to_end(&mut rest)).await;
        server.reports("expected the end of the handshake, found none in time").await;
    }
}

#[tokio::test]
async fn a_client_says_what_the_server_does_not_do() {
    let server = start(|server| server.config.deflate = None).await;
    let connection = server.connect(Windows::default()).await;
    let request = ClientRequest::new("localhost", "/").origin("http://evil.example");
    let refused = in_time(connection.open(request, &Config::default())).await;
    assert_eq!(refused.err().unwrap().to_string(), "expected status 200 from the server, found 403");

    // A server that speaks HTTP/2, but no extended CONNECT.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
        while connection.accept().await.is_some() {}
    });
    let socket = TcpStream::connect(address).await.unwrap();
    let connected = Connection::new(socket, Scheme::Http, Windows::default(), Duration::from_millis(300)).await;
    assert!(matches!(connected, Err(Error::NoConnect)), "{:?}", connected.err());
}
