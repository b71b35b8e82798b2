//! Subjects that are broken as programs: they get a clear line in a bounded time, and what is left of the run goes on.
//!
//! `tests/trivial.rs` has those that understand nothing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use wsspec::wire::frame::{self, Form};
use wsspec::wire::head::Head;

/// The exit code of the program and what it says, within a time.
fn wsspec(words: &[&str], within: Duration) -> (Option<i32>, String) {
    let begun = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_wsspec")).args(words).output().unwrap();
    assert!(begun.elapsed() < within, "{words:?} took {:?}", begun.elapsed());
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&said).into_owned())
}

fn setup(words: &[&str], line: &str) {
    let (code, said) = wsspec(words, Duration::from_secs(20));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(line), "expected {line:?}, found {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// With one of the tests here as the server.
fn with_program(name: &str) -> (Option<i32>, String) {
    let (address, program) = (free_address(), std::env::current_exe().unwrap());
    let url = format!("ws://{address}");
    let selection = ["server", &url, "*/rsv1-text", "*/rsv2-text", "*/rsv3-text", "--delivery", "whole", "--"];
    let command = [program.to_str().unwrap(), "--ignored", "--exact", name, &address];
    wsspec(&[&selection[..], &command].concat(), 2 * MINUTE)
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn nothing_listens() {
    setup(&["server", "ws://127.0.0.1:1"], "expected a server at 127.0.0.1:1, found none");
}

#[test]
fn command_is_not_there() {
    setup(&["server", "ws://127.0.0.1:1", "--", "/no/such/server"], "expected to start /no/such/server, found: ");
    setup(&["client", "--", "/no/such/client", "{url}"], "expected to start /no/such/client, found: ");
}

#[test]
fn command_ends_at_once() {
    let url = format!("ws://{}", free_address());
    setup(&["server", &url, "--", "sh", "-c", "exit 3"], "found that it ended: exit status: 3");
    setup(&["client", "--", "sh", "-c", "exit 3"], "expected a client that opens /runCase, found none");
}

#[test]
fn floods_instead_of_a_head() {
    let url = serve(|mut stream| while stream.write_all(&[b'x'; 65536]).is_ok() {});
    setup(&["server", &url, "frames-rsv"], "expected an echo server");
}

#[test]
fn answers_garbage() {
    let url = serve(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"\x00\xff\x16\x03\x01 no HTTP at all\r\n\r\n\r\n");
        let _ = stream.read(&mut [0; 4096]);
    });
    setup(&["server", &url, "frames-rsv"], "expected an echo server");
}

#[test]
fn floods_with_frames() {
    let url = serve(|mut stream| {
        shake_hands(&mut stream);
        while stream.write_all(&[0x81, 0x01, b'x'].repeat(20_000)).is_ok() {}
    });
    setup(&["server", &url, "frames-rsv"], "found one that floods or dies");
}

/// One case is to blame, and the others are examined.
#[test]
fn dies_of_one_frame() {
    let (code, said) = with_program("echo_that_ends_at_rsv2");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("☠ crash         6455-5.2-rsv-received/rsv2-text\n"), "{said}");
    assert!(said.contains("it ended: exit status: 7"), "{said}");
    // What is not about RSV2 is as it was: this server lets all of it pass.
    assert!(said.contains("✗ fail          6455-5.2-rsv-received/rsv3-text\n"), "{said}");
}

/// The same, where it does not end and answers nobody any more.
#[test]
fn hangs_at_one_frame() {
    let (code, said) = with_program("echo_that_hangs_at_rsv2");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("it answers nothing any more"), "{said}");
    assert!(said.contains("✗ fail          6455-5.2-rsv-received/rsv3-text\n"), "{said}");
}

#[test]
fn errors_in_a_case_file_name_file_line_and_column() {
    let path = std::env::temp_dir().join(format!("wsspec-{}.cases", std::process::id()));
    std::fs::write(
        &path,
        "@6455-5.2-rsv-received MUST both\n  \"sentence\"\n  good  text \"a\" => text @\n  bad  txt \"a\" => open\n",
    )
    .unwrap();
    let (code, said) = wsspec(&["list", "--cases", path.to_str().unwrap()], MINUTE);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&format!("{}:4:8", path.file_name().unwrap().to_str().unwrap())), "{said}");
}

#[test]
#[ignore = "it is a program: other tests start it"]
fn echo_that_ends_at_rsv2() {
    listen(|first| {
        if first & 0x20 != 0 {
            std::process::exit(7);
        }
    });
}

#[test]
#[ignore = "it is a program: other tests start it"]
fn echo_that_hangs_at_rsv2() {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    listen(|first| {
        let held = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        if first & 0x20 != 0 {
            std::thread::sleep(10 * MINUTE);
        }
        drop(held);
    });
}

/// The last word of the command line is the address.
fn listen(see: fn(u8)) {
    let address = std::env::args().next_back().unwrap();
    for stream in TcpListener::bind(address).unwrap().incoming().flatten() {
        std::thread::spawn(move || echo(stream, see));
    }
}

/// A server that takes every frame as it comes, whatever its bits say.
fn echo(mut stream: TcpStream, see: fn(u8)) -> Option<()> {
    see(0);
    shake_hands(&mut stream);
    loop {
        let mut head = [0; 2];
        stream.read_exact(&mut head).ok()?;
        see(head[0]);
        let mut len = vec![0; [0, 2, 8][usize::from(head[1] & 0x7f).saturating_sub(125)]];
        stream.read_exact(&mut len).ok()?;
        let len = match &len[..] {
            [] => u64::from(head[1] & 0x7f),
            long => long.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        let mut key = [0; 4];
        stream.read_exact(&mut key).ok()?;
        let mut payload = vec![0; usize::try_from(len).ok().filter(|len| *len < 1 << 24)?];
        stream.read_exact(&mut payload).ok()?;
        frame::mask(&mut payload, key, 0);
        let opcode = if head[0] & 15 == 9 { 10 } else { head[0] & 15 };
        let form = if len < 126 { Form::Bits7 } else { Form::Bits16 };
        let mut out = frame::header(0x80 | opcode, form, len, None);
        out.extend(payload);
        stream.write_all(&out).ok()?;
        if opcode == 8 {
            return None;
        }
    }
}

fn serve(handle: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || handle(stream));
        }
    });
    url
}

fn shake_hands(stream: &mut TcpStream) {
    let (mut bytes, mut byte) = (Vec::new(), [0; 1]);
    while stream.read_exact(&mut byte).is_ok() {
        bytes.push(byte[0]);
        if let Some(head) = Head::read(&bytes) {
            let accept = wsspec::wire::accept(head.values("Sec-WebSocket-Key").first().unwrap_or(&&b""[..]));
            let response = format!(
                "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            let _ = stream.write_all(response.as_bytes());
            return;
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
