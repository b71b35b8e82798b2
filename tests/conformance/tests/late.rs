//! A good server that answers late, and one that reads slowly: every grade is that of one that answers at once.

#[path = "support/ours/mod.rs"]
#[allow(dead_code)]
mod ours;

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use wsspec::case::{Case, Library, Role};
use wsspec::exam::Grade;
use wsspec::memory::Subject;
use wsspec::socket::{ServerRun, SocketOptions, run_server};
use wsspec::suite::{CaseResult, Deliveries};

/// Longer than the first look waits, shorter than the second does.
const LATE: Duration = Duration::from_millis(60);
const PATIENCE: Duration = Duration::from_millis(5);

#[test]
fn answers_that_come_after_the_first_look_has_ended_decide() {
    let library = Library::built_in().unwrap();
    // Where a handshake decides, where replies are due, where a Close is, and where the connection has to fail.
    let families = ["deflate-offer", "server-early", "server-fields", "fragments", "close", "frames-opcode"];
    let cases: Vec<_> = library.cases.iter().filter(|case| families.contains(&&*case.family)).collect();
    let results = examine(answer_late, &library, &cases, false);
    assert_eq!(results.len(), cases.iter().filter(|case| case.rule.roles.contains(Role::Server)).count());
    let amiss: Vec<_> = results.iter().filter(|result| result.grade != Grade::Pass).collect();
    assert!(amiss.is_empty(), "{:#?}", amiss.iter().map(|r| (&r.id, r.grade, &r.said)).collect::<Vec<_>>());
}

#[test]
fn head_in_single_bytes_is_whole_before_a_servers_deadline() {
    let library = Library::built_in().unwrap();
    // Its head is beyond the limit, of which the last byte tells.
    let cases: Vec<_> = library.cases.iter().filter(|case| case.id == "6455-4.2.1-reject/name-beyond").collect();
    let results = examine(read_slowly, &library, &cases, true);
    let [result] = &results[..] else { panic!("expected one result, found {}", results.len()) };
    assert!(result.is_clean(), "{}: {:?} {:?}", result.grade, result.said, result.split);
    assert_eq!(result.hurried, 1, "the bytes were read sooner than they should be");
}

/// A refusal is due, for which no Ping can ask: a good handshake on another connection does.
#[test]
fn server_that_stands_still_has_the_time_that_a_good_handshake_takes() {
    let library = Library::built_in().unwrap();
    let cases: Vec<_> = library.cases.iter().filter(|case| case.rule.id == "6455-4.2.1-upgrade").collect();
    let results = examine(stand_still, &library, &cases, false);
    assert_eq!(results.len(), cases.len());
    let amiss: Vec<_> = results.iter().filter(|result| result.grade != Grade::Pass).collect();
    assert!(amiss.is_empty(), "{:#?}", amiss.iter().map(|r| (&r.id, r.grade, &r.said)).collect::<Vec<_>>());
}

/// Ten times a second it stands still for some milliseconds, and the server answers later than that.
#[cfg(unix)]
#[test]
fn judge_that_is_stopped_and_goes_on_finds_the_same() {
    let url = listen(answer_late);
    let mut judge = Command::new(env!("CARGO_BIN_EXE_wsspec"))
        .args([
            "server",
            &url,
            "fragments",
            "close",
            "frames-opcode",
            "--strict",
            "-j",
            "16",
            "--delivery",
            "whole",
            "-v",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stops = "while kill -STOP $0; do sleep 0.01; kill -CONT $0; sleep 0.09; done";
    let mut stops =
        Command::new("sh").args(["-c", stops, &judge.id().to_string()]).stderr(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    judge.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    stops.kill().unwrap();
    stops.wait().unwrap();
    assert!(judge.wait().unwrap().success(), "{said}");
}

fn listen(serve: fn(TcpStream) -> Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/chat", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

fn examine(serve: fn(TcpStream) -> Result<()>, library: &Library, cases: &[&Case], bytes: bool) -> Vec<CaseResult> {
    let url = listen(serve);
    let options = SocketOptions { patience: PATIENCE, jobs: 16, slow: false, alarm: None };
    let deliveries = Deliveries { bytes, cuts: false, random: 0, seed: 0 };
    let mut context = ours::context();
    (context.commands, context.heads, context.url) = (false, false, false);
    let run = ServerRun { url: &url, process: None, context, options: &options, deliveries: &deliveries };
    run_server(library, cases, run).unwrap()
}

/// Gives up a client whose head is not there after six seconds.
fn read_slowly(mut stream: TcpStream) -> Result<()> {
    let (mut server, mut room, mut out, begun) = (ours::Server::new(), [0; 4096], Vec::new(), Instant::now());
    while !server.is_closed() {
        std::thread::sleep(Duration::from_millis(5));
        match stream.read(&mut room)? {
            0 => server.receive_eof(&mut out),
            n => server.receive(&mut room[..n], &mut out),
        }
        if out.is_empty() && begun.elapsed() > Duration::from_secs(6) {
            return Ok(());
        }
        stream.write_all(&out)?;
        out.clear();
    }
    stream.shutdown(Shutdown::Write)?;
    while stream.read(&mut room)? > 0 {}
    Ok(())
}

/// Once it is found to be good, its answers come after the second look has ended.
fn stand_still(stream: TcpStream) -> Result<()> {
    static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
    let is_early = CONNECTIONS.fetch_add(1, Ordering::Relaxed) < 5;
    answer_after(if is_early { Duration::ZERO } else { Duration::from_secs(2) }, stream)
}

fn answer_late(stream: TcpStream) -> Result<()> {
    answer_after(LATE, stream)
}

fn answer_after(delay: Duration, mut stream: TcpStream) -> Result<()> {
    let (mut server, mut room, mut out) = (ours::Server::new(), [0; 4096], Vec::new());
    while !server.is_closed() {
        match stream.read(&mut room)? {
            0 => server.receive_eof(&mut out),
            n => server.receive(&mut room[..n], &mut out),
        }
        std::thread::sleep(delay);
        stream.write_all(&out)?;
        out.clear();
    }
    stream.shutdown(Shutdown::Write)?;
    // What is unread when a socket is closed becomes a reset.
    while stream.read(&mut room)? > 0 {}
    Ok(())
}
