//! The servers, each a process of its own, and what the system says about them (Linux).

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Names as in the tables, and the commands: a word that begins with `bin/` lies beside this program, one with `c/` and one with `node/`
/// where the script `run` puts them.
pub const ALL: [(&str, &[&str]); 12] = [
    ("reactor_server", &["bin/reactor_server", "--ports", "0", "--quiet"]),
    ("websocket-proto-tokio", &["bin/bench-servers", "websocket-proto-tokio"]),
    ("uWebSockets (C++)", &["c/uwebsockets"]),
    ("Beast (C++)", &["c/beast"]),
    ("websocketpp (C++)", &["c/websocketpp"]),
    ("libwebsockets (C)", &["c/libwebsockets"]),
    ("tungstenite", &["bin/bench-servers", "tungstenite"]),
    ("fastwebsockets", &["bin/bench-servers", "fastwebsockets"]),
    ("tokio-websockets", &["bin/bench-servers", "tokio-websockets"]),
    ("sockudo-ws", &["bin/bench-servers", "sockudo-ws"]),
    ("yawc", &["bin/bench-servers", "yawc"]),
    ("ws (Node)", &["node", "node/ws.mjs"]),
];

/// How many of them, from the first on, stand on this repository's crate.
pub const OURS: usize = 2;

pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// Starts it, on a CPU of its own if one is named; the error says why not.
    pub fn start(command: &[&str], cpu: Option<&str>) -> Result<Self, String> {
        let mut words: Vec<PathBuf> = command.iter().map(|word| located(word)).collect();
        if let Some(missing) = words.iter().find(|word| word.is_absolute() && !word.exists()) {
            return Err(format!("there is no {}", missing.display()));
        }
        if let Some(cpu) = cpu {
            words.splice(0..0, ["taskset", "-c", cpu].map(PathBuf::from));
        }
        let child = Command::new(&words[0]).args(&words[1..]).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| error.to_string())?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let address = line.trim_start_matches("listening on ").split([',', '\n']).next().unwrap_or_default();
        let server = Self { address: address.to_owned(), child };
        if line.starts_with("listening on ") { Ok(server) } else { Err("it does not say where it listens".to_owned()) }
    }

    /// How long its threads have run on a CPU, in nanoseconds, the kernel's work for them included.
    pub fn cpu_ns(&self) -> u64 {
        let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", self.child.id())) else { return 0 };
        tasks.flatten().map(|task| first_number(&task.path().join("schedstat"))).sum()
    }

    /// Its memory: resident, anonymous, in bytes.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn located(word: &str) -> PathBuf {
    let beside =
        std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned())).unwrap_or_default();
    match word.split_once('/') {
        Some(("bin", name)) => beside.join(name),
        Some(("c", name)) => beside.join("../end_to_end").join(name),
        Some(("node", name)) => Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/node").join(name),
        _ => word.into(),
    }
}

fn first_number(file: &Path) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
}
