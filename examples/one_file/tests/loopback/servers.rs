//! The echo servers on TCP. Each test is made for each of them.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use crate::peer::{HELLO, HELLO_BACK, REQUEST, expect, head, open, talk, tcp};
use crate::program::{PATIENCE, Program};

fn of_another_make(server: &Program) {
    talk(tcp(server.address), "localhost");
    server.expect_line("closed with 4000");
}

/// The head and frames of one segment, and of segments of one byte.
fn cut(server: &Program) {
    let mut whole = tcp(server.address);
    whole.write_all(&[REQUEST, HELLO, HELLO].concat()).unwrap();
    head(&mut whole);
    expect(&mut whole, &[HELLO_BACK, HELLO_BACK].concat());

    let mut bytes = tcp(server.address);
    for byte in [REQUEST, HELLO].concat() {
        bytes.write_all(&[byte]).unwrap();
    }
    head(&mut bytes);
    expect(&mut bytes, HELLO_BACK);
}

/// §5.1, §8.1: what was valid comes back, then the Close that says why, then the end, which waits for ours.
fn violations(server: &Program) {
    for (bad, code, why) in [
        (&[0x81, 0x05, b'H', b'e', b'l', b'l', b'o'][..], 1002_u16, "masked"),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007, "UTF-8"),
        (&[0x83, 0x80, 0, 0, 0, 0], 1002, "opcode"),
    ] {
        let mut socket = tcp(server.address);
        open(&mut socket);
        socket.write_all(&[HELLO, bad].concat()).unwrap();
        expect(&mut socket, HELLO_BACK);
        expect(&mut socket, &[&[0x88, 0x02], &code.to_be_bytes()[..]].concat());
        // At once, and not after the time-out for closing, which is 5 s.
        let start = Instant::now();
        let mut rest = Vec::new();
        assert_eq!(socket.read_to_end(&mut rest).unwrap(), 0, "{rest:02x?}");
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        drop(socket);
        server.expect_line(why);
    }
}

fn bad_requests(server: &Program) {
    for (request, status) in [
        (&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], "426"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n", "400"),
        (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", "400"),
    ] {
        let mut socket = tcp(server.address);
        socket.write_all(request).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

/// What was sent before the end of input is answered; the end is not a clean one.
fn no_close(server: &Program) {
    let mut socket = tcp(server.address);
    open(&mut socket);
    socket.write_all(HELLO).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    expect(&mut socket, HELLO_BACK);
    assert_eq!(socket.read(&mut [0; 100]).unwrap(), 0);
    server.expect_line("expected a Close frame, found the end of input");
}

/// One that reads nothing, and one that stops in the middle of a message. The first is given up after 30 s without progress.
fn others_go_on(server: &Program) {
    let mut deaf = tcp(server.address);
    open(&mut deaf);
    deaf.set_nonblocking(true).unwrap();
    let message = [&[0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0][..], &[0; 0x0f_0000]].concat();
    let mut written = 0;
    // Until neither end takes any more.
    while let Ok(n) = deaf.write(&message[written..]) {
        written = (written + n) % message.len();
        thread::sleep(Duration::from_millis(1));
    }
    let mut cut = tcp(server.address);
    open(&mut cut);
    cut.write_all(&HELLO[..7]).unwrap();
    talk(tcp(server.address), "localhost");
    server.expect_line_within(2 * PATIENCE, "expected a sign of life from the peer, found none in time");
}

/// The time-out of the handshake is 10 s, however slowly the request comes.
fn slow_request(server: &Program) {
    let (mut silent, mut slow) = (tcp(server.address), tcp(server.address));
    let start = Instant::now();
    for byte in &REQUEST[..12] {
        let _ = slow.write_all(&[*byte]);
        thread::sleep(Duration::from_secs(1));
    }
    for socket in [&mut silent, &mut slow] {
        assert!(matches!(socket.read(&mut [0; 100]), Ok(0) | Err(_)));
        assert!(start.elapsed() < Duration::from_secs(16), "{:?}", start.elapsed());
        server.expect_line("expected the end of the handshake, found none in time");
    }
}

macro_rules! servers {
    ($($name:ident)*) => {
        $(mod $name {
            use super::*;

            fn start() -> Program {
                Program::start(env!(concat!("CARGO_BIN_EXE_", stringify!($name))), &["127.0.0.1:0"])
            }

            #[test]
            fn serves_a_client_of_another_make() {
                of_another_make(&start());
            }

            #[test]
            fn takes_heads_and_frames_however_they_are_cut() {
                cut(&start());
            }

            #[test]
            fn answers_violations_with_the_right_close() {
                violations(&start());
            }

            #[test]
            fn answers_bad_requests() {
                bad_requests(&start());
            }

            #[test]
            fn answers_what_came_before_the_end_of_input() {
                no_close(&start());
            }

            #[test]
            fn gives_up_a_request_that_does_not_end() {
                slow_request(&start());
            }

            #[test]
            fn serves_others_while_one_reads_nothing_and_gives_that_one_up() {
                others_go_on(&start());
            }
        })*
    };
}

servers!(threads mio_server);

#[cfg(target_os = "linux")]
servers!(uring_server);
