//! A server as a process, and what the system says about it (Linux).

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub struct Program {
    child: Child,
    pub address: String,
}

impl Program {
    /// Starts a program that lies beside this one, or one folder up, and says on its first line where it listens.
    pub fn start(name: &str, options: &[String]) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{name}: {error}");
        let mut folder = std::env::current_exe().map_err(failed)?;
        folder.pop();
        if !folder.join(name).exists() {
            folder.pop();
        }
        let mut child = Command::new(folder.join(name)).args(options).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
        }
        let address = line.strip_prefix("listening on ").and_then(|rest| rest.split([',', '\n']).next());
        let address = address.ok_or_else(|| format!("{name} does not say where it listens"))?.to_owned();
        Ok(Self { child, address })
    }

    /// How long it has run on a CPU, in nanoseconds, the kernel's work for it included.
    pub fn cpu_ns(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/schedstat", self.child.id())).unwrap_or_default();
        stat.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
    }

    /// Its memory: resident, anonymous, in bytes.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
