//! Options and exit statuses.

use std::net::TcpListener;

use crate::client::Client;

#[test]
fn help_and_version_are_printed() {
    for word in ["-h", "--help"] {
        let ended = Client::start(&[word]).wait();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(ended.stdout.contains("--subprotocol NAME"), "{}", ended.stdout);
    }
    for word in ["-V", "--version"] {
        let ended = Client::start(&[word]).wait();
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.stdout, format!("echo_client {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn wrong_use_is_one_line_and_status_2() {
    for (words, expected) in [
        (&["--bogus", "ws://a/"][..], "unknown option `--bogus`; see --help"),
        (&["-x", "ws://a/"], "unknown option `-x`; see --help"),
        (&[], "no URL; see --help"),
        (&["ws://a/", "ws://b/"], "unexpected word `ws://b/`; see --help"),
        (&["--binary=yes", "ws://a/"], "`--binary` takes no value, found `yes`; see --help"),
        (&["ws://a/", "--ca"], "`--ca` needs a value; see --help"),
        (&["--field", "none", "ws://a/"], "expected a field as NAME: VALUE, found `none`; see --help"),
        (&["--max-message", "10x", "ws://a/"], "expected a number of bytes, found `10x`; see --help"),
        (&["--idle-timeout", "0s", "ws://a/"], "expected a time such as 500ms, 30s or 2min, found `0s`; see --help"),
        (&["--subprotocol", "a b", "ws://a/"], "expected the name of a subprotocol, found `a b`; see --help"),
    ] {
        let ended = Client::start(words).wait();
        assert_eq!((ended.code, ended.stderr), (Some(2), format!("echo_client: {expected}\n")), "{words:?}");
    }
}

#[test]
fn what_can_not_be_done_is_one_line_and_status_1() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, expected) in [
        (format!("ws://127.0.0.1:{port}/"), "refused"),
        ("http://127.0.0.1/".to_owned(), "begins with ws://"),
        ("ws://127.0.0.1/#top".to_owned(), "fragment"),
    ] {
        let ended = Client::start(&[&url]).wait();
        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(1), 1), "{ended:?}");
        assert!(ended.error().contains(expected), "{ended:?}");
    }
}
