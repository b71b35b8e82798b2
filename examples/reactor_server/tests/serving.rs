//! What the server does for well-behaved clients.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;
use support::peer::{Heard, Peer};
use support::server::Server;

#[test]
fn every_port_echoes_text_and_binary() {
    let server = Server::start_on("0,0,0", &[]);
    for address in &server.addresses {
        let mut peer = Peer::join(address);
        peer.echoes("Grüße aus Köln");
        peer.echoes("");
        peer.say(&[0, 255, 128]);
        assert_eq!(peer.hear(), Heard::Binary(vec![0, 255, 128]));
        peer.close();
        assert_eq!((peer.hear(), peer.hear()), (Heard::Close(1000, String::new()), Heard::End));
    }
}

/// RFC 6455 §5.4: "Control frames MAY be injected in the middle of a fragmented message."
#[test]
fn a_ping_between_fragments_takes_nothing_away() {
    let server = Server::start(&[]);
    let (mut peer, mut other) = (server.join(), server.join());
    // "a", unfinished, and a Ping; then the same with "x" on another connection. Masked with the key 0.
    for (stream, part) in [(&mut peer.stream, b'a'), (&mut other.stream, b'x')] {
        stream.write_all(&[b"\x01\x81\0\0\0\0", &[part][..], b"\x89\x80\0\0\0\0"].concat()).unwrap();
        let mut pong = [0; 2];
        stream.read_exact(&mut pong).unwrap();
        assert_eq!(pong, *b"\x8a\0");
    }
    for stream in [&mut peer.stream, &mut other.stream] {
        stream.write_all(b"\x80\x81\0\0\0\0b").unwrap();
    }
    assert_eq!(other.hear_text(), "xb");
    assert_eq!(peer.hear_text(), "ab");
}

#[test]
fn messages_longer_than_the_read_buffer_are_echoed() {
    let server = Server::start(&[]);
    let mut peer = server.join();
    for len in [65_535, 65_536, 3_000_000] {
        let message = (0..len).map(|n| (n * 7 % 251) as u8).collect::<Vec<_>>();
        let mut socket = peer.stream.try_clone().unwrap();
        let frame = peer.frame(&message);
        // From a thread, since a server that echoes more than it may keep stops reading until it is read.
        let writer = std::thread::spawn(move || socket.write_all(&frame).unwrap());
        assert!(peer.hear() == Heard::Binary(message), "{len} bytes");
        writer.join().unwrap();
    }
}

#[test]
fn many_messages_in_one_write_come_back_in_order() {
    let server = Server::start(&[]);
    let mut peer = server.join();
    let frames = (0..5000).flat_map(|n| peer.frame(&format!("message {n}"))).collect::<Vec<_>>();
    let mut socket = peer.stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || socket.write_all(&frames).unwrap());
    for n in 0..5000 {
        assert_eq!(peer.hear_text(), format!("message {n}"));
    }
    writer.join().unwrap();
}

#[test]
fn broadcast_tells_all_and_the_sender() {
    let server = Server::start_on("0,0", &["--mode", "broadcast"]);
    let mut peers =
        [&server.addresses[0], &server.addresses[1], &server.addresses[0]].map(|address| Peer::join(address));
    // A handshake is done for the client before the others' messages are read.
    for (n, kind) in ["one", "two", "three"].iter().enumerate() {
        peers[n].say(*kind);
        for peer in &mut peers {
            assert_eq!(peer.hear_text(), *kind);
        }
    }
    peers[1].say(&[7; 100_000]);
    for peer in &mut peers {
        assert!(peer.hear() == Heard::Binary(vec![7; 100_000]));
    }
}

#[test]
fn time_is_told_unasked() {
    let server = Server::start(&["--mode", "time", "--interval", "20ms"]);
    let mut peers = [server.join(), server.join()];
    peers[0].say("what is said is heard by nobody");
    for peer in &mut peers {
        let times = [0; 4].map(|_| peer.hear_text());
        assert!(times.is_sorted() && times[0] != times[3], "{times:?}");
        assert!(
            times.iter().all(|time| time.len() == "2026-01-01T00:00:00.000Z".len() && time.ends_with('Z')),
            "{times:?}"
        );
    }
}

fn get(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn plain_get_gets_the_page() {
    let server = Server::start(&[]);
    let address = &server.addresses[0];
    let page = get(address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"), "{page}");
    assert!(page.contains("new WebSocket("), "{page}");
    let head = get(address, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    for target in ["/?x", "/?", "http://localhost/", "http://localhost", "http://localhost?x=/y"] {
        let answer = get(address, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{target}: {answer}");
    }
    for target in ["/x", "/x?y=http://a/", "http://localhost/x"] {
        let answer = get(address, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
    }
    assert!(get(address, "GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(get(address, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 405 "));
}

/// §5.7: a masked "Hello".
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

#[test]
fn request_may_come_byte_by_byte_and_frames_right_after_it() {
    let server = Server::start(&["--subprotocol", "superchat"]);
    let field = "Sec-WebSocket-Protocol: chat, superchat\r\n\r\n";
    let request = format!("{}{field}", support::REQUEST.strip_suffix("\r\n").unwrap());
    let bytes = [request.as_bytes(), &HELLO].concat();
    for cut in [1, bytes.len(), request.len() - 1] {
        let mut socket = TcpStream::connect(&server.addresses[0]).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        for piece in bytes.chunks(cut) {
            socket.write_all(piece).unwrap();
        }
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let answer = answer.escape_ascii().to_string();
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.contains("superchat"), "{answer}");
        assert!(answer.ends_with("\\x81\\x05Hello"), "a peer that half-closed still gets its echo: {answer}");
    }
}

#[test]
fn clients_that_come_at_once_wait_in_the_backlog() {
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok().and_then(|text| text.trim().parse().ok());
    let server = Server::start(&[]);
    server.signal(Signal::STOP);
    let address = server.addresses[0].parse().unwrap();
    // A SYN that finds the queue full is dropped, and sent again after a second.
    let waiting = (0..most.unwrap_or(100).min(600))
        .map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(700)))
        .collect::<Result<Vec<_>, _>>();
    server.signal(Signal::CONT);
    let waiting = waiting.expect("all of them get in");
    drop(waiting);
    server.join().echoes("and on");
}

#[test]
fn page_of_another_origin_may_not_connect_unless_it_is_named() {
    let server = Server::start(&["--origin", "https://friend.example"]);
    let address = &server.addresses[0];
    let own = format!("http://{address}");
    for (origin, status) in [
        (own.as_str(), "101"),
        ("https://friend.example", "101"),
        ("http://evil.example", "403"),
        ("null", "403"),
        ("http://127.0.0.1", "403"),
    ] {
        let request = support::REQUEST.replace("localhost", address);
        let request = format!("{}Origin: {origin}\r\n\r\n", request.strip_suffix("\r\n").unwrap());
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).unwrap();
        assert_eq!(std::str::from_utf8(&answer).unwrap(), format!("HTTP/1.1 {status}"), "{origin}");
    }
}

#[test]
fn page_needs_one_good_host() {
    let server = Server::start(&[]);
    for host in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: a%zz\r\n"] {
        let answer = get(&server.addresses[0], &format!("GET / HTTP/1.1\r\n{host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{host}: {answer}");
        let head = get(&server.addresses[0], &format!("HEAD / HTTP/1.1\r\n{host}\r\n"));
        assert!(head.starts_with("HTTP/1.1 400 ") && head.ends_with("\r\n\r\n"), "{host}: {head}");
    }
}
