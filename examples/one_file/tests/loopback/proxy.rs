//! The frame proxy, between bytes written by hand or peers that are not of this repository.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::peer::{HELLO, HELLO_BACK, REQUEST, expect, head, open, talk, tcp};
use crate::program::Program;

const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A proxy to a server that a function is, which gets the socket once the request is read, and answered.
fn proxy(serve: impl FnOnce(TcpStream) + Send + 'static) -> (Program, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        assert_eq!(head(&mut socket).as_bytes(), REQUEST);
        socket.write_all(RESPONSE).unwrap();
        serve(socket);
    });
    (Program::start(env!("CARGO_BIN_EXE_frame_proxy"), &["127.0.0.1:0", &to]), server)
}

#[test]
fn client_of_another_make_talks_through_the_proxy() {
    let server = Program::start(env!("CARGO_BIN_EXE_threads"), &["127.0.0.1:0"]);
    let proxy = Program::start(env!("CARGO_BIN_EXE_frame_proxy"), &["127.0.0.1:0", &server.address.to_string()]);
    talk(tcp(proxy.address), "localhost");
    server.expect_line("closed with 4000");
    proxy.expect_line("-> Control(Close), 6 bytes");
}

/// §5.3: "the masking key needs to be unpredictable": not the client's own, which it chose without the proxy.
#[test]
fn frames_are_masked_anew_for_the_server_and_not_for_the_client() {
    let (proxy, server) = proxy(|mut socket| {
        for _ in 0..2 {
            let mut frame = [0; 11];
            socket.read_exact(&mut frame).unwrap();
            let (start, rest) = frame.split_at(2);
            let (key, payload) = rest.split_at(4);
            assert_eq!(start, [0x81, 0x85]);
            assert_ne!(key, [0x37, 0xfa, 0x21, 0x3d]);
            let text: Vec<u8> = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            assert_eq!(text, b"Hello");
        }
        socket.write_all(HELLO_BACK).unwrap();
    });
    let mut client = tcp(proxy.address);
    open(&mut client);
    for byte in [HELLO, HELLO].concat() {
        client.write_all(&[byte]).unwrap();
    }
    expect(&mut client, HELLO_BACK);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    server.join().unwrap();
}

/// RFC 7692: RSV1 is the ends' affair.
#[test]
fn fragments_pass_as_they_come_before_their_frame_is_complete() {
    let (proxy, server) = proxy(|mut socket| {
        socket.write_all(&[0xc2, 0x7e, 0x03, 0xe8, 1, 2, 3]).unwrap();
        let mut go_on = [0; 6];
        socket.read_exact(&mut go_on).unwrap();
        assert_eq!(go_on[..2], [0x8a, 0x80]);
        socket.write_all(&[4; 997]).unwrap();
    });
    let mut client = tcp(proxy.address);
    open(&mut client);
    expect(&mut client, &[0xc2, 0x7e, 0x03, 0xe8, 1, 2, 3]);
    client.write_all(&[0x8a, 0x80, 1, 2, 3, 4]).unwrap();
    expect(&mut client, &[4; 997]);
    server.join().unwrap();
}

#[test]
fn frame_that_breaks_a_rule_is_answered_and_not_forwarded() {
    let (of_client, server) = proxy(|mut socket| {
        expect_hello_then_end(&mut socket);
    });
    let mut client = tcp(of_client.address);
    open(&mut client);
    client.write_all(&[HELLO, HELLO_BACK].concat()).unwrap();
    expect(&mut client, &[0x88, 0x02, 0x03, 0xea]);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    drop(client);
    of_client.expect_line("masked");
    server.join().unwrap();

    let (of_server, server) = proxy(|mut socket| {
        socket.write_all(&[HELLO_BACK, &[0xf1, 0]].concat()).unwrap();
        let mut close = [0; 8];
        socket.read_exact(&mut close).unwrap();
        assert_eq!(close[..2], [0x88, 0x82]);
        assert_eq!([close[6] ^ close[2], close[7] ^ close[3]], 1002_u16.to_be_bytes());
    });
    let mut client = tcp(of_server.address);
    open(&mut client);
    expect(&mut client, HELLO_BACK);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    server.join().unwrap();
}

fn expect_hello_then_end(socket: &mut TcpStream) {
    let mut all = Vec::new();
    socket.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), HELLO.len(), "{all:02x?}");
}

#[test]
fn half_of_a_connection_may_end_before_the_other() {
    let (proxy, server) = proxy(|mut socket| {
        expect_hello_then_end(&mut socket);
        socket.write_all(HELLO_BACK).unwrap();
    });
    let mut client = tcp(proxy.address);
    open(&mut client);
    client.write_all(HELLO).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    expect(&mut client, HELLO_BACK);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    server.join().unwrap();
}

#[test]
fn refusals_pass_and_a_server_that_is_not_there_is_a_bad_gateway() {
    let server = Program::start(env!("CARGO_BIN_EXE_threads"), &["127.0.0.1:0"]);
    let mut proxy = Program::start(env!("CARGO_BIN_EXE_frame_proxy"), &["127.0.0.1:0", &server.address.to_string()]);
    let ask = |proxy: &Program, request: &[u8]| {
        let mut client = tcp(proxy.address);
        client.write_all(request).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    };
    let plain = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = ask(&proxy, plain);
    assert!(answer.starts_with("HTTP/1.1 426 ") && !answer.ends_with("\r\n\r\n"), "{answer}");
    // A head without end, which nobody keeps.
    assert_eq!(ask(&proxy, &[b'a'; 16 * 1024]), "");
    drop(server);
    assert!(ask(&proxy, plain).starts_with("HTTP/1.1 502 "));
    assert!(proxy.is_running());
}
