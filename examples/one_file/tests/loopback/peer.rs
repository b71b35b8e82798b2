//! The other side: bytes written by hand, or tungstenite.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use tungstenite::{Message, WebSocket};

use crate::program::PATIENCE;

/// A transport, with TLS or without.
pub trait Transport: Read + Write {}
impl<T: Read + Write> Transport for T {}

pub fn tcp(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// The request of RFC 6455, section 1.3.
pub const REQUEST: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// §5.7: "A single-frame masked text message", which contains "Hello".
pub const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

/// Its echo: "A single-frame unmasked text message".
pub const HELLO_BACK: &[u8] = &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];

/// Sends the request, and takes the response, which has the accept value of section 1.3.
pub fn open(transport: &mut impl Transport) {
    transport.write_all(REQUEST).unwrap();
    let head = head(transport);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
}

/// Reads a head, and no byte more.
pub fn head(transport: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        transport.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// Reads as many bytes as are expected, and compares.
pub fn expect(transport: &mut impl Read, expected: &[u8]) {
    let mut found = vec![0; expected.len()];
    transport.read_exact(&mut found).unwrap();
    assert_eq!(found, expected);
}

/// What a client of another's making asks of an echo server.
pub fn talk(transport: impl Transport, host: &str) {
    let (mut socket, response) =
        tungstenite::client(format!("ws://{host}/"), transport).unwrap_or_else(|_| panic!("no handshake"));
    assert_eq!(response.status(), 101);
    for text in ["Hello", "", "gr\u{fc}n \u{1f600}"] {
        echo(&mut socket, Message::text(text));
    }
    echo(
        &mut socket,
        Message::binary((0..10 << 20).map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect::<Vec<_>>()),
    );
    socket.send(Message::Ping(b"are you there?".to_vec().into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong(b"are you there?".to_vec().into()));
    let close = tungstenite::protocol::CloseFrame { code: 4000.into(), reason: "done".into() };
    socket.close(Some(close)).unwrap();
    assert!(matches!(socket.read().unwrap(), Message::Close(Some(frame)) if u16::from(frame.code) == 4000));
    assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
}

fn echo(socket: &mut WebSocket<impl Transport>, message: Message) {
    socket.send(message.clone()).unwrap();
    assert!(socket.read().unwrap() == message, "not the same {} bytes", message.len());
}
