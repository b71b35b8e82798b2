//! The program as it is called: what it writes, its exit status, and recording.

#[allow(dead_code, reason = "each test uses a part of it")]
mod made;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use dissect::event::Way;
use made::{Capture, masked};

fn dissect(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dissect")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A file of this test's own.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, bytes).unwrap();
    file
}

fn conversation() -> Vec<u8> {
    let mut capture = Capture::new();
    capture.open("");
    capture.send(Way::ToServer, &masked(0x81, b"Hello"));
    capture.send(Way::ToClient, b"\x81\x02ok");
    capture.end()
}

#[test]
fn bad_input_gets_one_clear_line_and_its_exit_status() {
    let text = file("text", b"this is no capture");
    let empty = file("empty", b"");
    let (text, empty) = (text.to_str().unwrap(), empty.to_str().unwrap());
    let folder = env!("CARGO_TARGET_TMPDIR");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let record = |listen, to, write| ["record", "--listen", listen, "--to", to, "--write", write];
    let in_use = format!("can't listen on {taken}");
    let cases: &[(&[&str], i32, &str)] = &[
        (&[], 2, "expected a capture file, or - for standard input"),
        (&["--bogus"], 2, "invalid option '--bogus'"),
        (&["a", "b"], 2, "unexpected argument \"b\""),
        (&["--port", "http", "a"], 2, "cannot parse argument \"http\""),
        (&["--filter", "frame,mesage", "a"], 2, "found \"mesage\""),
        (&["--colour", "sometimes", "a"], 2, "expected always, never or auto, found \"sometimes\""),
        (&["--follow", "-"], 2, "expected a file to follow"),
        (&["record", "--listen", "127.0.0.1:0"], 2, "expected --to for record"),
        (&["record", "--listen", "nowhere", "--to", "127.0.0.1:1", "--write", "-"], 1, "can't listen on nowhere"),
        (&record(&taken, "127.0.0.1:1", "-"), 1, &in_use),
        (&record("127.0.0.1:0", "nowhere", "-"), 1, "expected an address with a port to relay to, found nowhere"),
        (&record("127.0.0.1:0", "127.0.0.1:1", "/no/such/file"), 1, "can't write /no/such/file"),
        (&["no-such-file"], 1, "can't open no-such-file"),
        (&[folder], 1, "expected a capture file, found the folder"),
        (&[text], 1, "expected a pcap or pcapng capture, found something else"),
        (&[empty], 1, "expected a pcap or pcapng capture, found something else"),
        (&["--keylog", "no-such-log", text], 1, "can't open no-such-log"),
    ];
    for (arguments, status, line) in cases {
        let output = dissect(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*status), "{arguments:?}: {said}");
        assert!(said.contains(line) && said.lines().count() == 1, "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn filter_and_stream_choose_what_is_shown_and_colours_are_for_terminals() {
    let capture = file("conversation.pcap", &conversation());
    let capture = capture.to_str().unwrap();
    let text = |arguments: &[&str]| String::from_utf8(dissect(&[arguments, &[capture]].concat()).stdout).unwrap();
    let all = text(&[]);
    assert!(all.starts_with("stream 0: 10.0.0.1:40000 → 10.0.0.2:9123\n"), "{all}");
    assert!(all.contains("= open; accept fits the key; extensions: none") && !all.contains('\x1b'), "{all}");
    let messages = text(&["--filter", "message", "--json"]);
    assert_eq!(messages.lines().count(), 2, "{messages}");
    assert!(messages.contains("\"text\":\"Hello\""), "{messages}");
    assert_eq!(text(&["--stream", "1"]), "");
    assert!(text(&["--colour", "always"]).contains("\x1b[32m"));
    assert_eq!(text(&["--filter", "wrong"]), "");
}

#[test]
fn a_cut_capture_is_shown_as_far_as_it_goes_and_said_to_be_cut() {
    let bytes = conversation();
    let capture = file("cut.pcap", &bytes[..bytes.len() - 30]);
    let output = dissect(&[capture.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("ends within a packet; all before it is shown"));
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"Hello\""));
}

#[test]
fn a_bar_says_how_much_was_read() {
    let capture = file("bar.pcap", &conversation());
    let output = dissect(&["--progress", "always", capture.to_str().unwrap()]);
    let bar = String::from_utf8(output.stderr).unwrap();
    assert!(bar.contains("[##############################] 100 %"), "{bar}");
}

/// Waits for a line that contains this.
fn wait_for(file: &std::path::Path, line: &str) -> String {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if text.contains(line) {
            return text;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "expected {line:?}, found {text:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_file_that_grows_is_followed() {
    let bytes = conversation();
    let (first, rest) = bytes.split_at(bytes.len() - 200);
    let (capture, report) = (file("growing.pcap", first), file("growing.txt", b""));
    let mut child = Command::new(env!("CARGO_BIN_EXE_dissect"))
        .args(["--follow".as_ref(), capture.as_os_str()])
        .stdout(fs::File::create(&report).unwrap())
        .spawn()
        .unwrap();
    wait_for(&report, "= open");
    fs::OpenOptions::new().append(true).open(&capture).unwrap().write_all(rest).unwrap();
    wait_for(&report, "\"ok\"");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_is_recorded_is_what_passed_and_ends_as_it_ended() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    // A port that is free now.
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let capture = file("recorded.pcapng", b"");
    let mut child = Command::new(env!("CARGO_BIN_EXE_dissect"))
        .args(["record", "--connections", "1", "--listen", &listen.to_string()])
        .args(["--to", &server.local_addr().unwrap().to_string()])
        .args(["--write".as_ref(), capture.as_os_str()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 16];
    child.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
    let mut client = TcpStream::connect(listen).unwrap();
    let (mut served, _) = server.accept().unwrap();
    let request = "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    client.write_all(request.as_bytes()).unwrap();
    served.read_exact(&mut vec![0; request.len()]).unwrap();
    served.write_all(response.as_bytes()).unwrap();
    // More than a packet takes.
    let binary = [&[0x82, 127, 0, 0, 0, 0, 0, 3, 0x0d, 0x40][..], &[7; 200_000]].concat();
    served.write_all(&binary).unwrap();
    client.read_exact(&mut vec![0; response.len() + binary.len()]).unwrap();
    client.write_all(&masked(0x81, b"Hello")).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    served.read_to_end(&mut Vec::new()).unwrap();
    drop(served);
    client.read_to_end(&mut Vec::new()).unwrap();
    assert!(child.wait().unwrap().success());

    let output = dissect(&[capture.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for line in
        ["binary of 200000 B: 0707", "text of 5 B: \"Hello\"", "no Close; TCP closed by the client", "nothing wrong"]
    {
        assert!(text.contains(line), "expected {line:?} in {text}");
    }
}
