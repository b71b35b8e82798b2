//! The server, and the sources that it gets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
}

pub fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_live"));
    command.args(["--quiet", "--listen", "127.0.0.1:0"]).args(words).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

impl Server {
    pub fn start(words: &[&str]) -> Self {
        Self::start_with(words, Stdio::null())
    }

    pub fn start_with(words: &[&str], stdin: Stdio) -> Self {
        let mut child = command(words).stdin(stdin).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on ").unwrap().split(',').next().unwrap().parse().unwrap();
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// A request, and all that is answered.
    pub fn raw(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut stream = self.connect();
        let len = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n")
            .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Begins to publish.
    pub fn publish(&self, path: &str) -> Source {
        let mut stream = self.connect();
        write!(stream, "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
            .unwrap();
        Source { stream }
    }

    pub fn terminate(&self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
    }

    /// How it ended, if it does so in time.
    pub fn wait(&mut self, span: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + span;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Resident memory in bytes; 0 where the system does not tell it.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request whose body goes on.
pub struct Source {
    stream: TcpStream,
}

impl Source {
    pub fn send(&mut self, bytes: &[u8]) {
        write!(self.stream, "{:x}\r\n", bytes.len()).unwrap();
        self.stream.write_all(bytes).unwrap();
        self.stream.write_all(b"\r\n").unwrap();
    }

    /// Ends it, and waits for the answer.
    pub fn end(mut self) -> String {
        self.stream.write_all(b"0\r\n\r\n").unwrap();
        self.answer()
    }

    pub fn answer(mut self) -> String {
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

/// A tag of FLV.
pub fn tag(kind: u8, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap().to_be_bytes();
    let size = u32::try_from(data.len() + 11).unwrap().to_be_bytes();
    [&[kind], &len[1..], &[0; 7], data, &size].concat()
}
