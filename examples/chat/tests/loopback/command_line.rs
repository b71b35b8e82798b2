//! Options, errors and exit statuses.

use std::process::Command;

use crate::server::fresh_file;

/// Exit status, standard output and standard error.
fn chat(words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_chat")).args(words).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code(), out, err)
}

#[test]
fn help_and_version_are_printed() {
    for word in ["-h", "--help"] {
        let (code, out, err) = chat(&[word]);
        assert!(code == Some(0) && out.contains("--history FILE") && err.is_empty(), "{out}{err}");
    }
    let version = format!("chat {}\n", env!("CARGO_PKG_VERSION"));
    for word in ["-V", "--version"] {
        assert_eq!(chat(&[word]), (Some(0), version.clone(), String::new()));
    }
}

#[test]
fn wrong_use_is_one_line_and_status_2() {
    for (words, expected) in [
        (&["--bogus"][..], "unknown option `--bogus`; see --help"),
        (&["stray"], "unexpected word `stray`; see --help"),
        (&["--listen"], "`--listen` needs a value; see --help"),
        (&["--listen", "nowhere"], "expected ADDR:PORT, found `nowhere`; see --help"),
        (&["--keep", "lots"], "expected a number of messages, found `lots`; see --help"),
        (&["--ping", "16s"], "expected 100ms to 15s between Pings, found 16s; see --help"),
    ] {
        assert_eq!(chat(words), (Some(2), String::new(), format!("chat: {expected}\n")), "{words:?}");
    }
}

#[test]
fn history_that_can_not_be_opened_is_named() {
    let file = fresh_file("no-history");
    std::fs::write(&file, "GIF89a").unwrap();
    let path = file.to_str().unwrap();
    for path in [path, "/no/such/folder/history"] {
        let (code, _, err) = chat(&["--listen", "127.0.0.1:0", "--history", path]);
        assert_eq!((code, err.lines().count()), (Some(1), 1), "{err}");
        assert!(err.starts_with(&format!("chat: can't open the history {path}: ")), "{err}");
    }
}
