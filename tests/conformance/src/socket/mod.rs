//! Subjects at the other end of a socket.

mod client;
mod pace;
mod patience;
mod process;
mod server;
mod watched;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

pub use client::{ClientRun, run_client};
pub use pace::Pacing;
use patience::Waited;
pub use process::Process;
pub use server::{ServerRun, run_server};

use crate::exam::{Do, Ended, Exam};

/// Why nothing was examined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setup(pub String);

impl std::fmt::Display for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Setup {}

/// How a run over sockets is done.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// How long silence lasts.
    pub patience: Duration,
    /// How many connections at once.
    pub jobs: usize,
    /// Whether time may be let pass.
    pub slow: bool,
    /// What the standard error of a subject says when it has crashed, beside the usual words.
    pub alarm: Option<String>,
}

/// Carries out what the exam asks for. Where nothing comes, `barrier` may wait until the subject must have had the time; then there is
/// another look at whether something has come.
fn drive(
    exam: &mut Exam<'_>,
    stream: &TcpStream,
    options: &SocketOptions,
    patience: Duration,
    barrier: Option<&dyn Fn()>,
) {
    let mut link = Link::new(stream);
    if stream.set_nodelay(true).is_err() {
        return exam.ended(Ended::Reset);
    }
    loop {
        if link.pacing.hurries() {
            exam.hurried();
        }
        match exam.next() {
            Do::Write(bytes) => link.write(exam, &bytes, patience),
            Do::Pace => {
                link.pacing.wait();
                link.poll(exam);
            }
            Do::CloseWrite => drop(stream.shutdown(Shutdown::Write)),
            Do::Read => {
                let mut came = link.read(exam, patience);
                if let (false, Some(barrier)) = (came, barrier) {
                    barrier();
                    came = link.read(exam, patience / 2);
                }
                if !came {
                    exam.quiet();
                }
            }
            Do::Wait(span) if options.slow => std::thread::sleep(span),
            Do::Wait(_) | Do::Command(_) | Do::Head(_) => exam.unable(),
            Do::Done => return,
        }
        if link.received > MOST_RECEIVED {
            // It floods.
            exam.ended(Ended::Died);
        }
    }
}

struct Link<'s> {
    stream: &'s TcpStream,
    pacing: Pacing,
    writable: bool,
    received: usize,
    read: Vec<u8>,
}

impl<'s> Link<'s> {
    fn new(stream: &'s TcpStream) -> Self {
        Self { stream, pacing: Pacing::of(stream), writable: true, received: 0, read: vec![0; 64 * 1024] }
    }

    /// Writes, and reads at the same time: two peers that only write would wait for each other for ever.
    fn write(&mut self, exam: &mut Exam<'_>, mut bytes: &[u8], patience: Duration) {
        let mut waited = Waited::default();
        while !bytes.is_empty() && self.writable {
            let _ = self.stream.set_nonblocking(true);
            match (&mut &*self.stream).write(bytes) {
                Ok(n) => {
                    bytes = &bytes[n..];
                    waited = Waited::default();
                    if !bytes.is_empty() {
                        self.poll(exam);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if waited.turn(TURN_OF_WRITING, || self.read(exam, TURN_OF_WRITING)) {
                        waited = Waited::default();
                    }
                    // A peer that does not read any more.
                    if waited.all() >= 20 * patience {
                        exam.quiet();
                        self.writable = false;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What came before is read all the same.
                Err(_) => self.writable = false,
            }
        }
        let _ = self.stream.set_nonblocking(false);
    }

    /// Takes what is there.
    fn poll(&mut self, exam: &mut Exam<'_>) {
        let _ = self.stream.set_nonblocking(true);
        let _ = self.take(exam);
        let _ = self.stream.set_nonblocking(false);
    }

    /// Waits for bytes, or the end. False: nothing came.
    fn read(&mut self, exam: &mut Exam<'_>, patience: Duration) -> bool {
        let _ = self.stream.set_nonblocking(false);
        let mut waited = Waited::default();
        while waited.all() < patience {
            let turn = (patience - waited.all()).clamp(LEAST_TURN, TURN);
            let _ = self.stream.set_read_timeout(Some(turn));
            if waited.turn(turn, || self.take(exam)) {
                return true;
            }
        }
        false
    }

    /// Reads once. False: nothing came, or a process that was stopped goes on, which says nothing about the peer.
    fn take(&mut self, exam: &mut Exam<'_>) -> bool {
        match (&mut &*self.stream).read(&mut self.read) {
            Ok(0) => exam.ended(Ended::Eof),
            Ok(n) => {
                self.received += n;
                exam.received(&self.read[..n]);
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
            {
                return false;
            }
            Err(_) => exam.ended(Ended::Reset),
        }
        true
    }
}

/// How much of the patience is spent at once.
const TURN: Duration = Duration::from_millis(25);

/// A time that every system waits.
const LEAST_TURN: Duration = Duration::from_millis(1);

/// After so long it is tried again whether the peer has read.
const TURN_OF_WRITING: Duration = Duration::from_millis(2);

/// No case asks for more.
const MOST_RECEIVED: usize = 1 << 28;
