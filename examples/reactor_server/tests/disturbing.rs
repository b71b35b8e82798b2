//! What clients do wrong is their own loss: the program and the others go on.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use support::peer::{Heard, Peer};
use support::server::Server;

fn closed(code: u16) -> impl Fn(Heard) -> bool {
    move |heard| matches!(heard, Heard::Close(found, _) if found == code)
}

#[test]
fn garbage_instead_of_a_request_is_told_so_and_the_others_go_on() {
    let server = Server::start(&[]);
    let mut other = server.join();
    for garbage in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\0\0\0\0", b"EHLO example.com\r\n"] {
        let mut socket = TcpStream::connect(&server.addresses[0]).unwrap();
        socket.write_all(garbage).unwrap();
        let mut answer = Vec::new();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut read = [0; 4096];
        while let Ok(n @ 1..) = socket.read(&mut read) {
            answer.extend_from_slice(&read[..n]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), "{}", answer.escape_ascii());
        other.echoes("undisturbed");
    }
}

#[test]
fn garbage_frames_get_1002_after_the_echo_of_what_was_right() {
    let server = Server::start(&[]);
    let (mut bad, mut other) = (server.join(), server.join());
    let mut bytes = bad.frame("right");
    bytes.extend_from_slice(&[0xff; 5000]);
    bad.stream.write_all(&bytes).unwrap();
    assert_eq!(bad.hear_text(), "right");
    assert!(closed(1002)(bad.hear()));
    assert_eq!(bad.hear(), Heard::End);
    other.echoes("undisturbed");
}

#[test]
fn text_that_is_none_gets_1007() {
    let server = Server::start(&[]);
    let mut bad = server.join();
    bad.stream.write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).unwrap();
    assert!(closed(1007)(bad.hear()));
}

#[test]
fn message_over_the_limit_gets_1009_on_its_header() {
    let server = Server::start(&["--max-message", "1000"]);
    let (mut bad, mut other) = (server.join(), server.join());
    bad.echoes(&"x".repeat(1000));
    // 1001 bytes are announced, and none of them is sent.
    bad.stream.write_all(&[0x82, 0xfe, 0x03, 0xe9, 1, 2, 3, 4]).unwrap();
    assert!(closed(1009)(bad.hear()));
    other.echoes("undisturbed");
}

#[test]
fn half_of_the_clients_are_lost_and_the_other_half_does_not_notice() {
    let server = Server::start(&[]);
    let mut peers = (0..100).map(|_| server.join()).collect::<Vec<_>>();
    for peer in &mut peers {
        peer.say("on its way");
    }
    // Sockets with unread input are reset when they are dropped, as those of a killed process.
    peers.truncate(50);
    for peer in &mut peers {
        assert_eq!(peer.hear_text(), "on its way");
        peer.echoes("undisturbed");
    }
}

#[test]
fn client_that_never_reads_is_not_read_and_gets_every_echo_once_it_reads() {
    let server = Server::start(&["--max-output", "100000", "--pong-timeout", "1min"]);
    let (mut mute, mut other) = (server.join(), server.join());
    let (frame, written) = stall(&mut mute);
    other.echoes("undisturbed");

    for _ in 0..written / frame.len() {
        assert!(mute.hear() == Heard::Binary(vec![9; 60_000]));
    }
    let rest = frame[written % frame.len()..].to_vec();
    mute.stream.write_all(&rest).unwrap();
    assert!(mute.hear() == Heard::Binary(vec![9; 60_000]));
    mute.echoes("awake again");
}

#[test]
fn client_that_half_closes_still_gets_every_echo() {
    // The server may keep all of it, and so reads to the end of input long before it could write all of it.
    let server = Server::start(&["--max-output", "100000000"]);
    let mut peer = server.join();
    let frame = peer.frame(&[9; 60_000]);
    for _ in 0..400 {
        peer.stream.write_all(&frame).unwrap();
    }
    peer.stream.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    for _ in 0..400 {
        assert!(peer.hear() == Heard::Binary(vec![9; 60_000]));
    }
    assert_eq!(peer.hear(), Heard::End);
}

/// Sends one message again and again, and reads nothing, until the server takes no more: the message's frame, and how many bytes
/// were sent.
fn stall(peer: &mut Peer) -> (Vec<u8>, usize) {
    let frame = peer.frame(&[9; 60_000]);
    peer.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut written = 0;
    // The buffers of two sockets are full some day, and the server takes no more than it may keep.
    let stalled = loop {
        match peer.stream.write(&frame[written % frame.len()..]) {
            Ok(n) => written += n,
            Err(error) => break error,
        }
        assert!(written < 100_000_000, "the server keeps all of it");
    };
    assert!(matches!(stalled.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{stalled}");
    (frame, written)
}

#[test]
fn client_that_never_reads_is_given_up_when_it_takes_nothing_for_too_long() {
    let mut server = Server::start(&["--idle-timeout", "500ms", "--pong-timeout", "500ms", "--status", "100ms"]);
    let mut mute = server.join();
    let frame = mute.frame(&[9; 60_000]);
    while mute.stream.write_all(&frame).is_ok() {}
    let line = server.lines().find(|line| line.starts_with("0 connections")).unwrap();
    assert!(line.contains(" 1 time-outs"), "{line}");
}

#[test]
fn clients_beyond_the_file_descriptors_wait_until_others_leave() {
    let mut server = Server::start_with_files(30);
    let mut peers = Vec::new();
    let mut waiting = Vec::new();
    // The system's queue takes those who are not accepted.
    for _ in 0..60 {
        let mut socket = TcpStream::connect(&server.addresses[0]).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        socket.write_all(support::REQUEST.as_bytes()).unwrap();
        match socket.read(&mut [0; 1000]) {
            Ok(_) => peers.push(socket),
            Err(_) => waiting.push(socket),
        }
        if waiting.len() == 3 {
            break;
        }
    }
    assert!(peers.len() > 10 && waiting.len() == 3, "{} are served, {} wait", peers.len(), waiting.len());
    assert_eq!(server.ends_within(Duration::from_millis(50)), None);
    drop(peers);
    for mut socket in waiting {
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        assert!(socket.read(&mut [0; 1000]).unwrap() > 0, "its turn has come");
    }
}

#[test]
fn client_that_reads_slowly_lives_though_it_says_nothing() {
    let server = Server::start(&[
        "--mode",
        "broadcast",
        "--max-output",
        "100000000",
        "--idle-timeout",
        "1s",
        "--pong-timeout",
        "1s",
    ]);
    let (mut slow, mut other) = (server.join(), server.join());
    for _ in 0..80 {
        other.say(&[5; 100_000]);
    }
    // The Ping lies after all of it, and that takes longer than both time-outs together.
    for n in 0..80 {
        assert!(slow.hear() == Heard::Binary(vec![5; 100_000]), "message {n}");
        std::thread::sleep(Duration::from_millis(40));
    }
}

/// Broadcasts 20 MB, more than the buffers of two sockets hold. All but the first peer listen.
fn broadcast_to_a_sleeper(slow: &str) -> (Server, [Peer; 3]) {
    let server = Server::start(&["--mode", "broadcast", "--max-output", "500000", "--slow", slow]);
    let mut peers = [server.join(), server.join(), server.join()];
    for n in 0..200_u32 {
        let mut message = vec![0; 100_000];
        message[..4].copy_from_slice(&n.to_be_bytes());
        peers[1].say(&message);
        for peer in &mut peers[1..] {
            assert!(peer.hear() == Heard::Binary(message.clone()), "a listener hears message {n}");
        }
    }
    (server, peers)
}

/// How many messages a late reader finds, all of them whole and in order, and what comes after them.
fn numbers(peer: &mut Peer) -> (Vec<u32>, Heard) {
    let mut numbers = Vec::new();
    loop {
        match peer.hear() {
            Heard::Binary(message) if message.len() == 100_000 => {
                numbers.push(u32::from_be_bytes(message[..4].try_into().unwrap()));
            }
            other => return (numbers, other),
        }
    }
}

#[test]
fn slow_reader_of_a_broadcast_is_dropped_with_1008() {
    let (_server, [mut sleeper, ..]) = broadcast_to_a_sleeper("drop");
    let (numbers, last) = numbers(&mut sleeper);
    assert!(numbers.iter().copied().eq(0..numbers.len() as u32), "from the first on, none missing: {numbers:?}");
    assert!(numbers.len() < 200, "it was dropped before the end");
    assert_eq!(last, Heard::Close(1008, "reads too slowly".to_owned()));
}

#[test]
fn slow_reader_of_a_broadcast_misses_messages_where_it_is_to_be_skipped() {
    let (_server, [mut sleeper, mut other, _]) = broadcast_to_a_sleeper("skip");
    sleeper.patience(Duration::from_millis(500));
    let (found, last) = numbers(&mut sleeper);
    assert!(found.len() < 200 && found.is_sorted(), "{found:?}");
    assert_eq!(last, Heard::Silence);
    other.say("and now?");
    assert_eq!(sleeper.hear_text(), "and now?");
}
