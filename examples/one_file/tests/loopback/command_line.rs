//! Words that make no sense, ports that are taken, hosts that are not there: one line, and exit status 2 or 1.

use std::net::TcpListener;

use crate::program::run;

const PROGRAMS: [&str; 7] = [
    env!("CARGO_BIN_EXE_frame_proxy"),
    env!("CARGO_BIN_EXE_load_generator"),
    env!("CARGO_BIN_EXE_mio_server"),
    env!("CARGO_BIN_EXE_threads"),
    env!("CARGO_BIN_EXE_tls_client"),
    env!("CARGO_BIN_EXE_tls_server"),
    #[cfg(target_os = "linux")]
    env!("CARGO_BIN_EXE_uring_server"),
];

/// The program fails with this status, prints nothing, and says in one line what it found.
fn fails(program: &str, words: &[&str], status: i32, found: &str) {
    let output = run(program, words);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(status), 1), "{program} {words:?}: {error}");
    assert_eq!(output.stdout, b"", "{program} {words:?}");
    assert!(error.contains(found), "{program} {words:?}: {error}");
}

#[test]
fn unknown_words_are_named() {
    for program in PROGRAMS {
        fails(program, &["--bogus"], 2, "--bogus");
        fails(program, &["a", "b", "c", "d", "e"], 2, "a b c d e");
    }
}

#[test]
fn port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let pem = concat!(env!("CARGO_TARGET_TMPDIR"), "/taken.pem");
    for program in PROGRAMS {
        let words = match program.rsplit('/').next().unwrap() {
            "threads" | "mio_server" | "uring_server" => vec![&*address],
            "tls_server" => vec![&*address, pem],
            "frame_proxy" => vec![&*address, "127.0.0.1:1"],
            _ => continue,
        };
        fails(program, &words, 1, &address);
    }
}

#[test]
fn file_that_can_not_be_written_is_named() {
    fails(env!("CARGO_BIN_EXE_tls_server"), &["127.0.0.1:0", "/no/such/folder.pem"], 1, "/no/such/folder.pem");
}

#[test]
fn address_that_is_none_is_named() {
    for program in [env!("CARGO_BIN_EXE_threads"), env!("CARGO_BIN_EXE_mio_server")] {
        fails(program, &["nowhere"], 1, "nowhere");
    }
}

#[test]
fn server_that_is_not_there_is_named() {
    let load_generator = env!("CARGO_BIN_EXE_load_generator");
    let gone = format!("ws://{}/", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    for (url, found) in [(&*gone, "refused"), ("http://127.0.0.1:1/", "ws://"), ("wss://127.0.0.1:1/", "TLS")] {
        let output = run(load_generator, &[url, "3", "1", "20"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{error}");
        assert!(error.contains(url) && error.contains(found), "{error}");
    }
    fails(load_generator, &["ws://127.0.0.1:1/", "1", "1", "x"], 2, "x");
    fails(load_generator, &["ws://127.0.0.1:1/", "0", "1", "20"], 2, "0 1 20");
    fails(env!("CARGO_BIN_EXE_tls_client"), &["wss://localhost:1/", "/no/such.pem", "Hello"], 1, "/no/such.pem");
    fails(env!("CARGO_BIN_EXE_tls_client"), &["ws://localhost:1/", "/no/such.pem", "Hello"], 2, "wss://");
}
