//! A bar on standard error that says how much of a file was read.

use std::io::{self, IsTerminal, Read, Write};
use std::time::{Duration, Instant};

/// A file, and how much of it was read.
pub struct Progress<R: Read> {
    source: R,
    len: u64,
    read: u64,
    began: Instant,
    shown: Instant,
    wanted: bool,
}

/// A file of this size is read in an instant.
const LARGE: u64 = 64 << 20;
const INTERVAL: Duration = Duration::from_millis(200);
const WIDTH: usize = 30;

impl<R: Read> Progress<R> {
    /// `wanted` says whether in any case or in none; otherwise for a large file, if nothing else is written to the terminal.
    pub fn new(source: R, len: u64, wanted: Option<bool>) -> Self {
        let auto = || len >= LARGE && io::stderr().is_terminal() && !io::stdout().is_terminal();
        let began = Instant::now();
        Self { source, len, read: 0, began, shown: began, wanted: wanted.unwrap_or_else(auto) }
    }

    fn show(&self, end: &str) {
        let done = (self.read as f64 / self.len.max(1) as f64).min(1.0);
        let full = (done * WIDTH as f64) as usize;
        let bar = "#".repeat(full) + &".".repeat(WIDTH - full);
        let seconds = self.began.elapsed().as_secs_f64();
        let speed = self.read as f64 / 1e6 / seconds.max(0.001);
        let read = self.read as f64 / 1e6;
        // Without the bar, the work is done as well.
        let _ = write!(io::stderr(), "\r[{bar}] {:3.0} %  {read:.0} MB  {speed:.0} MB/s {end}", done * 100.0);
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(room)?;
        self.read += n as u64;
        if self.wanted && self.shown.elapsed() >= INTERVAL {
            self.shown = Instant::now();
            self.show("");
        }
        Ok(n)
    }
}

impl<R: Read> Drop for Progress<R> {
    fn drop(&mut self) {
        if self.wanted {
            self.show("\n");
        }
    }
}
