//! What is queued when a connection closes still arrives.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use support::REQUEST;
use support::server::Server;

/// Masked with a key of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = match len {
        ..=125 => vec![first, 0x80 | len as u8],
        126..=0xffff => [&[first, 0xfe], &(len as u16).to_be_bytes()[..]].concat(),
        _ => [&[first, 0xff], &(len as u64).to_be_bytes()[..]].concat(),
    };
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

fn close(code: u16) -> Vec<u8> {
    masked(0x88, &code.to_be_bytes())
}

/// A client with a small receive buffer, whose handshake is done.
fn join(server: &Server) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(8192).unwrap();
    let address: std::net::SocketAddr = server.addresses[0].parse().unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(REQUEST.as_bytes()).unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream
}

/// Reads to the end, with a rest after each read; what came, and what ended it.
fn read_slowly(stream: &mut TcpStream, rest: Duration) -> (Vec<u8>, Option<ErrorKind>) {
    let (mut seen, mut read) = (Vec::new(), [0; 100_000]);
    loop {
        match stream.read(&mut read) {
            Ok(0) => return (seen, None),
            Ok(n) => seen.extend_from_slice(&read[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (seen, Some(error.kind())),
        }
        thread::sleep(rest);
    }
}

#[test]
fn steady_reader_gets_everything_however_long_it_takes() {
    let echo = [&[0x82, 127][..], &100_000_u64.to_be_bytes(), &[7; 100_000]].concat();
    for code in [Some(1000), None] {
        let server = Server::start(&["--max-output", "100000000", "--close-timeout", "500ms"]);
        let mut slow = join(&server);
        for _ in 0..60 {
            slow.write_all(&masked(0x82, &[7; 100_000])).unwrap();
        }
        match code {
            Some(code) => slow.write_all(&close(code)).unwrap(),
            None => slow.shutdown(Shutdown::Write).unwrap(),
        }
        let start = Instant::now();
        let (seen, end) = read_slowly(&mut slow, Duration::from_millis(2));
        assert!(start.elapsed() > Duration::from_secs(1), "slower than the time-out: {:?}", start.elapsed());
        let (last, whole) = (&seen[(seen.len() / echo.len()) * echo.len()..], seen.len() / echo.len());
        assert_eq!((whole, end), (60, None), "and {} bytes", last.len());
        assert_eq!(last, if code.is_some() { &[0x88, 2, 0x03, 0xe8][..] } else { &[] });
        assert!(seen.chunks_exact(echo.len()).all(|message| message == echo));
    }
}

#[test]
fn reader_that_stops_is_given_up_after_the_close_timeout() {
    let mut server = Server::start(&["--max-output", "100000000", "--close-timeout", "300ms", "--status", "50ms"]);
    let mut deaf = join(&server);
    for _ in 0..60 {
        deaf.write_all(&masked(0x82, &[7; 100_000])).unwrap();
    }
    deaf.write_all(&close(1000)).unwrap();
    let start = Instant::now();
    let line = server.lines().find(|line| line.starts_with("0 connections")).unwrap();
    assert!(line.contains(" 1 time-outs"), "{line}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn bytes_after_a_close_destroy_nothing_that_is_queued() {
    let server = Server::start(&[]);
    for _ in 0..5 {
        let mut peer = join(&server);
        let bytes = [masked(0x82, &[9; 900_000]), close(1000), vec![0xff; 300_000]].concat();
        let mut writing = peer.try_clone().unwrap();
        let writer = thread::spawn(move || writing.write_all(&bytes));
        let (seen, end) = read_slowly(&mut peer, Duration::from_millis(1));
        assert_eq!((seen.len(), end), (10 + 900_000 + 4, None));
        assert_eq!(seen[900_010..], [0x88, 2, 0x03, 0xe8]);
        writer.join().unwrap().unwrap();
    }
}

#[test]
fn client_that_keeps_its_side_open_after_a_clean_close_is_released_in_time() {
    let mut server = Server::start(&["--close-timeout", "300ms", "--status", "50ms"]);
    let mut peer = join(&server);
    peer.write_all(&close(1000)).unwrap();
    let start = Instant::now();
    let (seen, end) = read_slowly(&mut peer, Duration::ZERO);
    assert_eq!((&seen[..], end), (&[0x88, 2, 0x03, 0xe8][..], None));
    assert!(start.elapsed() < Duration::from_millis(250), "the server ends its side first, and at once");
    server.lines().find(|line| line.starts_with("0 connections")).unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn broadcast_is_the_same_for_every_cut_of_the_input() {
    let server = Server::start(&["--mode", "broadcast"]);
    // A Ping, a text, a Ping, a text, a Close.
    let pieces = [masked(0x89, b"a"), masked(0x81, b"one"), masked(0x89, b"b"), masked(0x81, b"bye"), close(1000)];
    let expected = b"\x8a\x01a\x81\x03one\x8a\x01b\x81\x03bye\x88\x02\x03\xe8";
    for cut in 0..=pieces.len() {
        let (mut sender, mut other) = (join(&server), join(&server));
        for part in [pieces[..cut].concat(), pieces[cut..].concat()] {
            sender.write_all(&part).unwrap();
            thread::sleep(Duration::from_millis(30));
        }
        let (seen, end) = read_slowly(&mut sender, Duration::ZERO);
        assert_eq!((seen.escape_ascii().to_string(), end), (expected.escape_ascii().to_string(), None), "cut at {cut}");
        let mut heard = [0; 10];
        other.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"\x81\x03one\x81\x03bye", "cut at {cut}");
    }
}
