//! Servers that send too much, take nothing, or take too long.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::server::{Server, frame};

/// Sends text messages of 1,000 bytes until the client takes none for a while; how many bytes that were.
fn flood(stream: &mut TcpStream) -> usize {
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut frame = vec![0x81, 126, 0x03, 0xe8];
    frame.resize(1004, b'x');
    let frames = frame.repeat(64);
    let mut sent = 0;
    while sent < 200_000_000 {
        match stream.write(&frames[sent % frames.len()..]) {
            Ok(n) => sent += n,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) => panic!("{error}"),
        }
    }
    sent
}

#[test]
fn replies_that_nobody_reads_make_the_server_wait() {
    let server = Server::open(|mut stream, _| {
        let sent = flood(&mut stream);
        // What two sockets and a pipe hold; on e7ebc1a the client took it all, and kept it.
        assert!(sent < 40_000_000, "the client has taken {sent} bytes");
    });
    let client = Client::start(&[&server.url]);
    server.done();
    drop(client);
}

#[test]
fn server_that_reads_nothing_is_given_up() {
    let server = Server::open(|stream, _| {
        thread::sleep(Duration::from_secs(15));
        drop(stream);
    });
    let mut client = Client::start(&["--write-timeout", "300ms", "--no-deflate", &server.url]);
    let mut stdin = client.stdin.take().unwrap();
    thread::spawn(move || while stdin.write_all(&[b"z".repeat(99_999), b"\n".to_vec()].concat()).is_ok() {});
    let ended = client.wait();
    assert_eq!((ended.code, ended.error()), (Some(1), "the peer has read nothing for 300ms"));
    assert!(ended.after < Duration::from_secs(10), "{:?}", ended.after);
}

#[test]
fn server_that_reads_slowly_gets_everything() {
    let server = Server::open(|mut stream, _| {
        let (mut read, mut seen) = (vec![0; 1_000_000], 0);
        let start = Instant::now();
        // More than the sockets hold, so that the client's write waits much longer than its patience.
        while seen < 40_000_014 {
            seen += stream.read(&mut read).unwrap();
            thread::sleep(Duration::from_millis(40));
        }
        assert!(start.elapsed() > Duration::from_secs(1));
        assert_eq!(frame(&mut stream).unwrap(), (0x88, vec![0x03, 0xe8]));
        stream.write_all(&[0x88, 2, 0x03, 0xe8]).unwrap();
    });
    let mut client = Client::start(&["--write-timeout", "500ms", "--no-deflate", &server.url]);
    client.say(b"z".repeat(40_000_000));
    let ended = client.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    server.done();
}

#[test]
fn handshake_has_one_deadline_however_the_answer_drips() {
    let server = Server::start(|mut stream| {
        for byte in b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".iter().cycle()
        {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
    let ended = Client::start(&["--handshake-timeout", "500ms", &server.url]).wait();
    assert_eq!((ended.code, ended.error()), (Some(1), "the handshake broke off: it took too long"));
    assert!((400..3000).contains(&ended.after.as_millis()), "{:?}", ended.after);
}

#[test]
fn message_that_is_too_large_is_not_called_a_broken_protocol() {
    let server = Server::open(|mut stream, _| {
        // 1,001 bytes are announced, and none of them is sent.
        stream.write_all(&[0x82, 126, 0x03, 0xe9]).unwrap();
        let (first, payload) = frame(&mut stream).unwrap();
        assert_eq!((first, &payload[..2]), (0x88, &[0x03, 0xf1][..]));
    });
    let ended = Client::start(&["--max-message", "1000", &server.url]).wait();
    assert_eq!(ended.code, Some(1));
    assert!(ended.error().starts_with("a message of the server is too large: "), "{}", ended.stderr);
    server.done();
}

#[test]
fn server_that_breaks_the_protocol_and_hangs_up_is_told_so() {
    for _ in 0..20 {
        let server = Server::open(|mut stream, _| {
            stream.write_all(&[0xff; 100]).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let (first, payload) = frame(&mut stream).unwrap();
            assert_eq!((first, &payload[..2]), (0x88, &[0x03, 0xea][..]));
        });
        assert_eq!(Client::start(&[&server.url]).wait().code, Some(1));
        server.done();
    }
}

#[test]
fn server_that_breaks_the_protocol_is_told_so() {
    let server = Server::open(|mut stream, _| {
        stream.write_all(&[0xff; 100]).unwrap();
        let (first, payload) = frame(&mut stream).unwrap();
        assert_eq!((first, &payload[..2]), (0x88, &[0x03, 0xea][..]));
    });
    let ended = Client::start(&[&server.url]).wait();
    assert_eq!(ended.code, Some(1));
    assert!(ended.error().starts_with("the server broke the protocol: "), "{}", ended.stderr);
    server.done();
}
