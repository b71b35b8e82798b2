//! Servers that understand nothing: they are given up at once, or found out, and never pass.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use wsspec::case::Library;
use wsspec::exam::{Context, Grade};
use wsspec::socket::{ServerRun, Setup, SocketOptions, run_server};
use wsspec::suite::{CaseResult, Deliveries};
use wsspec::wire::head::Head;

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

fn examine(url: &str, pattern: &str) -> Result<Vec<CaseResult>, Setup> {
    let library = Library::built_in().unwrap();
    let cases: Vec<_> = library.cases.iter().filter(|case| case.family.starts_with(pattern)).collect();
    let options = SocketOptions { patience: Duration::from_millis(100), jobs: 4, slow: false, alarm: None };
    let deliveries = Deliveries { bytes: false, cuts: false, random: 0, seed: 0 };
    let run = ServerRun { url, process: None, context: Context::default(), options: &options, deliveries: &deliveries };
    run_server(&library, &cases, run)
}

fn is_given_up(handle: fn(TcpStream)) {
    let began = Instant::now();
    let url = serve(handle);
    assert!(examine(&url, "").is_err());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

fn shake_hands(stream: &mut TcpStream) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..n]);
        if let Some(head) = Head::read(&bytes) {
            let accept = wsspec::wire::accept(head.values("Sec-WebSocket-Key").first().unwrap_or(&&b""[..]));
            let response = format!(
                "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(response.as_bytes()).unwrap();
            return;
        }
        if n == 0 {
            return;
        }
    }
}

#[test]
fn nothing_listens() {
    assert!(examine("ws://127.0.0.1:1", "").is_err());
}

#[test]
fn silent() {
    is_given_up(|mut stream| {
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).is_ok_and(|n| n > 0) {}
    });
}

#[test]
fn closes_at_once() {
    is_given_up(drop);
}

#[test]
fn sends_back_what_it_gets() {
    is_given_up(|mut stream| {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            let _ = stream.write_all(&buffer[..n]);
        }
    });
}

#[test]
fn says_101_to_everything() {
    is_given_up(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).is_ok_and(|n| n > 0) {}
    });
}

#[test]
fn opens_and_says_nothing_more() {
    is_given_up(|mut stream| {
        shake_hands(&mut stream);
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).is_ok_and(|n| n > 0) {}
    });
}

#[test]
fn opens_and_fails_every_frame_with_1002() {
    let url = serve(|mut stream| {
        shake_hands(&mut stream);
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer);
        let _ = stream.write_all(b"\x88\x02\x03\xea");
    });
    let results = examine(&url, "frames-").unwrap();
    assert!(results.iter().any(|result| result.grade == Grade::Fail));
    // Where a rule has controls, nothing of it is kept.
    let library = Library::built_in().unwrap();
    let positive = |id: &str| library.get(id).is_some_and(wsspec::suite::is_positive);
    for result in &results {
        let controlled = results.iter().any(|other| other.rule == result.rule && positive(&other.id));
        if controlled {
            // A Close that is answered by a Close is lenient, whatever the code.
            let kept = result.grade == Grade::Pass || result.grade == Grade::Lenient && !positive(&result.id);
            assert!(!kept, "{} {}", result.id, result.grade);
        }
    }
}
