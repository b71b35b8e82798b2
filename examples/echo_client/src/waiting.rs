//! The threads that wait, each for one thing.

use std::io::{self, BufRead, Read};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use crate::write::write_all;

/// What the threads bring.
pub enum Input {
    /// A line from standard input, without its end.
    Line(Vec<u8>),
    EndOfLines,
    /// Bytes from the socket.
    Bytes(Vec<u8>),
    EndOfBytes,
    /// The socket was full, and took more.
    Moved,
    /// The socket took all it was given.
    Written,
    /// The socket takes nothing any more, and why.
    Stuck(io::Error),
}

/// How many inputs may wait. When there are more, the threads wait, and TCP makes the server wait.
pub const WAITING: usize = 8;

/// Reads a line for each one that is asked for.
pub fn for_lines(asked: &Receiver<()>, to: &SyncSender<Input>) {
    let mut lines = io::stdin().lock();
    while asked.recv().is_ok() {
        let mut line = Vec::new();
        let read = lines.read_until(b'\n', &mut line);
        if line.is_empty() || read.is_err() {
            let _ = to.send(Input::EndOfLines);
            return;
        }
        if line.ends_with(b"\n") {
            line.pop();
            if line.ends_with(b"\r") {
                line.pop();
            }
        }
        if to.send(Input::Line(line)).is_err() {
            return;
        }
    }
}

/// Reads what the server sends.
pub fn for_bytes(mut socket: TcpStream, to: &SyncSender<Input>) {
    let mut read = [0; 16 * 1024];
    while let Ok(n @ 1..) = socket.read(&mut read) {
        if to.send(Input::Bytes(read[..n].to_vec())).is_err() {
            return;
        }
    }
    let _ = to.send(Input::EndOfBytes);
}

/// Writes what the server is to be sent.
pub fn for_room(socket: &TcpStream, chunks: &Receiver<Vec<u8>>, patience: Option<Duration>, to: &SyncSender<Input>) {
    for chunk in chunks {
        let written = write_all(socket, &chunk, patience.unwrap_or(Duration::MAX), || {
            let _ = to.send(Input::Moved);
        });
        let done = match written {
            Ok(()) => Input::Written,
            Err(error) => Input::Stuck(error),
        };
        if to.send(done).is_err() {
            return;
        }
    }
}
