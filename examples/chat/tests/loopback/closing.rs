//! What waits for a client when its connection closes still arrives, and whole.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::client::Client;
use crate::server::Server;

/// Masked with a key of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap();
    [&[first, 0x80 | len, 0, 0, 0, 0], payload].concat()
}

/// A server with a room that holds large pictures.
fn gallery() -> Server {
    let server = Server::start(&[]);
    let mut ann = Client::enter(&server, "Ann", "lobby");
    let mut picture = b"GIF89a".to_vec();
    picture.resize(900_000, 7);
    for n in 0..4 {
        ann.show("lobby", &format!("id-{n}"), &picture);
    }
    ann.hear_messages(4);
    server
}

/// A client with a small receive buffer that joins the room; what `last` says comes after that.
fn visit(server: &Server, last: impl FnOnce(&mut TcpStream)) -> (Vec<u8>, Option<ErrorKind>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(8192).unwrap();
    socket.connect(&server.address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    for command in [json!({ "do": "hello", "nick": "Bob", "token": "t" }), json!({ "do": "join", "room": "lobby" })] {
        stream.write_all(&masked(0x81, command.to_string().as_bytes())).unwrap();
    }
    // Until the first picture is on its way.
    let (mut seen, mut read) = (Vec::new(), [0; 20_000]);
    while seen.len() < 10_000 {
        let n = stream.read(&mut read).unwrap();
        assert_ne!(n, 0);
        seen.extend_from_slice(&read[..n]);
    }
    last(&mut stream);
    let end = loop {
        match stream.read(&mut read) {
            Ok(0) => break None,
            Ok(n) => seen.extend_from_slice(&read[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Some(error.kind()),
        }
        thread::sleep(Duration::from_millis(1));
    };
    let head = seen.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (seen.split_off(head + 4), end)
}

/// Opcodes and lengths of the frames; panics where one is cut.
fn frames(mut bytes: &[u8]) -> Vec<(u8, usize)> {
    let mut frames = Vec::new();
    while let [first, len, rest @ ..] = bytes {
        let (len, header) = match len {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), 2),
            127 => (usize::try_from(u64::from_be_bytes(rest[..8].try_into().unwrap())).unwrap(), 8),
            len => (usize::from(*len), 0),
        };
        frames.push((*first, len));
        bytes = rest.get(header + len..).unwrap_or_else(|| panic!("the last of {frames:?} is cut"));
    }
    assert!(bytes.is_empty(), "half a header after {frames:?}");
    frames
}

#[test]
fn client_that_half_closes_gets_no_half_message() {
    let server = gallery();
    let (seen, end) = visit(&server, |stream| stream.shutdown(std::net::Shutdown::Write).unwrap());
    assert!(frames(&seen).iter().any(|(_, len)| *len > 900_000));
    assert_eq!(end, None);
}

#[test]
fn bytes_after_a_close_destroy_nothing_that_waits() {
    let server = gallery();
    let (seen, end) = visit(&server, |stream| {
        stream.write_all(&[masked(0x88, &1000_u16.to_be_bytes()), vec![0xff; 100_000]].concat()).unwrap();
    });
    let frames = frames(&seen);
    assert!(frames.iter().any(|(_, len)| *len > 900_000), "{frames:?}");
    assert_eq!((frames.last(), end), (Some(&(0x88, 2)), None));
}
