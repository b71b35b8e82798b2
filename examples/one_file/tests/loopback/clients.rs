//! The load generator, and servers that are not of this repository.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use crate::program::{Program, run};

const LOAD: &str = env!("CARGO_BIN_EXE_load_generator");

/// Has a function serve each connection.
fn server(serve: impl Fn(TcpStream) + Copy + Send + 'static) -> String {
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
    for (answer, error) in [
        (&b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"[..], "404"),
        (b"\x82\x09not yours", "others"),
        (b"\x83\x00", "opcode"),
        (b"", "Close"),
    ] {
        let serve = move |mut socket: TcpStream| {
            if !answer.starts_with(b"HTTP") {
                socket = tungstenite::accept(socket).unwrap().get_ref().try_clone().unwrap();
            }
            socket.write_all(answer).unwrap();
            socket.shutdown(Shutdown::Write).unwrap();
            // What is unread would reset the connection.
            let _ = socket.read_to_end(&mut Vec::new());
        };
        let output = run(LOAD, &[&server(serve), "1", "0", "5"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
        assert!(text.contains(error), "expected {error:?} in {text}");
    }
}
