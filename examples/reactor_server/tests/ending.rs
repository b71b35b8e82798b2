//! Time-outs, signals, and bad use.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::peer::Heard;
use support::server::{Server, run};

const LONG: Duration = Duration::from_secs(10);

#[test]
fn signals_tell_everyone_1001_and_end_the_program_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(&[]);
        let mut peers = (0..20).map(|_| server.join()).collect::<Vec<_>>();
        let undecided = TcpStream::connect(&server.addresses[0]).unwrap();
        peers[0].echoes("before the end");
        server.signal(signal);
        for peer in &mut peers {
            assert_eq!(peer.hear(), Heard::Close(1001, "the server stops".to_owned()));
            assert_eq!(peer.hear(), Heard::End);
        }
        assert_eq!(server.ends_within(LONG).unwrap().code(), Some(0));
        drop(undecided);
    }
}

#[test]
fn stop_does_not_wait_longer_than_the_close_timeout_for_a_client_that_does_not_answer() {
    let mut server = Server::start(&["--close-timeout", "300ms"]);
    let _mute = server.join();
    let start = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.ends_within(LONG).unwrap().code(), Some(0));
    assert!((300..3000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn second_signal_does_not_wait() {
    let mut server = Server::start(&["--close-timeout", "1min"]);
    let mut mute = server.join();
    server.signal(Signal::TERM);
    // Its Close says that the first signal has arrived; it is not answered, for it is not read by the protocol.
    assert!(mute.stream.read(&mut [0; 100]).unwrap() > 0);
    assert_eq!(server.ends_within(Duration::from_millis(200)), None);
    assert!(TcpStream::connect(&server.addresses[0]).is_err(), "nobody new is let in");
    server.signal(Signal::TERM);
    assert_eq!(server.ends_within(LONG).unwrap().code(), Some(0));
}

#[test]
fn client_may_stop_the_server_where_it_is_allowed() {
    let mut server = Server::start(&["--allow-stop"]);
    let mut peer = server.join();
    peer.echoes("stop-listening");
    assert!(matches!(peer.hear(), Heard::Close(1001, _)));
    drop(peer);
    assert_eq!(server.ends_within(LONG).unwrap().code(), Some(0));
    let other = Server::start(&[]);
    let mut peer = other.join();
    peer.echoes("stop-listening");
    peer.echoes("and on");
}

#[test]
fn request_that_drips_is_cut_off_in_time() {
    let server = Server::start(&["--handshake-timeout", "300ms"]);
    let mut socket = TcpStream::connect(&server.addresses[0]).unwrap();
    let start = Instant::now();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let ended = loop {
        if socket.write_all(b"G").is_err() || socket.read(&mut [0; 1000]).is_ok() {
            break start.elapsed();
        }
        assert!(start.elapsed() < LONG, "it is never cut off");
    };
    assert!(ended >= Duration::from_millis(290), "{ended:?}");
}

#[test]
fn silent_client_is_pinged_and_stays_as_long_as_it_answers() {
    let server = Server::start(&["--idle-timeout", "50ms", "--pong-timeout", "300ms"]);
    let mut peer = server.join();
    for _ in 0..10 {
        assert_eq!(peer.hear(), Heard::Ping);
    }
    peer.say("still here");
    assert_eq!(peer.hear_text(), "still here");
    // From here on the Pings are not answered.
    let start = Instant::now();
    let mut bytes = Vec::new();
    let _ = peer.stream.read_to_end(&mut bytes);
    assert_eq!(bytes, [0x89, 0], "one Ping, then the end");
    assert!((300..3000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn client_that_does_not_hang_up_after_its_failure_is_cut_off() {
    let mut server = Server::start(&["--close-timeout", "200ms", "--status", "100ms"]);
    let mut bad = server.join();
    bad.stream.write_all(&[0xff; 100]).unwrap();
    assert!(matches!(bad.hear(), Heard::Close(1002, _)));
    let start = Instant::now();
    let mut lines = server.lines();
    let line = lines.find(|line| line.starts_with("0 connections")).unwrap();
    assert!(start.elapsed() < LONG, "not only when it has been silent for long");
    assert!(line.contains(" 1 time-outs") && line.contains(" 1 failed"), "{line}");
}

#[test]
fn status_line_tells_what_happened_and_quiet_silences_it() {
    let mut server = Server::start(&["--status", "50ms"]);
    let mut peer = server.join();
    peer.echoes("one message");
    let mut lines = server.lines();
    assert!(lines.any(|line| line.starts_with("1 connections") && !line.contains(" 0 messages/s")));

    let mut quiet = Server::start(&["--status", "50ms", "--quiet"]);
    std::thread::sleep(Duration::from_millis(200));
    quiet.signal(Signal::TERM);
    let mut rest = String::new();
    quiet.stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn bad_use_is_one_line_and_status_2() {
    for options in [
        &["--nonsense"][..],
        &["--listen", "nowhere"],
        &["--ports", "70000"],
        &["--ports", "9003-9002"],
        &["--mode", "loud"],
        &["--slow", "maybe"],
        &["--subprotocol", "two words"],
        &["--origin", "https://friend.example/"],
        &["--interval", "0s"],
        &["--idle-timeout", "soon"],
        &["--idle-timeout", "1000000years"],
        &["--max-output"],
        &["stray"],
    ] {
        let (code, out, err) = run(options);
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1), "{options:?}: {err}");
        assert!(err.starts_with("reactor_server: ") && err.ends_with("; see --help\n"), "{err}");
    }
}

#[test]
fn address_in_use_is_one_line_and_status_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, out, err) = run(&["--listen", &address]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1));
    assert!(err.starts_with(&format!("reactor_server: can't listen on {address}: ")), "{err}");
}

#[test]
fn help_lists_the_options_and_version_is_the_package_s() {
    for word in ["-h", "--help"] {
        let (code, out, err) = run(&[word]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.contains("--ports LIST"));
    }
    for word in ["-V", "--version"] {
        assert_eq!(run(&[word]), (Some(0), format!("reactor_server {}\n", env!("CARGO_PKG_VERSION")), String::new()));
    }
}
