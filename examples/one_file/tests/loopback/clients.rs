//! The load generator, and servers that are not of this repository.

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use tungstenite::Message;

use crate::program::{Program, run};

const LOAD: &str = env!("CARGO_BIN_EXE_load_generator");

/// Has tungstenite serve each connection by a function.
fn server(serve: fn(std::net::TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for socket in listener.incoming() {
            thread::spawn(move || serve(socket.unwrap()));
        }
    });
    url
}

#[test]
fn load_generator_measures_a_server_of_another_make() {
    let url = server(|socket| {
        let mut socket = tungstenite::accept(socket).unwrap();
        while let Ok(message) = socket.read() {
            if message.is_text() || message.is_binary() {
                socket.send(message).unwrap();
            }
        }
    });
    let output = run(LOAD, &[&url, "20", "1", "70000"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("on 20 connections, 0 of which failed"), "{text}");
    let trips: usize = text.split(' ').next().unwrap().parse().unwrap();
    assert!(trips >= 20, "{text}");
}

#[test]
fn load_generator_measures_an_example() {
    let server = Program::start(env!("CARGO_BIN_EXE_mio_server"), &["127.0.0.1:0"]);
    let output = run(LOAD, &[&format!("ws://{}/", server.address), "100", "1", "20"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("on 100 connections, 0 of which failed"), "{text}");
    server.expect_line("closed with 1000");
}

#[test]
fn load_generator_names_what_a_server_did_wrong() {
    for (serve, error) in [
        (
            (|mut socket: std::net::TcpStream| {
                socket.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap()
            }) as fn(_),
            "404",
        ),
        (|socket| drop(tungstenite::accept(socket).unwrap().send(Message::binary("not yours"))), "others"),
        (|socket| drop(tungstenite::accept(socket).unwrap().get_mut().write_all(&[0x83, 0])), "opcode"),
        (|socket| drop(tungstenite::accept(socket).unwrap()), "Close"),
    ] {
        let output = run(LOAD, &[&server(serve), "1", "0", "5"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
        assert!(text.contains(error), "expected {error:?} in {text}");
    }
}
