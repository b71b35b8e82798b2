//! The server as a program, with sources and viewers over loopback.

mod server;
mod viewer;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use server::{Server, tag};
use viewer::{Heard, Viewer};

const KEY: &[u8] = b"\x17\x01\0\0\0";
const DELTA: &[u8] = b"\x27\x01\0\0\0";
const CONFIGURATION: &[u8] = b"\x17\0\0\0\0avcC";

/// A stream's beginning.
fn beginning() -> Vec<u8> {
    [b"FLV\x01\x01\0\0\0\x09\0\0\0\0", &tag(18, b"metadata")[..], &tag(9, CONFIGURATION)].concat()
}

fn unit(kind: &[u8], name: &[u8]) -> Vec<u8> {
    tag(9, &[kind, name].concat())
}

/// What a viewer is sent as it joins.
fn joining() -> Vec<Heard> {
    let parts = [b"FLV\x01\x01\0\0\0\x09\0\0\0\0".to_vec(), tag(18, b"metadata"), tag(9, CONFIGURATION)];
    let said = Heard::text(r#"{"said":"begin","format":"flv","codecs":""}"#);
    [said].into_iter().chain(parts.map(Heard::Binary)).collect()
}

#[test]
fn early_and_late_viewers_see_one_stream_and_its_end() {
    let server = Server::start(&[]);
    let mut early = Viewer::join(&server, "one");
    let mut source = server.publish("/publish/one");
    source.send(&beginning());
    source.send(&[unit(KEY, b"1"), unit(DELTA, b"2")].concat());
    let [first, second] = [unit(KEY, b"1"), unit(DELTA, b"2")].map(Heard::Binary);
    for expected in joining().into_iter().chain([first, second]) {
        assert_eq!(early.next(), expected);
    }
    source.send(&unit(KEY, b"3"));
    assert_eq!(early.next(), Heard::Binary(unit(KEY, b"3")));
    let mut late = Viewer::join(&server, "one");
    for expected in joining().into_iter().chain([Heard::Binary(unit(KEY, b"3"))]) {
        assert_eq!(late.next(), expected);
    }
    assert!(server.raw("POST", "/publish/one", b"").starts_with("HTTP/1.1 409 "), "one source at a time");

    assert!(source.end().starts_with("HTTP/1.1 204 "));
    for viewer in [&mut early, &mut late] {
        assert_eq!(viewer.next(), Heard::text(r#"{"said":"end"}"#));
    }
    let mut source = server.publish("/publish/one");
    source.send(&beginning());
    for viewer in [&mut early, &mut late] {
        for expected in joining() {
            assert_eq!(viewer.next(), expected);
        }
    }
}

#[test]
fn comments_reach_everybody_and_what_is_none_is_answered() {
    let server = Server::start(&[]);
    let (mut ann, mut bob) = (Viewer::join(&server, "one"), Viewer::join(&server, "one"));
    ann.say(r#"{"name":"Ann","text":"弹幕"}"#);
    for viewer in [&mut ann, &mut bob] {
        assert_eq!(viewer.next(), Heard::text(r#"{"said":"comment","name":"Ann","text":"弹幕"}"#));
    }
    bob.say("hello");
    assert_eq!(bob.next(), Heard::text(r#"{"said":"refused","why":"expected {\"name\": …, \"text\": …}"}"#));
    for _ in 0..5 {
        bob.say("again");
    }
    let refused = Heard::text(r#"{"said":"refused","why":"expected at most one comment a second"}"#);
    assert!((0..5).any(|_| bob.next() == refused));
    ann.send(&[0; 10][..]);
    assert_eq!(ann.close(), (1003, "expected comments as text".into()));
    let mut other = Viewer::join(&server, "one");
    assert_eq!(other.next(), Heard::text(r#"{"said":"comment","name":"Ann","text":"弹幕"}"#), "the last ones are kept");
    other.say(&"x".repeat(5_000));
    assert_eq!(other.close().0, 1009);
}

#[test]
fn requests_that_do_not_fit_get_a_status_and_a_line() {
    let server = Server::start(&["--key", "secret"]);
    for (method, path, body, status, line) in [
        ("POST", "/publish/one", &b""[..], 403, "expected the key of the server: /publish/NAME?key=KEY\n"),
        (
            "POST",
            "/publish/One?key=secret",
            b"",
            404,
            "expected a channel's name of 1 to 32 small letters, digits and hyphens\n",
        ),
        (
            "PUT",
            "/publish/one?key=secret",
            b"GIF89a and so on",
            422,
            "expected FLV or fragmented MP4, found a stream that begins with [47, 49, 46, 38, 39, 61, 20, 61]\n",
        ),
        ("GET", "/mpegts.js", b"", 404, "the server was started without --player: only MP4 can be shown\n"),
        ("GET", "/nothing", b"", 404, ""),
    ] {
        let answer = server.raw(method, path, body);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{line}")), "{path}: {answer}");
    }
    for (path, part) in
        [("/", "<title>Live"), ("/watch/one", "<video"), ("/app.js", "new WebSocket"), ("/channels", "[]")]
    {
        let answer = server.raw("GET", path, b"");
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(part), "{path}: {answer}");
    }
    let mut broken = server.publish("/publish/one?key=secret");
    broken.send(&[&beginning()[..], &tag(7, b"?")].concat());
    assert!(broken.answer().contains("expected an FLV tag of kind 8, 9 or 18, found kind 7"));
}

#[test]
fn a_viewer_that_reads_nothing_costs_bounded_memory_and_nobody_else_anything() {
    let server = Server::start(&[]);
    let mut slow = Viewer::join(&server, "one");
    let mut quick = Viewer::join(&server, "one");
    let mut source = server.publish("/publish/one");
    source.send(&beginning());
    let before = server.memory();
    let megabyte = [KEY, &vec![0; 1_000_000]].concat();
    for expected in joining() {
        assert_eq!(quick.next(), expected);
    }
    for number in 0..150_u8 {
        source.send(&tag(9, &[&megabyte[..], &[number]].concat()));
        let Heard::Binary(tag) = quick.next() else { panic!("not a tag") };
        assert_eq!(tag[tag.len() - 5], number, "each one, in order");
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 80_000_000, "{grown} bytes for 150 MB that one viewer did not read");
    let mut numbers = Vec::new();
    while numbers.last() != Some(&149) {
        if let Heard::Binary(tag) = slow.next() {
            if tag.len() > 1_000_000 {
                numbers.push(tag[tag.len() - 5]);
            }
        }
    }
    assert!(numbers.len() < 100 && numbers.is_sorted(), "it goes on at a key: {numbers:?}");
}

#[test]
fn sources_come_by_standard_input_and_tcp_too() {
    let stream = [beginning(), unit(KEY, b"1")].concat();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = Server::start_with(&["--stdin", "pipe", "--tcp", &format!("plug@{free}")], Stdio::piped());
    server.child.stdin.take().unwrap().write_all(&stream).unwrap();
    let mut plug = TcpStream::connect(free).unwrap();
    plug.write_all(&stream).unwrap();
    for channel in ["pipe", "plug"] {
        let mut viewer = Viewer::join(&server, channel);
        for expected in joining().into_iter().chain([Heard::Binary(unit(KEY, b"1"))]) {
            assert_eq!(viewer.next(), expected, "{channel}");
        }
    }
}

#[test]
fn a_server_that_stops_says_so_to_its_viewers() {
    let mut server = Server::start(&[]);
    let mut viewer = Viewer::join(&server, "one");
    server.terminate();
    assert_eq!(viewer.close().0, 1001);
    drop(viewer);
    assert!(server.wait(Duration::from_secs(10)).unwrap().success());
}

#[test]
fn a_wrong_command_line_is_one_line_and_status_2() {
    for (words, message) in [
        (&["--tcp", "one"][..], "live: expected NAME@ADDR:PORT, found `one`; see --help\n"),
        (
            &["--stdin", "ONE"],
            "live: expected a channel's name of 1 to 32 small letters, digits and hyphens, found `ONE`; see --help\n",
        ),
        (
            &["--player", "/no/such/file"],
            "live: can't read the player /no/such/file: No such file or directory (os error 2)\n",
        ),
    ] {
        let mut child = server::command(words).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        let status = if words[0] == "--player" { 1 } else { 2 };
        assert_eq!((told.as_str(), child.wait().unwrap().code()), (message, Some(status)));
    }
}
