//! What it sends, and what it shows.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::server::{Server, frame};

#[test]
fn quiet_connection_is_kept_by_pings_that_leave_at_once() {
    let server = Server::open(|mut stream, _| {
        let start = Instant::now();
        let mut pings = 0;
        while pings < 10 {
            // Answered at once, so that only a Ping that leaves late runs into the Pong time-out.
            assert_eq!(frame(&mut stream).unwrap(), (0x89, Vec::new()), "a Ping, after {pings}");
            stream.write_all(&[0x8a, 0]).unwrap();
            pings += 1;
        }
        assert!(start.elapsed() > Duration::from_millis(900), "{:?}", start.elapsed());
        stream.write_all(&[0x81, 3, b'b', b'y', b'e']).unwrap();
        while frame(&mut stream).unwrap() != (0x88, vec![0x03, 0xe8]) {}
        stream.write_all(&[0x88, 2, 0x03, 0xe8]).unwrap();
    });
    let mut client = Client::start(&["--idle-timeout", "100ms", "--pong-timeout", "400ms", &server.url]);
    assert_eq!(client.line(), "bye\n");
    let ended = client.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    server.done();
}

#[test]
fn server_that_answers_no_ping_is_given_up() {
    let server = Server::open(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let client = Client::start(&["--idle-timeout", "100ms", "--pong-timeout", "200ms", &server.url]);
    let ended = client.wait();
    assert_eq!((ended.code, ended.error()), (Some(1), "the server has gone silent: Pong time-out"));
}

#[test]
fn lines_come_back_and_the_end_of_lines_closes() {
    let (server, _) = Server::echo(None);
    let mut client = Client::start(&[&server.url]);
    for line in ["hello", "", "wörld €𝄞", &"x".repeat(200_000)] {
        client.say(line);
        assert_eq!(client.line(), format!("{line}\n"));
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    server.done();
}

#[test]
fn more_lines_than_the_queues_hold_come_back_in_order() {
    let (server, _) = Server::echo(None);
    let mut client = Client::start(&[&server.url]);
    let mut stdin = client.stdin.take().unwrap();
    let line = |n: usize| format!("{n} {}\n", "y".repeat(2000));
    // 20 MB: more than sockets, pipes and queues hold together, so that each side has to wait for the other.
    let saying = thread::spawn(move || (0..10_000).for_each(|n| stdin.write_all(line(n).as_bytes()).unwrap()));
    for n in 0..10_000 {
        assert_eq!(client.line(), line(n));
    }
    saying.join().unwrap();
    assert_eq!(client.end().code, Some(0));
    server.done();
}

#[test]
fn request_carries_the_fields_origin_and_subprotocols_that_were_asked_for() {
    let (server, heads) = Server::echo(Some("chat"));
    let client = Client::start(&[
        "--field",
        "Authorization: Bearer secret",
        "--field",
        "X-Two:2",
        "--origin",
        "https://example.com",
        "--subprotocol",
        "superchat",
        "--subprotocol",
        "chat",
        &server.url,
    ]);
    let head = heads.recv_timeout(Duration::from_secs(10)).unwrap();
    for field in [
        "Authorization: Bearer secret",
        "X-Two: 2",
        "Origin: https://example.com",
        "Sec-WebSocket-Protocol: superchat, chat",
    ] {
        assert!(head.contains(&format!("\r\n{field}\r\n")), "{field}: {head}");
    }
    let ended = client.end();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("subprotocol chat"), "{}", ended.stderr);
    server.done();
}

#[test]
fn field_that_would_end_the_line_is_refused_before_it_is_sent() {
    let server = Server::start(|mut stream| {
        let mut seen = Vec::new();
        let _ = stream.read_to_end(&mut seen);
        assert_eq!(seen, b"");
    });
    let ended = Client::start(&["--field", "X: a\r\nY: b", &server.url]).wait();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    server.done();
}

#[test]
fn binary_lines_need_not_be_text() {
    let (server, _) = Server::echo(None);
    let mut client = Client::start(&["--binary", &server.url]);
    client.say([0xff, 0x00, b'x']);
    let mut back = [0; 4];
    client.stdout.read_exact(&mut back).unwrap();
    assert_eq!(back, [0xff, 0x00, b'x', b'\n']);
    assert_eq!(client.end().code, Some(0));
    server.done();
}

#[test]
fn line_that_is_not_text_is_not_sent_as_text() {
    let (server, _) = Server::echo(None);
    let mut client = Client::start(&[&server.url]);
    client.say([0xff]);
    client.say("after it");
    assert_eq!(client.line(), "after it\n");
    let ended = client.end();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("not UTF-8"), "{}", ended.stderr);
}
