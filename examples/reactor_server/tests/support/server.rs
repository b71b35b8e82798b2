//! The program under test, on free ports.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::peer::Peer;

pub struct Server {
    child: Child,
    pub stdout: BufReader<ChildStdout>,
    /// Where it listens: `127.0.0.1:PORT`.
    pub addresses: Vec<String>,
}

impl Server {
    /// Starts it on one port.
    pub fn start(options: &[&str]) -> Self {
        Self::start_on("0", options)
    }

    /// Starts it on a list of ports.
    pub fn start_on(ports: &str, options: &[&str]) -> Self {
        Self::spawn(command(&["--ports", ports]).args(options), ports)
    }

    /// Starts it where a process may have so many open files.
    pub fn start_with_files(limit: usize) -> Self {
        let script = format!("ulimit -n {limit}; exec {} --ports 0 2>/dev/null", env!("CARGO_BIN_EXE_reactor_server"));
        Self::spawn(Command::new("sh").args(["-c", &script]), "0")
    }

    fn spawn(command: &mut Command, ports: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut addresses = Vec::new();
        for _ in ports.split(',') {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let (address, page) = line.strip_prefix("listening on ").unwrap().split_once(", page at ").unwrap();
            let secure = command.get_args().any(|word| word == "--tls");
            assert_eq!(page, format!("http{}://{address}/\n", if secure { "s" } else { "" }));
            addresses.push(address.to_owned());
        }
        Self { child, stdout, addresses }
    }

    /// A client whose handshake is done.
    pub fn join(&self) -> Peer {
        Peer::join(&self.addresses[0])
    }

    /// The lines of figures.
    pub fn lines(&mut self) -> impl Iterator<Item = String> {
        (&mut self.stdout).lines().map(Result::unwrap)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The exit status, if the program ends within a span.
    pub fn ends_within(&mut self, span: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < span {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it to its end: exit code, standard output, standard error.
pub fn run(options: &[&str]) -> (Option<i32>, String, String) {
    let mut child = command(options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (child.wait().unwrap().code(), out, err)
}

fn command(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reactor_server"));
    command.args(options);
    command
}
