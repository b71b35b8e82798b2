//! Programs that are started, read and killed.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A program, killed when it is dropped.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    pub seen: Vec<String>,
}

impl Program {
    pub fn start(words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_messenger"));
        let mut child = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { input: child.stdin.take(), child, lines, seen: Vec::new() }
    }

    pub fn write(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The first line from now on that has these words in it.
    pub fn expect(&mut self, words: &str) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(error) => panic!("expected a line with {words:?}, found {:#?}: {error}", self.seen),
            }
        }
    }

    /// Ends the input, and waits for the end of the program.
    pub fn finish(&mut self) -> bool {
        self.input = None;
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A hub on a free port, and where it listens.
pub fn hub() -> (Program, String) {
    hub_at("127.0.0.1:0")
}

pub fn hub_at(address: &str) -> (Program, String) {
    let mut hub = Program::start(&["hub", "--listen", address]);
    let line = hub.expect("listening on ");
    let address = line.trim_start_matches("listening on ").split(',').next().unwrap().to_owned();
    (hub, address)
}

/// A folder of its own, removed when it is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("messenger-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn peer(&self, hub: &str, me: &str, friend: &str, more: &[&str]) -> Program {
        let (url, folder) = (format!("ws://{hub}/hub"), self.0.join(me));
        let words = ["peer", "--hub", &url, "--name", me, "--friend", friend, "--folder", folder.to_str().unwrap()];
        Program::start(&[&words[..], more].concat())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
