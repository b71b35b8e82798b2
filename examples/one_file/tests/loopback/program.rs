//! A program under test.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A server that runs until it is dropped.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    lines: Receiver<String>,
}

impl Program {
    /// Starts a server at a free port, and waits until it listens.
    pub fn start(path: &str, words: &[&str]) -> Self {
        let mut child = Command::new(path).args(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let address = first.strip_prefix("listening on ").unwrap().split([',', '\n']).next().unwrap().parse().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, address, lines }
    }

    /// Waits for a line that holds a text.
    pub fn expect_line(&self, text: &str) {
        self.expect_line_within(PATIENCE, text);
    }

    /// The same, for what takes its time.
    pub fn expect_line_within(&self, patience: Duration, text: &str) {
        let (end, mut seen) = (Instant::now() + patience, Vec::new());
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => seen.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("expected a line with {text:?}, found {seen:?}")
                }
            }
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a program to its end.
pub fn run(path: &str, words: &[&str]) -> Output {
    let mut child = Command::new(path).args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reading = thread::spawn(move || {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        stdout.read_to_end(&mut out).and(stderr.read_to_end(&mut errors)).unwrap();
        (out, errors)
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{path} does not end: {:?}", reading.join());
        }
        thread::sleep(Duration::from_millis(10));
    };
    let (stdout, stderr) = reading.join().unwrap();
    Output { status, stdout, stderr }
}
